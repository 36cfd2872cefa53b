#pragma once

// The few AVX-512 and AMX intrinsics that kernels use, written out lane by lane, so that kernel
// sources run, and can be tested, on machines without these instructions. CMake puts this before
// the sources themselves; what they define gets names of its own.

#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace alignlab::emulated {

template <typename T, std::size_t kLanes>
struct Register {
  T lane[kLanes];
};
using Floats = Register<float, 16>;
using Doubles = Register<double, 8>;
using Integers = Register<std::int32_t, 16>;

template <typename R>
R load(const void* at) {
  R out;
  std::memcpy(&out, at, sizeof(out));
  return out;
}

template <typename R, typename F>
R map(const R& a, const R& b, const R& c, F f) {
  R out;
  for (std::size_t l = 0; l < std::size(out.lane); ++l) {
    out.lane[l] = f(a.lane[l], b.lane[l], c.lane[l]);
  }
  return out;
}

inline Floats load_ps(const void* at) { return load<Floats>(at); }
inline Doubles load_pd(const void* at) { return load<Doubles>(at); }
inline Integers load_si512(const void* at) { return load<Integers>(at); }
inline void store_ps(void* at, const Floats& v) { std::memcpy(at, &v, sizeof(v)); }
inline Floats set1_ps(float value) {
  Floats out;
  for (float& lane : out.lane) lane = value;
  return out;
}
inline Doubles zero_pd() { return {}; }
inline Integers zero_si512() { return {}; }
inline Floats add_ps(const Floats& a, const Floats& b) {
  return map(a, b, b, [](float x, float y, float) { return x + y; });
}
inline Floats sub_ps(const Floats& a, const Floats& b) {
  return map(a, b, b, [](float x, float y, float) { return x - y; });
}
inline Floats max_ps(const Floats& a, const Floats& b) {
  return map(a, b, b, [](float x, float y, float) { return x > y ? x : y; });
}
inline Floats mul_ps(const Floats& a, const Floats& b) {
  return map(a, b, b, [](float x, float y, float) { return x * y; });
}
inline Floats fmadd_ps(const Floats& a, const Floats& b, const Floats& c) {
  return map(a, b, c, [](float x, float y, float z) { return std::fma(x, y, z); });
}
inline Doubles fmadd_pd(const Doubles& a, const Doubles& b, const Doubles& c) {
  return map(a, b, c, [](double x, double y, double z) { return std::fma(x, y, z); });
}
inline __mmask16 cmp_ps_mask(const Floats& a, const Floats& b, int how) {
  unsigned bits = 0;
  for (unsigned l = 0; l < 16; ++l) {
    const bool holds = how == _CMP_GE_OQ   ? a.lane[l] >= b.lane[l]
                       : how == _CMP_GT_OQ ? a.lane[l] > b.lane[l]
                                           : (std::abort(), false);
    bits |= unsigned{holds} << l;
  }
  return static_cast<__mmask16>(bits);
}
inline Doubles cvtps_pd(__m256 v) {
  float lanes[8];
  _mm256_storeu_ps(lanes, v);
  Doubles out;
  for (std::size_t l = 0; l < 8; ++l) out.lane[l] = lanes[l];
  return out;
}
inline __m256 maskz_loadu_ps(__mmask8 mask, const float* at) {
  float lanes[8] = {};
  for (unsigned l = 0; l < 8; ++l) {
    if ((mask >> l & 1U) != 0) lanes[l] = at[l];
  }
  return _mm256_loadu_ps(lanes);
}
inline __m256d lower_half(const Doubles& v) { return _mm256_loadu_pd(v.lane); }
inline __m256d extract_half(const Doubles& v, int which) {
  return _mm256_loadu_pd(v.lane + 4 * which);
}
inline Floats cvtepi32_ps(const Integers& v) {
  Floats out;
  for (std::size_t l = 0; l < 16; ++l) out.lane[l] = static_cast<float>(v.lane[l]);
  return out;
}
inline Integers castps_si512(const Floats& v) { return load<Integers>(&v); }

