#include "data/formats/formats.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/error.h"
#include "core/lines.h"

namespace alignlab {
namespace fs = std::filesystem;

const std::vector<Format>& formats() {
  static const std::vector<Format> all{
      {"ann",
       "ann-benchmarks: an HDF5 file of train, test and neighbors",
       {{.name = "neighbours",
         .summary = "nearest neighbours of a query that are relevant to it",
         .fallback = std::int64_t{10},
         .least = 1,
         .most = 10000},
        {.name = "modalities",
         .summary = "what queries and candidates are called",
         .fallback = std::vector<std::string>{"text", "image"}}},
       import_ann},
      {"coco",
       "COCO captions: a folder with annotations/captions_*.json, or such files",
       {},
       import_coco},
      {"csv", "tables separated by commas (RFC 4180), SPLIT=FILE or FILE; options name the columns",
       table_options(","), import_csv},
      {"embeddings",
       "vectors of two modalities: matrices FIRST SECOND, row i with row i or by files of groups",
       {{.name = "modalities",
         .summary = "of the first and the second matrix",
         .fallback = std::vector<std::string>{"image", "text"}},
        {.name = "keys",
         .summary = "of the matrices in files that hold several: one for both, or two",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "first_groups",
         .summary = "a line for each row of FIRST: the row, or id, of SECOND it belongs to",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "second_groups",
         .summary = "a line for each row of SECOND: the row, or id, of FIRST it belongs to",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "first_ids",
         .summary = "a line for each row of FIRST: its id",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "second_ids",
         .summary = "a line for each row of SECOND: its id",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "feature",
         .summary = "what a config calls the vectors",
         .fallback = std::string("embeddings")}},
       import_embeddings,
       true},
      {"flickr8k",
       "Flickr8k and the like: a folder with *.token.txt and Flickr_8k.*Images.txt, or such files",
       {},
       import_flickr8k},
      {"flickr30k",
       "Flickr30k: a folder with results.csv or *.token and lists of images, or such files",
       {},
       import_flickr30k},
      {"folder",
       "folders of images and sounds, captions beside each in a .txt of its name",
       {{.name = "labels",
         .summary = "whether the folder that a file is in names its class",
         .fallback = std::string("none"),
         .choices = {"none", "folders"}}},
       import_folder},
      {"karpathy",
       "Karpathy's splits of COCO, Flickr8k and Flickr30k: a file dataset_*.json",
       {{.name = "restval",
         .summary = "which split COCO's images of split restval are of",
         .fallback = std::string("train"),
         .choices = {"train", "none"}}},
       import_karpathy},
      {"tsv", "the same as csv, separated by tabs", table_options("tab"), import_tsv},
      {"precomp",
       "VSE++ and the like: a folder with {train,dev,test}_ims.npy, _caps.txt and perhaps _ids.txt",
       {{.name = "captions_per_image",
         .summary = "in turn, where a row is a caption; 0: as many as have equal rows",
         .fallback = std::int64_t{0},
         .least = 0,
         .most = 10000}},
       import_precomp},
      {"wikipedia",
       "labelled pairs of Rasiwasia et al. 2010: their folder, or matrices of images and texts",
       {{.name = "labels",
         .summary = "a vector of labels for each pair of matrices",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "label_key",
         .summary = "of the labels in files that hold several arrays",
         .fallback = std::string()},
        {.name = "keys",
         .summary = "of the matrices in files that hold several: one for both, or two",
         .fallback = std::vector<std::string>{},
         .may_be_empty = true},
        {.name = "features",
         .summary = "what a config calls the vectors of images and of texts",
         .fallback = std::vector<std::string>{"sift", "lda"}}},
       import_wikipedia,
       true},
  };
  return all;
}

WriterOptions writer_options(const ImportRequest& request) {
  return {request.embed ? ContentKind::kBytes : ContentKind::kPaths, request.split, request.replace,
          request.drop_missing};
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

std::string lowercase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::optional<Split> split_in_name(std::string_view file_name) {
  constexpr std::array<std::pair<std::string_view, Split>, 4> kWords{{{"train", Split::kTrain},
                                                                      {"val", Split::kDev},
                                                                      {"dev", Split::kDev},
                                                                      {"test", Split::kTest}}};
  const std::string name = lowercase(file_name);
  for (const auto& [word, split] : kWords) {
    if (name.find(word) != std::string::npos) return split;
  }
  return std::nullopt;
}

std::string Tally::text() const {
  return fmt::format("{} (the first: {})", with_commas(count_), excerpt(first_));
}

void Tally::warn(Progress& progress, std::string_view label) const {
  if (count_ > 0) progress.warn(fmt::format("{}: {}", label, text()));
}

void MissingFiles::warn(Progress& progress, Modality modality,
                        const std::optional<fs::path>& folder, const std::string& prefix) const {
  if (all_ == 0) return;
  const std::string_view files = modality == Modality::kAudio ? "sounds" : "images";
  if (!folder) {
    progress.warn(
        fmt::format("{0}no folder of {1} is given: {1} are known by name only", prefix, files));
  } else if (missing_.count() > 0) {
    progress.warn(fmt::format("{}{} not in {}: {} of {} (the first: {})", prefix, files,
                              folder->string(), with_commas(missing_.count()), with_commas(all_),
                              excerpt(missing_.first())));
  }
}

ReadingProgress::ReadingProgress(Progress& progress, const fs::path& file, std::uint64_t size)
    : progress_(progress), size_(size) {
  progress_.begin("importing " + file.filename().string(), size, "bytes");
}

void ReadingProgress::at(std::uint64_t position) {
  progress_.check();
  if (position > reported_) progress_.advance(position - std::exchange(reported_, position));
}

void ReadingProgress::finish() {
  if (size_ > reported_) progress_.advance(size_ - reported_);
  progress_.end();
}

ImportSummary finish(DatasetWriter& writer, Progress& progress) {
  if (writer.draws_over_splits()) {
    progress.warn("the splits of the sources are not kept: --split draws all anew");
  }
  ImportSummary summary;
  summary.content_hash = writer.commit();
  summary.images = writer.count(Modality::kImage);
  summary.audio = writer.count(Modality::kAudio);
  summary.texts = writer.count(Modality::kText);
  std::string dropped;
  for (const auto& [modality, count] : writer.dropped()) {
    dropped += fmt::format(
        "{}{} {}", dropped.empty() ? "" : ", ", with_commas(count),
        modality == Modality::kAudio ? "sounds" : fmt::format("{}s", name_of(modality)));
  }
  if (!dropped.empty()) progress.warn("left out, as their files are missing: " + dropped);
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
  const bool has_files = takes.images || takes.audio || takes.finds_files;
  const bool is_told = takes.finds_files || request.images || request.audio;
  for (const auto& [given, option] :
       {std::pair(request.embed, "--embed"), std::pair(request.drop_missing, "--missing drop")}) {
    if (given && !has_files) {
      throw UsageError(fmt::format("{}: has no files, so {} is of no use", format, option));
    }
    if (given && !is_told) {
      throw UsageError(fmt::format("{}: {} needs the folder of the files (--images{})", format,
                                   option, takes.audio ? " or --audio" : ""));
    }
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
