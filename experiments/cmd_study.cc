#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiments/command_line.h"
#include "experiments/console.h"
#include "report/study.h"

namespace alignlab::cli {
namespace {

using Json = nlohmann::json;

constexpr int kStudySchema = 1;
// A line of the matrix holds so many metrics.
constexpr std::size_t kPanel = 15;

StudyRequest request_of(const CommandLine& line) {
  StudyRequest request;
  request.runs = {line.words().begin(), line.words().end()};
  request.metrics = split_names(line, "metric");
  const int resamples = line.get<int>("resamples");
  const int seed = line.get<int>("seed");
  if (resamples < 100 || resamples > 1'000'000 || seed < 0) {
    throw UsageError(
        fmt::format("alignlab study: expected 100 to 1000000 --resamples and a --seed from 0 on, "
                    "found {} and {}",
                    resamples, seed));
  }
  const double level = line.get<double>("level");
  if (!(level >= 0.5 && level <= 0.9999)) {
    throw UsageError(
        fmt::format("alignlab study: --level: expected 0.5 to 0.9999, found {}", level));
  }
  request.rule = {static_cast<std::uint64_t>(seed), static_cast<std::size_t>(resamples), level};
  return request;
}

Json to_json(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json();
}
Json to_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json to_json(const StudiedRow& row) {
  Json metrics = Json::object();
  for (const StudiedCell& cell : row.cells) {
    Json values = Json::array();
    for (const std::int64_t seed : row.seeds) {
      const auto value = cell.values.find(seed);
      values.push_back(value == cell.values.end() ? Json() : Json(value->second));
    }
    const SeedSummary summary = cell.over_seeds.value_or(SeedSummary{});
    metrics[cell.metric] = {{"values", values},
                            {"mean", cell.over_seeds ? Json(summary.mean) : Json()},
                            {"deviation", to_json(summary.deviation)},
                            {"interval", to_json(summary.interval)},
                            {"standard_errors",
                             {{"seeds", to_json(cell.by_seeds)},
                              {"queries", to_json(cell.by_queries)},
                              {"residual", to_json(cell.by_residual)}}}};
  }
  return {{"run", row.run}, {"row", row.name}, {"seeds", row.seeds}, {"metrics", metrics}};
}

Json to_json(const RowRanks& ranks) {
  Json rows = Json::array();
  for (const RankedRow& row : ranks.rows) {
    rows.push_back({{"row", row.name},
                    {"mean", to_json(row.mean)},
                    {"interval", to_json(row.interval)},
                    {"blocks", row.blocks}});
  }
  Json friedman;
  if (ranks.friedman) {
    friedman = {{"statistic", ranks.friedman->statistic},
                {"p", ranks.friedman->p_value},
                {"blocks", ranks.friedman->blocks}};
  }
  return {{"blocks", ranks.blocks}, {"rows", rows}, {"friedman", friedman}};
}

Json to_json(const MetricAgreement& agreement) {
  Json tau = Json::array();
  for (const auto& row : agreement.tau) {
    Json& own = tau.emplace_back(Json::array());
    for (const auto& value : row) own.push_back(to_json(value));
  }
  Json best = Json::object();
  for (std::size_t m = 0; m < agreement.metrics.size(); ++m) {
    best[agreement.metrics[m]] = agreement.best[m];
  }
  return {
      {"trials", agreement.trials}, {"metrics", agreement.metrics}, {"tau", tau}, {"best", best}};
}

Json to_json(const Study& study, double level) {
  Json rows = Json::array();
  for (const StudiedRow& row : study.rows) rows.push_back(to_json(row));
  Json ranks, absent = Json::object();
  for (const RowRanks& own : study.ranks) ranks[own.metric] = to_json(own);
  if (!study.no_ranks.empty()) absent["ranks"] = study.no_ranks;
  if (!study.no_agreement.empty()) absent["agreement"] = study.no_agreement;
  return {{"schema", kStudySchema},
          {"level", level},
          {"rows", rows},
          {"ranks", ranks},
          {"agreement", study.agreement ? to_json(*study.agreement) : Json()},
          {"absent", absent},
          {"notices", study.notices}};
}

std::string text_of(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f}", *value) : "n/a";
}
std::string text_of(const std::optional<Interval>& interval) {
  return interval ? fmt::format("[{:.2f}, {:.2f}]", interval->low, interval->high) : "n/a";
}

template <typename Row>
std::size_t width_of(const std::vector<Row>& rows, std::string Row::*name) {
  std::size_t width = 12;
  for (const Row& row : rows) width = std::max(width, (row.*name).size());
  return width;
}

void print_variance(const std::vector<StudiedRow>& rows, const std::string& interval) {
  fmt::print("Where does the variance come from?\n");
  if (rows.empty()) return;
  const std::size_t width = width_of(rows, &StudiedRow::title);
  for (std::size_t c = 0; c < rows.front().cells.size(); ++c) {
    fmt::print("\n{}\n", rows.front().cells[c].metric);
    fmt::print("  {:<{}}  {:>5}  {:>8}  {:>9}  {:<18}  standard error by\n", "", width, "", "", "",
               "");
    fmt::print("  {:<{}}  {:>5}  {:>8}  {:>9}  {:<18}  {:>7}  {:>7}  {:>8}\n", "", width, "seeds",
               "mean", "deviation", interval, "seeds", "queries", "residual");
    for (const StudiedRow& row : rows) {
      const StudiedCell& cell = row.cells[c];
      const SeedSummary summary = cell.over_seeds.value_or(SeedSummary{});
      const std::string mean = cell.over_seeds ? text_of(summary.mean) : "n/a";
      fmt::print("  {:<{}}  {:>5}  {:>8}  {:>9}  {:<18}  {:>7}  {:>7}  {:>8}\n", row.title, width,
                 row.seeds.size(), mean, text_of(summary.deviation), text_of(summary.interval),
                 text_of(cell.by_seeds), text_of(cell.by_queries), text_of(cell.by_residual));
    }
  }
}

void print_ranks(const Study& study, const std::string& interval) {
  fmt::print("\nHow do the rows rank?\n");
  if (!study.no_ranks.empty()) fmt::print("\nn/a: {}\n", study.no_ranks);
  for (const RowRanks& ranks : study.ranks) {
    fmt::print("\n{}, {} block{} (a seed of a run), ", ranks.metric, ranks.blocks,
               ranks.blocks == 1 ? "" : "s");
    if (const auto& test = ranks.friedman) {
      fmt::print("Friedman chi-square {:.2f}, p {}\n", test->statistic,
                 test->p_value < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", test->p_value));
    } else {
      fmt::print(
          "no Friedman test (needs two blocks that have every row, and ranks that differ)\n");
    }
    const std::size_t width = width_of(ranks.rows, &RankedRow::name);
    fmt::print("  {:<{}}  {:>9}  {}\n", "", width, "mean rank", interval);
    for (const RankedRow& row : ranks.rows) {
      fmt::print("  {:<{}}  {:>9}  {}\n", row.name, width, text_of(row.mean),
                 text_of(row.interval));
    }
  }
}

/// Of each metric the first that orders the trials alike, which may be itself.
std::vector<std::size_t> orders_of(const MetricAgreement& agreement) {
  std::vector<std::size_t> out;
  for (std::size_t m = 0; m < agreement.metrics.size(); ++m) {
    const auto first = std::ranges::find(agreement.tau[m], std::optional<double>(1.0));
    out.push_back(std::min(m, static_cast<std::size_t>(first - agreement.tau[m].begin())));
  }
  return out;
}

/// A line a metric: its number, name, the number of the first of its order, and its best row.
void print_best_rows(const MetricAgreement& agreement, const std::vector<std::size_t>& orders) {
  std::size_t width = 6;
  for (const std::string& metric : agreement.metrics) width = std::max(width, metric.size());
  fmt::print("  {:>3}  {:<{}}  {:>8}  best row\n", "", "", width, "order of");
  for (std::size_t m = 0; m < orders.size(); ++m) {
    fmt::print("  {:>3}  {:<{}}  {:>8}  {}\n", m + 1, agreement.metrics[m], width,
               orders[m] == m ? "" : fmt::format("{}", orders[m] + 1),
               fmt::join(agreement.best[m], ", "));
  }
}

void print_agreement(const Study& study) {
  fmt::print("\nWhich metric changes the ranking?\n\n");
  if (!study.agreement) {
    fmt::print("n/a: {}\n", study.no_agreement);
    return;
  }
  const MetricAgreement& agreement = *study.agreement;
  const std::vector<std::size_t> orders = orders_of(agreement);
  print_best_rows(agreement, orders);
  std::vector<std::size_t> shown;
  for (std::size_t m = 0; m < orders.size(); ++m) {
    if (orders[m] == m) shown.push_back(m);
  }
  fmt::print("\nKendall's tau-b over {} trials, of metrics with an order of their own\n",
             agreement.trials);
  for (std::size_t first = 0; first < shown.size(); first += kPanel) {
    const std::size_t end = std::min(first + kPanel, shown.size());
    fmt::print("{}  {:>3}", first == 0 ? "" : "\n", "");
    for (std::size_t i = first; i < end; ++i) fmt::print("  {:>5}", shown[i] + 1);
    for (const std::size_t row : shown) {
      fmt::print("\n  {:>3}", row + 1);
      for (std::size_t i = first; i < end; ++i) {
        fmt::print("  {:>5}", text_of(agreement.tau[row][shown[i]]));
      }
    }
    fmt::print("\n");
  }
}

}  // namespace

int study(const Arguments& arguments) {
  CommandLine line("study");
  line.add()("metric", po::value<std::vector<std::string>>()->composing(),
             "e.g. rsum (the default) or image_to_text.R@1,image_to_text.MedR; may be repeated; of "
             "fewer than two, all that the records have in common are compared with one another");
  line.add()("resamples", po::value<int>()->default_value(10000), "of the intervals of ranks");
  line.add()("seed", po::value<int>()->default_value(0), "of these");
  line.add()("level", po::value<double>()->default_value(0.95, "0.95"), "of all intervals");
  line.add()("json", "as JSON, unrounded");
  line.positional("at least one run folder", 1, 1000);
  if (!line.parse(arguments)) return 0;
  const StudyRequest request = request_of(line);
  const Study found = alignlab::study(request);
  if (line.has("json")) {
    fmt::print("{}\n", to_json(found, request.rule.level).dump(1));
    return 0;
  }
  const std::string interval = fmt::format("{:g} % interval", 100.0 * request.rule.level);
  print_variance(found.rows, interval);
  print_ranks(found, interval);
  print_agreement(found);
  for (const std::string& notice : found.notices) print_notice(notice);
  return 0;
}

}  // namespace alignlab::cli
