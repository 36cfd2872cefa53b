#include "eval/columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/suggest.h"
#include "eval/metrics.h"

namespace alignlab {
namespace {

constexpr std::array kSearchCosts{
    "build_s",        "index_mb",      "latency_p50_ms",     "latency_p95_ms",
    "latency_p99_ms", "queries_per_s", "neighbour_recall@10"};

bool is_measured(const std::string& place) { return place == "timing" || place == "search"; }

/// "image_to_text" and "R@1" of "image_to_text.R@1"; no name where there is no point.
struct Parts {
  std::string place;
  std::string name;
};

Parts parts_of(const std::string& column) {
  const std::size_t dot = column.find('.');
  if (dot == std::string::npos) return {column, ""};
  return {column.substr(0, dot), column.substr(dot + 1)};
}

}  // namespace

const std::vector<CatalogRow>& column_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"<direction>.<metric>",
       "a metric of `list metrics`, e.g. image_to_text.R@1 and text_to_image.MedR",
       {}},
      {"rsum", "R@1 + R@5 + R@10 of both directions; both.rsum is the same", {}},
      {"r_mean", "the mean of these six; both.r_mean is the same", {}},
      {"timing.fit_s", "seconds of training", {}},
      {"timing.embed_s", "seconds of embedding the evaluated split", {}},
      {"timing.search_s", "seconds of searching both directions", {}},
      {"search.<direction>.<cost>",
       "with eval.search_costs: build_s, index_mb, queries_per_s, latency_p50_ms, latency_p95_ms, "
       "latency_p99_ms, neighbour_recall@10",
       {}},
      {"timing.correct_<direction>_s", "seconds of finding the correction, where there is one", {}},
  };
  return kRows;
}

void check_column(const std::string& column, const std::vector<std::string>& directions,
                  const Place& place) {
  const Parts parts = parts_of(column);
  if (std::ranges::find(directions, parts.place) != directions.end()) {
    parse_metric(parts.name, place);
    return;
  }
  std::vector<std::string> known{"rsum",         "both.rsum",      "r_mean",         "both.r_mean",
                                 "timing.fit_s", "timing.embed_s", "timing.search_s"};
  for (const std::string& direction : directions) {
    known.push_back("timing.correct_" + direction + "_s");
    for (const char* cost : kSearchCosts) known.push_back("search." + direction + "." + cost);
  }
  if (std::ranges::find(known, column) != known.end()) return;
  if (parts.place == "both") {
    throw ConfigError(
        fmt::format("{}: unknown column '{}': of both directions there are only "
                    "'both.rsum' and 'both.r_mean'",
                    place.text(), column));
  }
  if (parts.name.empty() || is_measured(parts.place)) fail_unknown("column", column, known, place);
  fail_unknown("direction", parts.place, directions, place);
}

std::string metric_of_column(const std::string& column) {
  const Parts parts = parts_of(column);
  return parts.place == "both" || is_measured(parts.place) ? "" : parts.name;
}

}  // namespace alignlab
