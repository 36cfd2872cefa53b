#include "data/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "core/error.h"

namespace alignlab {
namespace {

constexpr std::string_view kClassLabels = "class-labels";
constexpr std::string_view kAllPairs = "all-pairs";
constexpr std::size_t kCaptions = 5;  // of an image

/// How many images a protocol is of, in folds of how many, and whether further captions of an image
/// than five are left out, or not to be.
struct CaptionProtocol {
  std::size_t images;
  std::size_t fold_images;
  bool leaves_out;
};

CaptionProtocol caption_protocol(const std::string& name) {
  if (name == "coco-5k") return {5000, 5000, true};
  if (name == "coco-1k-5fold") return {5000, 1000, true};
  return {1000, 1000, false};  // of Flickr
}

using Groups = std::vector<std::int32_t>;

ProtocolFold all_items(const Groups& first, const Groups& second) {
  ProtocolFold out;
  for (std::size_t i = 0; i < first.size(); ++i) out.first.push_back(i);
  for (std::size_t j = 0; j < second.size(); ++j) out.second.push_back(j);
  return out;
}

std::vector<ProtocolFold> caption_folds(const std::string& name, const Groups& images,
                                        const Groups& captions, const std::string& source) {
  const CaptionProtocol protocol = caption_protocol(name);
  const auto fail = [&](const std::string& found) {
    throw DataError(
        fmt::format("{}: protocol '{}' is defined on {} images with {} captions {}, "
                    "found {}",
                    source, name, protocol.images, kCaptions,
                    protocol.leaves_out ? "each or more" : "each", found));
  };
  if (images.size() != protocol.images) fail(fmt::format("{} images", images.size()));
  std::map<std::int32_t, std::size_t> fold_of;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!fold_of.emplace(images[i], i / protocol.fold_images).second) fail("two images of a group");
  }
  std::vector<ProtocolFold> folds(protocol.images / protocol.fold_images);
  for (std::size_t i = 0; i < images.size(); ++i) {
    folds[i / protocol.fold_images].first.push_back(i);
  }
  std::map<std::int32_t, std::size_t> seen;
  for (std::size_t j = 0; j < captions.size(); ++j) {
    const auto fold = fold_of.find(captions[j]);
    if (fold == fold_of.end()) fail("a caption without its image");
    if (++seen[captions[j]] <= kCaptions) {
      folds[fold->second].second.push_back(j);
    } else if (!protocol.leaves_out) {
      fail(fmt::format("an image with more than {} captions", kCaptions));
    }
  }
  for (const std::int32_t image : images) {
    if (seen[image] < kCaptions) fail(fmt::format("an image with {} captions", seen[image]));
  }
  return folds;
}

void require_labels(const std::string& protocol, const Dataset& dataset, Split split,
                    const std::vector<Modality>& modalities) {
  for (const Modality modality : modalities) {
    const Items& items = dataset.items(modality);
    const std::vector<std::size_t> chosen = items.of_split(split);
    const auto is_labelled = [&](std::size_t item) { return items.labels[item] >= 0; };
    if (!items.labels.empty() && std::ranges::any_of(chosen, is_labelled)) continue;
    throw DataError(fmt::format(
        "{}: protocol '{}' is defined on class labels; the {} items of split {} have none",
        dataset.path().string(), protocol, name_of(modality), name_of(split)));
  }
}

}  // namespace

const std::vector<CatalogRow>& protocol_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"all-pairs", "every item of the split; items of one group are relevant to each other", {}},
      {"flickr8k-1k", "1,000 images with five captions each", {}},
      {"flickr30k-1k", "1,000 images with five captions each", {}},
      {"coco-5k", "5,000 images with the first five captions of each", {}},
      {"coco-1k-5fold",
       "the same in five folds of consecutive thousands of images; metrics are means over folds",
       {}},
      {"class-labels",
       "every item of the split; items of one class are relevant to each other",
       {}},
  };
  return kRows;
}

std::vector<ProtocolFold> protocol_folds(const std::string& protocol, const Groups& first_groups,
                                         const Groups& second_groups, const std::string& source) {
  if (protocol == kAllPairs || protocol == kClassLabels) {
    return {all_items(first_groups, second_groups)};
  }
  return caption_folds(protocol, first_groups, second_groups, source);
}

std::vector<ProtocolFold> protocol_folds(const std::string& protocol, const Dataset& dataset,
                                         Modality first, Modality second, Split split) {
  if (protocol == kClassLabels) require_labels(protocol, dataset, split, {first, second});
  return protocol_folds(protocol, dataset.groups(first, split), dataset.groups(second, split),
                        fmt::format("{}: split {}", dataset.path().string(), name_of(split)));
}

std::vector<std::int32_t> relevance_keys(const std::string& protocol, const Dataset& dataset,
                                         Modality modality, Split split) {
  if (protocol != kClassLabels) return dataset.groups(modality, split);
  const Items& items = dataset.items(modality);
  std::vector<std::int32_t> keys;
  // Behind the labels and apart for each modality, so that no two unlabelled items are alike.
  auto unlabelled = static_cast<std::int32_t>(dataset.label_names().size());
  for (const Modality other : kModalities) {
    if (other == modality) break;
    if (dataset.has(other)) unlabelled += static_cast<std::int32_t>(dataset.items(other).size());
  }
  for (const std::size_t item : items.of_split(split)) {
    keys.push_back(items.labels[item] >= 0 ? items.labels[item] : unlabelled++);
  }
  return keys;
}

}  // namespace alignlab
