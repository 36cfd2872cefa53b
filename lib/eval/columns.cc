#include "eval/columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/error.h"
#include "core/suggest.h"
#include "eval/metrics.h"

namespace alignlab {
namespace {

constexpr std::array kSearchCosts{
    "build_s",        "index_mb",      "latency_p50_ms",     "latency_p95_ms",
    "latency_p99_ms", "queries_per_s", "neighbour_recall@10"};

/// What is measured of embeddings beside retrieval, by measure; <modality> and <direction> stand
/// for each.
const std::map<std::string, std::vector<std::string>> kMeasures{
    {"geometry",
     {"linear_CKA", "linear_CKA_unbiased", "linear_CKA_unbiased_p", "mutual_kNN", "mutual_kNN_p",
      "CKNNA", "CKNNA_p", "SVCCA", "PWCCA", "RSA", "procrustes", "modality_gap", "alignment",
      "uniformity_<modality>", "effective_rank_<modality>", "hub_skewness", "antihub_share"}},
    {"classes",
     {"<direction>.knn_accuracy", "<direction>.knn_macro_f1", "kmeans_ami", "kmeans_nmi",
      "kmeans_purity"}},
    {"judgements", {"kendall_tau_b", "kendall_tau_c", "spearman", "pairs"}}};

bool is_measured(const std::string& place) {
  return place == "timing" || place == "search" || kMeasures.contains(place);
}

/// Of each direction, or of what it starts from.
std::vector<std::string> measured_columns(const std::vector<std::string>& directions) {
  std::vector<std::string> out;
  for (const auto& [measure, names] : kMeasures) {
    for (const std::string& name : names) {
      const std::size_t open = name.find('<');
      if (open == std::string::npos) out.push_back(measure + "." + name);
      for (const std::string& direction : directions) {
        if (open == std::string::npos) break;
        const std::size_t close = name.find('>');
        const std::string one = name.substr(open, close + 1 - open) == "<direction>"
                                    ? direction
                                    : direction.substr(0, direction.find("_to_"));
        out.push_back(measure + "." + name.substr(0, open) + one + name.substr(close + 1));
      }
    }
  }
  return out;
}

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
      {"geometry.<name>", "with eval.measures: linear_CKA, modality_gap ...", {}},
      {"classes.<name>", "the same: image_to_text.knn_accuracy, kmeans_ami ...", {}},
      {"judgements.<name>", "the same: kendall_tau_b, kendall_tau_c, spearman, pairs", {}},
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
  for (std::string& name : measured_columns(directions)) known.push_back(std::move(name));
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
