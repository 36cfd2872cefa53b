#pragma once

// Encoded image bytes to pixels. No OpenCV type leaves lib/features/image.

#include <map>
#include <opencv2/core.hpp>
#include <string>

namespace alignlab::features {

/// 8-bit BGR, resized to size x size (area averaging when shrinking). DataError naming the item if
/// the bytes are not an image.
cv::Mat decode_image(const std::string& bytes, const std::string& id, int size);

/// Name and version of the library behind it.
std::map<std::string, std::string> image_libraries();

}  // namespace alignlab::features
