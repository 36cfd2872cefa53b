#include "search/kernels/canonical.h"

namespace alignlab::kernels {

void score_tile_portable(const double* queries, std::size_t query_count, const double* gallery,
                         std::size_t gallery_count, std::size_t width, double* out,
                         std::size_t stride) {
  for (std::size_t i = 0; i < query_count; ++i) {
    const double* x = queries + i * width;
    for (std::size_t j = 0; j < gallery_count; ++j) {
      const double* g = gallery + j * width;
      double lane[8] = {};
      for (std::size_t e = 0; e < width; e += 8) {
        for (std::size_t l = 0; l < 8; ++l) lane[l] += x[e + l] * g[e + l];
      }
      out[i * stride + j] =
          ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    }
  }
}

void score_pairs_portable(const float* const* queries, const float* const* rows, std::size_t count,
                          std::size_t cols, double* out) {
  const std::size_t whole = cols / 8 * 8;
  for (std::size_t r = 0; r < count; ++r) {
    const float* x = queries[r];
    const float* g = rows[r];
    double lane[8] = {};
    for (std::size_t e = 0; e < whole; e += 8) {
      for (std::size_t l = 0; l < 8; ++l) {
        lane[l] += static_cast<double>(x[e + l]) * static_cast<double>(g[e + l]);
      }
    }
    for (std::size_t e = whole; e < cols; ++e) {
      lane[e - whole] += static_cast<double>(x[e]) * static_cast<double>(g[e]);
    }
    out[r] =
        ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
}

void score_rows_portable(const float* query, const float* const* rows, std::size_t count,
                         std::size_t cols, double* out) {
  for (std::size_t r = 0; r < count; ++r) score_pairs_portable(&query, rows + r, 1, cols, out + r);
}

}  // namespace alignlab::kernels
