#include "features/image/augment.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace alignlab::features {
namespace {

struct Draws {
  bool flip;
  std::ptrdiff_t right;
  std::ptrdiff_t down;
  double brightness;
  double contrast;
  double saturation;
};

/// Braces, so that the draws come in this order.
Draws draw(const AugmentOptions& options, Rng& rng) {
  const auto shift = [&] {
    // A whole number within +- crop by one draw: below() would take more now and then.
    const auto most = static_cast<std::ptrdiff_t>(options.crop);
    return static_cast<std::ptrdiff_t>(rng.uniform() * static_cast<double>(2 * most + 1)) - most;
  };
  const auto factor = [&](double range) {
    return std::max(0.0, rng.uniform(1.0 - range, 1.0 + range));
  };
  return Draws{rng.chance(0.5) && options.flip,
               shift(),
               shift(),
               factor(options.brightness),
               factor(options.contrast),
               factor(options.saturation)};
}

void move(std::span<const std::uint8_t> in, const ImageSize& size, const Draws& draws,
          std::span<std::uint8_t> out) {
  const auto clamped = [](std::size_t at, std::ptrdiff_t shift, std::size_t sides) {
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
        static_cast<std::ptrdiff_t>(at) + shift, 0, static_cast<std::ptrdiff_t>(sides) - 1));
  };
  for (std::size_t y = 0; y < size.height; ++y) {
    const std::size_t row = clamped(y, draws.down, size.height) * size.width;
    for (std::size_t x = 0; x < size.width; ++x) {
      const std::size_t seen = draws.flip ? size.width - 1 - x : x;
      const std::size_t from = (row + clamped(seen, draws.right, size.width)) * size.channels;
      std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(from), size.channels,
                  out.begin() + static_cast<std::ptrdiff_t>((y * size.width + x) * size.channels));
    }
  }
}

/// ITU-R BT.601, of colours; of one channel the mean, which is itself.
double grey_of(std::span<const std::uint8_t> pixel) {
  if (pixel.size() == 3) return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
  double sum = 0.0;
  for (const std::uint8_t value : pixel) sum += value;
  return sum / static_cast<double>(pixel.size());
}

void recolour(const ImageSize& size, const Draws& draws, std::span<std::uint8_t> image) {
  double sum = 0.0;
  for (std::size_t at = 0; at < image.size(); at += size.channels) {
    sum += grey_of(image.subspan(at, size.channels));
  }
  const double mean = draws.brightness * sum / static_cast<double>(size.height * size.width);
  for (std::size_t at = 0; at < image.size(); at += size.channels) {
    const auto pixel = image.subspan(at, size.channels);
    // Grey is linear, so that brightness and contrast act on it as on the channels.
    const auto lit = [&](double value) {
      return mean + draws.contrast * (draws.brightness * value - mean);
    };
    const double grey = lit(grey_of(pixel));
    for (std::uint8_t& value : pixel) {
      const double changed = grey + draws.saturation * (lit(value) - grey);
      value = static_cast<std::uint8_t>(std::lround(std::clamp(changed, 0.0, 255.0)));
    }
  }
}

}  // namespace

void augment(std::span<const std::uint8_t> in, const ImageSize& size, const AugmentOptions& options,
             Rng& rng, std::span<std::uint8_t> out) {
  assert(in.size() == size.height * size.width * size.channels && out.size() == in.size());
  assert(options.saturation == 0.0 || size.channels == 3);
  const Draws draws = draw(options, rng);
  move(in, size, draws, out);
  const bool recolours =
      options.brightness != 0.0 || options.contrast != 0.0 || options.saturation != 0.0;
  if (recolours) recolour(size, draws, out);
}

}  // namespace alignlab::features
