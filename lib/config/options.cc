#include "config/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/suggest.h"

namespace alignlab {
namespace {

[[noreturn]] void fail(const Place& place, const std::string& key, const std::string& expected,
                       const std::string& found) {
  throw ConfigError(
      fmt::format("{}: {}: expected {}, found {}", place.text(), key, expected, found));
}

std::string describe(const Node& node) {
  if (node.is_table() || node.is_array()) return node.kind_name();
  return fmt::format("{} {}", node.kind_name(), node.text());
}

template <typename T>
constexpr const char* expected_text() {
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, std::int64_t>) return "an integer";
  if constexpr (std::is_same_v<T, double>) return "a number";
  return "a string";
}

void check_range(const Option& option, double value, const Node& node, const std::string& key) {
  const bool below = option.least && !(value >= *option.least);
  const bool above = option.most && !(value <= *option.most);
  if (below || above || !std::isfinite(value)) {
    const std::string range = range_text(option);
    fail(node.place, key, range.empty() ? "a finite number" : "a value " + range, node.text());
  }
}

template <typename T>
T scalar(const Option& option, const Node& node, const std::string& key) {
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
      check_range(option, static_cast<double>(*integer), node, key);
      return static_cast<double>(*integer);
    }
  }
  const T* value = std::get_if<T>(&node.value);
  if (value == nullptr) fail(node.place, key, expected_text<T>(), describe(node));
  if constexpr (std::is_same_v<T, std::string>) {
    if (!option.choices.empty() &&
        std::ranges::find(option.choices, *value) == option.choices.end()) {
      throw ConfigError(fmt::format("{}: {}: '{}' is not one of its values{}", node.place.text(),
                                    key, *value, suggestion(*value, option.choices)));
    }
  } else if constexpr (!std::is_same_v<T, bool>) {
    check_range(option, static_cast<double>(*value), node, key);
  }
  return *value;
}

template <typename T>
std::vector<T> list(const Option& option, const Node& node, const std::string& key) {
  if (!node.is_array()) return {scalar<T>(option, node, key)};
  if (node.array().empty() && !option.may_be_empty) {
    fail(node.place, key, "at least one value", "an empty list");
  }
  std::vector<T> out;
  for (const Node& item : node.array()) out.push_back(scalar<T>(option, item, key));
  return out;
}

Value read_value(const Option& option, const Node& node, const std::string& key) {
  return std::visit(
      [&](const auto& fallback) -> Value {
        using T = std::decay_t<decltype(fallback)>;
        if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>) {
          return list<typename T::value_type>(option, node, key);
        } else {
          return scalar<T>(option, node, key);
        }
      },
      option.fallback);
}

}  // namespace

std::string type_name(const Option& option) {
  constexpr const char* kNames[] = {"boolean",  "integer", "real", "text",
                                    "integers", "reals",   "texts"};
  return kNames[option.fallback.index()];
}

std::string range_text(const Option& option) {
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, " | "));
  if (option.least && option.most) return fmt::format("{} to {}", *option.least, *option.most);
  if (option.least) return fmt::format(">= {}", *option.least);
  if (option.most) return fmt::format("<= {}", *option.most);
  return "";
}

void fail_unknown(const std::string& what, const std::string& name,
                  const std::vector<std::string>& known, const Place& place) {
  throw ConfigError(
      fmt::format("{}: unknown {} '{}'{}", place.text(), what, name, suggestion(name, known)));
}

Section resolve(const Node* node, const Options& options, const std::string& section,
                const std::vector<std::string>& ignore) {
  std::map<std::string, Value> values;
  for (const Option& option : options) values[option.name] = option.fallback;
  if (node != nullptr && !node->is_table()) fail(node->place, section, "a table", describe(*node));

  std::vector<std::string> known = ignore;
  for (const Option& option : options) known.push_back(option.name);
  if (node != nullptr) {
    for (const auto& [key, child] : node->table()) {
      if (std::ranges::find(ignore, key) != ignore.end()) continue;
      const auto option = std::ranges::find(options, key, &Option::name);
      const std::string dotted = section.empty() ? key : section + "." + key;
      if (option == options.end()) {
        throw ConfigError(fmt::format("{}: unknown key '{}'{}", child.place.text(), dotted,
                                      suggestion(key, known)));
      }
      values[key] = read_value(*option, child, dotted);
    }
  }
  for (const Option& option : options) {
    if (!option.required) continue;
    if (node == nullptr)
      throw ConfigError(fmt::format("[{}] is missing: it must say '{}' ({})", section, option.name,
                                    option.summary));
    if (!node->table().contains(option.name)) {
      const std::string where = section.empty() ? "" : fmt::format("[{}] ", section);
      throw ConfigError(fmt::format("{}: {}must say '{}' ({})", node->place.text(), where,
                                    option.name, option.summary));
    }
  }
  return Section(std::move(values));
}

Section resolve_arguments(const std::vector<std::pair<std::string, std::string>>& given,
                          const Options& options, const std::string& source) {
  Node tree;
  for (const auto& [key, text] : given) {
    const auto option = std::ranges::find(options, key, &Option::name);
    const bool is_text = option != options.end() &&
                         (std::holds_alternative<std::string>(option->fallback) ||
                          std::holds_alternative<std::vector<std::string>>(option->fallback));
    Node node;
    if (!is_text) {
      std::vector<Node> values =
          parse_values(text, Place{fmt::format("{}: {}", source, key), 0, 0});
      for (Node& value : values) value.place = Place{source, 0, 0};
      node = values.front();
      if (values.size() > 1) node.value = Node::Array(values.begin(), values.end());
    } else if (std::holds_alternative<std::string>(option->fallback)) {
      node.value = text;
    } else {
      Node::Array items;
      for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        Node item;
        item.value = text.substr(begin, end - begin);
        item.place = Place{source, 0, 0};
        items.push_back(std::move(item));
        begin = end + 1;
      }
      node.value = std::move(items);
    }
    node.place = Place{source, 0, 0};
    tree.set(key, std::move(node));
  }
  tree.place = Place{source, 0, 0};
  return resolve(&tree, options, "");
}

nlohmann::json to_json(const Value& value) {
  return std::visit([](const auto& held) { return nlohmann::json(held); }, value);
}

nlohmann::json to_json(const Section& section) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, value] : section.values()) out[name] = to_json(value);
  return out;
}

Section section_from_json(const nlohmann::json& json, const Options& options) {
  std::map<std::string, Value> values;
  for (const Option& option : options) {
    values[option.name] = std::visit(
        [&](const auto& fallback) -> Value {
          return json.at(option.name).get<std::decay_t<decltype(fallback)>>();
        },
        option.fallback);
  }
  return Section(std::move(values));
}

}  // namespace alignlab
