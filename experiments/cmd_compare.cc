#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/options.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "record/manifest.h"
#include "report/comparison.h"

namespace alignlab::cli {
namespace {

using Json = nlohmann::json;

constexpr int kComparisonSchema = 1;

ComparisonRequest request_of(const CommandLine& line) {
  ComparisonRequest request;
  request.run = line.words().front();
  if (!line.has("a")) throw UsageError("alignlab compare: expected --a, a row of the run's table");
  request.a = line.get<std::string>("a");
  request.others = line.maybe<std::vector<std::string>>("b").value_or(std::vector<std::string>{});
  request.metrics = split_names(line, "metric");
  if (request.metrics.empty()) request.metrics = {"rsum"};
  const std::string method = line.get<std::string>("intervals");
  const std::vector<CatalogRow> methods{{"percentile", "", {}}, {"bca", "", {}}};
  find_row(methods, method, "intervals", Place{"alignlab compare", 0, 0});
  request.rule.method = method == "bca" ? IntervalMethod::kBca : IntervalMethod::kPercentile;
  const int resamples = line.get<int>("resamples");
  const int seed = line.get<int>("seed");
  if (resamples < 100 || resamples > 1'000'000 || seed < 0) {
    throw UsageError(
        fmt::format("alignlab compare: expected 100 to 1000000 --resamples and a "
                    "--seed from 0 on, found {} and {}",
                    resamples, seed));
  }
  request.resamples = static_cast<std::size_t>(resamples);
  request.seed = static_cast<std::uint64_t>(seed);
  return request;
}

Json to_json(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ComparedRow& row : comparison.rows) {
    Json metrics = Json::object();
    for (const ComparedCell& cell : row.cells) {
      Json own{{"a", cell.a},
               {"b", cell.other},
               {"difference", cell.difference},
               {"p", cell.p},
               {"adjusted_p", cell.adjusted_p}};
      if (cell.interval) own["interval"] = {cell.interval->low, cell.interval->high};
      if (cell.detectable) own["detectable"] = *cell.detectable;
      metrics[cell.metric] = own;
    }
    rows.push_back({{"b", row.name}, {"seeds", row.seeds}, {"metrics", metrics}});
  }
  return {{"schema", kComparisonSchema},
          {"a", comparison.a},
          {"groups", comparison.groups},
          {"rows", rows}};
}

std::string p_text(double p) { return p < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", p); }

void print(const Comparison& comparison) {
  std::size_t width = 12;
  for (const ComparedRow& row : comparison.rows) width = std::max(width, row.name.size());
  for (std::size_t c = 0; !comparison.rows.empty() && c < comparison.rows[0].cells.size(); ++c) {
    const ComparedCell& first = comparison.rows[0].cells[c];
    fmt::print("{}{}: '{}' {:.2f}, less\n", c == 0 ? "" : "\n", first.metric, comparison.a,
               first.a);
    fmt::print("  {:<{}}  {:>8}  {:>10}  {:<18}  {:>8}  {:>8}  {}\n", "", width, "value",
               "difference", "95 % interval", "p", "p (Holm)", "detectable");
    for (const ComparedRow& row : comparison.rows) {
      const ComparedCell& cell = row.cells[c];
      const std::string interval =
          cell.interval ? fmt::format("[{:.2f}, {:.2f}]", cell.interval->low, cell.interval->high)
                        : "n/a";
      fmt::print("  {:<{}}  {:>8.2f}  {:>+10.2f}  {:<18}  {:>8}  {:>8}  {}\n", row.name, width,
                 cell.other, cell.difference, interval, p_text(cell.p), p_text(cell.adjusted_p),
                 cell.detectable ? fmt::format("{:.2f}", *cell.detectable) : "n/a");
    }
  }
}

}  // namespace

int compare(const Arguments& arguments) {
  CommandLine line("compare");
  line.add()("a", po::value<std::string>(), "a row of the run's table");
  line.add()("b", po::value<std::vector<std::string>>()->composing(),
             "a row to compare it with; may be repeated; all others where it is not given");
  line.add()("metric", po::value<std::vector<std::string>>()->composing(),
             "e.g. rsum (the default) or image_to_text.R@1,image_to_text.MedR; may be repeated");
  line.add()("intervals", po::value<std::string>()->default_value("percentile"),
             "percentile or bca");
  line.add()("resamples", po::value<int>()->default_value(10000),
             "of the interval, and arrangements of the test");
  line.add()("seed", po::value<int>()->default_value(0), "of both");
  line.add()("json", "as JSON, unrounded");
  line.positional("a run folder", 1, 1);
  if (!line.parse(arguments)) return 0;
  const Comparison found = alignlab::compare(request_of(line));
  if (line.has("json")) {
    fmt::print("{}\n", to_json(found).dump(1));
    return 0;
  }
  print(found);
  if (!found.rows.empty()) {
    print_notice(fmt::format(
        "{} groups of queries; p of a randomisation test over groups, Holm over the rows of a "
        "metric; detectable with 80 % power at 0.05",
        found.groups));
  }
  return 0;
}

}  // namespace alignlab::cli
