#pragma once

// Encoded image bytes to pixels of one shape. No OpenCV type leaves lib/features/image.
//
// JPEG, PNG, BMP and WebP (header.h), turned and mirrored as an EXIF orientation says (all eight of
// JEITA CP-3451). The result is 8-bit BGR: grey is repeated in the three channels, of 16 bits the
// upper 8 are kept, an alpha channel is dropped and the colour beneath it stays as it is stored.
//
// OpenCV works on one thread; items are what runs in parallel (each_item.h).

#include <map>
#include <opencv2/core.hpp>
#include <string>

#include "config/options.h"

namespace alignlab::features {

enum class Resize {
  kSquash,  // both sides to `size`
  kCrop,    // the centre square, then to `size`
  kPad      // the long side to `size`, the rest filled with mid-grey on both sides
};

struct ImageShape {
  int size = 0;  // pixels a side
  Resize resize = Resize::kSquash;
};

/// What the options `size` and `resize` say.
ImageShape image_shape(const Section& options);

/// 8-bit BGR, size x size. Shrinking averages areas (INTER_AREA), enlarging is bilinear. DataError
/// naming the item if the bytes are not an image or it has too many pixels.
cv::Mat decode_image(const std::string& bytes, const std::string& id, const ImageShape& shape);

/// Name and version of the library behind it.
std::map<std::string, std::string> image_libraries();

}  // namespace alignlab::features
