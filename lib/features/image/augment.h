#pragma once

// Random changes to a training image that leave its meaning as it is: mirroring, shifting (a crop
// of the padded image, as He et al., "Deep Residual Learning", CVPR 2016, train on CIFAR; here the
// border pixels are repeated rather than padded with black), and jitter of brightness, contrast and
// saturation (the changes of Howard, "Some Improvements on Deep Convolutional Neural Network Based
// Image Classification", 2013).
//
// Every call takes the same number of draws from its stream, whatever is switched on: an image's
// shift does not depend on whether images are mirrored too. Same stream, same bits. Threads: calls
// with streams of their own may run at the same time.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/rng.h"

namespace alignlab::features {

/// Channels innermost, as in PixelRows; three channels are red, green and blue.
struct ImageSize {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;
};

/// As it stands, changes nothing.
struct AugmentOptions {
  bool flip = false;      // mirrors left and right, every second image
  std::size_t crop = 0;   // pixels: shifts by up to as many, each way
  double brightness = 0;  // a factor within 1 +- brightness, not below 0
  double contrast = 0;    // likewise, of the distance from the image's mean grey
  double saturation = 0;  // likewise, of the distance from the pixel's own grey
};

/// Writes the changed image to `out`. Both are of `size`; values are rounded once, to 0 .. 255.
/// Preconditions: they do not overlap; saturation is 0 unless there are three channels.
void augment(std::span<const std::uint8_t> in, const ImageSize& size, const AugmentOptions& options,
             Rng& rng, std::span<std::uint8_t> out);

}  // namespace alignlab::features
