// Flickr30k (P. Young et al.: From image descriptions to visual denotations, TACL 2 (2014), 67-78):
// captions as lines `image_name| comment_number| comment` (results.csv), or in Flickr8k's form
// (results_20130124.token); lists of image names or numbers, with the split in the file's name.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "data/formats/flickr.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

class PipedLines final : public FlickrParser {
 public:
  std::string_view expected() const override { return "'image| number| caption'"; }

  std::optional<FlickrCaption> parse(const LineReader& lines) override {
    const std::string_view line = lines.text();
    if (lines.number() == 1 && line.starts_with("image_name|")) return std::nullopt;
    const std::size_t first = line.find('|');
    const std::string_view image = trimmed(line.substr(0, first));
    if (first == std::string_view::npos || image.empty()) lines.fail_expected(expected());
    const std::string_view rest = trimmed(line.substr(first + 1));
    std::size_t end = std::min(rest.find('|'), rest.size());
    if (!is_number(trimmed(rest.substr(0, end)))) {
      end = rest.find_first_of(" \t");
      if (end == std::string_view::npos) lines.fail_expected(expected());
    }
    const std::string_view number = trimmed(rest.substr(0, end));
    if (!is_number(number)) lines.fail_expected(expected());
    if (end == rest.size()) lines.fail_expected(expected());
    if (rest[end] != '|') unseparated_.add(fmt::format("line {}", lines.number()));
    return FlickrCaption{std::string(image), fmt::format("{}#{}", image, number),
                         std::string(trimmed(rest.substr(end + 1)))};
  }

  void warn(Progress& progress) const override {
    unseparated_.warn(progress, "lines without their second '|', read all the same");
  }

 private:
  Tally unseparated_;  // the published file has one, of image 2199200615.jpg
};

bool is_caption_file(const std::string& file_name) {
  if (file_name.starts_with('.')) return false;
  return is_flickr_token_file(file_name) || file_name.ends_with(".csv");
}

FlickrSources find_in_folder(const fs::path& folder) {
  FlickrSources sources;
  std::vector<fs::path> captions;
  std::map<Split, std::vector<fs::path>> lists;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.starts_with('.')) continue;
    if (is_caption_file(name)) {
      captions.push_back(entry.path());
    } else if (const auto split = split_in_name(name); split && name.ends_with(".txt")) {
      lists[*split].push_back(entry.path());
    }
  }
  const auto only = [&](std::vector<fs::path>& files, std::string_view what) {
    std::ranges::sort(files);
    if (files.size() != 1) {
      throw DataError(fmt::format("{}: expected one {}, found {}", folder.string(), what,
                                  files.empty() ? "none" : file_names(files)));
    }
    return files[0];
  };
  sources.captions = only(captions, "file *.csv, *.token or *.token.txt");
  for (auto& [split, files] : lists) {
    sources.lists[split] = only(files, fmt::format("list of {} images", name_of(split)));
  }
  return sources;
}

FlickrSources find_sources(const std::vector<fs::path>& given) {
  if (given.size() == 1 && fs::is_directory(given[0])) return find_in_folder(given[0]);
  FlickrSources sources;
  for (const fs::path& file : given) {
    const std::string name = file.filename().string();
    const auto split = is_caption_file(name) ? std::nullopt : split_in_name(name);
    sources.add("flickr30k", file, split);
  }
  if (sources.captions.empty()) {
    throw UsageError("flickr30k: expected a folder, or a file of captions and lists of images");
  }
  return sources;
}

}  // namespace

ImportSummary import_flickr30k(const ImportRequest& request, Progress& progress) {
  check_takes("flickr30k", request, {.images = true});
  const FlickrSources sources = find_sources(plain_sources("flickr30k", request));
  FlickrTokens tokens;
  PipedLines piped;
  FlickrParser& parser = is_flickr_token_file(sources.captions.filename().string())
                             ? static_cast<FlickrParser&>(tokens)
                             : static_cast<FlickrParser&>(piped);
  return import_flickr("flickr30k", sources, parser, request, progress);
}

}  // namespace alignlab
