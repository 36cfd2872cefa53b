#pragma once

// Canonical scores (search/search.h), on each instruction set: the same bits.

#include <cstddef>

namespace alignlab::kernels {

/// Scores of every query with every item. `queries` and `gallery` are row-major, already widened to
/// double and padded with zeros to `width`, a multiple of 8 (a zero product changes no lane).
/// Writes the canonical dot of query i and item j to out[i * stride + j].
using ScoreTile = void (*)(const double* queries, std::size_t query_count, const double* gallery,
                           std::size_t gallery_count, std::size_t width, double* out,
                           std::size_t stride);

/// Scores of one query with rows that lie anywhere, each of `cols` floats.
using ScoreRows = void (*)(const float* query, const float* const* rows, std::size_t count,
                           std::size_t cols, double* out);

/// Scores of pairs of rows that lie anywhere. Several at a time, since a single score waits for its
/// own additions.
using ScorePairs = void (*)(const float* const* queries, const float* const* rows,
                            std::size_t count, std::size_t cols, double* out);

void score_tile_portable(const double* queries, std::size_t query_count, const double* gallery,
                         std::size_t gallery_count, std::size_t width, double* out,
                         std::size_t stride);
void score_tile_avx2(const double* queries, std::size_t query_count, const double* gallery,
                     std::size_t gallery_count, std::size_t width, double* out, std::size_t stride);
void score_tile_avx512(const double* queries, std::size_t query_count, const double* gallery,
                       std::size_t gallery_count, std::size_t width, double* out,
                       std::size_t stride);

void score_rows_portable(const float* query, const float* const* rows, std::size_t count,
                         std::size_t cols, double* out);
void score_rows_avx2(const float* query, const float* const* rows, std::size_t count,
                     std::size_t cols, double* out);
void score_rows_avx512(const float* query, const float* const* rows, std::size_t count,
                       std::size_t cols, double* out);

void score_pairs_portable(const float* const* queries, const float* const* rows, std::size_t count,
                          std::size_t cols, double* out);
void score_pairs_avx2(const float* const* queries, const float* const* rows, std::size_t count,
                      std::size_t cols, double* out);
void score_pairs_avx512(const float* const* queries, const float* const* rows, std::size_t count,
                        std::size_t cols, double* out);

}  // namespace alignlab::kernels
