#pragma once

// Rounding of rows to integer codes (search/codes.h), pass by pass over what the nearest cache
// holds. Sums are of float32, in any order.

#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {

struct RoundingKernels {
  /// Of a row without NaN; infinite where it holds infinity.
  float (*largest_magnitude)(const float* row, std::size_t count);
  /// out[e] = row[e] * first * second; returns the sum of their squares.
  float (*scale)(const float* row, std::size_t count, float first, float second, float* out);
  /// codes[e] is the integer nearest to values[e] * inverse, which lies within 16 bits; returns the
  /// sum of the squares of values[e] - codes[e] * scale. `count` is a multiple of 16.
  float (*round)(const float* values, std::size_t count, float scale, float inverse,
                 std::int16_t* codes);
  /// Of each sixteen codes, with `offset` added, the first or second two of every four: the largest
  /// sum of squares of such eight. `count` is a multiple of 16.
  std::int32_t (*largest_chunk)(const std::int16_t* codes, std::size_t count, int offset);
  /// Writes codes plus `offset` as bytes, or as they are, `group` of them every `stride` elements.
  /// `count` is a multiple of `group`.
  void (*place_bytes)(const std::int16_t* codes, std::size_t count, int offset, std::size_t group,
                      std::size_t stride, std::uint8_t* out);
  void (*place_words)(const std::int16_t* codes, std::size_t count, std::size_t group,
                      std::size_t stride, std::int16_t* out);
};

extern const RoundingKernels kRoundingPortable;
extern const RoundingKernels kRoundingAvx2;
extern const RoundingKernels kRoundingAvx512;

}  // namespace alignlab::kernels
