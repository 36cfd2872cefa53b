#include "report/table_uncertainty.h"

#include <algorithm>
#include <iterator>

#include "report/comparison.h"
#include "report/run_rows.h"

namespace alignlab {
namespace {

constexpr double kAlpha = 0.05;

/// Rows with a value of each seed in the column, the best first.
std::vector<TableRow*> ranked_rows(ResultTable& table, std::size_t column, Better better) {
  std::vector<TableRow*> out;
  for (TableRow& row : table.rows) {
    if (row.is_whole() && row.cells[column].values.size() == row.seeds) out.push_back(&row);
  }
  std::ranges::stable_sort(out, [&](const TableRow* a, const TableRow* b) {
    const double first = *a->cells[column].mean();
    const double second = *b->cells[column].mean();
    return better == Better::kHigher ? first > second : first < second;
  });
  return out;
}

/// Over pairs of all queries at once, which no group of queries adds its part to.
bool is_pooled(const MetricColumn& column) {
  return column.place != "both" && parse_metric(column.name, {}).uses_curve();
}

}  // namespace

void add_intervals(ResultTable& table, const std::filesystem::path& run) {
  RunRows rows(run);
  const std::vector<std::string> directions = rows.directions();
  for (TableRow& row : table.rows) {
    if (!row.is_whole()) continue;
    const Seeds& seeds = rows.seeds_of(row.name);
    std::vector<std::int32_t> groups;
    for (const auto& [seed, retrievals] : seeds) {
      std::vector<std::int32_t> known;
      std::ranges::set_union(groups, groups_of(retrievals), std::back_inserter(known));
      groups = std::move(known);
    }
    std::vector<std::size_t> columns;
    std::vector<Statistic> statistics;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const auto column = find_metric_column(table.columns[c], directions);
      if (!column) continue;
      std::vector<Statistic> of_seeds;
      for (const auto& [seed, retrievals] : seeds) {
        auto own = statistic_of(retrievals, *column, rows.ties_of(row.name), groups);
        if (own) of_seeds.push_back(std::move(*own));
      }
      if (of_seeds.size() != seeds.size()) continue;
      columns.push_back(c);
      statistics.push_back(mean_of(of_seeds));
    }
    const auto found = bootstrap({0, groups.size()}, statistics);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (found[i]) row.cells[columns[i]].interval = found[i]->interval;
    }
  }
  table.notes.push_back(
      "[95 % interval] of the mean over seeds, queries drawn anew by group with the gallery fixed");
}

void mark_best(ResultTable& table, const std::filesystem::path& run) {
  const std::vector<std::string> directions = RunRows(run).directions();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto column = find_metric_column(table.columns[c], directions);
    if (!column || is_pooled(*column)) continue;
    const std::vector<TableRow*> ranked = ranked_rows(table, c, better_of(*column));
    if (ranked.empty()) continue;
    ranked.front()->cells[c].is_marked = true;
    if (ranked.size() == 1) continue;
    ComparisonRequest request;
    request.run = run;
    request.a = ranked.front()->name;
    request.metrics = {table.columns[c]};
    for (std::size_t r = 1; r < ranked.size(); ++r) request.others.push_back(ranked[r]->name);
    const Comparison found = compare(request);
    for (std::size_t r = 1; r < ranked.size(); ++r) {
      ranked[r]->cells[c].is_marked = found.rows[r - 1].cells.front().adjusted_p > kAlpha;
    }
  }
  table.notes.push_back(
      "^ best of a column, or not significantly worse: paired randomisation test over groups of "
      "queries, Holm, 0.05");
}

}  // namespace alignlab
