#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "report/table.h"

namespace alignlab {
namespace {

// How far a mean may lie from the expected one, in deviations over seeds: another machine type
// rounds training differently, which is like drawing another seed.
constexpr double kDeviationsAllowed = 3.0;

double number(const Node& node, const std::string& what) {
  if (const auto* real = std::get_if<double>(&node.value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value))
    return static_cast<double>(*integer);
  throw ConfigError(fmt::format("{}: {}: expected a number, found {}", node.place.text(), what,
                                node.kind_name()));
}

std::string toml_quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// What a cell should be: a number, or { mean = number, within = number }.
struct Expectation {
  double mean;
  double within;
};

Expectation expectation(const Node& value, const std::string& column) {
  if (!value.is_table()) return {number(value, column), 0.0};
  const Node* mean = value.find("mean");
  const Node* within = value.find("within");
  if (mean == nullptr || within == nullptr || value.table().size() != 2) {
    throw ConfigError(
        fmt::format("{}: {}: expected a number or {{ mean, within }}", value.place.text(), column));
  }
  return {number(*mean, column + ".mean"), number(*within, column + ".within")};
}

/// The shortest text that reads back as the same double, with a point as TOML wants for 1e-300.
std::string toml_number(double value) { return nlohmann::json(value).dump(); }

}  // namespace

std::vector<std::string> differences(const ResultTable& table, const Node& expected) {
  const Node* rows = expected.find("rows");
  if (rows == nullptr || !rows->is_table()) {
    throw ConfigError(fmt::format("{}: expected [rows.\"<name>\"] tables", expected.place.text()));
  }
  std::vector<std::string> out;
  std::size_t compared = 0;
  for (const auto& [name, cells] : rows->table()) {
    if (!cells.is_table()) {
      throw ConfigError(fmt::format("{}: rows.{}: expected a table, found {}", cells.place.text(),
                                    toml_quoted(name), cells.kind_name()));
    }
    const auto row = std::ranges::find(table.rows, name, &TableRow::name);
    if (row == table.rows.end()) {
      out.push_back(fmt::format("row '{}': expected, not in the table", name));
      continue;
    }
    for (const auto& [column, value] : cells.table()) {
      const Expectation wanted = expectation(value, column);
      ++compared;
      const auto place = std::ranges::find(table.columns, column);
      if (place == table.columns.end()) {
        out.push_back(fmt::format("row '{}': column '{}' is not in the table", name, column));
        continue;
      }
      const auto found = row->cells[static_cast<std::size_t>(place - table.columns.begin())].mean();
      if (!found || !(std::abs(*found - wanted.mean) <= wanted.within)) {
        out.push_back(fmt::format("row '{}', {}: expected {} within {}, found {}", name, column,
                                  wanted.mean, wanted.within,
                                  found ? fmt::format("{}", *found) : "n/a"));
      }
    }
  }
  if (compared == 0 && out.empty()) {
    throw ConfigError(fmt::format("{}: expects no value at all", expected.place.text()));
  }
  return out;
}

std::string as_expected(const ResultTable& table, double least_margin) {
  for (const TableRow& row : table.rows) {
    if (row.seeds < row.planned) {
      throw CheckError(
          fmt::format("row '{}' has {} of {} trials: expected values come from a "
                      "finished run",
                      row.name, row.seeds, row.planned));
    }
  }
  std::string out = fmt::format("# Means over seeds of: {}\n", table.title);
  for (const TableRow& row : table.rows) {
    if (row.is_published()) continue;
    out += fmt::format("\n[rows.{}]\n", toml_quoted(row.name));
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const auto mean = row.cells[c].mean();
      if (!mean) continue;
      const double margin =
          std::max(least_margin, kDeviationsAllowed * row.cells[c].deviation().value_or(0.0));
      out += fmt::format("{} = {{ mean = {}, within = {} }}\n", toml_quoted(table.columns[c]),
                         toml_number(*mean), toml_number(margin));
    }
  }
  return out;
}

}  // namespace alignlab
