#pragma once

// What a variant (an aligner, a feature kind, the evaluation ...) can be told: its options with
// types, defaults and ranges, written once in its catalog row. From that come validation with
// suggestions, the resolved values, `alignlab list` and the spec in the record.

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/document.h"

namespace alignlab {

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                           std::vector<double>, std::vector<std::string>>;

struct Option {
  std::string name;
  std::string summary;
  /// Its type is the option's type. An integer written for a real is taken.
  Value fallback;
  /// Both inclusive, for numbers and for each number of a list.
  std::optional<double> least = {};
  std::optional<double> most = {};
  /// For texts: the only ones allowed, when not empty.
  std::vector<std::string> choices = {};
  /// For lists: whether an empty one means something.
  bool may_be_empty = false;
  /// There is no sensible default: the config must say it.
  bool required = false;
  /// A text that, unless empty, is the path of a file that is read: its content is part of what the
  /// option means.
  bool names_file = false;
};

using Options = std::vector<Option>;

/// One row of a catalog: the name a config uses, a line for `list`, what it can be told.
struct CatalogRow {
  std::string name;
  std::string summary;
  Options options;
};

/// "real", "integers" ... as `list --json` prints it.
std::string type_name(const Option& option);
/// ">= 0", "0 to 1", "a | b"; empty without a limit.
std::string range_text(const Option& option);

/// Option values after defaults and checks. Asking for a name or a type that the options do not
/// have is a programmer's mistake (assertion).
class Section {
 public:
  Section() = default;
  explicit Section(std::map<std::string, Value> values) : values_(std::move(values)) {}

  bool flag(const std::string& name) const { return get<bool>(name); }
  std::int64_t integer(const std::string& name) const { return get<std::int64_t>(name); }
  double real(const std::string& name) const { return get<double>(name); }
  const std::string& text(const std::string& name) const { return get<std::string>(name); }
  const std::vector<std::int64_t>& integers(const std::string& name) const {
    return get<std::vector<std::int64_t>>(name);
  }
  const std::vector<double>& reals(const std::string& name) const {
    return get<std::vector<double>>(name);
  }
  const std::vector<std::string>& texts(const std::string& name) const {
    return get<std::vector<std::string>>(name);
  }
  void set(const std::string& name, Value value) { values_[name] = std::move(value); }
  const std::map<std::string, Value>& values() const { return values_; }
  bool operator==(const Section&) const = default;

 private:
  template <typename T>
  const T& get(const std::string& name) const {
    return std::get<T>(values_.at(name));
  }
  std::map<std::string, Value> values_;
};

/// Checks `node` (nullptr: nothing written) against `options`. `section` is its dotted name in
/// messages; `ignore` are keys of the section that others read (such as "kind").
Section resolve(const Node* node, const Options& options, const std::string& section,
                const std::vector<std::string>& ignore = {});

/// The same from words of a command line: text as it stands, lists separated by commas. `source`
/// stands for the place in messages.
Section resolve_arguments(const std::vector<std::pair<std::string, std::string>>& given,
                          const Options& options, const std::string& source);

/// Looks up a catalog row. ConfigError with a suggestion; `place` says where the name was written.
template <typename Row>
const Row& find_row(const std::vector<Row>& rows, const std::string& name, const std::string& what,
                    const Place& place);

[[noreturn]] void fail_unknown(const std::string& what, const std::string& name,
                               const std::vector<std::string>& known, const Place& place);

template <typename Row>
const Row& find_row(const std::vector<Row>& rows, const std::string& name, const std::string& what,
                    const Place& place) {
  std::vector<std::string> known;
  for (const Row& row : rows) {
    if (row.name == name) return row;
    known.push_back(row.name);
  }
  fail_unknown(what, name, known, place);
}

nlohmann::json to_json(const Value& value);
nlohmann::json to_json(const Section& section);
/// The inverse, for sections that this program wrote: types follow `options`.
Section section_from_json(const nlohmann::json& json, const Options& options);

}  // namespace alignlab
