// raw and gray: the pixels of the resized image, row by row, scaled to 0 .. 1; of raw red, green
// and blue of a pixel stand together. Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded
// to 8 bits.

#include <opencv2/imgproc.hpp>

#include "features/image/decode.h"
#include "features/makers.h"

namespace alignlab::features {
namespace {

FeatureKindPtr make_intensities(const Section& options, int conversion, std::size_t channels) {
  const ImageShape shape = image_shape(options);
  const auto side = static_cast<std::size_t>(shape.size);
  return make_unfitted_kind(
      side * side * channels,
      [=](const std::string& content, const std::string& id, std::span<float> out) {
        cv::Mat image;
        cv::cvtColor(decode_image(content, id, shape), image, conversion);
        for (std::size_t i = 0; i < out.size(); ++i) {
          out[i] = static_cast<float>(image.data[i]) / 255.0F;
        }
      });
}

}  // namespace

FeatureKindPtr make_raw(const Section& options) {
  return make_intensities(options, cv::COLOR_BGR2RGB, 3);
}

FeatureKindPtr make_gray(const Section& options) {
  return make_intensities(options, cv::COLOR_BGR2GRAY, 1);
}

}  // namespace alignlab::features
