// Karpathy's splits of COCO, Flickr8k and Flickr30k (A. Karpathy, L. Fei-Fei: Deep visual-semantic
// alignments for generating image descriptions, CVPR 2015): one JSON file with `images`, each with
// its file name, split and sentences. Items keep the order of the file, which the folds of protocol
// coco-1k-5fold go by.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "data/dataset_writer.h"
#include "data/formats/formats.h"
#include "data/formats/json_lists.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

enum Field : std::size_t { kFileName, kSplit, kFilePath };
enum SentenceField : std::size_t { kSentenceId, kRaw };

const std::vector<JsonList>& lists() {
  static const std::vector<JsonList> all{
      {"images",
       {{.name = "filename"},
        {.name = "split"},
        {.name = "filepath", .may_be_empty = true, .required = false}},
       {{"sentences",
         {{.name = "sentid", .may_be_integer = true}, {.name = "raw", .may_be_empty = true}}}}}};
  return all;
}

class Importer final : public JsonListener {
 public:
  Importer(const fs::path& source, const ImportRequest& request, Progress& progress)
      : source_(source),
        request_(request),
        progress_(progress),
        restval_(request.options.text("restval") == "train" ? Split::kTrain : Split::kNone),
        writer_(request.out,
                {request.out.stem().string(), "karpathy: " + source.filename().string(), ""},
                writer_options(request)) {}

  ImportSummary run() {
    read_json_lists(source_, lists(), *this, progress_);
    if (images_.empty()) {
      throw DataError(fmt::format("{}: expected images, found none", source_.string()));
    }
    missing_.warn(progress_, Modality::kImage, request_.images);
    captionless_.warn(progress_, "images without a sentence");
    empty_.warn(progress_, "empty sentences");
    return finish(writer_, progress_);
  }

  void on_entry(const JsonList&, JsonEntry& image) override {
    const std::string& name = *image.values[kFileName];
    const auto [known, is_new] = images_.try_emplace(name, image.number);
    if (!is_new) {
      fail(image.number, fmt::format("filename '{}' is already that of images[{}]", excerpt(name),
                                     known->second));
    }
    const ItemKey key{name, static_cast<std::int32_t>(images_.size() - 1), split_of(image)};
    const std::string file = file_of(image);
    missing_.add(file, writer_.add_file(Modality::kImage, key, request_.images, file));
    if (image.lists[0].empty()) captionless_.add(name);
    for (const JsonEntry& sentence : image.lists[0]) add_sentence(image, sentence, key);
  }

 private:
  [[noreturn]] void fail(std::uint64_t entry, std::string_view what) const {
    throw DataError(fmt::format("{}: images[{}]: {}", source_.string(), entry, what));
  }

  Split split_of(const JsonEntry& image) const {
    const std::string& word = *image.values[kSplit];
    if (word == "train") return Split::kTrain;
    if (word == "restval") return restval_;
    if (word == "val") return Split::kDev;
    if (word == "test") return Split::kTest;
    fail(image.number,
         fmt::format("'split': expected train, restval, val or test, found '{}'", excerpt(word)));
  }

  /// COCO's images lie in the folder that `filepath` names, or all in one.
  std::string file_of(const JsonEntry& image) const {
    const std::string& name = *image.values[kFileName];
    const std::string subfolder = image.values[kFilePath].value_or("");
    const std::string file = subfolder.empty() ? name : subfolder + "/" + name;
    if (!lies_inside(name) || !lies_inside(file)) {
      fail(image.number,
           fmt::format("'filename': expected a file name inside the folder, found '{}'",
                       excerpt(file)));
    }
    std::error_code error;
    const bool is_in_one = request_.images && fs::is_regular_file(*request_.images / name, error);
    return is_in_one ? name : file;
  }

  void add_sentence(const JsonEntry& image, const JsonEntry& sentence, const ItemKey& of) {
    const std::string& id = *sentence.values[kSentenceId];
    const std::string& text = *sentence.values[kRaw];
    const auto [known, is_new] = sentences_.try_emplace(id, image.number);
    if (!is_new) {
      throw DataError(
          fmt::format("{}: images[{}].sentences[{}]: sentid '{}' is already that of images[{}]",
                      source_.string(), image.number, sentence.number, excerpt(id), known->second));
    }
    if (text.empty()) empty_.add(id);
    writer_.add_text({id, of.group, of.split}, text);
  }

  const fs::path& source_;
  const ImportRequest& request_;
  Progress& progress_;
  Split restval_;
  DatasetWriter writer_;
  std::unordered_map<std::string, std::uint64_t> images_;
  std::unordered_map<std::string, std::uint64_t> sentences_;
  MissingFiles missing_;
  Tally captionless_;
  Tally empty_;
};

}  // namespace

ImportSummary import_karpathy(const ImportRequest& request, Progress& progress) {
  check_takes("karpathy", request, {.images = true});
  const std::vector<fs::path> sources = plain_sources("karpathy", request);
  if (sources.size() != 1) {
    throw UsageError(
        fmt::format("karpathy: expected one file dataset_*.json, found {}", sources.size()));
  }
  if (fs::is_directory(sources[0])) {
    throw DataError(
        fmt::format("{}: expected a file dataset_*.json, found a folder", sources[0].string()));
  }
  return Importer(sources[0], request, progress).run();
}

}  // namespace alignlab
