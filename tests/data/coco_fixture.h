#pragma once

// A folder of COCO captions, small and with what published files surprise with.

#include "tests/data/import_fixture.h"

namespace alignlab::tests {

// Integer and string ids, keys that nobody asked for, names of lists where they mean nothing.
inline constexpr std::string_view kCocoTrain = R"({
"info": {"images": 2, "annotations": [1, {"id": 3}], "description": "x"},
"licenses": [{"id": 1, "name": "by"}],
"images": [
  {"id": 42, "file_name": "000042.jpg", "height": 5, "urls": ["a", {"id": 9}], "label": "beach"},
  {"license": 1, "file_name": "000007.jpg", "id": "7", "label": null}
],
"annotations": [
  {"id": 1, "image_id": 42, "caption": "A dog."},
  {"image_id": "7", "caption": "Zwei \"Hunde\" \u2013 \ud83d\udc36", "id": "two", "bbox": [[1, 2], {}]},
  {"id": -3, "image_id": 42, "caption": ""}
]})";

// The lists the other way round.
inline constexpr std::string_view kCocoVal = R"({
"annotations": [{"id": 10, "image_id": 99, "caption": "A cat."},
                {"id": 11, "image_id": 98, "caption": "A cow."}],
"images": [{"id": 98, "file_name": "98.jpg", "label": 3}, {"id": 99, "file_name": "99.jpg"}]})";

class CocoImport : public ImportTest {
 protected:
  CocoImport() : ImportTest("coco") {
    write_text(train_, kCocoTrain);
    write_text(val_, kCocoVal);
    request_.sources = {source_};
  }

  /// What is wrong with a training file, after its name.
  std::string refusal_of(std::string_view json) {
    write_text(train_, json);
    return after(train_.string() + ": ", refusal());
  }
  /// The same where the place in the file stands before it.
  std::string refusal_at(std::string_view json) {
    write_text(train_, json);
    return after(train_.string() + ":", refusal());
  }
  static std::string json(const std::string& images, const std::string& annotations) {
    return "{\"images\": [" + images + "], \"annotations\": [" + annotations + "]}";
  }

  std::filesystem::path source_ = folder_ / "coco";
  std::filesystem::path train_ = source_ / "annotations/captions_train2014.json";
  std::filesystem::path val_ = source_ / "annotations/captions_val2014.json";
};

}  // namespace alignlab::tests
