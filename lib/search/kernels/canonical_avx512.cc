#include <immintrin.h>

#include "search/kernels/canonical.h"

namespace alignlab::kernels {
namespace {

double fold(__m512d lanes) {
  const __m256d four =
      _mm256_add_pd(_mm512_castpd512_pd256(lanes), _mm512_extractf64x4_pd(lanes, 1));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

template <int kRows, int kCols>
void micro_tile(const double* x, const double* g, std::size_t width, double* out,
                std::size_t stride) {
  __m512d lanes[kRows][kCols];
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kCols; ++j) lanes[i][j] = _mm512_setzero_pd();
  }
  for (std::size_t e = 0; e < width; e += 8) {
    __m512d items[kCols];
    for (int j = 0; j < kCols; ++j) items[j] = _mm512_loadu_pd(g + j * width + e);
    for (int i = 0; i < kRows; ++i) {
      const __m512d query = _mm512_loadu_pd(x + i * width + e);
      for (int j = 0; j < kCols; ++j) lanes[i][j] = _mm512_fmadd_pd(query, items[j], lanes[i][j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kCols; ++j) out[i * stride + j] = fold(lanes[i][j]);
  }
}

// kCount pairs at once; the mask of what does not fill eight lanes reads the rest as zeros.
template <int kCount, typename Query>
void micro_pairs(const Query& query, const float* const* rows, std::size_t cols, double* out) {
  __m512d lanes[kCount];
  for (int r = 0; r < kCount; ++r) lanes[r] = _mm512_setzero_pd();
  const std::size_t whole = cols / 8 * 8;
  for (std::size_t e = 0; e < whole; e += 8) {
    for (int r = 0; r < kCount; ++r) {
      lanes[r] = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(query(r) + e)),
                                 _mm512_cvtps_pd(_mm256_loadu_ps(rows[r] + e)), lanes[r]);
    }
  }
  if (whole < cols) {
    const auto rest = static_cast<__mmask8>((1U << (cols - whole)) - 1U);
    for (int r = 0; r < kCount; ++r) {
      const __m256 x = _mm256_maskz_loadu_ps(rest, query(r) + whole);
      const __m256 g = _mm256_maskz_loadu_ps(rest, rows[r] + whole);
      lanes[r] = _mm512_fmadd_pd(_mm512_cvtps_pd(x), _mm512_cvtps_pd(g), lanes[r]);
    }
  }
  for (int r = 0; r < kCount; ++r) out[r] = fold(lanes[r]);
}

}  // namespace

void score_tile_avx512(const double* queries, std::size_t query_count, const double* gallery,
                       std::size_t gallery_count, std::size_t width, double* out,
                       std::size_t stride) {
  std::size_t i = 0;
  for (; i + 4 <= query_count; i += 4) {
    const double* x = queries + i * width;
    std::size_t j = 0;
    for (; j + 4 <= gallery_count; j += 4) {
      micro_tile<4, 4>(x, gallery + j * width, width, out + i * stride + j, stride);
    }
    for (; j < gallery_count; ++j) {
      micro_tile<4, 1>(x, gallery + j * width, width, out + i * stride + j, stride);
    }
  }
  for (; i < query_count; ++i) {
    for (std::size_t j = 0; j < gallery_count; ++j) {
      micro_tile<1, 1>(queries + i * width, gallery + j * width, width, out + i * stride + j,
                       stride);
    }
  }
}

void score_rows_avx512(const float* query, const float* const* rows, std::size_t count,
                       std::size_t cols, double* out) {
  const auto same = [query](int) { return query; };
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) micro_pairs<4>(same, rows + r, cols, out + r);
  for (; r < count; ++r) micro_pairs<1>(same, rows + r, cols, out + r);
}

void score_pairs_avx512(const float* const* queries, const float* const* rows, std::size_t count,
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
