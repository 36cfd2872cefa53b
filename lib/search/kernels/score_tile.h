#pragma once

// The inner loop of the "blocked" kernel. `queries` and `gallery` are row-major, already widened
// to double and padded with zeros to `width`, a multiple of 8 (a zero product changes no lane).
// Writes the canonical dot of query i and item j to out[i * stride + j].

#include <cstddef>

namespace alignlab::kernels {

using ScoreTile = void (*)(const double* queries, std::size_t query_count, const double* gallery,
                           std::size_t gallery_count, std::size_t width, double* out,
                           std::size_t stride);

void score_tile_portable(const double* queries, std::size_t query_count, const double* gallery,
                         std::size_t gallery_count, std::size_t width, double* out,
                         std::size_t stride);
void score_tile_avx2(const double* queries, std::size_t query_count, const double* gallery,
                     std::size_t gallery_count, std::size_t width, double* out, std::size_t stride);
void score_tile_avx512(const double* queries, std::size_t query_count, const double* gallery,
                       std::size_t gallery_count, std::size_t width, double* out,
                       std::size_t stride);

}  // namespace alignlab::kernels
