#include "features/image/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/version.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "features/image/header.h"

namespace alignlab::features {
namespace {

// Far from both ends: a frame of black or white would be an edge of its own in every feature.
constexpr double kPadding = 128.0;

cv::Mat resized(const cv::Mat& image, cv::Size to) {
  if (image.size() == to) return image;
  cv::Mat out;
  const bool shrinks = image.cols > to.width || image.rows > to.height;
  cv::resize(image, out, to, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return out;
}

/// Cut before it is resized, so that a sliver of an image is not blown up first.
cv::Mat cropped(const cv::Mat& image, int size) {
  const int side = std::min(image.cols, image.rows);
  const cv::Rect centre((image.cols - side) / 2, (image.rows - side) / 2, side, side);
  return resized(image(centre), {size, size});
}

cv::Mat padded(const cv::Mat& image, int size) {
  const double scale = static_cast<double>(size) / std::max(image.cols, image.rows);
  const auto fitted = [&](int side) {
    return std::clamp(static_cast<int>(std::lround(side * scale)), 1, size);
  };
  const cv::Mat inner = resized(image, {fitted(image.cols), fitted(image.rows)});
  const int left = (size - inner.cols) / 2, top = (size - inner.rows) / 2;
  cv::Mat out;
  cv::copyMakeBorder(inner, out, top, size - inner.rows - top, left, size - inner.cols - left,
                     cv::BORDER_CONSTANT, cv::Scalar::all(kPadding));
  return out;
}

cv::Mat decoded(const std::string& bytes, const std::string& id) {
  [[maybe_unused]] static const bool kOneThread = [] {
    cv::setNumThreads(1);
    return true;
  }();
  if (bytes.size() > std::numeric_limits<int>::max()) fail_undecodable(bytes, id);
  read_image_header(bytes, id);
  cv::Mat image;
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<char*>(bytes.data()));
    image = cv::imdecode(encoded, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    image.release();
  }
  if (image.empty()) fail_undecodable(bytes, id);
  return image;
}

}  // namespace

ImageShape image_shape(const Section& options) {
  const std::string& resize = options.text("resize");
  return {static_cast<int>(options.integer("size")), resize == "crop"  ? Resize::kCrop
                                                     : resize == "pad" ? Resize::kPad
                                                                       : Resize::kSquash};
}

cv::Mat decode_image(const std::string& bytes, const std::string& id, const ImageShape& shape) {
  const cv::Mat image = decoded(bytes, id);
  switch (shape.resize) {
    case Resize::kCrop:
      return cropped(image, shape.size);
    case Resize::kPad:
      return padded(image, shape.size);
    case Resize::kSquash:
      break;
  }
  return resized(image, {shape.size, shape.size});
}

std::map<std::string, std::string> image_libraries() { return {{"opencv", CV_VERSION}}; }

}  // namespace alignlab::features
