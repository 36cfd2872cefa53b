// lbp: local binary patterns of 8 neighbours on a circle (Ojala, Pietikainen and Maenpaa,
// "Multiresolution Gray-Scale and Rotation Invariant Texture Classification with Local Binary
// Patterns", PAMI 2002). A neighbour's bit says whether it is at least as light as the centre; a
// pattern is uniform if its circle changes bit at most twice. For each cell of a grid, row by row,
// the shares of its patterns: the 58 uniform ones in order of their code and all others together,
// or, rotation-invariant, uniform ones by their number of bits (0 to 8) and all others. The
// outermost `radius` pixels, which lack neighbours, have no pattern; the grid lies over the rest.
//
// Neighbours between pixels are interpolated with whole-number weights: in floating point, a plain
// area would fall on either side of "at least as light" as rounding has it.

#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "features/image/decode.h"
#include "features/makers.h"

namespace alignlab::features {
namespace {

constexpr int kNeighbours = 8;
constexpr int kFraction = 256;  // steps between two pixels

struct Neighbour {
  int x, y;         // the pixel up and left of it, from the centre
  int right, down;  // how far beyond that pixel, of kFraction
};

std::array<Neighbour, kNeighbours> circle(int radius) {
  std::array<Neighbour, kNeighbours> out;
  for (int p = 0; p < kNeighbours; ++p) {
    const double angle = 2.0 * std::numbers::pi * p / kNeighbours;
    const auto x = static_cast<int>(std::lround(radius * std::cos(angle) * kFraction));
    const auto y = static_cast<int>(std::lround(-radius * std::sin(angle) * kFraction));
    const auto floor = [](int value) { return value >> std::countr_zero(unsigned{kFraction}); };
    out[static_cast<std::size_t>(p)] = {floor(x), floor(y), x - floor(x) * kFraction,
                                        y - floor(y) * kFraction};
  }
  return out;
}

/// The grey value there times kFraction squared.
int value_at(const cv::Mat& grey, int x, int y, const Neighbour& neighbour) {
  const auto pixel = [&](int right, int down) {
    return static_cast<int>(grey.at<std::uint8_t>(y + neighbour.y + down, x + neighbour.x + right));
  };
  // A neighbour on a pixel's own column or row may be the last one there is.
  const int right = neighbour.right > 0 ? 1 : 0, down = neighbour.down > 0 ? 1 : 0;
  const int upper = pixel(0, 0) * (kFraction - neighbour.right) + pixel(right, 0) * neighbour.right;
  const int lower =
      pixel(0, down) * (kFraction - neighbour.right) + pixel(right, down) * neighbour.right;
  return upper * (kFraction - neighbour.down) + lower * neighbour.down;
}

using Bins = std::array<std::size_t, 1U << kNeighbours>;  // the bin of each pattern

struct Patterns {
  Bins bins;
  std::size_t count;
};

Patterns patterns_of(bool rotation_invariant) {
  Patterns out{};
  std::vector<std::size_t> others;
  for (std::size_t code = 0; code < out.bins.size(); ++code) {
    const auto bits = static_cast<std::uint8_t>(code);
    const int changes = std::popcount(static_cast<std::uint8_t>(bits ^ std::rotl(bits, 1)));
    if (changes > 2) {
      others.push_back(code);
    } else {
      out.bins[code] =
          rotation_invariant ? static_cast<std::size_t>(std::popcount(bits)) : out.count++;
    }
  }
  if (rotation_invariant) out.count = kNeighbours + 1;
  for (const std::size_t code : others) out.bins[code] = out.count;
  ++out.count;
  return out;
}

struct LbpOptions {
  ImageShape shape;
  int grid;
  int radius;
};

void describe(const cv::Mat& grey, const LbpOptions& options, const Patterns& patterns,
              std::span<float> out) {
  const auto neighbours = circle(options.radius);
  const int radius = options.radius, inner = options.shape.size - 2 * radius, grid = options.grid;
  std::vector<double> counts(out.size(), 0.0);
  std::vector<double> pixels(static_cast<std::size_t>(grid * grid), 0.0);
  for (int y = 0; y < inner; ++y) {
    for (int x = 0; x < inner; ++x) {
      const int centre = grey.at<std::uint8_t>(y + radius, x + radius) * kFraction * kFraction;
      std::size_t code = 0;
      for (std::size_t p = 0; p < neighbours.size(); ++p) {
        const bool light = value_at(grey, x + radius, y + radius, neighbours[p]) >= centre;
        code |= std::size_t{light} << p;
      }
      const auto cell = static_cast<std::size_t>((y * grid / inner) * grid + x * grid / inner);
      pixels[cell] += 1.0;
      counts[cell * patterns.count + patterns.bins[code]] += 1.0;
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double all = pixels[i / patterns.count];
    out[i] = all > 0.0 ? static_cast<float>(counts[i] / all) : 0.0F;
  }
}

}  // namespace

FeatureKindPtr make_lbp(const Section& section) {
  const LbpOptions options{image_shape(section), static_cast<int>(section.integer("grid")),
                           static_cast<int>(section.integer("radius"))};
  const Patterns patterns = patterns_of(section.text("patterns") == "rotation-invariant");
  const auto width = static_cast<std::size_t>(options.grid * options.grid) * patterns.count;
  return make_unfitted_kind(
      width, [=](const std::string& content, const std::string& id, std::span<float> out) {
        cv::Mat grey;
        cv::cvtColor(decode_image(content, id, options.shape), grey, cv::COLOR_BGR2GRAY);
        describe(grey, options, patterns, out);
      });
}

}  // namespace alignlab::features
