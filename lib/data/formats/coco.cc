// COCO captions: one JSON file a split, folders of images and perhaps sounds, graded judgements.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "data/dataset_writer.h"
#include "data/formats/coco_json.h"
#include "data/formats/formats.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFilePrefix = "captions_";

bool is_caption_file(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return entry.is_regular_file() && name.starts_with(kFilePrefix) && name.ends_with(".json");
}

std::vector<fs::path> find_sources(const std::vector<fs::path>& given) {
  const bool is_folder =
      std::ranges::any_of(given, [](const fs::path& path) { return fs::is_directory(path); });
  if (given.empty() || (is_folder && given.size() > 1)) {
    throw UsageError("coco: expected one folder, or JSON files of captions");
  }
  if (!is_folder) return given;
  for (const fs::path& folder : {given[0] / "annotations", given[0]}) {
    if (!fs::is_directory(folder)) continue;
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (is_caption_file(entry)) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    if (!found.empty()) return found;
  }
  throw DataError(
      fmt::format("{}: expected annotations/captions_*.json or captions_*.json, found neither",
                  given[0].string()));
}

/// The folder that the folders of images and sounds lie in.
fs::path root_of(const fs::path& json) {
  const fs::path folder = fs::absolute(json).parent_path();
  return folder.filename() == "annotations" ? folder.parent_path() : folder;
}

/// "train2014" for captions_train2014.json: what the images of a split often lie in.
std::string subfolder_of(const fs::path& json) {
  const std::string stem = json.stem().string();
  return stem.starts_with(kFilePrefix) ? stem.substr(kFilePrefix.size()) : "";
}

/// Where images may lie: first in the subfolder of their split, where there is one.
std::vector<fs::path> image_folders(const ImportRequest& request, const fs::path& json) {
  const fs::path root = root_of(json);
  const bool is_usual = !request.images && fs::is_directory(root / "images");
  const fs::path base = request.images ? *request.images : is_usual ? root / "images" : root;
  const std::string subfolder = subfolder_of(json);
  std::vector<fs::path> folders;
  if (!subfolder.empty() && fs::is_directory(base / subfolder)) folders.push_back(base / subfolder);
  if (request.images || is_usual) folders.push_back(base);
  return folders;
}

std::optional<fs::path> audio_folder(const ImportRequest& request, const fs::path& json) {
  if (request.audio) return request.audio;
  const fs::path usual = root_of(json) / "audio";
  if (fs::is_directory(usual)) return usual;
  return std::nullopt;
}

std::optional<fs::path> judgement_file(const ImportRequest& request,
                                       const std::vector<fs::path>& sources) {
  if (request.judgements) return request.judgements;
  const fs::path usual = root_of(sources[0]) / "relevance.qrels";
  if (fs::is_regular_file(usual)) return usual;
  return std::nullopt;
}

/// An entry of a source, for messages about a later one.
struct EntryPlace {
  std::uint32_t source = 0;
  std::uint64_t entry = 0;
};

class Importer final : public CocoListener {
 public:
  Importer(const ImportRequest& request, std::vector<fs::path> sources, Progress& progress)
      : request_(request),
        sources_(std::move(sources)),
        progress_(progress),
        writer_(request.out, {request.out.stem().string(), "coco: " + file_names(sources_), ""},
                writer_options(request)) {}

  ImportSummary run(const std::optional<fs::path>& judgements) {
    for (source_ = 0; source_ < sources_.size(); ++source_) import_source();
    if (writer_.count(Modality::kImage) == 0) {
      throw DataError(fmt::format("{}: expected images, found none", sources_[0].string()));
    }
    if (judgements) import_judgements(*judgements);
    return finish(writer_, progress_);
  }

  void on_image(const CocoImage& image) override {
    const EntryPlace place{source_, image.entry};
    if (!lies_inside(image.file_name)) {
      fail("images", image.entry,
           fmt::format("'file_name': expected a file name inside the folder, found '{}'",
                       excerpt(image.file_name)));
    }
    Image& known = image_of(image.id, place);
    if (known.row >= 0) {
      fail("images", image.entry,
           fmt::format("image id '{}' is already that of {}", excerpt(image.id),
                       text_of("images", known.place)));
    }
    known.row = static_cast<std::int32_t>(writer_.count(Modality::kImage));
    known.place = place;
    const ItemKey key{image.id, known.group, split_};
    ++images_here_;
    missing_images_.add(
        image.file_name,
        writer_.add_file(Modality::kImage, key, folder_of(image.file_name), image.file_name));
    if (image.label) writer_.set_label(known.group, *image.label);
    if (audio_folder_) {
      const std::string sound = fs::path(image.file_name).stem().string() + ".wav";
      if (fs::is_regular_file(*audio_folder_ / sound)) {
        writer_.add_file(Modality::kAudio, key, audio_folder_, sound);
      } else {
        ++missing_sounds_;
      }
    }
  }

