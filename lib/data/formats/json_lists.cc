#include "data/formats/json_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/lines.h"
#include "data/formats/formats.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

/// What the parser says, "[...] parse error at line 1, column 5: syntax error while parsing value -
/// unexpected ']'; expected ...", taken apart and said in our words.
struct ParserWords {
  explicit ParserWords(std::string_view what) {
    constexpr std::string_view kPlace = "parse error at line ";
    constexpr std::string_view kColumn = ", column ";
    const std::size_t at = what.find(kPlace);
    const std::size_t end = what.find(": ", at);
    if (at == std::string_view::npos || end == std::string_view::npos) return;
    const std::string_view numbers = what.substr(at + kPlace.size(), end - at - kPlace.size());
    const std::size_t comma = numbers.find(kColumn);
    if (comma == std::string_view::npos) return;
    place = fmt::format("{}:{}", numbers.substr(0, comma), numbers.substr(comma + kColumn.size()));
    detail = what.substr(end + 2);
    const std::size_t dash = detail.find(" - ");
    if (dash != std::string_view::npos) detail.remove_prefix(dash + 3);
    const auto cut = [&](std::string_view mark) {
      const std::size_t begin = detail.rfind(mark);
      if (begin == std::string_view::npos) return std::string_view();
      const std::string_view rest = detail.substr(begin + mark.size());
      detail = detail.substr(0, begin);
      return rest;
    };
    expected = cut("; expected ");
    last_read = cut("; last read: ");
  }

  /// What a token is called.
  static std::string_view named(std::string_view token) {
    if (token == "end of input") return "the end of the file";
    if (token == "'[', '{', or a literal") return "a value";
    constexpr std::string_view kLiteral = " literal";
    if (token.ends_with(kLiteral)) token.remove_suffix(kLiteral.size());
    return token;
  }

  std::string fault() const {
    constexpr std::string_view kUnexpected = "unexpected ";
    if (detail.starts_with(kUnexpected)) {
      const std::string_view found = named(detail.substr(kUnexpected.size()));
      const bool is_end = found == "the end of the file";
      return fmt::format("expected {}, found {}",
                         is_end || expected.empty() ? "JSON" : named(expected), found);
    }
    if (detail.ends_with("missing closing quote")) {
      return "expected JSON, found the end of the file inside a string";
    }
    return fmt::format("expected JSON, found an {}{}", excerpt(detail, 90), context());
  }

  /// The last of what was read, which is in quotes.
  std::string context() const {
    constexpr std::size_t kMost = 40;
    if (last_read.size() < 2) return "";
    std::string_view text = last_read.substr(1, last_read.size() - 2);
    text.remove_prefix(text.size() - std::min(text.size(), kMost));
    return fmt::format(" at the end of '{}'", excerpt(text));
  }

  std::string place;  // "line:column"
  std::string_view detail;
  std::string_view expected;
  std::string_view last_read;
};

class Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(const fs::path& path, std::ifstream& in, const std::vector<JsonList>& lists,
          JsonListener& listener, ReadingProgress& reading)
      : path_(path), in_(in), lists_(lists), listener_(listener), reading_(reading) {
    seen_.resize(lists.size());
  }

  bool null() override { return scalar("null", std::nullopt, false); }
  bool boolean(bool value) override {
    return scalar(value ? "true" : "false", std::nullopt, false);
  }
  bool number_integer(std::int64_t value) override { return integer(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override { return integer(std::to_string(value)); }
  bool number_float(double, const std::string& text) override {
    return scalar("the number " + excerpt(text), std::nullopt, false);
  }
  bool string(std::string& value) override { return scalar("a string", std::move(value), false); }
  bool binary(nlohmann::json::binary_t&) override {
    return scalar("binary data", std::nullopt, false);
  }

  bool key(std::string& name) override {
    if (skipped_ == 0) key_ = std::move(name);
    return true;
  }

  bool start_object(std::size_t) override {
    if (skipped_ > 0 || level() == Level::kRoot || level() == Level::kEntry) {
      return skip("an object");
    }
    if (level() == Level::kDocument) {
      in_root_ = true;
      return true;
    }
    OpenList& open = open_.back();
    open.in_entry = true;
    open.entry.values.assign(open.list->fields.size(), std::nullopt);
    open.entry.lists.clear();
    open.entry.lists.resize(open.list->lists.size());
    open.seen.assign(open.list->lists.size(), false);
    return true;
  }

  bool end_object() override {
    if (skipped_ > 0) {
      --skipped_;
    } else if (level() == Level::kEntry) {
      finish_entry();
    }
    return true;
  }

  bool start_array(std::size_t) override {
    const JsonList* list = skipped_ == 0 ? wanted_list() : nullptr;
    if (list == nullptr) return skip("an array");
    const std::size_t at = number_of(*list);
    std::vector<bool>& seen = open_.empty() ? seen_ : open_.back().seen;
    if (seen[at]) {
      fail(open_.empty() ? fmt::format("'{}': is there twice", list->name)
                         : fmt::format("{}: '{}': is there twice", place(), list->name));
    }
    seen[at] = true;
    open_.push_back({list, {}, {}, false});
    return true;
  }

  bool end_array() override {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      open_.pop_back();
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& error) override {
    const ParserWords words(error.what());
    if (words.place.empty()) {
      fail(fmt::format("byte {}: expected a number that a double can hold, found {}", position,
                       excerpt(token)));
    }
    throw DataError(fmt::format("{}:{}: {}", path_.string(), words.place, words.fault()));
  }

  void check_complete() const {
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      if (!seen_[i]) {
        fail(fmt::format("expected {}, found no '{}'", names_of_lists(), lists_[i].name));
      }
    }
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", path_.string(), what));
  }

 private:
  /// Where in the document the parser is, as far as it matters; deeper values are skipped.
  enum class Level { kDocument, kRoot, kList, kEntry };

  struct OpenList {
    const JsonList* list = nullptr;
    JsonEntry entry;
    std::vector<bool> seen;  // of the lists of the entry
    bool in_entry = false;
  };

  Level level() const {
    if (!open_.empty()) return open_.back().in_entry ? Level::kEntry : Level::kList;
    return in_root_ ? Level::kRoot : Level::kDocument;
  }

  [[noreturn]] void fail_entry(std::string_view what) const {
    fail(fmt::format("{}: {}", place(), what));
  }

  /// "images[3].sentences[0]".
  std::string place() const {
    std::string text;
    for (const OpenList& open : open_) {
      text += fmt::format("{}{}[{}]", text.empty() ? "" : ".", open.list->name, open.entry.number);
    }
    return text;
  }

  std::string names_of_lists() const {
    std::string names;
    for (const JsonList& list : lists_) {
      names += fmt::format("{}'{}'", names.empty() ? "" : " and ", list.name);
    }
    return names;
  }

  const std::vector<JsonList>& lists_here() const {
    return open_.empty() ? lists_ : open_.back().list->lists;
  }

  /// The list that the current key names, where a list may be.
  const JsonList* wanted_list() const {
    if (level() != Level::kRoot && level() != Level::kEntry) return nullptr;
    const auto found = std::ranges::find(lists_here(), key_, &JsonList::name);
    return found == lists_here().end() ? nullptr : &*found;
  }
  std::size_t number_of(const JsonList& list) const {
    return static_cast<std::size_t>(&list - lists_here().data());
  }

  /// The field of the current entry that the current key names.
  const JsonField* wanted_field() const {
    if (level() != Level::kEntry) return nullptr;
    const std::vector<JsonField>& fields = open_.back().list->fields;
    const auto found = std::ranges::find(fields, key_, &JsonField::name);
    return found == fields.end() ? nullptr : &*found;
  }

  /// Refuses a value where something else is wanted.
  void check_unwanted(std::string_view found) const {
    if (level() == Level::kDocument) {
      fail(fmt::format("expected an object with {}, found {}", names_of_lists(), found));
    }
    if (level() == Level::kList) fail_entry(fmt::format("expected an object, found {}", found));
    if (wanted_list() != nullptr) {
      const std::string what = fmt::format("'{}': expected an array, found {}", key_, found);
      fail(open_.empty() ? what : fmt::format("{}: {}", place(), what));
    }
    if (const JsonField* field = wanted_field()) {
      fail_entry(fmt::format("'{}': expected {}, found {}", key_,
                             field->may_be_integer ? "an integer or a string" : "a string", found));
    }
  }

  bool skip(std::string_view found) {
    if (skipped_ == 0) check_unwanted(found);
    ++skipped_;
    return true;
  }

  bool integer(std::string text) {
    const std::string found = "the number " + text;
    return scalar(found, std::move(text), true);
  }

  bool scalar(std::string_view found, std::optional<std::string> value, bool is_integer) {
    if (skipped_ > 0) return true;
    const JsonField* field = wanted_field();
    if (field == nullptr) {
      check_unwanted(found);
      return true;
    }
    if (!value && found == "null" && !field->required) return true;
    if (!value || (is_integer && !field->may_be_integer)) check_unwanted(found);
    OpenList& open = open_.back();
    open.entry.values[static_cast<std::size_t>(field - open.list->fields.data())] =
        std::move(value);
    return true;
  }

  void check_entry() const {
    const OpenList& open = open_.back();
    for (std::size_t i = 0; i < open.list->fields.size(); ++i) {
      const JsonField& field = open.list->fields[i];
      const std::optional<std::string>& value = open.entry.values[i];
      if (field.required && !value) fail_entry(fmt::format("'{}' is missing", field.name));
      if (!field.may_be_empty && value && value->empty()) {
        fail_entry(fmt::format("'{}' is empty", field.name));
      }
    }
    for (std::size_t i = 0; i < open.list->lists.size(); ++i) {
      if (!open.seen[i]) fail_entry(fmt::format("'{}' is missing", open.list->lists[i].name));
    }
  }

  void finish_entry() {
    check_entry();
    OpenList& open = open_.back();
    open.in_entry = false;
    if (open_.size() > 1) {
      OpenList& outer = open_[open_.size() - 2];
      const auto at = static_cast<std::size_t>(open.list - outer.list->lists.data());
      outer.entry.lists[at].push_back(std::move(open.entry));
    } else {
      listener_.on_entry(*open.list, open.entry);
      if (reading_.due()) {
        reading_.at(static_cast<std::uint64_t>(std::max<std::streamoff>(0, in_.tellg())));
      }
    }
    ++open.entry.number;
  }

  const fs::path& path_;
  std::ifstream& in_;
  const std::vector<JsonList>& lists_;
  JsonListener& listener_;
  ReadingProgress& reading_;

  std::uint64_t skipped_ = 0;  // open objects and arrays that do not matter
  bool in_root_ = false;
  std::string key_;
  std::vector<OpenList> open_;
  std::vector<bool> seen_;  // of lists_
};

}  // namespace

void read_json_lists(const fs::path& path, const std::vector<JsonList>& lists,
                     JsonListener& listener, Progress& progress) {
  std::error_code error;
  if (!fs::exists(path, error)) throw DataError(fmt::format("{}: no such file", path.string()));
  std::ifstream in(path, std::ios::binary);
  if (!in || !fs::is_regular_file(path, error)) {
    throw DataError(fmt::format("{}: cannot be read", path.string()));
  }
  ReadingProgress reading(progress, path, fs::file_size(path));
  Handler handler(path, in, lists, listener, reading);
  nlohmann::json::sax_parse(in, &handler);
  // The parser takes a byte of zero for the end of its input.
  if (!in.eof()) handler.fail("expected nothing after the JSON, found a byte of zero");
  handler.check_complete();
  reading.finish();
}

}  // namespace alignlab