/// Sums of products in 32 bits. Overflow would be a fault of the rounding of vectors.
inline std::int32_t checked(std::int64_t sum) {
  if (sum != static_cast<std::int32_t>(sum)) {
    std::fputs("a sum of products of codes left 32 bits\n", stderr);
    std::abort();
  }
  return static_cast<std::int32_t>(sum);
}
inline std::uint64_t word_of(const Integers& v, std::size_t which) {
  std::uint64_t word;
  std::memcpy(&word, v.lane + 2 * which, 8);
  return word;
}
template <typename F>
Integers map_words(const Integers& a, const Integers& b, F f) {
  Integers out;
  for (std::size_t w = 0; w < 8; ++w) {
    const std::uint64_t word = f(word_of(a, w), word_of(b, w));
    std::memcpy(out.lane + 2 * w, &word, 8);
  }
  return out;
}
inline Integers maskz_loadu_epi64(__mmask8 mask, const void* at) {
  Integers out{};
  for (unsigned w = 0; w < 8; ++w) {
    if ((mask >> w & 1U) != 0) {
      std::memcpy(out.lane + 2 * w, static_cast<const char*>(at) + 8 * w, 8);
    }
  }
  return out;
}
inline Integers xor_si512(const Integers& a, const Integers& b) {
  return map_words(a, b, [](std::uint64_t x, std::uint64_t y) { return x ^ y; });
}
inline Integers add_epi64(const Integers& a, const Integers& b) {
  return map_words(a, b, [](std::uint64_t x, std::uint64_t y) { return x + y; });
}
inline Integers popcnt_epi64(const Integers& a) {
  return map_words(a, a, [](std::uint64_t x, std::uint64_t) {
    std::uint64_t bits = 0;
    for (; x != 0; x >>= 1) bits += x & 1U;
    return bits;
  });
}
inline std::int64_t reduce_add_epi64(const Integers& a) {
  std::uint64_t sum = 0;
  for (std::size_t w = 0; w < 8; ++w) sum += word_of(a, w);
  return static_cast<std::int64_t>(sum);
}

template <typename A, typename B>
Integers dot_product(const Integers& sum, const Integers& a, const Integers& b) {
  Integers out = sum;
  constexpr std::size_t kCodes = 4 / sizeof(A);
  for (std::size_t l = 0; l < 16; ++l) {
    A left[kCodes];
    B right[kCodes];
    std::memcpy(left, &a.lane[l], 4);
    std::memcpy(right, &b.lane[l], 4);
    std::int64_t all = out.lane[l];
    for (std::size_t c = 0; c < kCodes; ++c) all += std::int64_t{left[c]} * right[c];
    out.lane[l] = checked(all);
  }
  return out;
}
inline Integers dpbusd(const Integers& sum, const Integers& a, const Integers& b) {
  return dot_product<std::uint8_t, std::int8_t>(sum, a, b);
}
inline Integers dpwssd(const Integers& sum, const Integers& a, const Integers& b) {
  return dot_product<std::int16_t, std::int16_t>(sum, a, b);
}

/// The tile registers of one thread: 16 rows of 64 bytes each, of no use before they are
/// configured.
struct Tiles {
  bool configured = false;
  alignas(64) unsigned char bytes[8][16][64];
};
inline Tiles& tiles() {
  thread_local Tiles mine;
  return mine;
}
inline unsigned char (&tile(int index))[16][64] {
  if (!tiles().configured) std::abort();
  return tiles().bytes[index];
}
inline void tile_loadconfig(const void* config) {
  const auto* bytes = static_cast<const unsigned char*>(config);
  if (bytes[0] != 1) std::abort();
  for (int t = 0; t < 8; ++t) {
    std::uint16_t row_bytes;
    std::memcpy(&row_bytes, bytes + 16 + 2 * t, 2);
    if (row_bytes != 64 || bytes[48 + t] != 16) std::abort();
  }
  tiles().configured = true;
}
inline void tile_release() { tiles().configured = false; }
inline void tile_zero(int index) { std::memset(tile(index), 0, sizeof(tile(index))); }
inline void tile_loadd(int index, const void* base, std::size_t stride) {
  for (std::size_t r = 0; r < 16; ++r) {
    std::memcpy(tile(index)[r], static_cast<const char*>(base) + r * stride, 64);
  }
}
inline void tile_stored(int index, void* base, std::size_t stride) {
  for (std::size_t r = 0; r < 16; ++r) {
    std::memcpy(static_cast<char*>(base) + r * stride, tile(index)[r], 64);
  }
}
inline void tile_dpbssd(int sums, int a, int b) {
  for (std::size_t m = 0; m < 16; ++m) {
    for (std::size_t n = 0; n < 16; ++n) {
      std::int32_t sum;
      std::memcpy(&sum, tile(sums)[m] + 4 * n, 4);
      std::int64_t all = sum;
      for (std::size_t k = 0; k < 64; ++k) {
        all += std::int64_t{static_cast<std::int8_t>(tile(a)[m][k])} *
               static_cast<std::int8_t>(tile(b)[k / 4][4 * n + k % 4]);
      }
      sum = checked(all);
      std::memcpy(tile(sums)[m] + 4 * n, &sum, 4);
    }
  }
}
/// Subnormal numbers are zero, before and after.
inline float flushed(float value) { return std::abs(value) < 0x1p-126F ? 0.0F : value; }
inline float bfloat16(const unsigned char* at) {
  std::uint32_t bits = 0;
  std::memcpy(reinterpret_cast<char*>(&bits) + 2, at, 2);
  float out;
  std::memcpy(&out, &bits, 4);
  return flushed(out);
}
inline void tile_dpbf16ps(int sums, int a, int b) {
  for (std::size_t m = 0; m < 16; ++m) {
    for (std::size_t n = 0; n < 16; ++n) {
      float sum;
      std::memcpy(&sum, tile(sums)[m] + 4 * n, 4);
      for (std::size_t k = 0; k < 32; ++k) {
        const float product =
            flushed(bfloat16(tile(a)[m] + 2 * k) * bfloat16(tile(b)[k / 2] + 4 * n + 2 * (k % 2)));
        sum = flushed(sum + product);
      }
      std::memcpy(tile(sums)[m] + 4 * n, &sum, 4);
    }
  }
}

}  // namespace alignlab::emulated

