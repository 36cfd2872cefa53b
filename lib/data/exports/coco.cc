// COCO captions: `images` with id and file_name, `annotations` with id, image_id and caption. An id
// that is a number is written as one, as in COCO; ids that are not stay strings. A file_name is a
// path from the folder that all images lie in. An annotation names one image, so captions that
// several images share cannot be said.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "core/lines.h"
#include "data/dataset_writer.h"
#include "data/exports/exports.h"

namespace alignlab::exports {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Whether every id is a number that is written as itself.
bool are_numbers(const Items& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string_view id = items.ids[i];
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || fmt::format("{}", number) != id) {
      return false;
    }
  }
  return true;
}

Json id_json(std::string_view id, bool is_number) {
  if (!is_number) return id;
  std::int64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

class Writer {
 public:
  explicit Writer(const Job& job)
      : job_(job),
        images_(job.dataset.items(Modality::kImage)),
        texts_(job.dataset.items(Modality::kText)),
        files_(job.dataset.stored_files(Modality::kImage)),
        image_numbers_(are_numbers(images_)),
        text_numbers_(are_numbers(texts_)) {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      const auto [known, is_new] = image_of_.try_emplace(images_.groups[i], i);
      if (!is_new) shared_.try_emplace(images_.groups[i], i);
    }
    if (files_) root_ = root_of(*files_);
  }

  /// Captions of no image in their split.
  std::size_t left_out() const { return left_out_; }

  std::string split(Split split) {
    const auto raw = job_.dataset.raw(Modality::kText, split);
    const std::vector<std::size_t> texts = texts_.of_split(split);
    Json images = Json::array();
    Json annotations = Json::array();
    for (const std::size_t image : images_.of_split(split)) {
      Json entry{{"id", image_id(image)}, {"file_name", file_name(image)}};
      if (!images_.labels.empty() && images_.labels[image] >= 0) {
        entry["label"] =
            job_.dataset.label_names()[static_cast<std::size_t>(images_.labels[image])];
      }
      images.push_back(std::move(entry));
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      job_.progress.check();
      const auto image = image_of_.find(texts_.groups[texts[i]]);
      if (image == image_of_.end() || images_.splits[image->second] != split) {
        ++left_out_;
        continue;
      }
      check_unshared(image->first, image->second);
      annotations.push_back({{"id", id_json(texts_.ids[texts[i]], text_numbers_)},
                             {"image_id", image_id(image->second)},
                             {"caption", raw->content(i)}});
    }
    if (images.empty()) return "";
    return Json{{"images", images}, {"annotations", annotations}}.dump() + "\n";
  }

 private:
  Json image_id(std::size_t image) const { return id_json(images_.ids[image], image_numbers_); }

  void check_unshared(std::int32_t group, std::size_t image) const {
    const auto other = shared_.find(group);
    if (other == shared_.end()) return;
    throw DataError(
        fmt::format("{}: images '{}' and '{}' have captions together, and an annotation of COCO "
                    "names one image",
                    job_.dataset.path().string(), excerpt(images_.ids[image]),
                    excerpt(images_.ids[other->second])));
  }

  /// The folder that all images lie in. What is known by name only keeps its name as it is.
  static fs::path root_of(const StoredFiles& files) {
    std::optional<fs::path> root;
    bool is_placed = false;
    for (std::size_t i = 0; i < files.sizes.size(); ++i) {
      const fs::path path(files.paths[i]);
      is_placed = is_placed || files.sizes[i] >= 0 || !lies_inside(files.paths[i]);
      const fs::path folder = path.parent_path();
      if (!root) root = folder;
      const auto parts = std::ranges::mismatch(*root, folder);
      fs::path common;
      for (auto part = root->begin(); part != parts.in1; ++part) common /= *part;
      root = common;
    }
    return is_placed ? root.value_or("") : "";
  }

  std::string file_name(std::size_t image) const {
    if (!files_) return std::string(images_.ids[image]);
    const fs::path path(files_->paths[image]);
    return (root_.empty() ? path : path.lexically_relative(root_)).generic_string();
  }

  const Job& job_;
  const Items& images_;
  const Items& texts_;
  std::optional<StoredFiles> files_;
  bool image_numbers_;
  bool text_numbers_;
  fs::path root_;
  std::unordered_map<std::int32_t, std::size_t> image_of_;
  std::unordered_map<std::int32_t, std::size_t> shared_;  // the second image of a group
  std::size_t left_out_ = 0;
};

}  // namespace

Paths write_coco(const Job& job) {
  job.dataset.items(Modality::kImage);
  job.dataset.items(Modality::kText);
  if (!job.dataset.has_content(Modality::kText)) {
    throw DataError(fmt::format("{}: its texts have features only, no captions to write",
                                job.dataset.path().string()));
  }
  Writer writer(job);
  Paths written;
  AtomicFolder folder(job.out, &job.progress);
  fs::create_directory(folder.temporary() / "annotations");
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest, Split::kNone}) {
    const std::string json = writer.split(split);
    if (json.empty()) continue;
    // "dev" is "val" in COCO's names, and a name without any of them means no split.
    const std::string_view name = split == Split::kDev    ? "val"
                                  : split == Split::kNone ? "rest"
                                                          : name_of(split);
    const fs::path file = fs::path("annotations") / fmt::format("captions_{}.json", name);
    write_file_atomically(folder.temporary() / file, json);
    written.push_back(job.out / file);
  }
  folder.commit();
  if (writer.left_out() > 0) {
    job.progress.warn("captions without an image in their split, left out: " +
                      with_commas(writer.left_out()));
  }
  if (job.dataset.has(Modality::kAudio)) {
    job.progress.warn("COCO has no sounds, left out: " +
                      with_commas(job.dataset.items(Modality::kAudio).size()));
  }
  return written;
}

}  // namespace alignlab::exports
