#pragma once

// A config file as a tree whose every value knows where it was written, so that an error found
// much later still names file, line and column. TOML in, nothing of the parser shows.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alignlab {

struct Place {
  std::string source;  // a file name, or "override 'a=b'"
  int line = 0;        // 0: the source has no lines
  int column = 0;
  /// "file:3:7", or the source alone.
  std::string text() const;
};

struct Node {
  using Array = std::vector<Node>;
  using Table = std::map<std::string, Node>;

  std::variant<Table, Array, bool, std::int64_t, double, std::string> value;
  Place place;

  bool is_table() const { return std::holds_alternative<Table>(value); }
  bool is_array() const { return std::holds_alternative<Array>(value); }
  const Table& table() const { return std::get<Table>(value); }
  Table& table() { return std::get<Table>(value); }
  const Array& array() const { return std::get<Array>(value); }
  /// "a table", "an array", "a boolean", "an integer", "a number", "a string".
  const char* kind_name() const;
  /// As a table's cell or a label shows it.
  std::string text() const;

  /// The value at "a.b.c", or nullptr.
  const Node* find(std::string_view dotted) const;
  Node* find(std::string_view dotted);
  /// Makes the tables on the way. ConfigError where a value that is no table is in the way.
  void set(std::string_view dotted, Node node);
  void erase(std::string_view dotted);
};

/// ConfigError "file:line:column: ..." for anything TOML does not allow.
Node parse_toml(std::string_view text, const std::string& source);
/// ConfigError too when the file cannot be read.
Node load_toml(const std::filesystem::path& path);

/// One `key=value` of the command line. A value is read as TOML, then as a bare string; a comma
/// outside brackets and quotes makes a list, that is, an axis of the sweep.
struct Override {
  std::string key;
  std::vector<Node> values;
  Place place;
};
Override parse_override(const std::string& argument);
/// The values alone. ConfigError for an empty one and for a whole number beyond 63 bits.
std::vector<Node> parse_values(const std::string& text, const Place& place);

/// Overrides and cases may write a nested table where a dotted key is meant: every leaf with its
/// dotted path, sorted.
std::vector<std::pair<std::string, Node>> leaves(const Node& table);

}  // namespace alignlab
