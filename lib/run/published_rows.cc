#include "run/published_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>

#include "core/error.h"
#include "eval/columns.h"

namespace alignlab {
namespace {

double number_of(const Node& node, const std::string& key) {
  if (const auto* real = std::get_if<double>(&node.value); real && std::isfinite(*real)) {
    return *real;
  }
  if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    return static_cast<double>(*whole);
  }
  throw ConfigError(fmt::format("{}: published '{}': expected a finite number, found {}",
                                node.place.text(), key, node.kind_name()));
}

std::optional<double> rsum_of(const PublishedRow& row, const std::vector<std::string>& directions) {
  double sum = 0.0;
  for (const std::string& direction : directions) {
    for (const char* metric : {"R@1", "R@5", "R@10"}) {
      const auto found = row.values.find(direction + "." + metric);
      if (found == row.values.end()) return std::nullopt;
      sum += found->second;
    }
  }
  return sum;
}

PublishedRow read_row(const Node& entry, const std::vector<std::string>& directions) {
  const Section section = resolve(&entry, published_options(), "published", {"values"});
  PublishedRow row{section.text("name"), section.text("source"), section.text("split"), {}};
  const Node* values = entry.find("values");
  if (values == nullptr || !values->is_table()) {
    throw ConfigError(
        fmt::format("{}: published '{}' must have a table 'values'", entry.place.text(), row.name));
  }
  for (const auto& [key, node] : leaves(*values)) {
    check_column(key, directions, node.place);
    row.values[key == "both.rsum" ? "rsum" : key] = number_of(node, key);
  }
  if (row.values.contains("rsum") || directions.size() != 2) return row;
  if (const auto rsum = rsum_of(row, directions)) row.values["rsum"] = *rsum;
  return row;
}

}  // namespace

const Options& published_options() {
  static const Options kOptions{
      {.name = "name", .summary = "of the row", .fallback = std::string(), .required = true},
      {.name = "source",
       .summary = "where the figures were read",
       .fallback = std::string(),
       .required = true},
      {.name = "split",
       .summary = "that they are of",
       .fallback = std::string("test"),
       .choices = {"dev", "test"}}};
  return kOptions;
}

std::vector<PublishedRow> read_published(const Node& document,
                                         const std::vector<std::string>& directions) {
  const Node* list = document.find("published");
  if (list == nullptr) return {};
  if (!list->is_array()) {
    throw ConfigError(fmt::format("{}: expected [[published]] entries, found {}",
                                  list->place.text(), list->kind_name()));
  }
  std::vector<PublishedRow> out;
  std::set<std::string> names;
  for (const Node& entry : list->array()) {
    out.push_back(read_row(entry, directions));
    if (names.insert(out.back().name).second) continue;
    throw ConfigError(fmt::format("{}: a second published row is named '{}'", entry.place.text(),
                                  out.back().name));
  }
  return out;
}

}  // namespace alignlab
