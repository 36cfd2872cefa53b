#include <immintrin.h>

#include "search/kernels/dots.h"

// AVX2 multiplies integers no wider than it multiplies floats, but more of them at a time: 32
// products of bytes, summed in pairs to 16 bits, or 16 of 16 bits, summed in pairs to 32. Eight
// accumulators of eight items each stay in registers; a query's codes are broadcast.

namespace alignlab::kernels {
namespace {

constexpr std::size_t kRows = 8;

// Through a float, or GCC loads into a general register first.
__m256i broadcast(const void* at) {
  return _mm256_castps_si256(_mm256_broadcast_ss(static_cast<const float*>(at)));
}

void store(const __m256i (&sums)[kRows], float* out, std::size_t stride) {
  for (std::size_t i = 0; i < kRows; ++i) {
    _mm256_storeu_ps(out + i * stride, _mm256_cvtepi32_ps(sums[i]));
  }
}

void int8_tile(const std::uint8_t* x, const std::int8_t* g, const std::int32_t* start,
               std::size_t depth, float* out, std::size_t stride) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kRows];
  for (__m256i& sum : sums) sum = _mm256_load_si256(reinterpret_cast<const __m256i*>(start));
  for (std::size_t e = 0; e < depth; e += 16, x += 16 * kRows, g += 16 * kRows) {
    const auto* at = reinterpret_cast<const __m256i*>(g);
    const __m256i g0 = _mm256_load_si256(at), g1 = _mm256_load_si256(at + 1);
    const __m256i g2 = _mm256_load_si256(at + 2), g3 = _mm256_load_si256(at + 3);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::uint8_t* q = x + 16 * i;
      // Four products of pairs in 16 bits, which the limits of codes make room for.
      const __m256i low = _mm256_add_epi16(_mm256_maddubs_epi16(broadcast(q), g0),
                                           _mm256_maddubs_epi16(broadcast(q + 4), g1));
      const __m256i high = _mm256_add_epi16(_mm256_maddubs_epi16(broadcast(q + 8), g2),
                                            _mm256_maddubs_epi16(broadcast(q + 12), g3));
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_add_epi16(low, high), ones));
    }
  }
  store(sums, out, stride);
}

void int16_tile(const std::int16_t* x, const std::int16_t* g, std::size_t depth, float* out,
                std::size_t stride) {
  __m256i sums[kRows];
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (std::size_t e = 0; e < depth; e += 8, x += 8 * kRows, g += 8 * kRows) {
    const auto* at = reinterpret_cast<const __m256i*>(g);
    const __m256i g0 = _mm256_load_si256(at), g1 = _mm256_load_si256(at + 1);
    const __m256i g2 = _mm256_load_si256(at + 2), g3 = _mm256_load_si256(at + 3);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::int16_t* q = x + 8 * i;
      const __m256i low = _mm256_add_epi32(_mm256_madd_epi16(broadcast(q), g0),
                                           _mm256_madd_epi16(broadcast(q + 2), g1));
      const __m256i high = _mm256_add_epi32(_mm256_madd_epi16(broadcast(q + 4), g2),
                                            _mm256_madd_epi16(broadcast(q + 6), g3));
      sums[i] = _mm256_add_epi32(sums[i], _mm256_add_epi32(low, high));
    }
  }
  store(sums, out, stride);
}

}  // namespace

const char* dots_int8_avx2(const DotsArguments& a) {
  for (std::size_t p = 0; p < a.item_panels; ++p) {
    int8_tile(static_cast<const std::uint8_t*>(a.queries),
              static_cast<const std::int8_t*>(a.items) + p * kRows * a.depth, a.start + p * kRows,
              a.depth, a.out + p * kRows, a.stride);
  }
  return "avx2";
}

const char* dots_int16_avx2(const DotsArguments& a) {
  for (std::size_t p = 0; p < a.item_panels; ++p) {
    int16_tile(static_cast<const std::int16_t*>(a.queries),
               static_cast<const std::int16_t*>(a.items) + p * kRows * a.depth, a.depth,
               a.out + p * kRows, a.stride);
  }
  return "avx2";
}

}  // namespace alignlab::kernels
