#include "data/formats/formats.h"

#include <fmt/format.h>

#include "core/error.h"

namespace alignlab {
namespace fs = std::filesystem;

const std::vector<Format>& formats() {
  static const std::vector<Format> all{
      {"coco",
       "COCO captions: a folder with annotations/captions_*.json, or such files",
       {},
       import_coco},
      {"flickr8k",
       "Flickr8k and the like: a folder with *.token.txt and Flickr_8k.*Images.txt, or such files",
       {},
       import_flickr8k},
  };
  return all;
}

WriterOptions writer_options(const ImportRequest& request) {
  return {request.embed ? ContentKind::kBytes : ContentKind::kPaths, request.split};
}

std::vector<fs::path> plain_sources(const std::string& format, const ImportRequest& request) {
  std::vector<fs::path> paths;
  for (const ImportSource& source : request.sources) {
    if (source.split) {
      throw UsageError(fmt::format("{}: finds splits in its files; expected '{}', found '{}={}'",
                                   format, source.path.string(), name_of(*source.split),
                                   source.path.string()));
    }
    paths.push_back(source.path);
  }
  return paths;
}

ImportSummary finish(DatasetWriter& writer) {
  ImportSummary summary;
  summary.images = writer.count(Modality::kImage);
  summary.audio = writer.count(Modality::kAudio);
  summary.texts = writer.count(Modality::kText);
  summary.content_hash = writer.commit();
  return summary;
}

void check_takes(const std::string& format, const ImportRequest& request, const Takes& takes) {
  if (request.images && !takes.images) {
    throw UsageError(fmt::format("{}: has no image files (--images)", format));
  }
  if (request.audio && !takes.audio) {
    throw UsageError(fmt::format("{}: has no sounds (--audio)", format));
  }
  if (request.judgements && !takes.judgements) {
    throw UsageError(fmt::format("{}: takes no judgements (--judgements)", format));
  }
  if (request.images) check_folder(*request.images, "--images");
  if (request.audio) check_folder(*request.audio, "--audio");
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
