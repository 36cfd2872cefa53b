// Folders of files: images, sounds, or both, and beside each a .txt of the same name whose lines
// that are not blank are its captions. Files of one name but for their ending are together. A
// subfolder called train, dev, val or test is a split. Items are known by their path from the
// source, after "train/" and the like where the source was given a split; they are in the order of
// these paths, byte by byte. Hidden files, links to folders and files of other kinds are left out;
// of images and sounds that no feature kind can decode, a note says how many.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "data/dataset_writer.h"
#include "data/formats/formats.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::array<std::string_view, 5> kImageEndings{".jpg", ".jpeg", ".png", ".bmp", ".webp"};
constexpr std::array<std::string_view, 11> kSoundEndings{
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64"};
/// Images and sounds that no feature kind can decode.
constexpr std::array<std::string_view, 16> kForeignEndings{
    ".gif",  ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".avif", ".heic",
    ".heif", ".jp2", ".jxl",  ".svg", ".m4a", ".aac", ".wma",  ".amr"};

std::optional<Modality> modality_of(const fs::path& file) {
  const std::string ending = lowercase(file.extension().string());
  if (ending == ".txt") return Modality::kText;
  if (std::ranges::find(kImageEndings, ending) != kImageEndings.end()) return Modality::kImage;
  if (std::ranges::find(kSoundEndings, ending) != kSoundEndings.end()) return Modality::kAudio;
  return std::nullopt;
}

bool is_foreign(const fs::path& file) {
  const std::string ending = lowercase(file.extension().string());
  return std::ranges::find(kForeignEndings, ending) != kForeignEndings.end();
}

struct Entry {
  std::string path;  // from the source, with '/'
  Modality modality;
};

/// Everything of a source that has a modality, in order of its path; `foreign` gets the paths of
/// the images and sounds that nothing decodes.
std::vector<Entry> list_files(const fs::path& source, std::vector<std::string>& foreign,
                              Progress& progress) {
  std::vector<Entry> entries;
  for (auto at = fs::recursive_directory_iterator(source); at != fs::end(at); ++at) {
    progress.check();
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
      continue;
    }
    const auto modality = modality_of(at->path());
    const bool is_other = !modality && is_foreign(at->path());
    if ((!modality && !is_other) || !at->is_regular_file()) continue;
    std::string path = at->path().lexically_relative(source).generic_string();
    if (is_other) {
      foreign.push_back(std::move(path));
      continue;
    }
    if (utf8_prefix(path) != path.size()) {
      throw DataError(
          fmt::format("{}: expected names in UTF-8, found '{}'", source.string(), excerpt(path)));
    }
    entries.push_back({std::move(path), *modality});
  }
  std::ranges::sort(entries, {}, &Entry::path);
  std::ranges::sort(foreign);
  return entries;
}

struct Folders {
  Split split = Split::kNone;
  std::string rest;  // without the folder that says the split
};

/// What the folders of a path say: the outermost that is called like a split is one.
Folders folders_of(const std::string& path, std::optional<Split> given) {
  Folders folders{given.value_or(Split::kNone), ""};
  bool is_known = given.has_value();
  for (const fs::path& part : fs::path(path).parent_path()) {
    const std::string name = part.string();
    const auto split = is_known ? std::nullopt : split_named(name);
    if (split && *split != Split::kNone) {
      folders.split = *split;
      is_known = true;
    } else {
      folders.rest += (folders.rest.empty() ? "" : "/") + name;
    }
  }
  return folders;
}

class Importer {
 public:
  Importer(const ImportRequest& request, Progress& progress)
      : request_(request),
        progress_(progress),
        has_labels_(request.options.text("labels") == "folders"),
        writer_(request.out, {request.out.stem().string(), "folder: " + names(request), ""},
                writer_options(request)) {}

  ImportSummary run() {
    for (const ImportSource& source : request_.sources) import_source(source);
    if (groups_.empty()) {
      throw DataError(fmt::format(
          "{}: expected images or sounds, found none{}", request_.sources[0].path.string(),
          foreign_.count() == 0 ? "" : " of a format that is read here, but " + foreign_.text()));
    }
    foreign_.warn(progress_, "files of formats that are not read here, left out");
    if (writer_.count(Modality::kText) > 0) {
      captionless_.warn(progress_, "files without a caption");
    }
    alone_.warn(progress_, "captions without a file of their name, left out");
    if (without_split_ > 0 && !request_.split) {
      progress_.warn("files in no folder of a split, so of no split: " +
                     with_commas(without_split_));
    }
    return finish(writer_, progress_);
  }

