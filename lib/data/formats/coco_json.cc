#include "data/formats/coco_json.h"

#include <fmt/format.h>

#include "core/error.h"
#include "data/formats/json_lists.h"

namespace alignlab {
namespace {

const std::vector<JsonList>& lists() {
  static const std::vector<JsonList> all{
      {"images",
       {{.name = "id", .may_be_integer = true},
        {.name = "file_name"},
        {.name = "label", .may_be_integer = true, .required = false}}},
      {"annotations",
       {{.name = "id", .may_be_integer = true},
        {.name = "image_id", .may_be_integer = true},
        {.name = "caption", .may_be_empty = true, .required = false}}}};
  return all;
}

class Adapter final : public JsonListener {
 public:
  Adapter(const std::filesystem::path& path, CocoListener& listener)
      : path_(path), listener_(listener) {}

  void on_entry(const JsonList& list, JsonEntry& entry) override {
    auto& values = entry.values;
    if (list.name == "images") {
      listener_.on_image(
          {entry.number, std::move(*values[0]), std::move(*values[1]), std::move(values[2])});
      return;
    }
    if (!values[2]) fail_captionless(entry.number);
    listener_.on_caption(
        {entry.number, std::move(*values[0]), std::move(*values[1]), std::move(*values[2])});
  }

 private:
  [[noreturn]] void fail_captionless(std::uint64_t number) const {
    throw DataError(fmt::format(
        "{}: annotations[{}]: 'caption' is missing{}", path_.string(), number,
        number == 0 ? "; a file of captions is expected, not one of instances or keypoints" : ""));
  }

  const std::filesystem::path& path_;
  CocoListener& listener_;
};

}  // namespace

void read_coco_json(const std::filesystem::path& path, CocoListener& listener, Progress& progress) {
  Adapter adapter(path, listener);
  read_json_lists(path, lists(), adapter, progress);
}

}  // namespace alignlab