  void on_caption(const CocoCaption& caption) override {
    const EntryPlace place{source_, caption.entry};
    const auto row = static_cast<std::int32_t>(writer_.count(Modality::kText));
    const auto [known, is_new] = captions_.try_emplace(caption.id, Caption{row, place});
    if (!is_new) {
      fail("annotations", caption.entry,
           fmt::format("caption id '{}' is already that of {}", excerpt(caption.id),
                       text_of("annotations", known->second.place)));
    }
    const Image& image = image_of(caption.image_id, place);
    if (image.place.source != source_) {
      fail("annotations", caption.entry,
           fmt::format("image_id '{}': expected an image of this file, found one of {}",
                       excerpt(caption.image_id), sources_[image.place.source].string()));
    }
    if (caption.text.empty()) empty_captions_.add(caption.id);
    writer_.add_text({caption.id, image.group, split_}, caption.text);
  }

 private:
  struct Image {
    std::int32_t group = 0;
    std::int32_t row = -1;  // -1: so far only a caption has named it
    EntryPlace place;       // of the image, or of that caption
  };
  struct Caption {
    std::int32_t row = 0;
    EntryPlace place;
  };
  struct JudgementLine {
    Judgement judgement;
    std::uint64_t number = 0;
  };

  [[noreturn]] void fail(std::string_view list, std::uint64_t entry, std::string_view what) const {
    throw DataError(fmt::format("{}: {}[{}]: {}", sources_[source_].string(), list, entry, what));
  }

  std::string text_of(std::string_view list, const EntryPlace& place) const {
    return fmt::format("{}[{}] of {}", list, place.entry, sources_[place.source].string());
  }

  /// The folder that has the image, else the first.
  std::optional<fs::path> folder_of(const std::string& file) const {
    if (image_folders_.empty()) return std::nullopt;
    std::error_code error;
    const auto found = std::ranges::find_if(image_folders_, [&](const fs::path& folder) {
      return fs::is_regular_file(folder / file, error);
    });
    return found == image_folders_.end() ? image_folders_.front() : *found;
  }

  Image& image_of(const std::string& id, const EntryPlace& place) {
    const auto next_group = static_cast<std::int32_t>(images_.size());
    return images_.try_emplace(id, Image{next_group, -1, place}).first->second;
  }

  void import_source() {
    const fs::path& json = sources_[source_];
    split_ = split_in_name(json.filename().string()).value_or(Split::kNone);
    image_folders_ = image_folders(request_, json);
    audio_folder_ = audio_folder(request_, json);
    if ((request_.embed || request_.drop_missing) && image_folders_.empty()) {
      throw UsageError(fmt::format("coco: {} needs the folder of the images (--images)",
                                   request_.embed ? "--embed" : "--missing drop"));
    }
    images_here_ = missing_sounds_ = 0;
    missing_images_ = {};
    empty_captions_ = {};
    read_coco_json(json, *this, progress_);
    check_image_ids();
    warn();
  }

  /// Every image that a caption has named must have come, before it or after.
  void check_image_ids() const {
    const auto* first = static_cast<const std::pair<const std::string, Image>*>(nullptr);
    for (const auto& entry : images_) {
      const bool unknown = entry.second.row < 0;
      if (unknown && (first == nullptr || entry.second.place.entry < first->second.place.entry)) {
        first = &entry;
      }
    }
    if (first != nullptr) {
      fail("annotations", first->second.place.entry,
           fmt::format("image_id '{}': no entry of 'images' has this id", excerpt(first->first)));
    }
  }

  void warn() {
    const std::string file = sources_[source_].filename().string();
    const std::string all = with_commas(images_here_);
    if (split_ == Split::kNone && !request_.split) {
      progress_.warn(fmt::format(
          "{}: no train, val, dev or test in its name, so its images are of no split: {}", file,
          all));
    }
    if (image_folders_.empty()) {
      progress_.warn(fmt::format(
          "{}: no folder of images is given or beside it: images are known by name only", file));
    } else {
      missing_images_.warn(progress_, Modality::kImage, image_folders_.front(), file + ": ");
    }
    if (missing_sounds_ > 0) {
      progress_.warn(fmt::format("{}: images without a sound in {}: {} of {}", file,
                                 audio_folder_->string(), with_commas(missing_sounds_), all));
    }
    empty_captions_.warn(progress_, file + ": empty captions");
  }

