#pragma once

// Loops that compilers make vector code of, for each file that includes this and its instruction
// set. All of it has internal linkage: a linker must not merge them.

#include "search/kernels/rounding.h"

namespace alignlab::kernels {
namespace {

constexpr std::size_t kLanes = 32;

float largest_magnitude(const float* row, std::size_t count) {
  // Magnitudes of floats are ordered as their bits are.
  std::uint32_t largest = 0;
  for (std::size_t e = 0; e < count; ++e) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, row + e, sizeof(bits));
    bits &= 0x7FFFFFFFU;
    largest = largest < bits ? bits : largest;
  }
  float out;
  __builtin_memcpy(&out, &largest, sizeof(out));
  return out;
}

float sum_of(const float (&lanes)[kLanes]) {
  float sum = 0.0F;
  for (const float lane : lanes) sum += lane;
  return sum;
}

float scale_row(const float* row, std::size_t count, float first, float second, float* out) {
  float squares[kLanes] = {};
  std::size_t e = 0;
  for (; e + kLanes <= count; e += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float value = row[e + l] * first * second;
      out[e + l] = value;
      squares[l] += value * value;
    }
  }
  for (; e < count; ++e) {
    const float value = row[e] * first * second;
    out[e] = value;
    squares[0] += value * value;
  }
  return sum_of(squares);
}

/// Adding 3 * 2^22 to a float leaves the nearest integer in its lowest bits.
inline float rounded(float value, float scale, float inverse, std::int16_t* code) {
  const float shifted = value * inverse + 0x1.8p23F;
  std::int32_t bits;
  __builtin_memcpy(&bits, &shifted, sizeof(bits));
  *code = static_cast<std::int16_t>(bits - 0x4B400000);
  const float rest = value - (shifted - 0x1.8p23F) * scale;
  return rest * rest;
}

float round_row(const float* values, std::size_t count, float scale, float inverse,
                std::int16_t* codes) {
  float residuals[kLanes] = {};
  std::size_t e = 0;
  for (; e + kLanes <= count; e += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      residuals[l] += rounded(values[e + l], scale, inverse, codes + e + l);
    }
  }
  for (; e < count; ++e) residuals[0] += rounded(values[e], scale, inverse, codes + e);
  return sum_of(residuals);
}

std::int32_t largest_chunk(const std::int16_t* codes, std::size_t count, int offset) {
  std::int32_t largest = 0;
  for (std::size_t e = 0; e < count; e += 16) {
    std::int32_t sums[4] = {};
    for (std::size_t i = 0; i < 16; i += 4) {
      for (std::size_t l = 0; l < 4; ++l) {
        const std::int32_t code = codes[e + i + l] + offset;
        sums[l] += code * code;
      }
    }
    const std::int32_t low = sums[0] + sums[1], high = sums[2] + sums[3];
    const std::int32_t both = low > high ? low : high;
    largest = largest > both ? largest : both;
  }
  return largest;
}

template <std::size_t kGroup>
void place_groups_of_bytes(const std::int16_t* codes, std::size_t count, int offset,
                           std::size_t stride, std::uint8_t* out) {
  for (std::size_t e = 0; e < count; e += kGroup, out += stride) {
    for (std::size_t l = 0; l < kGroup; ++l) {
      out[l] = static_cast<std::uint8_t>(codes[e + l] + offset);
    }
  }
}

void place_bytes(const std::int16_t* codes, std::size_t count, int offset, std::size_t group,
                 std::size_t stride, std::uint8_t* out) {
  if (group == 4) return place_groups_of_bytes<4>(codes, count, offset, stride, out);
  if (group == 16) return place_groups_of_bytes<16>(codes, count, offset, stride, out);
  for (std::size_t e = 0; e < count; e += group, out += stride) {
    for (std::size_t l = 0; l < group; ++l) {
      out[l] = static_cast<std::uint8_t>(codes[e + l] + offset);
    }
  }
}

void place_words(const std::int16_t* codes, std::size_t count, std::size_t group,
                 std::size_t stride, std::int16_t* out) {
  for (std::size_t e = 0; e < count; e += group, out += stride) {
    __builtin_memcpy(out, codes + e, group * sizeof(std::int16_t));
  }
}

constexpr RoundingKernels kRounding{largest_magnitude, scale_row,   round_row,
                                    largest_chunk,     place_bytes, place_words};

}  // namespace
}  // namespace alignlab::kernels
