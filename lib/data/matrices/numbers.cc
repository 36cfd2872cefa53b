#include "data/matrices/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace alignlab {
namespace {

template <typename T>
T load(std::span<const std::byte> bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

float from_float16(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 0x1FU;
  const int fraction = bits & 0x3FFU;
  float magnitude = 0;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

std::optional<std::int64_t> whole(double value) {
  // Beyond 2^53 a double no longer tells whole numbers apart.
  constexpr double kMost = 9007199254740992.0;
  if (!(std::fabs(value) <= kMost) || value != std::trunc(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::size_t width_of(NumberType type) {
  switch (type) {
    case NumberType::kInt8:
    case NumberType::kUint8:
      return 1;
    case NumberType::kFloat16:
    case NumberType::kBfloat16:
    case NumberType::kInt16:
    case NumberType::kUint16:
      return 2;
    case NumberType::kFloat32:
    case NumberType::kInt32:
    case NumberType::kUint32:
      return 4;
    case NumberType::kFloat64:
    case NumberType::kInt64:
    case NumberType::kUint64:
      return 8;
  }
  return 0;
}

std::string_view name_of(NumberType type) {
  switch (type) {
    case NumberType::kFloat16:
      return "float16";
    case NumberType::kBfloat16:
      return "bfloat16";
    case NumberType::kFloat32:
      return "float32";
    case NumberType::kFloat64:
      return "float64";
    case NumberType::kInt8:
      return "int8";
    case NumberType::kInt16:
      return "int16";
    case NumberType::kInt32:
      return "int32";
    case NumberType::kInt64:
      return "int64";
    case NumberType::kUint8:
      return "uint8";
    case NumberType::kUint16:
      return "uint16";
    case NumberType::kUint32:
      return "uint32";
    case NumberType::kUint64:
      return "uint64";
  }
  return "";
}

bool is_real(NumberType type) {
  return type == NumberType::kFloat16 || type == NumberType::kBfloat16 ||
         type == NumberType::kFloat32 || type == NumberType::kFloat64;
}

void to_native_order(const NumberFormat& format, std::span<std::byte> bytes) {
  if (format.order == std::endian::native) return;
  const std::size_t width = format.width();
  for (std::size_t at = 0; at + width <= bytes.size(); at += width) {
    std::ranges::reverse(bytes.subspan(at, width));
  }
}

double real_at(NumberType type, std::span<const std::byte> bytes, std::size_t index) {
  if (type == NumberType::kFloat64) return load<double>(bytes, index);
  float value = 0;
  const std::size_t width = width_of(type);
  to_floats(type, bytes.subspan(index * width, width), std::span(&value, 1));
  return value;
}

std::optional<std::int64_t> integer_at(NumberType type, std::span<const std::byte> bytes,
                                       std::size_t index) {
  switch (type) {
    case NumberType::kInt8:
      return load<std::int8_t>(bytes, index);
    case NumberType::kInt16:
      return load<std::int16_t>(bytes, index);
    case NumberType::kInt32:
      return load<std::int32_t>(bytes, index);
    case NumberType::kInt64:
      return load<std::int64_t>(bytes, index);
    case NumberType::kUint8:
      return load<std::uint8_t>(bytes, index);
    case NumberType::kUint16:
      return load<std::uint16_t>(bytes, index);
    case NumberType::kUint32:
      return load<std::uint32_t>(bytes, index);
    case NumberType::kUint64: {
      const auto value = load<std::uint64_t>(bytes, index);
      if (!std::in_range<std::int64_t>(value)) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    default:
      return whole(real_at(type, bytes, index));
  }
}

void to_floats(NumberType type, std::span<const std::byte> bytes, std::span<float> out) {
  switch (type) {
    case NumberType::kFloat16:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = from_float16(load<std::uint16_t>(bytes, i));
      }
      return;
    case NumberType::kBfloat16:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = from_bfloat16(load<std::uint16_t>(bytes, i));
      }
      return;
    case NumberType::kFloat64:
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto value = load<double>(bytes, i);
        // Narrowing a finite value beyond float32 is undefined.
        out[i] = std::fabs(value) <= std::numeric_limits<float>::max() || std::isnan(value)
                     ? static_cast<float>(value)
                     : std::copysign(std::numeric_limits<float>::infinity(),
                                     static_cast<float>(std::signbit(value) ? -1 : 1));
      }
      return;
    default:
      std::memcpy(out.data(), bytes.data(), out.size_bytes());
      return;
  }
}

}  // namespace alignlab
