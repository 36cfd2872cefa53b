#pragma once

// The JSON of COCO captions (https://cocodataset.org/#format-data), read as a stream: `images` with
// id, file_name and perhaps label, and `annotations` with id, image_id and caption, in either
// order. Ids are integers or strings; a caption may be empty. Memory and errors: json_lists.h.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/progress.h"

namespace alignlab {

struct CocoImage {
  std::uint64_t entry = 0;  // its number in `images`
  std::string id;
  std::string file_name;
  std::optional<std::string> label;
};

struct CocoCaption {
  std::uint64_t entry = 0;  // its number in `annotations`
  std::string id;
  std::string image_id;
  std::string text;
};

/// Hears of the entries in the order of the file.
class CocoListener {
 public:
  virtual ~CocoListener() = default;
  virtual void on_image(const CocoImage& image) = 0;
  virtual void on_caption(const CocoCaption& caption) = 0;
};

void read_coco_json(const std::filesystem::path& path, CocoListener& listener, Progress& progress);

}  // namespace alignlab