  void import_judgements(const fs::path& path) {
    LineReader lines(path);
    ReadingProgress reading(progress_, path, lines.size());
    std::vector<JudgementLine> known;
    std::size_t unknown = 0;
    while (lines.next()) {
      if (lines.text().empty()) continue;
      const auto judgement = parse_judgement(lines);
      if (judgement) {
        known.push_back({*judgement, lines.number()});
      } else {
        ++unknown;
      }
      if (reading.due()) reading.at(lines.position());
    }
    reading.finish();
    if (known.empty()) {
      throw DataError(
          fmt::format("{}: expected judgements of the imported captions and images, "
                      "found none",
                      path.string()));
    }
    if (unknown > 0) {
      progress_.warn(fmt::format("{}: judgements of what is not imported, left out: {}",
                                 path.filename().string(), with_commas(unknown)));
    }
    writer_.write_judgements(Modality::kText, Modality::kImage, sorted(path, std::move(known)));
  }

  /// Nothing where the caption or the image is not among the imported.
  std::optional<Judgement> parse_judgement(const LineReader& lines) const {
    constexpr std::string_view kExpected = "'caption_id 0 image_id grade'";
    std::array<std::string_view, 4> fields;
    std::string_view rest = lines.text();
    for (std::string_view& field : fields) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
      field = rest.substr(0, rest.find_first_of(" \t"));
      if (field.empty()) lines.fail_expected(kExpected);
      rest.remove_prefix(field.size());
    }
    float grade = 0;
    const char* end = fields[3].data() + fields[3].size();
    const auto [parsed, error] = std::from_chars(fields[3].data(), end, grade);
    if (rest.find_first_not_of(" \t") != std::string_view::npos || error != std::errc() ||
        parsed != end) {
      lines.fail_expected(kExpected);
    }
    if (!std::isfinite(grade) || grade < 0) lines.fail_expected("a grade of 0 or more");
    const auto caption = captions_.find(std::string(fields[0]));
    const auto image = images_.find(std::string(fields[2]));
    if (caption == captions_.end() || image == images_.end()) return std::nullopt;
    return Judgement{caption->second.row, image->second.row, grade};
  }

  static std::vector<Judgement> sorted(const fs::path& path, std::vector<JudgementLine> lines) {
    const auto pair_of = [](const JudgementLine& line) {
      return std::tuple(line.judgement.query, line.judgement.candidate);
    };
    std::ranges::sort(lines, {}, [&](const JudgementLine& line) {
      return std::tuple_cat(pair_of(line), std::tuple(line.number));
    });
    const auto twice = std::ranges::adjacent_find(lines, {}, pair_of);
    if (twice != lines.end()) {
      throw DataError(fmt::format("{}:{}: its caption and image are already judged on line {}",
                                  path.string(), std::next(twice)->number, twice->number));
    }
    std::vector<Judgement> judgements;
    judgements.reserve(lines.size());
    for (const JudgementLine& line : lines) judgements.push_back(line.judgement);
    return judgements;
  }

  const ImportRequest& request_;
  std::vector<fs::path> sources_;
  Progress& progress_;
  DatasetWriter writer_;
  std::unordered_map<std::string, Image> images_;
  std::unordered_map<std::string, Caption> captions_;

  // Of the source that is being read.
  std::uint32_t source_ = 0;
  Split split_ = Split::kNone;
  std::vector<fs::path> image_folders_;
  std::optional<fs::path> audio_folder_;
  std::size_t images_here_ = 0;
  std::size_t missing_sounds_ = 0;
  MissingFiles missing_images_;
  Tally empty_captions_;
};

}  // namespace

ImportSummary import_coco(const ImportRequest& request, Progress& progress) {
  check_takes("coco", request,
              {.images = true, .audio = true, .judgements = true, .finds_files = true});
  std::vector<fs::path> sources = find_sources(plain_sources("coco", request));
  const std::optional<fs::path> judgements = judgement_file(request, sources);
  check_output(request.out, sources);
  if (judgements) check_output(request.out, std::span(&*judgements, 1));
  return Importer(request, std::move(sources), progress).run(judgements);
}

}  // namespace alignlab
