// The layout that programs of the VSE family read (Faghri et al., "VSE++: Improving Visual-Semantic
// Embeddings with Hard Negatives", BMVC 2018, and its code). They take caption i for that of row
// i / k, so images with unequal numbers of captions are written once a caption.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/lines.h"
#include "data/exports/exports.h"
#include "data/npy.h"

namespace alignlab::exports {
namespace {

/// The images of one split with their captions, in the order of the images.
struct Pairs {
  std::vector<std::size_t> images;
  std::vector<std::vector<std::size_t>> captions;

  bool are_even() const {
    for (const auto& of_image : captions) {
      if (of_image.size() != captions.front().size()) return false;
    }
    return true;
  }
  bool has_one_each() const { return are_even() && captions.front().size() == 1; }
};

/// Whether a reader could take two images for one.
bool has_equal_rows_in_turn(const Matrix& rows) {
  for (std::size_t i = 1; i < rows.rows(); ++i) {
    if (std::ranges::equal(rows.row(i - 1), rows.row(i))) return true;
  }
  return false;
}

Pairs pairs_of(const Dataset& dataset, Split split) {
  const Items& images = dataset.items(Modality::kImage);
  const Items& texts = dataset.items(Modality::kText);
  std::map<std::int32_t, std::vector<std::size_t>> of_group;
  for (const std::size_t text : texts.of_split(split)) of_group[texts.groups[text]].push_back(text);
  Pairs out;
  for (const std::size_t image : images.of_split(split)) {
    const auto captions = of_group.find(images.groups[image]);
    if (captions == of_group.end()) continue;
    out.images.push_back(image);
    out.captions.push_back(captions->second);
  }
  return out;
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

Paths write_precomp(const Job& job) {
  const Matrix features = job.dataset.features(Modality::kImage, job.options.text("feature"));
  const Items& images = job.dataset.items(Modality::kImage);
  job.dataset.items(Modality::kText);
  if (!job.dataset.has_content(Modality::kText)) {
    throw DataError(fmt::format("{}: its texts have features only, no captions to write",
                                job.dataset.path().string()));
  }
  const auto texts = job.dataset.raw(Modality::kText);
  AtomicFolder folder(job.out, &job.progress);
  Paths written;
  std::size_t images_written = 0;
  bool is_ambiguous = false;
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest}) {
    const Pairs pairs = pairs_of(job.dataset, split);
    if (pairs.images.empty()) continue;
    const bool even = pairs.are_even();
    std::string captions, ids;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < pairs.images.size(); ++i) {
      job.progress.check();
      const std::string id(images.ids[pairs.images[i]]);
      for (std::size_t c = 0; c < pairs.captions[i].size(); ++c) {
        captions += one_line(texts->content(pairs.captions[i][c])) + "\n";
        if (even && c > 0) continue;
        rows.push_back(pairs.images[i]);
        ids += one_line(id) + "\n";
      }
    }
    const auto file = [&](const char* what) {
      const std::string name = fmt::format("{}_{}", name_of(split), what);
      written.push_back(job.out / name);
      return folder.temporary() / name;
    };
    const Matrix vectors = rows_of(features, rows);
    is_ambiguous = is_ambiguous || (pairs.has_one_each() && has_equal_rows_in_turn(vectors));
    images_written += pairs.images.size();
    write_npy(file("ims.npy"), vectors);
    write_file_atomically(file("caps.txt"), captions);
    write_file_atomically(file("ids.txt"), ids);
  }
  if (written.empty()) {
    throw DataError(
        fmt::format("{}: no split has an image with a caption", job.dataset.path().string()));
  }
  folder.commit();
  if (images_written < images.size()) {
    job.progress.warn("images of no split or without a caption in it, left out: " +
                      with_commas(images.size() - images_written));
  }
  if (is_ambiguous) {
    job.progress.warn(
        "images in turn have the same vector and one caption each: who reads this folder must be "
        "told (import precomp --captions-per-image 1)");
  }
  return written;
}

}  // namespace alignlab::exports
