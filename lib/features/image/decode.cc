#include "features/image/decode.h"

#include <fmt/format.h>

#include <opencv2/core/version.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"

namespace alignlab::features {

cv::Mat decode_image(const std::string& bytes, const std::string& id, int size) {
  cv::Mat image;
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<char*>(bytes.data()));
    if (!bytes.empty()) image = cv::imdecode(encoded, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    image.release();
  }
  if (image.empty()) {
    throw DataError(
        fmt::format("image '{}': {} bytes that no decoder takes for an image", id, bytes.size()));
  }
  if (image.cols == size && image.rows == size) return image;
  cv::Mat resized;
  const bool shrinks = image.cols > size || image.rows > size;
  cv::resize(image, resized, {size, size}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return resized;
}

std::map<std::string, std::string> image_libraries() { return {{"opencv", CV_VERSION}}; }

}  // namespace alignlab::features
