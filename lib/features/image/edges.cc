// For each cell of a grid, row by row: the share of pixels on an edge (Canny, "A Computational
// Approach to Edge Detection", PAMI 1986), the mean gradient magnitude (Sobel, 3 x 3; 1 at a step
// from black to white), and the shares of unsigned gradient directions in that magnitude. The first
// direction is centred on 0 degrees (a vertical edge), the others follow clockwise, as rows of an
// image run downwards.

#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "features/image/decode.h"
#include "features/makers.h"

namespace alignlab::features {
namespace {

struct EdgeOptions {
  ImageShape shape;
  int grid;
  int orientations;
  double low;
  double high;
};

// What Sobel's weights 1 2 1 make of a step of 255.
constexpr double kFullStep = 4.0 * 255.0;

std::size_t direction_of(double dx, double dy, int orientations) {
  const double turn = std::atan2(dy, dx) / std::numbers::pi + 1.0;
  return static_cast<std::size_t>(std::floor(turn * orientations + 0.5)) %
         static_cast<std::size_t>(orientations);
}

/// Sums over a cell become means and shares.
void finish_cell(std::span<float> cell, double pixels) {
  const double magnitude = cell[1];
  cell[0] = static_cast<float>(cell[0] / pixels);
  cell[1] = static_cast<float>(magnitude / pixels);
  for (float& share : cell.subspan(2)) {
    share = magnitude > 0.0 ? static_cast<float>(share / magnitude) : 0.0F;
  }
}

void describe(const cv::Mat& grey, const EdgeOptions& options, std::span<float> out) {
  cv::Mat edges, dx, dy;
  cv::Canny(grey, edges, options.low, options.high, 3, /*L2gradient=*/true);
  cv::Sobel(grey, dx, CV_16S, 1, 0, 3, 1.0, 0.0, cv::BORDER_REPLICATE);
  cv::Sobel(grey, dy, CV_16S, 0, 1, 3, 1.0, 0.0, cv::BORDER_REPLICATE);
  const int size = options.shape.size, grid = options.grid;
  const std::size_t width = 2 + static_cast<std::size_t>(options.orientations);
  std::vector<double> pixels(static_cast<std::size_t>(grid * grid), 0.0);
  std::ranges::fill(out, 0.0F);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const auto at = static_cast<std::size_t>((y * grid / size) * grid + x * grid / size);
      const auto cell = out.subspan(at * width, width);
      pixels[at] += 1.0;
      if (edges.at<std::uint8_t>(y, x) != 0) cell[0] += 1.0F;
      const double gx = dx.at<std::int16_t>(y, x), gy = dy.at<std::int16_t>(y, x);
      if (gx == 0.0 && gy == 0.0) continue;
      const auto magnitude = static_cast<float>(std::sqrt(gx * gx + gy * gy) / kFullStep);
      cell[1] += magnitude;
      cell[2 + direction_of(gx, gy, options.orientations)] += magnitude;
    }
  }
  for (std::size_t at = 0; at < pixels.size(); ++at) {
    finish_cell(out.subspan(at * width, width), pixels[at]);
  }
}

}  // namespace

FeatureKindPtr make_edges(const Section& section) {
  const EdgeOptions options{image_shape(section), static_cast<int>(section.integer("grid")),
                            static_cast<int>(section.integer("orientations")), section.real("canny_low"),
                            section.real("canny_high")};
  const auto width =
      static_cast<std::size_t>(options.grid * options.grid * (2 + options.orientations));
  return make_unfitted_kind(
      width, [=](const std::string& content, const std::string& id, std::span<float> out) {
        cv::Mat grey;
        cv::cvtColor(decode_image(content, id, options.shape), grey, cv::COLOR_BGR2GRAY);
        describe(grey, options, out);
      });
}

}  // namespace alignlab::features
