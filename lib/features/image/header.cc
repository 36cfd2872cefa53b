#include "features/image/header.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include "core/error.h"

namespace alignlab::features {
namespace {

using std::string_view_literals::operator""sv;

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  bool hold(std::size_t at, std::size_t count) const {
    return at <= bytes_.size() && count <= bytes_.size() - at;
  }
  bool are(std::size_t at, std::string_view expected) const {
    return hold(at, expected.size()) && bytes_.substr(at, expected.size()) == expected;
  }
  std::size_t find(char byte, std::size_t from) const { return bytes_.find(byte, from); }
  /// Precondition of the three: hold(at, count).
  unsigned char at(std::size_t i) const { return static_cast<unsigned char>(bytes_[i]); }
  std::uint64_t big(std::size_t from, std::size_t count) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | at(from + i);
    return value;
  }
  std::uint64_t little(std::size_t from, std::size_t count) const {
    std::uint64_t value = 0;
    for (std::size_t i = count; i > 0; --i) value = value << 8 | at(from + i - 1);
    return value;
  }

 private:
  std::string_view bytes_;
};

struct Size {
  std::uint64_t width;
  std::uint64_t height;
};

bool is_frame_header(unsigned marker) {
  constexpr unsigned kHuffmanTables = 0xC4, kReserved = 0xC8, kArithmeticTables = 0xCC;
  return marker >= 0xC0 && marker <= 0xCF && marker != kHuffmanTables && marker != kReserved &&
         marker != kArithmeticTables;
}

bool stands_alone(unsigned marker) { return marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

/// From segment to segment, and over coded data, until the end marker.
std::optional<Size> size_of_jpeg(const Bytes& bytes) {
  constexpr unsigned kEnd = 0xD9;
  std::optional<Size> size;
  std::size_t at = 0;
  while ((at = bytes.find('\xFF', at)) != std::string_view::npos && bytes.hold(at, 2)) {
    const unsigned marker = bytes.at(at + 1);
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    at += 2;
    if (marker == kEnd) return size;
    if (stands_alone(marker)) continue;
    if (!bytes.hold(at, 2) || !bytes.hold(at, bytes.big(at, 2))) return std::nullopt;
    if (is_frame_header(marker) && !size) {
      if (!bytes.hold(at, 7)) return std::nullopt;
      size = {bytes.big(at + 5, 2), bytes.big(at + 3, 2)};
    }
    at += bytes.big(at, 2);
  }
  return std::nullopt;
}

std::optional<Size> size_of_png(const Bytes& bytes) {
  constexpr std::size_t kFirstChunk = 8, kAroundData = 12;
  if (!bytes.are(kFirstChunk + 4, "IHDR") || !bytes.hold(kFirstChunk + 8, 8)) return std::nullopt;
  for (std::size_t at = kFirstChunk; bytes.hold(at, kAroundData);) {
    if (bytes.are(at + 4, "IEND")) {
      return Size{bytes.big(kFirstChunk + 8, 4), bytes.big(kFirstChunk + 12, 4)};
    }
    at += kAroundData + bytes.big(at, 4);
  }
  return std::nullopt;
}

std::optional<Size> size_of_bmp(const Bytes& bytes) {
  constexpr std::size_t kInfo = 14, kCoreHeaderSize = 12;
  if (!bytes.hold(kInfo, kCoreHeaderSize)) return std::nullopt;
  if (bytes.little(kInfo, 4) == kCoreHeaderSize) {
    return Size{bytes.little(kInfo + 4, 2), bytes.little(kInfo + 6, 2)};
  }
  // A negative height says that rows run from top to bottom.
  const auto height = static_cast<std::int32_t>(bytes.little(kInfo + 8, 4));
  return Size{bytes.little(kInfo + 4, 4),
              static_cast<std::uint64_t>(std::llabs(static_cast<long long>(height)))};
}

std::optional<Size> size_of_webp(const Bytes& bytes) {
  constexpr std::size_t kChunk = 12, kData = 20;
  if (!bytes.hold(kData, 10)) return std::nullopt;
  if (bytes.are(kChunk, "VP8X")) {
    return Size{bytes.little(kData + 4, 3) + 1, bytes.little(kData + 7, 3) + 1};
  }
  constexpr std::uint64_t k14Bits = 0x3FFF;
  if (bytes.are(kChunk, "VP8L")) {
    const std::uint64_t packed = bytes.little(kData + 1, 4);
    return Size{(packed & k14Bits) + 1, (packed >> 14 & k14Bits) + 1};
  }
  return Size{bytes.little(kData + 6, 2) & k14Bits, bytes.little(kData + 8, 2) & k14Bits};
}

struct Format {
  const char* name;
  std::string_view begins;
  std::size_t tag_at;
  std::string_view tag;
  std::optional<Size> (*size)(const Bytes&);
};

constexpr Format kFormats[] = {
    {"JPEG", "\xFF\xD8\xFF"sv, 0, "", size_of_jpeg},
    {"PNG", "\x89PNG\r\n\x1a\n"sv, 0, "", size_of_png},
    {"BMP", "BM"sv, 0, "", size_of_bmp},
    {"WebP", "RIFF"sv, 8, "WEBP", size_of_webp},
};

}  // namespace

void fail_undecodable(const std::string& bytes, const std::string& id) {
  throw DataError(fmt::format("image '{}': {} bytes that are no JPEG, PNG, BMP or WebP image", id,
                              bytes.size()));
}

ImageHeader read_image_header(const std::string& bytes, const std::string& id) {
  const Bytes all(bytes);
  for (const Format& format : kFormats) {
    if (!all.are(0, format.begins) || !all.are(format.tag_at, format.tag)) continue;
    const std::optional<Size> size = format.size(all);
    if (!size) {
      throw DataError(fmt::format("image '{}': {} bytes of a {} that breaks off before its end", id,
                                  bytes.size(), format.name));
    }
    // Neither side is near 2^32, so that the product is exact.
    if (size->width == 0 || size->height == 0 || size->width > kMostPixels ||
        size->height > kMostPixels || size->width * size->height > kMostPixels) {
      throw DataError(fmt::format("image '{}': expected 1 to {} pixels, found a {} of {} x {}", id,
                                  kMostPixels, format.name, size->width, size->height));
    }
    return {format.name, size->width, size->height};
  }
  fail_undecodable(bytes, id);
}

}  // namespace alignlab::features
