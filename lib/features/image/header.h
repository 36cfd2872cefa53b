#pragma once

// What the first bytes of an image file say, read without decoding: a forged header must not decide
// how much memory is taken, and a file that was cut off must not pass for a whole one (libjpeg
// fills the missing rows with whatever it has).
//
// JPEG (ITU-T T.81, annex B), PNG (W3C, third edition), BMP (Microsoft, BITMAPCOREHEADER and
// BITMAPINFOHEADER), WebP (RFC 9649). Other formats are refused.

#include <cstdint>
#include <string>

namespace alignlab::features {

struct ImageHeader {
  const char* format = "";
  std::uint64_t width = 0;  // as stored, before any EXIF orientation
  std::uint64_t height = 0;
};

/// Decoding takes 3 bytes a pixel, twice where it turns the image.
inline constexpr std::uint64_t kMostPixels = 1U << 27;

/// DataError naming the item if the bytes are of no known format, break off before the end of a
/// JPEG or PNG, or announce no pixels or more than kMostPixels.
ImageHeader read_image_header(const std::string& bytes, const std::string& id);

/// The refusal of bytes whose content is damaged or of no format that is read.
[[noreturn]] void fail_undecodable(const std::string& bytes, const std::string& id);

}  // namespace alignlab::features
