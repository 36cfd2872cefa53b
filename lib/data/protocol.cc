#include "data/protocol.h"

#include <fmt/format.h>

#include <map>

#include "core/error.h"

namespace alignlab {
namespace {

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

}  // namespace

const std::vector<CatalogRow>& protocol_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"all-pairs", "every item of the split; items of one group are relevant to each other", {}},
      {"flickr8k-1k", "1,000 images with five captions each", {}},
      {"flickr30k-1k", "1,000 images with five captions each", {}},
  };
  return kRows;
}

void check_protocol(const std::string& protocol, const Dataset& dataset, Split split) {
  if (protocol != "all-pairs") require_flickr_1k(protocol, dataset, split);
}

}  // namespace alignlab
