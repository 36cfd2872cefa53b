#pragma once

// The table of import formats. A format is one file here, its function below, and its row in
// formats.cc.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/import.h"

namespace alignlab {

struct Format {
  std::string name;
  std::string summary;
  ImportSummary (*import)(const ImportRequest& request, Progress& progress);
};

const std::vector<Format>& formats();

ImportSummary import_coco(const ImportRequest& request, Progress& progress);
ImportSummary import_flickr8k(const ImportRequest& request, Progress& progress);

/// For formats that find their inputs in a folder. DataError if `out` is one of them.
void check_output(const std::filesystem::path& out, std::span<const std::filesystem::path> inputs);
/// The folder that an option names. DataError if it is none.
void check_folder(const std::filesystem::path& folder, std::string_view option);
/// The names of some files, without their folders: what a data set says about its source.
std::string file_names(std::span<const std::filesystem::path> files);

}  // namespace alignlab
