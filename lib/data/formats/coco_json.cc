#include "data/formats/coco_json.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/lines.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kEntriesAStep = 1024;

struct Field {
  std::string_view name;
  bool may_be_integer;
  bool required;
};

struct List {
  std::string_view name;
  std::array<Field, 3> fields;
};

constexpr List kImages{"images",
                       {{{"id", true, true}, {"file_name", false, true}, {"label", true, false}}}};
constexpr List kAnnotations{
    "annotations", {{{"id", true, true}, {"image_id", true, true}, {"caption", false, true}}}};

/// Where in the document the parser is, as far as it matters; deeper values are skipped.
enum class Level { kDocument, kRoot, kList, kEntry };

class Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(const fs::path& path, std::ifstream& in, CocoListener& listener, Progress& progress)
      : path_(path), in_(in), listener_(listener), progress_(progress) {}

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
    if (skipped_ > 0 || level_ == Level::kRoot || level_ == Level::kEntry) return skip("an object");
    level_ = level_ == Level::kDocument ? Level::kRoot : Level::kEntry;
    values_.fill(std::nullopt);
    return true;
  }

  bool end_object() override {
    if (skipped_ > 0) {
      --skipped_;
    } else if (level_ == Level::kEntry) {
      finish_entry();
      level_ = Level::kList;
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (skipped_ == 0 && level_ == Level::kRoot) {
      list_ = list_of(key_);
      if (list_ != nullptr) {
        level_ = Level::kList;
        (list_ == &kImages ? has_images_ : has_annotations_) = true;
        return true;
      }
    }
    return skip("an array");
  }

  bool end_array() override {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      level_ = Level::kRoot;
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    constexpr std::string_view kPrefix = "parse error at ";
    std::string_view what = error.what();
    what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    if (what.starts_with(kPrefix)) fail(excerpt(what.substr(kPrefix.size()), 160));
    fail(fmt::format("byte {}: {}", position, excerpt(what, 160)));
  }

  std::uint64_t reported() const { return reported_; }

  void check_complete() const {
    if (!has_images_ || !has_annotations_) {
      fail(fmt::format("expected 'images' and 'annotations', found no '{}'",
                       has_images_ ? kAnnotations.name : kImages.name));
    }
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", path_.string(), what));
  }
  [[noreturn]] void fail_entry(std::string_view what) const {
    fail(fmt::format("{}[{}]: {}", list_->name, entry(), what));
  }

  static const List* list_of(std::string_view name) {
    if (name == kImages.name) return &kImages;
    if (name == kAnnotations.name) return &kAnnotations;
    return nullptr;
  }
  std::uint64_t& entry() { return list_ == &kImages ? images_ : annotations_; }
  std::uint64_t entry() const { return list_ == &kImages ? images_ : annotations_; }

  /// The number of the field of the current entry that the current key names, if it is wanted.
  std::optional<std::size_t> field() const {
    for (std::size_t i = 0; i < list_->fields.size(); ++i) {
      if (list_->fields[i].name == key_) return i;
    }
    return std::nullopt;
  }

  /// Refuses a value where something else is wanted.
  void check_unwanted(std::string_view found) const {
    if (level_ == Level::kDocument) {
      fail(fmt::format("expected an object with 'images' and 'annotations', found {}", found));
    }
    if (level_ == Level::kRoot && list_of(key_) != nullptr) {
      fail(fmt::format("'{}': expected an array, found {}", key_, found));
    }
    if (level_ == Level::kList) fail_entry(fmt::format("expected an object, found {}", found));
    if (level_ == Level::kEntry && field()) {
      fail_entry(fmt::format(
          "'{}': expected {}, found {}", key_,
          list_->fields[*field()].may_be_integer ? "an integer or a string" : "a string", found));
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
    const auto at = level_ == Level::kEntry ? field() : std::nullopt;
    if (!at) {
      check_unwanted(found);
      return true;
    }
    const Field& wanted = list_->fields[*at];
    if (!value && found == "null" && !wanted.required) return true;
    if (!value || (is_integer && !wanted.may_be_integer)) check_unwanted(found);
    values_[*at] = std::move(value);
    return true;
  }

  void finish_entry() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Field& wanted = list_->fields[i];
      if (wanted.required && !values_[i]) fail_entry(fmt::format("'{}' is missing", wanted.name));
      if (wanted.may_be_integer && values_[i] && values_[i]->empty()) {
        fail_entry(fmt::format("'{}' is empty", wanted.name));
      }
    }
    if (list_ == &kImages) {
      listener_.on_image(
          {images_, std::move(*values_[0]), std::move(*values_[1]), std::move(values_[2])});
    } else {
      listener_.on_caption(
          {annotations_, std::move(*values_[0]), std::move(*values_[1]), std::move(*values_[2])});
    }
    if (++entry() % kEntriesAStep == 0) {
      progress_.check();
      const auto position = static_cast<std::uint64_t>(std::max<std::streamoff>(0, in_.tellg()));
      progress_.advance(position - std::exchange(reported_, position));
    }
  }

  const fs::path& path_;
  std::ifstream& in_;
  CocoListener& listener_;
  Progress& progress_;

  Level level_ = Level::kDocument;
  std::uint64_t skipped_ = 0;  // open objects and arrays that do not matter
  std::string key_;
  const List* list_ = nullptr;
  std::array<std::optional<std::string>, 3> values_;
  std::uint64_t images_ = 0;
  std::uint64_t annotations_ = 0;
  bool has_images_ = false;
  bool has_annotations_ = false;
  std::uint64_t reported_ = 0;
};

}  // namespace

void read_coco_json(const fs::path& path, CocoListener& listener, Progress& progress) {
  std::error_code error;
  if (!fs::exists(path, error)) throw DataError(fmt::format("{}: no such file", path.string()));
  std::ifstream in(path, std::ios::binary);
  if (!in || !fs::is_regular_file(path, error)) {
    throw DataError(fmt::format("{}: cannot be read", path.string()));
  }
  const std::uint64_t size = fs::file_size(path);
  progress.begin("importing " + path.filename().string(), size, "bytes");
  Handler handler(path, in, listener, progress);
  nlohmann::json::sax_parse(in, &handler);
  handler.check_complete();
  progress.advance(size - handler.reported());
  progress.end();
}

}  // namespace alignlab
