#include "config/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/suggest.h"

namespace alignlab {
namespace {

/// Keys that move together: one entry for a grid axis, several for a zip.
struct Axis {
  std::vector<std::string> keys;
  std::vector<std::vector<Node>> values;  // values[key][step]
  std::size_t steps() const { return values.front().size(); }
};

const std::vector<std::string> kSweepKeys{"grid", "zip", "case"};

std::vector<Node> axis_values(const std::string& key, const Node& node) {
  if (!node.is_array() || node.array().empty()) {
    throw ConfigError(fmt::format("{}: axis '{}': expected a list of values, found {}",
                                  node.place.text(), key,
                                  node.is_array() ? "an empty one" : node.kind_name()));
  }
  return node.array();
}

const Node* sub_table(const Node& sweep, const std::string& name) {
  const Node* node = sweep.find(name);
  if (node != nullptr && !node->is_table()) {
    throw ConfigError(fmt::format("{}: sweep.{}: expected a table, found {}", node->place.text(),
                                  name, node->kind_name()));
  }
  return node;
}

std::vector<Axis> read_axes(const Node& sweep) {
  std::vector<Axis> axes;
  std::set<std::string> seen;
  const auto require_new = [&](const std::string& key, const Node& node) {
    if (!seen.insert(key).second) {
      throw ConfigError(fmt::format("{}: '{}' is an axis twice", node.place.text(), key));
    }
  };
  if (const Node* grid = sub_table(sweep, "grid")) {
    for (const auto& [key, node] : leaves(*grid)) {
      require_new(key, node);
      axes.push_back({{key}, {axis_values(key, node)}});
    }
  }
  if (const Node* zip = sub_table(sweep, "zip")) {
    Axis together;
    for (const auto& [key, node] : leaves(*zip)) {
      require_new(key, node);
      together.keys.push_back(key);
      together.values.push_back(axis_values(key, node));
      if (together.values.back().size() != together.steps()) {
        throw ConfigError(fmt::format("{}: sweep.zip: '{}' has {} values, '{}' has {}",
                                      node.place.text(), key, together.values.back().size(),
                                      together.keys.front(), together.steps()));
      }
    }
    if (!together.keys.empty()) axes.push_back(std::move(together));
  }
  return axes;
}

void replace_by_override(std::vector<Axis>& axes, const Override& given) {
  for (Axis& axis : axes) {
    const auto found = std::ranges::find(axis.keys, given.key);
    if (found == axis.keys.end()) continue;
    const auto index = found - axis.keys.begin();
    axis.keys.erase(found);
    axis.values.erase(axis.values.begin() + index);
  }
  std::erase_if(axes, [](const Axis& axis) { return axis.keys.empty(); });
  axes.push_back({{given.key}, {given.values}});
}

std::vector<std::pair<std::string, Node>> read_cases(const Node& sweep) {
  std::vector<std::pair<std::string, Node>> cases;
  const Node* list = sweep.find("case");
  if (list == nullptr) return cases;
  if (!list->is_array()) {
    throw ConfigError(fmt::format("{}: expected [[sweep.case]] entries, found {}",
                                  list->place.text(), list->kind_name()));
  }
  std::set<std::string> names;
  for (const Node& entry : list->array()) {
    const Node* name = entry.find("name");
    if (name == nullptr || !std::holds_alternative<std::string>(name->value) ||
        name->text().empty()) {
      throw ConfigError(fmt::format("{}: a sweep.case must have a name", entry.place.text()));
    }
    for (const auto& [key, node] : entry.table()) {
      if (key != "name" && key != "set") {
        throw ConfigError(fmt::format("{}: unknown key '{}' in sweep.case{}", node.place.text(),
                                      key,
                                      suggestion(key, std::vector<std::string>{"name", "set"})));
      }
    }
    if (!names.insert(name->text()).second) {
      throw ConfigError(
          fmt::format("{}: a second sweep.case is named '{}'", name->place.text(), name->text()));
    }
    Node set;
    set.place = entry.place;
    if (const Node* written = entry.find("set")) {
      if (!written->is_table()) {
        throw ConfigError(fmt::format("{}: sweep.case '{}': 'set' must be a table",
                                      written->place.text(), name->text()));
      }
      set = *written;
    }
    cases.emplace_back(name->text(), std::move(set));
  }
  return cases;
}

}  // namespace

bool is_kind(std::string_view key) { return key == "kind" || key.ends_with(".kind"); }

void assign(Node& tree, const std::string& key, const Node& node) {
  if (is_kind(key)) {
    const Node* before = tree.find(key);
    if (before == nullptr || before->text() != node.text()) {
      const std::size_t dot = key.rfind('.');
      if (dot != std::string::npos) tree.erase(key.substr(0, dot));
    }
  }
  tree.set(key, node);
}

std::vector<Variant> expand(const Node& document, const std::vector<Override>& overrides) {
  Node base = document;
  for (const char* section : {"sweep", "ensemble", "published"}) base.erase(section);
  Node empty;
  const Node* sweep = document.find("sweep");
  if (sweep == nullptr) sweep = &empty;
  if (!sweep->is_table()) {
    throw ConfigError(fmt::format("{}: sweep: expected a table, found {}", sweep->place.text(),
                                  sweep->kind_name()));
  }
  for (const auto& [key, node] : sweep->table()) {
    if (std::ranges::find(kSweepKeys, key) == kSweepKeys.end()) {
      throw ConfigError(fmt::format("{}: unknown key 'sweep.{}'{}", node.place.text(), key,
                                    suggestion(key, kSweepKeys)));
    }
  }

  std::vector<Axis> axes = read_axes(*sweep);
  std::set<std::string> overridden;
  for (const Override& given : overrides) {
    if (!overridden.insert(given.key).second) {
      throw ConfigError(fmt::format("{}: '{}' is given twice", given.place.text(), given.key));
    }
    replace_by_override(axes, given);
  }

  auto cases = read_cases(*sweep);
  if (cases.empty()) cases.emplace_back("", Node{});

  std::vector<Variant> variants;
  for (const auto& [name, set] : cases) {
    Node with_case = base;
    auto settings = leaves(set);
    // Kinds first: assigning one clears the section it stands in.
    std::ranges::stable_partition(settings, [](const auto& entry) { return is_kind(entry.first); });
    for (const auto& [key, node] : settings) assign(with_case, key, node);

    std::vector<std::size_t> step(axes.size(), 0);
    while (true) {
      Variant variant{name, {}, with_case, {}};
      for (const auto& [key, node] : settings) variant.set_keys.insert(key);
      for (std::size_t a = 0; a < axes.size(); ++a) {
        for (std::size_t k = 0; k < axes[a].keys.size(); ++k) {
          Assignment assignment{axes[a].keys[k], axes[a].values[k][step[a]], axes[a].steps() > 1};
          if (is_kind(assignment.key)) assign(variant.tree, assignment.key, assignment.node);
          variant.assignments.push_back(std::move(assignment));
        }
      }
      variants.push_back(std::move(variant));
      // The last axis turns fastest.
      std::size_t a = axes.size();
      while (a > 0 && ++step[a - 1] == axes[a - 1].steps()) step[--a] = 0;
      if (a == 0) break;
    }
  }
  return variants;
}

}  // namespace alignlab