 private:
  struct Group {
    std::int32_t number = 0;
    const ImportSource* source = nullptr;
  };

  static std::string names(const ImportRequest& request) {
    std::vector<fs::path> folders;
    for (const ImportSource& source : request.sources) {
      folders.push_back(fs::absolute(source.path / "").parent_path());
    }
    return file_names(folders);
  }

  static std::string stem_of(const std::string& path) {
    return path.substr(0, path.size() - fs::path(path).extension().string().size());
  }

  void import_source(const ImportSource& source) {
    check_folder(source.path, "the import");
    prefix_ = source.split ? fmt::format("{}/", name_of(*source.split)) : "";
    std::vector<std::string> foreign;
    const std::vector<Entry> entries = list_files(source.path, foreign, progress_);
    for (const std::string& path : foreign) foreign_.add(path);
    texts_.clear();
    for (const Entry& entry : entries) {
      if (entry.modality == Modality::kText) texts_[stem_of(entry.path)].push_back(entry.path);
    }
    progress_.begin("importing " + source.path.filename().string(), entries.size(), "files");
    for (const Entry& entry : entries) {
      if (entry.modality != Modality::kText) add_entry(source, entry);
      progress_.check();
      progress_.advance(1);
    }
    progress_.end();
    for (const Entry& entry : entries) {
      if (entry.modality == Modality::kText && !groups_.contains(prefix_ + stem_of(entry.path))) {
        alone_.add(entry.path);
      }
    }
  }

  void add_entry(const ImportSource& source, const Entry& entry) {
    const std::string stem = stem_of(entry.path);
    const auto next = static_cast<std::int32_t>(groups_.size());
    const auto [known, is_new] = groups_.try_emplace(prefix_ + stem, Group{next, &source});
    const Group& group = known->second;
    if (group.source != &source) {
      throw DataError(fmt::format("{}: '{}' is already the name of a file in {}",
                                  source.path.string(), excerpt(stem),
                                  group.source->path.string()));
    }
    const Folders folders = folders_of(entry.path, source.split);
    add_file(source.path, entry, group.number, folders);
    if (!is_new) return;
    std::size_t captions = 0;
    const auto texts = texts_.find(stem);
    if (texts != texts_.end()) {
      for (const std::string& text : texts->second) {
        captions += add_captions(source.path, text, group.number, folders.split);
      }
    }
    if (captions == 0) captionless_.add(entry.path);
  }

  void add_file(const fs::path& source, const Entry& entry, std::int32_t group,
                const Folders& folders) {
    if (folders.split == Split::kNone) ++without_split_;
    writer_.add_file(entry.modality, {prefix_ + entry.path, group, folders.split}, source,
                     entry.path);
    if (has_labels_ && !folders.rest.empty()) writer_.set_label(group, folders.rest);
  }

  /// How many there are.
  std::size_t add_captions(const fs::path& source, const std::string& path, std::int32_t group,
                           Split split) {
    LineReader lines(source / path);
    std::size_t count = 0;
    while (lines.next()) {
      const std::string_view line = lines.text();
      const std::size_t first = line.find_first_not_of(kBlanks);
      if (first == std::string_view::npos) continue;
      const std::string id = fmt::format("{}{}#{}", prefix_, path, count++);
      writer_.add_text({id, group, split},
                       line.substr(first, line.find_last_not_of(kBlanks) - first + 1));
    }
    return count;
  }

  const ImportRequest& request_;
  Progress& progress_;
  bool has_labels_;
  DatasetWriter writer_;
  std::string prefix_;  // of the ids of the current source
  std::unordered_map<std::string, Group> groups_;
  std::unordered_map<std::string, std::vector<std::string>> texts_;  // of the current source
  std::size_t without_split_ = 0;
  Tally captionless_;
  Tally alone_;
  Tally foreign_;
};

}  // namespace

ImportSummary import_folder(const ImportRequest& request, Progress& progress) {
  check_takes("folder", request, {.finds_files = true});
  return Importer(request, progress).run();
}

}  // namespace alignlab
