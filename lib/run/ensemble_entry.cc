#include "run/ensemble_entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"

namespace alignlab {
namespace {

std::vector<std::pair<std::string, Node>> read_set(const Node& entry, const std::string& name) {
  const Node* set = entry.find("set");
  if (set == nullptr) return {};
  if (!set->is_table()) {
    throw ConfigError(
        fmt::format("{}: ensemble '{}': 'set' must be a table", set->place.text(), name));
  }
  auto settings = leaves(*set);
  for (const auto& [key, node] : settings) {
    if (key.starts_with("eval.")) continue;
    throw ConfigError(fmt::format("{}: ensemble '{}' can set keys of [eval], found '{}'",
                                  node.place.text(), name, key));
  }
  return settings;
}

EnsembleEntry read_entry(const Node& entry) {
  const Section section = resolve(&entry, ensemble_options(), "ensemble", {"set"});
  EnsembleEntry out{section.text("name"),
                    section.texts("members"),
                    section.reals("weights"),
                    section.integer("seeds"),
                    read_set(entry, section.text("name")),
                    entry.place};
  if (out.name.empty()) {
    throw ConfigError(fmt::format("{}: an ensemble must have a name", out.place.text()));
  }
  const bool all_zero = std::ranges::all_of(out.weights, [](double w) { return w == 0.0; });
  if (!out.weights.empty() && all_zero) {
    throw ConfigError(fmt::format("{}: ensemble '{}': expected a weight above 0, found none",
                                  entry.find("weights")->place.text(), out.name));
  }
  if (!out.weights.empty() && out.weights.size() != out.members.size()) {
    throw ConfigError(fmt::format("{}: ensemble '{}': expected a weight a member, {}, found {}",
                                  entry.find("weights")->place.text(), out.name, out.members.size(),
                                  out.weights.size()));
  }
  return out;
}

}  // namespace

const Options& ensemble_options() {
  static const Options kOptions{
      {.name = "name", .summary = "of the row", .fallback = std::string(), .required = true},
      {.name = "members",
       .summary = "the cases whose scores it adds",
       .fallback = std::vector<std::string>{},
       .required = true},
      {.name = "weights",
       .summary = "of the members' scores in units of their deviations on dev; none: 1 each",
       .fallback = std::vector<double>{},
       .least = 0.0,
       .may_be_empty = true},
      {.name = "seeds",
       .summary = "so many of each member: for seed s, those from s * seeds on",
       .fallback = std::int64_t{1},
       .least = 1,
       .most = 1000}};
  return kOptions;
}

std::vector<EnsembleEntry> read_ensembles(const Node& document) {
  const Node* list = document.find("ensemble");
  if (list == nullptr) return {};
  if (!list->is_array()) {
    throw ConfigError(fmt::format("{}: expected [[ensemble]] entries, found {}", list->place.text(),
                                  list->kind_name()));
  }
  std::vector<EnsembleEntry> out;
  std::set<std::string> names;
  for (const Node& entry : list->array()) {
    out.push_back(read_entry(entry));
    if (names.insert(out.back().name).second) continue;
    throw ConfigError(
        fmt::format("{}: a second ensemble is named '{}'", entry.place.text(), out.back().name));
  }
  return out;
}

}  // namespace alignlab
