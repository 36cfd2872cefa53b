// For each cell of a grid, one histogram each of hue, saturation and value, as shares of the
// cell's pixels, or their square roots (the Hellinger map), which make dot products compare
// histograms well.
// A pixel's hue counts in proportion to its saturation: grey has none.

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "features/image/decode.h"
#include "features/makers.h"

namespace alignlab::features {

FeatureKindPtr make_colour_histogram(const Section& options) {
  const ImageShape shape = image_shape(options);
  const int bins = static_cast<int>(options.integer("bins"));
  const int grid = static_cast<int>(options.integer("grid"));
  const bool roots = options.text("weighting") == "hellinger";
  const auto width = static_cast<std::size_t>(grid * grid * 3 * bins);
  return make_unfitted_kind(
      width, [=](const std::string& content, const std::string& id, std::span<float> out) {
        cv::Mat hsv;
        cv::cvtColor(decode_image(content, id, shape), hsv, cv::COLOR_BGR2HSV_FULL);
        const int size = shape.size;
        std::vector<double> counts(out.size(), 0.0);
        std::vector<double> pixels(static_cast<std::size_t>(grid * grid), 0.0);
        for (int y = 0; y < size; ++y) {
          const auto* row = hsv.ptr<cv::Vec3b>(y);
          for (int x = 0; x < size; ++x) {
            const auto cell = static_cast<std::size_t>((y * grid / size) * grid + x * grid / size);
            double* histogram = counts.data() + cell * 3 * static_cast<std::size_t>(bins);
            pixels[cell] += 1.0;
            histogram[row[x][0] * bins / 256] += row[x][1] / 255.0;
            histogram[bins + row[x][1] * bins / 256] += 1.0;
            histogram[2 * bins + row[x][2] * bins / 256] += 1.0;
          }
        }
        for (std::size_t i = 0; i < out.size(); ++i) {
          const std::size_t cell = i / static_cast<std::size_t>(3 * bins);
          const double share = counts[i] / pixels[cell];
          out[i] = static_cast<float>(roots ? std::sqrt(share) : share);
        }
      });
}

}  // namespace alignlab::features
