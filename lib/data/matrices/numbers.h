#pragma once

// How numbers lie in files, and what they are worth. bfloat16 is the upper half of a float32;
// float16 is binary16 of IEEE 754-2008.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace alignlab {

enum class NumberType {
  kFloat16,
  kBfloat16,
  kFloat32,
  kFloat64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64
};

std::size_t width_of(NumberType type);
std::string_view name_of(NumberType type);
bool is_real(NumberType type);

struct NumberFormat {
  NumberType type = NumberType::kFloat32;
  std::endian order = std::endian::little;

  std::size_t width() const { return width_of(type); }
};

/// Turns numbers of another byte order round, in place.
void to_native_order(const NumberFormat& format, std::span<std::byte> bytes);

/// A real number of this machine's byte order, without loss.
double real_at(NumberType type, std::span<const std::byte> bytes, std::size_t index);
/// Nothing for a real that is no whole number, and for a number beyond int64.
std::optional<std::int64_t> integer_at(NumberType type, std::span<const std::byte> bytes,
                                       std::size_t index);

/// Reals of this machine's byte order as float32; those beyond it become infinite.
void to_floats(NumberType type, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace alignlab
