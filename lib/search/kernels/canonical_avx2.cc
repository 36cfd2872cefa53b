#include <immintrin.h>

#include "search/kernels/canonical.h"

namespace alignlab::kernels {
namespace {

double fold(__m256d low, __m256d high) {
  const __m256d four = _mm256_add_pd(low, high);
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

// kRows x kCols scores at once: two registers each for eight lanes.
template <int kRows, int kCols>
void micro_tile(const double* x, const double* g, std::size_t width, double* out,
                std::size_t stride) {
  __m256d low[kRows][kCols], high[kRows][kCols];
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kCols; ++j) low[i][j] = high[i][j] = _mm256_setzero_pd();
  }
  for (std::size_t e = 0; e < width; e += 8) {
    for (int j = 0; j < kCols; ++j) {
      const __m256d g_low = _mm256_loadu_pd(g + j * width + e);
      const __m256d g_high = _mm256_loadu_pd(g + j * width + e + 4);
      for (int i = 0; i < kRows; ++i) {
        low[i][j] = _mm256_fmadd_pd(_mm256_loadu_pd(x + i * width + e), g_low, low[i][j]);
        high[i][j] = _mm256_fmadd_pd(_mm256_loadu_pd(x + i * width + e + 4), g_high, high[i][j]);
      }
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kCols; ++j) out[i * stride + j] = fold(low[i][j], high[i][j]);
  }
}

// kCount pairs at once; what does not fill eight lanes comes from copies padded with zeros.
template <int kCount, typename Query>
void micro_pairs(const Query& query, const float* const* rows, std::size_t cols, double* out) {
  __m256d low[kCount], high[kCount];
  for (int r = 0; r < kCount; ++r) low[r] = high[r] = _mm256_setzero_pd();
  const auto add = [&](const float* x, const float* g, int r) {
    low[r] =
        _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x)), _mm256_cvtps_pd(_mm_loadu_ps(g)), low[r]);
    high[r] = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + 4)),
                              _mm256_cvtps_pd(_mm_loadu_ps(g + 4)), high[r]);
  };
  const std::size_t whole = cols / 8 * 8;
  for (std::size_t e = 0; e < whole; e += 8) {
#pragma GCC unroll 4
    for (int r = 0; r < kCount; ++r) add(query(r) + e, rows[r] + e, r);
  }
  if (whole < cols) {
    for (int r = 0; r < kCount; ++r) {
      float x[8] = {}, g[8] = {};
      for (std::size_t e = whole; e < cols; ++e) {
        x[e - whole] = query(r)[e];
        g[e - whole] = rows[r][e];
      }
      add(x, g, r);
    }
  }
  for (int r = 0; r < kCount; ++r) out[r] = fold(low[r], high[r]);
}

}  // namespace

void score_tile_avx2(const double* queries, std::size_t query_count, const double* gallery,
                     std::size_t gallery_count, std::size_t width, double* out,
                     std::size_t stride) {
  std::size_t i = 0;
  for (; i + 3 <= query_count; i += 3) {
    const double* x = queries + i * width;
    std::size_t j = 0;
    for (; j + 2 <= gallery_count; j += 2) {
      micro_tile<3, 2>(x, gallery + j * width, width, out + i * stride + j, stride);
    }
    for (; j < gallery_count; ++j) {
      micro_tile<3, 1>(x, gallery + j * width, width, out + i * stride + j, stride);
    }
  }
  for (; i < query_count; ++i) {
    for (std::size_t j = 0; j < gallery_count; ++j) {
      micro_tile<1, 1>(queries + i * width, gallery + j * width, width, out + i * stride + j,
                       stride);
    }
  }
}

void score_rows_avx2(const float* query, const float* const* rows, std::size_t count,
                     std::size_t cols, double* out) {
  const auto same = [query](int) { return query; };
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) micro_pairs<4>(same, rows + r, cols, out + r);
  for (; r < count; ++r) micro_pairs<1>(same, rows + r, cols, out + r);
}

void score_pairs_avx2(const float* const* queries, const float* const* rows, std::size_t count,
                      std::size_t cols, double* out) {
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    micro_pairs<4>([&](int i) { return queries[r + static_cast<std::size_t>(i)]; }, rows + r, cols,
                   out + r);
  }
  for (; r < count; ++r) {
    micro_pairs<1>([&](int) { return queries[r]; }, rows + r, cols, out + r);
  }
}

}  // namespace alignlab::kernels
