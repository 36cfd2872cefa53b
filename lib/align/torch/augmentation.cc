#include "align/torch/augmentation.h"

#include <algorithm>

#include "features/image/augment.h"

namespace alignlab::align {
namespace {

constexpr std::size_t kCropShare = 8;
constexpr double kJitter = 0.2;

}  // namespace

Augmentation::Augmentation(const std::vector<std::string>& changes, std::uint64_t seed)
    : random_(seed, "changes to training images") {
  const auto has = [&](const char* name) {
    return std::ranges::find(changes, name) != changes.end();
  };
  flip_ = has("flip");
  crop_ = has("crop");
  jitter_ = has("jitter");
}

Input Augmentation::operator()(Input batch) {
  if (!batch.pixels.defined() || (!flip_ && !crop_ && !jitter_)) return batch;
  const torch::Tensor from = batch.pixels.to(torch::kCPU).contiguous();
  torch::Tensor to = torch::empty_like(from);
  const auto extent = [&](int dimension) { return static_cast<std::size_t>(from.size(dimension)); };
  const features::ImageSize size{extent(1), extent(2), extent(3)};
  features::AugmentOptions options;
  options.flip = flip_;
  if (crop_) options.crop = std::min(size.height, size.width) / kCropShare;
  if (jitter_) {
    options.brightness = options.contrast = kJitter;
    options.saturation = size.channels == 3 ? kJitter : 0.0;
  }
  const std::size_t bytes = size.height * size.width * size.channels;
  for (std::size_t i = 0; i < extent(0); ++i) {
    features::augment({from.data_ptr<std::uint8_t>() + i * bytes, bytes}, size, options, random_,
                      {to.data_ptr<std::uint8_t>() + i * bytes, bytes});
  }
  batch.pixels = to.to(batch.pixels.device());
  return batch;
}

}  // namespace alignlab::align
