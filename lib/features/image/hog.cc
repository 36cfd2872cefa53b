// Histograms of oriented gradients (Dalal and Triggs, "Histograms of Oriented Gradients for Human
// Detection", CVPR 2005): gradients by centred differences of the grey image, unsigned directions,
// each pixel's magnitude shared between the two nearest bins of its cell; blocks of 2 x 2 cells at
// a stride of one cell, scaled to unit length, clipped at 0.2 and scaled again (L2-Hys).

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "features/image/decode.h"
#include "features/makers.h"

namespace alignlab::features {
namespace {

constexpr float kClip = 0.2F;

void scale_to_unit(std::span<float> block) {
  double squares = 1e-10;
  for (const float value : block) squares += static_cast<double>(value) * value;
  for (float& value : block) value = static_cast<float>(value / std::sqrt(squares));
}

std::vector<float> cell_histograms(const cv::Mat& grey, int cell, int cells, int orientations) {
  std::vector<float> out(static_cast<std::size_t>(cells * cells * orientations), 0.0F);
  const int side = cells * cell;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const auto at = [&](int row, int column) {
        return static_cast<double>(grey.at<std::uint8_t>(std::clamp(row, 0, grey.rows - 1),
                                                         std::clamp(column, 0, grey.cols - 1)));
      };
      const double dx = at(y, x + 1) - at(y, x - 1);
      const double dy = at(y + 1, x) - at(y - 1, x);
      const double magnitude = std::sqrt(dx * dx + dy * dy);
      if (magnitude == 0.0) continue;
      double turn = std::atan2(dy, dx) / std::numbers::pi;
      if (turn < 0.0) turn += 1.0;
      const double position = turn * orientations - 0.5;
      const double lower = std::floor(position);
      const double share = position - lower;
      const int first = (static_cast<int>(lower) + orientations) % orientations;
      float* histogram = out.data() + ((y / cell) * cells + x / cell) * orientations;
      histogram[first] += static_cast<float>(magnitude * (1.0 - share));
      histogram[(first + 1) % orientations] += static_cast<float>(magnitude * share);
    }
  }
  return out;
}

}  // namespace

FeatureKindPtr make_hog(const Section& options) {
  const ImageShape shape = image_shape(options);
  const int cell = static_cast<int>(options.integer("cell"));
  const int orientations = static_cast<int>(options.integer("orientations"));
  const int cells = shape.size / cell;
  if (cells < 2) {
    throw ConfigError(
        fmt::format("hog: size {} holds {} cells of {} pixels a side, and a block "
                    "needs two",
                    shape.size, cells, cell));
  }
  const auto width = static_cast<std::size_t>((cells - 1) * (cells - 1) * 4 * orientations);
  return make_unfitted_kind(
      width, [=](const std::string& content, const std::string& id, std::span<float> out) {
        cv::Mat grey;
        cv::cvtColor(decode_image(content, id, shape), grey, cv::COLOR_BGR2GRAY);
        const std::vector<float> histograms = cell_histograms(grey, cell, cells, orientations);
        const auto bins = static_cast<std::size_t>(orientations);
        for (int by = 0; by + 1 < cells; ++by) {
          for (int bx = 0; bx + 1 < cells; ++bx) {
            const std::span<float> block = out.first(4 * bins);
            out = out.subspan(4 * bins);
            for (int c = 0; c < 4; ++c) {
              const auto from = static_cast<std::size_t>((by + c / 2) * cells + bx + c % 2) * bins;
              std::copy_n(histograms.begin() + static_cast<std::ptrdiff_t>(from), bins,
                          block.begin() + static_cast<std::ptrdiff_t>(c * bins));
            }
            scale_to_unit(block);
            for (float& value : block) value = std::min(value, kClip);
            scale_to_unit(block);
          }
        }
      });
}

}  // namespace alignlab::features
