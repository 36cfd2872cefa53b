#include "data/formats/formats.h"

#include <fmt/format.h>

#include "core/error.h"

namespace alignlab {
namespace fs = std::filesystem;

const std::vector<Format>& formats() {
  static const std::vector<Format> all{
      {"coco", "COCO captions: a folder with annotations/captions_*.json, or such files",
       import_coco},
      {"flickr8k",
       "Flickr8k and the like: a folder with *.token.txt and Flickr_8k.*Images.txt, or such files",
       import_flickr8k},
  };
  return all;
}

void check_output(const fs::path& out, std::span<const fs::path> inputs) {
  for (const fs::path& input : inputs) {
    std::error_code error;
    if (fs::equivalent(out, input, error)) {
      throw DataError(
          fmt::format("{}: is read by the import; choose another output", out.string()));
    }
  }
}

void check_folder(const fs::path& folder, std::string_view option) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw DataError(
        fmt::format("{}: expected a folder for {}, found {}", folder.string(), option,
                    fs::exists(folder, error) ? "something else" : "nothing of that name"));
  }
}

std::string file_names(std::span<const fs::path> files) {
  std::string names;
  for (const fs::path& file : files) {
    names += (names.empty() ? "" : ", ") + file.filename().string();
  }
  return names;
}

}  // namespace alignlab
