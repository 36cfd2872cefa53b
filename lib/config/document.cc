#include "config/document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"

namespace alignlab {
namespace {

Place place_of(const toml::source_region& region, const std::string& source) {
  return {source, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

Node convert(const toml::node& node, const std::string& source) {
  Node out;
  out.place = place_of(node.source(), source);
  if (const auto* table = node.as_table()) {
    Node::Table entries;
    for (const auto& [key, value] : *table) {
      Node child = convert(value, source);
      // A dotted or quoted key is what the reader has to change, so the key's place is the one.
      if (!child.is_table()) child.place = place_of(key.source(), source);
      entries.emplace(std::string(key.str()), std::move(child));
    }
    out.value = std::move(entries);
  } else if (const auto* array = node.as_array()) {
    Node::Array entries;
    for (const auto& value : *array) entries.push_back(convert(value, source));
    out.value = std::move(entries);
  } else if (const auto* boolean = node.as_boolean()) {
    out.value = boolean->get();
  } else if (const auto* integer = node.as_integer()) {
    out.value = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    out.value = real->get();
  } else if (const auto* text = node.as_string()) {
    out.value = text->get();
  } else {
    throw ConfigError(fmt::format("{}: dates and times have no use here", out.place.text()));
  }
  return out;
}

std::vector<std::string_view> split_path(std::string_view dotted) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = dotted.find('.');
    parts.push_back(dotted.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    dotted.remove_prefix(dot + 1);
  }
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  bool escaped = false;
  for (const char c : text) {
    if (escaped) {
      escaped = false;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
      escaped = c == '\\' && quote == '"';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  return parts;
}

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text[0] != '0' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void collect_leaves(const Node& node, const std::string& path,
                    std::vector<std::pair<std::string, Node>>& out) {
  for (const auto& [key, child] : node.table()) {
    const std::string here = path.empty() ? key : path + "." + key;
    if (child.is_table()) {
      collect_leaves(child, here, out);
    } else {
      out.emplace_back(here, child);
    }
  }
}

}  // namespace

std::string Place::text() const {
  return line == 0 ? source : fmt::format("{}:{}:{}", source, line, column);
}

const char* Node::kind_name() const {
  constexpr const char* kNames[] = {"a table",    "an array", "a boolean",
                                    "an integer", "a number", "a string"};
  return kNames[value.index()];
}

std::string Node::text() const {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  if (const auto* string = std::get_if<std::string>(&value)) return *string;
  if (is_array()) {
    std::vector<std::string> parts;
    for (const Node& item : array()) parts.push_back(item.text());
    return fmt::format("[{}]", fmt::join(parts, ","));
  }
  return "{}";
}

const Node* Node::find(std::string_view dotted) const {
  const Node* here = this;
  for (const std::string_view part : split_path(dotted)) {
    if (!here->is_table()) return nullptr;
    const auto found = here->table().find(std::string(part));
    if (found == here->table().end()) return nullptr;
    here = &found->second;
  }
  return here;
}

Node* Node::find(std::string_view dotted) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(dotted));
}

void Node::set(std::string_view dotted, Node node) {
  Node* here = this;
  for (const std::string_view part : split_path(dotted)) {
    if (!here->is_table()) {
      throw ConfigError(fmt::format("{}: '{}' cannot be set: {} is {}, not a table",
                                    node.place.text(), dotted, here->place.text(),
                                    here->kind_name()));
    }
    const auto [entry, added] = here->table().try_emplace(std::string(part));
    if (added) entry->second.place = node.place;
    here = &entry->second;
  }
  *here = std::move(node);
}

void Node::erase(std::string_view dotted) {
  const std::size_t dot = dotted.rfind('.');
  Node* parent = dot == std::string_view::npos ? this : find(dotted.substr(0, dot));
  if (parent == nullptr || !parent->is_table()) return;
  parent->table().erase(
      std::string(dot == std::string_view::npos ? dotted : dotted.substr(dot + 1)));
}

Node parse_toml(std::string_view text, const std::string& source) {
  try {
    return convert(toml::parse(text, source), source);
  } catch (const toml::parse_error& error) {
    throw ConfigError(
        fmt::format("{}: {}", place_of(error.source(), source).text(), error.description()));
  }
}

Node load_toml(const std::filesystem::path& path) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const DataError& error) {
    throw ConfigError(error.what());
  }
  return parse_toml(text, path.string());
}

std::vector<Node> parse_values(const std::string& text, const Place& place) {
  std::vector<Node> values;
  for (const std::string& part : split_list(text)) {
    if (part.empty()) throw ConfigError(fmt::format("{}: a value is missing", place.text()));
    Node node;
    try {
      node = *convert(toml::parse("value = " + part), place.source).find("value");
    } catch (const toml::parse_error&) {
      if (is_whole_number(part)) {
        throw ConfigError(fmt::format("{}: {} is too large: whole numbers have at most 63 bits",
                                      place.text(), part));
      }
      node.value = part;
    }
    node.place = place;
    values.push_back(std::move(node));
  }
  return values;
}

Override parse_override(const std::string& argument) {
  const Place place{fmt::format("override '{}'", argument), 0, 0};
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError(fmt::format("{}: expected key=value", place.text()));
  }
  return {argument.substr(0, equals), parse_values(argument.substr(equals + 1), place), place};
}

std::vector<std::pair<std::string, Node>> leaves(const Node& table) {
  std::vector<std::pair<std::string, Node>> out;
  collect_leaves(table, "", out);
  // A table's keys are sorted, but "a-b" comes before "a.c" and after "a".
  std::ranges::stable_sort(
      out, {}, [](const auto& leaf) -> const auto& { return leaf.first; });
  return out;
}

}  // namespace alignlab
