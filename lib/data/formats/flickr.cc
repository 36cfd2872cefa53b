#include "data/formats/flickr.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/error.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

std::string_view without_blanks_at_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// What a list and the captions may both call an image.
std::string list_name(std::string_view image) {
  constexpr std::string_view kSuffix = ".jpg";
  if (image.ends_with(kSuffix)) image.remove_suffix(kSuffix.size());
  return std::string(image);
}

struct Listed {
  Split split = Split::kNone;
  bool has_caption = false;
};

using Lists = std::unordered_map<std::string, Listed>;

/// The images of the lists. A name in two lists would be in two splits.
Lists read_lists(const FlickrSources& sources) {
  Lists images;
  for (const auto& [split, path] : sources.lists) {
    LineReader lines(path);
    while (lines.next()) {
      const std::string_view name = without_blanks_at_end(lines.text());
      if (name.empty()) continue;
      const auto [image, is_new] = images.try_emplace(list_name(name), Listed{split, false});
      if (is_new) continue;
      const fs::path& other = sources.lists.at(image->second.split);
      lines.fail(fmt::format("'{}' is already in {}", excerpt(name),
                             other == path ? "this list" : other.filename().string()));
    }
  }
  return images;
}

class Importer {
 public:
  Importer(const std::string& format, const FlickrSources& sources, FlickrParser& parser,
           const ImportRequest& request, Progress& progress)
      : sources_(sources),
        parser_(parser),
        request_(request),
        progress_(progress),
        listed_(read_lists(sources)),
        writer_(request.out,
                {request.out.stem().string(), format + ": " + file_names(sources.all()), ""},
                writer_options(request)) {}

  ImportSummary run() {
    LineReader lines(sources_.captions);
    ReadingProgress reading(progress_, sources_.captions, lines.size());
    std::uint64_t blank = 0;
    while (lines.next()) {
      // Blank lines at the end are how editors leave a file; elsewhere something is lost.
      if (lines.text().empty()) {
        if (blank == 0) blank = lines.number();
        continue;
      }
      if (blank != 0) {
        throw DataError(fmt::format("{}:{}: expected {}, found ''", sources_.captions.string(),
                                    blank, parser_.expected()));
      }
      if (const auto caption = parser_.parse(lines)) add(lines, *caption);
      if (reading.due()) reading.at(lines.position());
    }
    reading.finish();
    if (caption_lines_.empty()) {
      throw DataError(fmt::format("{}: expected captions, found none", sources_.captions.string()));
    }
    check_lists();
    warn();
    return finish(writer_, progress_);
  }

 private:
  struct Image {
    Split split = Split::kNone;
    std::int32_t group = 0;
  };

  void add(const LineReader& lines, const FlickrCaption& caption) {
    const auto [line, is_new] = caption_lines_.try_emplace(caption.id, lines.number());
    if (!is_new) {
      lines.fail(fmt::format("'{}' is already on line {}", excerpt(caption.id), line->second));
    }
    if (!lies_inside(caption.image)) {
      lines.fail(fmt::format("expected a file name inside the folder, found '{}'",
                             excerpt(caption.image)));
    }
    const Image& image = image_of(caption.image);
    writer_.add_text({caption.id, image.group, image.split}, caption.text);
  }

  const Image& image_of(const std::string& name) {
    const auto next_group = static_cast<std::int32_t>(images_.size());
    const auto [known, is_new] = images_.try_emplace(name, Image{Split::kNone, next_group});
    Image& image = known->second;
    if (!is_new) return image;
    const auto listed = listed_.find(list_name(name));
    if (listed != listed_.end()) {
      image.split = listed->second.split;
      listed->second.has_caption = true;
    } else {
      ++without_split_;
    }
    missing_.add(name, writer_.add_file(Modality::kImage, {name, image.group, image.split},
                                        request_.images, name));
    return image;
  }

  void check_lists() const {
    for (const auto& [split, path] : sources_.lists) {
      const bool names_one = std::ranges::any_of(listed_, [&](const auto& entry) {
        return entry.second.split == split && entry.second.has_caption;
      });
      if (!names_one) {
        throw DataError(fmt::format("{}: expected names of images of {}, found none", path.string(),
                                    sources_.captions.filename().string()));
      }
    }
  }

  void warn() {
    parser_.warn(progress_);
    missing_.warn(progress_, Modality::kImage, request_.images);
    if (without_split_ > 0 && !request_.split) {
      progress_.warn("images in no list, so of no split: " + with_commas(without_split_));
    }
    const auto captionless = static_cast<std::size_t>(std::ranges::count_if(
        listed_, [](const auto& entry) { return !entry.second.has_caption; }));
    if (captionless > 0) {
      progress_.warn("images of the lists without a caption, left out: " +
                     with_commas(captionless));
    }
  }

  const FlickrSources& sources_;
  FlickrParser& parser_;
  const ImportRequest& request_;
  Progress& progress_;
  Lists listed_;
  DatasetWriter writer_;
  std::unordered_map<std::string, Image> images_;
  std::unordered_map<std::string, std::uint64_t> caption_lines_;
  std::size_t without_split_ = 0;
  MissingFiles missing_;
};

}  // namespace

std::vector<fs::path> FlickrSources::all() const {
  std::vector<fs::path> files{captions};
  for (const auto& [split, list] : lists) files.push_back(list);
  return files;
}

void FlickrSources::add(const std::string& format, const fs::path& file,
                        std::optional<Split> split) {
  fs::path& place = split ? lists[*split] : captions;
  if (!place.empty()) {
    throw UsageError(
        fmt::format("{}: expected one {}, found {} and {}", format,
                    split ? fmt::format("list of {} images", name_of(*split)) : "file of captions",
                    place.string(), file.string()));
  }
  place = file;
}

std::optional<FlickrCaption> FlickrTokens::parse(const LineReader& lines) {
  const std::string_view line = lines.text();
  const std::size_t tab = line.find('\t');
  const std::string_view id = line.substr(0, tab);
  const std::size_t hash = id.rfind('#');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (tab == std::string_view::npos || hash == std::string_view::npos || hash == 0 ||
      hash + 1 == id.size() || !std::ranges::all_of(id.substr(hash + 1), is_digit)) {
    lines.fail_expected(expected());
  }
  return FlickrCaption{std::string(id.substr(0, hash)), std::string(id),
                       std::string(line.substr(tab + 1))};
}

bool is_flickr_token_file(const std::string& file_name) {
  if (file_name.starts_with('.') || file_name.find(".lemma.") != std::string::npos) return false;
  return file_name.ends_with(".token.txt") || file_name.ends_with(".token");
}

ImportSummary import_flickr(const std::string& format, const FlickrSources& sources,
                            FlickrParser& parser, const ImportRequest& request,
                            Progress& progress) {
  check_output(request.out, sources.all());
  return Importer(format, sources, parser, request, progress).run();
}

}  // namespace alignlab
