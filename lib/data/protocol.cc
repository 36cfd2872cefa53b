#include "data/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "core/error.h"

namespace alignlab {
namespace {

constexpr std::string_view kClassLabels = "class-labels";
constexpr std::size_t kFlickrImages = 1000;
constexpr std::size_t kFlickrCaptions = 5;

void require_flickr_1k(const std::string& protocol, const Dataset& dataset, Split split) {
  const auto fail = [&](const std::string& found) {
    throw DataError(fmt::format(
        "{}: protocol '{}' is defined on {} images with {} captions each; split {} has {}",
        dataset.path().string(), protocol, kFlickrImages, kFlickrCaptions, name_of(split), found));
  };
  const auto images = dataset.groups(Modality::kImage, split);
  const auto texts = dataset.groups(Modality::kText, split);
  if (images.size() != kFlickrImages) fail(fmt::format("{} images", images.size()));
  std::map<std::int32_t, std::size_t> captions;
  for (const std::int32_t group : texts) ++captions[group];
  for (const std::int32_t group : images) {
    if (captions[group] != kFlickrCaptions) {
      fail(fmt::format("an image with {} captions", captions[group]));
    }
  }
}

void require_labels(const std::string& protocol, const Dataset& dataset, Split split) {
  for (const Modality modality : dataset.modalities()) {
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
      {"class-labels",
       "every item of the split; items of one class are relevant to each other",
       {}},
  };
  return kRows;
}

void check_protocol(const std::string& protocol, const Dataset& dataset, Split split) {
  if (protocol == kClassLabels) {
    require_labels(protocol, dataset, split);
  } else if (protocol != "all-pairs") {
    require_flickr_1k(protocol, dataset, split);
  }
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
