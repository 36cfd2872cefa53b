// Flickr8k: one line `image#number<TAB>caption` a caption, and one list of image names a split.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/lines.h"
#include "data/dataset_writer.h"
#include "data/formats/formats.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLinesAStep = 1024;

struct Sources {
  fs::path captions;
  std::map<Split, fs::path> lists;

  std::vector<fs::path> all() const {
    std::vector<fs::path> files{captions};
    for (const auto& [split, list] : lists) files.push_back(list);
    return files;
  }
};

std::optional<Split> split_of_list(std::string_view file_name) {
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest}) {
    if (file_name.ends_with(fmt::format("{}Images.txt", name_of(split)))) return split;
  }
  return std::nullopt;
}

bool is_caption_file(const std::string& file_name) {
  // The original distribution has the captions a second time, as lemmas.
  if (file_name.starts_with('.') || file_name.find(".lemma.") != std::string::npos) return false;
  return file_name.ends_with(".token.txt") || file_name.ends_with(".token");
}

Sources find_in_folder(const fs::path& folder) {
  Sources sources;
  std::vector<fs::path> captions;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (is_caption_file(name)) captions.push_back(entry.path());
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

Sources find_sources(const std::vector<fs::path>& given) {
  if (given.size() == 1 && fs::is_directory(given[0])) return find_in_folder(given[0]);
  Sources sources;
  for (const fs::path& file : given) {
    const auto split = split_of_list(file.filename().string());
    fs::path& place = split ? sources.lists[*split] : sources.captions;
    if (!place.empty()) {
      throw UsageError(fmt::format(
          "flickr8k: expected one {}, found {} and {}",
          split ? fmt::format("list of {} images", name_of(*split)) : "file of captions",
          place.string(), file.string()));
    }
    place = file;
  }
  if (sources.captions.empty()) {
    throw UsageError("flickr8k: expected a folder, or a file of captions and lists of images");
  }
  return sources;
}

struct Image {
  Split split = Split::kNone;
  std::int32_t group = -1;  // until a caption names it
};

using Images = std::unordered_map<std::string, Image>;

/// The images of the lists. A name in two lists would be in two splits.
Images read_lists(const Sources& sources) {
  Images images;
  for (const auto& [split, path] : sources.lists) {
    LineReader lines(path);
    while (lines.next()) {
      if (lines.text().empty()) continue;
      const auto [image, is_new] = images.try_emplace(std::string(lines.text()), Image{split, -1});
      if (is_new) continue;
      const fs::path& other = sources.lists.at(image->second.split);
      lines.fail(fmt::format("'{}' is already in {}", excerpt(lines.text()),
                             other == path ? "this list" : other.filename().string()));
    }
  }
  return images;
}

struct Caption {
  std::string_view image;
  std::string_view id;
  std::string_view text;
};

Caption parse(const LineReader& lines) {
  const std::string_view line = lines.text();
  const std::size_t tab = line.find('\t');
  const std::string_view id = line.substr(0, tab);
  const std::size_t hash = id.rfind('#');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (tab == std::string_view::npos || hash == std::string_view::npos || hash == 0 ||
      hash + 1 == id.size() || !std::ranges::all_of(id.substr(hash + 1), is_digit)) {
    lines.fail_expected("'image#number<TAB>caption'");
  }
  return {id.substr(0, hash), id, line.substr(tab + 1)};
}

class Importer {
 public:
  Importer(const ImportRequest& request, const Sources& sources, Progress& progress)
      : request_(request),
        progress_(progress),
        images_(read_lists(sources)),
        writer_(request.out,
                {request.out.stem().string(), "flickr8k: " + file_names(sources.all()), ""},
                writer_options(request)) {}

  ImportSummary run(const fs::path& captions) {
    LineReader lines(captions);
    progress_.begin("importing " + captions.filename().string(), lines.size(), "bytes");
    std::uint64_t reported = 0;
    std::uint64_t blank = 0;
    while (lines.next()) {
      // Blank lines at the end are how editors leave a file; elsewhere something is lost.
      if (lines.text().empty()) {
        if (blank == 0) blank = lines.number();
        continue;
      }
      if (blank != 0) {
        throw DataError(fmt::format("{}:{}: expected 'image#number<TAB>caption', found ''",
                                    captions.string(), blank));
      }
      add(lines);
      if (lines.number() % kLinesAStep == 0) {
        progress_.check();
        progress_.advance(lines.position() - std::exchange(reported, lines.position()));
      }
    }
    progress_.advance(lines.position() - reported);
    progress_.end();
    if (caption_lines_.empty()) {
      throw DataError(fmt::format("{}: expected captions, found none", captions.string()));
    }
    warn();
    return finish(writer_);
  }

 private:
  void add(const LineReader& lines) {
    const Caption caption = parse(lines);
    const auto [line, is_new] = caption_lines_.try_emplace(std::string(caption.id), lines.number());
    if (!is_new) {
      lines.fail(fmt::format("'{}' is already on line {}", excerpt(caption.id), line->second));
    }
    Image& image = images_[std::string(caption.image)];
    if (image.group < 0) {
      image.group = groups_++;
      if (image.split == Split::kNone) ++without_split_;
      const bool found =
          writer_.add_file(Modality::kImage, {caption.image, image.group, image.split},
                           request_.images, caption.image);
      if (!found && missing_++ == 0) first_missing_ = caption.image;
    }
    writer_.add_text({caption.id, image.group, image.split}, caption.text);
  }

  void warn() {
    if (!request_.images) {
      progress_.warn("no folder of images is given: images are known by name only");
    } else if (missing_ > 0) {
      progress_.warn(fmt::format("images not in {}: {} of {} (the first: {})",
                                 request_.images->string(), with_commas(missing_),
                                 with_commas(writer_.count(Modality::kImage)),
                                 excerpt(first_missing_)));
    }
    if (without_split_ > 0 && !request_.split) {
      progress_.warn("images in no list, so of no split: " + with_commas(without_split_));
    }
    const auto captionless = static_cast<std::size_t>(
        std::ranges::count_if(images_, [](const auto& entry) { return entry.second.group < 0; }));
    if (captionless > 0) {
      progress_.warn("images of the lists without a caption, left out: " +
                     with_commas(captionless));
    }
  }

  const ImportRequest& request_;
  Progress& progress_;
  Images images_;
  DatasetWriter writer_;
  std::unordered_map<std::string, std::uint64_t> caption_lines_;
  std::int32_t groups_ = 0;
  std::size_t without_split_ = 0;
  std::size_t missing_ = 0;
  std::string first_missing_;
};

}  // namespace

ImportSummary import_flickr8k(const ImportRequest& request, Progress& progress) {
  check_takes("flickr8k", request, {.images = true});
  const Sources sources = find_sources(plain_sources("flickr8k", request));
  check_output(request.out, sources.all());
  return Importer(request, sources, progress).run(sources.captions);
}

}  // namespace alignlab
