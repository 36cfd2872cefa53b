#pragma once

// The table of import formats. A format is one file here, its function below, and its row in
// formats.cc.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset_writer.h"
#include "data/import.h"

namespace alignlab {

struct Format {
  std::string name;
  std::string summary;
  Options options;
  ImportSummary (*import)(const ImportRequest& request, Progress& progress);
};

const std::vector<Format>& formats();

ImportSummary import_coco(const ImportRequest& request, Progress& progress);
ImportSummary import_flickr8k(const ImportRequest& request, Progress& progress);

/// How the writer of a request's data set is to keep contents and draw splits.
WriterOptions writer_options(const ImportRequest& request);
/// The paths of the sources. UsageError if one was given a split, which the format finds itself.
std::vector<std::filesystem::path> plain_sources(const std::string& format,
                                                 const ImportRequest& request);
/// Counts and commits.
ImportSummary finish(DatasetWriter& writer);
/// UsageError for options of `import` that the format has no use for.
struct Takes {
  bool images = false;
  bool audio = false;
  bool judgements = false;
};
void check_takes(const std::string& format, const ImportRequest& request, const Takes& takes);

/// For formats that find their inputs in a folder. DataError if `out` is one of them.
void check_output(const std::filesystem::path& out, std::span<const std::filesystem::path> inputs);
/// The folder that an option names. DataError if it is none.
void check_folder(const std::filesystem::path& folder, std::string_view option);
/// The names of some files, without their folders: what a data set says about its source.
std::string file_names(std::span<const std::filesystem::path> files);

}  // namespace alignlab
