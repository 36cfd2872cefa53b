// COCO captions: `images` with id and file_name, `annotations` with id, image_id and caption. An id
// that is a number is written as one, as in COCO; ids that are not stay strings.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "data/exports/exports.h"

namespace alignlab::exports {
namespace {

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
    for (std::size_t i = 0; i < images_.size(); ++i) image_of_.try_emplace(images_.groups[i], i);
  }

  std::string split(Split split) const {
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
      if (image == image_of_.end() || images_.splits[image->second] != split) continue;
      annotations.push_back({{"id", id_json(texts_.ids[texts[i]], text_numbers_)},
                             {"image_id", image_id(image->second)},
                             {"caption", raw->content(i)}});
    }
    if (images.empty()) return "";
    return Json{{"images", images}, {"annotations", annotations}}.dump() + "\n";
  }

 private:
  Json image_id(std::size_t image) const { return id_json(images_.ids[image], image_numbers_); }

  std::string file_name(std::size_t image) const {
    if (!files_) return std::string(images_.ids[image]);
    return std::filesystem::path(files_->paths[image]).filename().string();
  }

  const Job& job_;
  const Items& images_;
  const Items& texts_;
  std::optional<StoredFiles> files_;
  bool image_numbers_;
  bool text_numbers_;
  std::unordered_map<std::int32_t, std::size_t> image_of_;
};

}  // namespace

Paths write_coco(const Job& job) {
  job.dataset.items(Modality::kImage);
  job.dataset.items(Modality::kText);
  if (!job.dataset.has_content(Modality::kText)) {
    throw DataError(fmt::format("{}: its texts have features only, no captions to write",
                                job.dataset.path().string()));
  }
  const Writer writer(job);
  Paths written;
  const auto folder = job.out / "annotations";
  std::filesystem::create_directories(folder);
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest, Split::kNone}) {
    const std::string json = writer.split(split);
    if (json.empty()) continue;
    // "dev" is "val" in COCO's names, and a name without any of them means no split.
    const std::string_view name = split == Split::kDev    ? "val"
                                  : split == Split::kNone ? "rest"
                                                          : name_of(split);
    written.push_back(folder / fmt::format("captions_{}.json", name));
    write_file_atomically(written.back(), json);
  }
  return written;
}

}  // namespace alignlab::exports