#define __m512 ::alignlab::emulated::Floats
#define __m512d ::alignlab::emulated::Doubles
#define __m512i ::alignlab::emulated::Integers
#define _mm512_loadu_ps ::alignlab::emulated::load_ps
#define _mm512_loadu_pd ::alignlab::emulated::load_pd
#define _mm512_loadu_si512 ::alignlab::emulated::load_si512
#define _mm512_storeu_ps ::alignlab::emulated::store_ps
#define _mm512_set1_ps ::alignlab::emulated::set1_ps
#define _mm512_setzero_pd ::alignlab::emulated::zero_pd
#define _mm512_setzero_si512 ::alignlab::emulated::zero_si512
#define _mm512_add_ps ::alignlab::emulated::add_ps
#define _mm512_sub_ps ::alignlab::emulated::sub_ps
#define _mm512_max_ps ::alignlab::emulated::max_ps
#define _mm512_mul_ps ::alignlab::emulated::mul_ps
#define _mm512_fmadd_ps ::alignlab::emulated::fmadd_ps
#define _mm512_fmadd_pd ::alignlab::emulated::fmadd_pd
#undef _mm512_cmp_ps_mask
#define _mm512_cmp_ps_mask ::alignlab::emulated::cmp_ps_mask
#define _mm512_cvtps_pd ::alignlab::emulated::cvtps_pd
#define _mm256_maskz_loadu_ps ::alignlab::emulated::maskz_loadu_ps
#define _mm512_castpd512_pd256 ::alignlab::emulated::lower_half
#undef _mm512_extractf64x4_pd
#define _mm512_extractf64x4_pd ::alignlab::emulated::extract_half
#define _mm512_cvtepi32_ps ::alignlab::emulated::cvtepi32_ps
#define _mm512_castps_si512 ::alignlab::emulated::castps_si512
#define _mm512_maskz_loadu_epi64 ::alignlab::emulated::maskz_loadu_epi64
#define _mm512_xor_si512 ::alignlab::emulated::xor_si512
#define _mm512_add_epi64 ::alignlab::emulated::add_epi64
#define _mm512_popcnt_epi64 ::alignlab::emulated::popcnt_epi64
#define _mm512_reduce_add_epi64 ::alignlab::emulated::reduce_add_epi64
#define _mm512_dpbusd_epi32 ::alignlab::emulated::dpbusd
#define _mm512_dpwssd_epi32 ::alignlab::emulated::dpwssd
#undef _tile_loadconfig
#define _tile_loadconfig ::alignlab::emulated::tile_loadconfig
#undef _tile_release
#define _tile_release ::alignlab::emulated::tile_release
#undef _tile_zero
#define _tile_zero ::alignlab::emulated::tile_zero
#undef _tile_loadd
#define _tile_loadd ::alignlab::emulated::tile_loadd
#undef _tile_stored
#define _tile_stored ::alignlab::emulated::tile_stored
#undef _tile_dpbssd
#define _tile_dpbssd ::alignlab::emulated::tile_dpbssd
#undef _tile_dpbf16ps
#define _tile_dpbf16ps ::alignlab::emulated::tile_dpbf16ps

#define score_tile_avx512 score_tile_emulated
#define score_rows_avx512 score_rows_emulated
#define score_pairs_avx512 score_pairs_emulated
#define hamming_avx512 hamming_emulated
#define kScanAvx512 kScanEmulated
#define kRoundingAvx512 kRoundingEmulated
#define dots_int8_avx512 dots_int8_avx512_emulated
#define dots_int16_avx512 dots_int16_avx512_emulated
#define dots_int8_amx dots_int8_amx_emulated
#define dots_bfloat16_amx dots_bfloat16_amx_emulated
