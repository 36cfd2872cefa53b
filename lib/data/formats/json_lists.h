#pragma once

// JSON files that are one object with lists of entries in it (COCO, Karpathy's splits), read as a
// stream: the wanted fields of the wanted lists, in the order of the file; everything else is
// skipped. Memory is one entry of an outer list.
//
// DataErrors: "file:line:column: ..." where the JSON is malformed, cut or followed by more,
// "file: annotations[12]: ..." where an entry lacks a field or has a value of another type, and
// where a wanted list is missing or comes twice.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/progress.h"

namespace alignlab {

/// A string, or an integer in its digits. null is a field that is not there.
struct JsonField {
  std::string_view name;
  bool may_be_integer = false;
  bool may_be_empty = false;
  bool required = true;
};

struct JsonList {
  std::string_view name;
  std::vector<JsonField> fields;
  std::vector<JsonList> lists = {};  // that every entry has
};

struct JsonEntry {
  std::uint64_t number = 0;                        // in its list
  std::vector<std::optional<std::string>> values;  // one a field, in the order of JsonList::fields
  std::vector<std::vector<JsonEntry>> lists;       // one a list, in the order of JsonList::lists
};

/// Hears of the entries of the outer lists.
class JsonListener {
 public:
  virtual ~JsonListener() = default;
  virtual void on_entry(const JsonList& list, JsonEntry& entry) = 0;
};

/// All of `lists` must be in the document.
void read_json_lists(const std::filesystem::path& path, const std::vector<JsonList>& lists,
                     JsonListener& listener, Progress& progress);

}  // namespace alignlab
