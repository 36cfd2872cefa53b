#include <immintrin.h>

#include "search/kernels/dots.h"

// VNNI multiplies 64 bytes, or 32 pairs of bytes, and sums them to 32 bits in one instruction: four
// times and twice as many products as of floats. Twelve queries by two registers of items leave
// room for a broadcast code.

namespace alignlab::kernels {
namespace {

constexpr std::size_t kQueries = 12;
constexpr std::size_t kItems = 32;
constexpr std::size_t kStep = 4;  // bytes of a row that one instruction takes

struct Bytes {
  static __m512i add(__m512i sum, __m512i query, __m512i items) {
    return _mm512_dpbusd_epi32(sum, query, items);
  }
};
struct Words {
  static __m512i add(__m512i sum, __m512i query, __m512i items) {
    return _mm512_dpwssd_epi32(sum, query, items);
  }
};

template <typename Codes>
void tile(const char* x, const char* g, const std::int32_t* start, std::size_t steps, float* out,
          std::size_t stride) {
  __m512i left[kQueries], right[kQueries];
  const __m512i start_left = start == nullptr ? _mm512_setzero_si512() : _mm512_loadu_si512(start);
  const __m512i start_right =
      start == nullptr ? _mm512_setzero_si512() : _mm512_loadu_si512(start + 16);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kQueries; ++i) {
    left[i] = start_left;
    right[i] = start_right;
  }
  for (std::size_t s = 0; s < steps; ++s, x += kStep * kQueries, g += kStep * kItems) {
    const __m512i g_left = _mm512_loadu_si512(g);
    const __m512i g_right = _mm512_loadu_si512(g + 64);
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kQueries; ++i) {
      // Through a float, or GCC loads into a general register first.
      const __m512i query =
          _mm512_castps_si512(_mm512_set1_ps(*reinterpret_cast<const float*>(x + kStep * i)));
      left[i] = Codes::add(left[i], query, g_left);
      right[i] = Codes::add(right[i], query, g_right);
    }
  }
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kQueries; ++i) {
    _mm512_storeu_ps(out + i * stride, _mm512_cvtepi32_ps(left[i]));
    _mm512_storeu_ps(out + i * stride + 16, _mm512_cvtepi32_ps(right[i]));
  }
}

template <typename Codes>
const char* dots(const DotsArguments& a, std::size_t row_bytes) {
  for (std::size_t p = 0; p < a.item_panels; ++p) {
    tile<Codes>(static_cast<const char*>(a.queries),
                static_cast<const char*>(a.items) + p * kItems * row_bytes,
                a.start == nullptr ? nullptr : a.start + p * kItems, row_bytes / kStep,
                a.out + p * kItems, a.stride);
  }
  return "avx512";
}

}  // namespace

const char* dots_int8_avx512(const DotsArguments& a) { return dots<Bytes>(a, a.depth); }
const char* dots_int16_avx512(const DotsArguments& a) { return dots<Words>(a, 2 * a.depth); }

}  // namespace alignlab::kernels
