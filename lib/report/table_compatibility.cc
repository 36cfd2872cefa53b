#include "report/table_compatibility.h"

#include <fmt/format.h>

#include <utility>

#include "eval/compatibility.h"
#include "report/run_rows.h"

namespace alignlab {
namespace {

struct CompatibleCells {
  std::string name;         // as the other program has the metric; empty: it has none
  std::vector<Cell> cells;  // a row of the table
};

CompatibleCells cells_of(const ResultTable& table, RunRows& rows, const MetricColumn& column,
                         const std::string& program) {
  CompatibleCells out;
  for (const TableRow& row : table.rows) {
    Cell& cell = out.cells.emplace_back();
    if (!row.is_whole()) continue;
    for (const auto& [seed, retrievals] : rows.seeds_of(row.name)) {
      const auto folds = retrievals.find(column.place);
      if (folds == retrievals.end()) continue;
      const auto value = compatible_value(program, parse_metric(column.name, {}), folds->second);
      if (!value) continue;
      out.name = value->name;
      cell.values.push_back(value->value);
    }
  }
  return out;
}

}  // namespace

void add_compatible(ResultTable& table, const std::filesystem::path& run,
                    const std::string& program) {
  RunRows rows(run);
  const std::vector<std::string> directions = rows.directions();
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> cells(table.rows.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    columns.push_back(table.columns[c]);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      cells[r].push_back(std::move(table.rows[r].cells[c]));
    }
    const auto column = find_metric_column(table.columns[c], directions);
    if (!column || column->place == "both") continue;
    CompatibleCells own = cells_of(table, rows, *column, program);
    if (own.name.empty()) continue;
    columns.push_back(fmt::format("{}.{} {}", column->place, program, own.name));
    for (std::size_t r = 0; r < table.rows.size(); ++r) cells[r].push_back(own.cells[r]);
  }
  table.columns = std::move(columns);
  for (std::size_t r = 0; r < table.rows.size(); ++r) table.rows[r].cells = std::move(cells[r]);
  table.notes.push_back(program + ": " +
                        find_row(compatibility_catalog(), program, "program", {}).summary);
}

}  // namespace alignlab
