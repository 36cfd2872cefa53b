// Flickr8k: one line `image#number<TAB>caption` a caption, and one list of image names a split.

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/formats/flickr.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

std::optional<Split> split_of_list(std::string_view file_name) {
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest}) {
    if (file_name.ends_with(fmt::format("{}Images.txt", name_of(split)))) return split;
  }
  return std::nullopt;
}

FlickrSources find_in_folder(const fs::path& folder) {
  FlickrSources sources;
  std::vector<fs::path> captions;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (is_flickr_token_file(name)) captions.push_back(entry.path());
    const auto split = split_of_list(name);
    if (split && name.starts_with("Flickr_8k.")) sources.lists[*split] = entry.path();
  }
  std::ranges::sort(captions);
  if (captions.size() != 1) {
    throw DataError(fmt::format("{}: expected one file *.token.txt or *.token, found {}",
                                folder.string(), captions.empty() ? "none" : file_names(captions)));
  }
  sources.captions = captions[0];
  return sources;
}

FlickrSources find_sources(const std::vector<fs::path>& given) {
  if (given.size() == 1 && fs::is_directory(given[0])) return find_in_folder(given[0]);
  FlickrSources sources;
  for (const fs::path& file : given) {
    sources.add("flickr8k", file, split_of_list(file.filename().string()));
  }
  if (sources.captions.empty()) {
    throw UsageError("flickr8k: expected a folder, or a file of captions and lists of images");
  }
  return sources;
}

}  // namespace

ImportSummary import_flickr8k(const ImportRequest& request, Progress& progress) {
  check_takes("flickr8k", request, {.images = true});
  FlickrTokens parser;
  return import_flickr("flickr8k", find_sources(plain_sources("flickr8k", request)), parser,
                       request, progress);
}

}  // namespace alignlab
