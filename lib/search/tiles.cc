#include "search/tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "search/isa.h"

namespace alignlab {
namespace {

constexpr std::size_t kQueryBlock = 48;  // a multiple of what kernels take at once
// What a gallery block may take of a core's second-level cache once widened to double.
constexpr std::size_t kGalleryBlockBytes = 256 * 1024;

/// Rows as the kernels of every score want them: double, padded with zeros to a multiple of eight.
void widen(MatrixView rows, std::size_t first, std::size_t count, std::size_t width, double* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = rows.row(first + i);
    double* to = out + i * width;
    for (std::size_t e = 0; e < row.size(); ++e) to[e] = row[e];
    std::fill(to + row.size(), to + width, 0.0);
  }
}

void add_bias(std::span<double> scores, const Gallery& gallery, std::size_t first) {
  if (gallery.bias.empty()) return;
  for (std::size_t j = 0; j < scores.size(); ++j) scores[j] += gallery.bias[first + j];
}

}  // namespace

void require_comparable(MatrixView queries, const Gallery& gallery) {
  require_comparable_queries(queries, gallery);
  require_finite(gallery);
}

void require_comparable_queries(MatrixView queries, const Gallery& gallery) {
  require_same_columns(queries, gallery);
  require_finite(queries, "queries");
}

void require_same_columns(MatrixView queries, const Gallery& gallery) {
  if (queries.cols() != gallery.vectors.cols()) {
    throw DataError(fmt::format("queries have {} columns, candidates {}", queries.cols(),
                                gallery.vectors.cols()));
  }
}

void require_finite(const Gallery& gallery) {
  require_finite(gallery.vectors, "candidates");
  for (std::size_t j = 0; j < gallery.bias.size(); ++j) {
    if (!std::isfinite(gallery.bias[j])) {
      throw DataError(fmt::format("candidates: bias of row {}: expected a finite number, found {}",
                                  j, gallery.bias[j]));
    }
  }
}

void for_each_tile(MatrixView queries, const Gallery& gallery, const Kernel& kernel,
                   const std::function<void(const Tile&)>& visit) {
  const std::size_t items = gallery.vectors.rows();
  const std::size_t width = (queries.cols() + 7) / 8 * 8;
  const bool reference = kernel.name == "scalar";
  const kernels::ScoreTile tile = reference ? nullptr : isa_for(kernel).score_tile;
  const std::size_t gallery_block =
      std::clamp<std::size_t>(kGalleryBlockBytes / (8 * std::max<std::size_t>(8, width)), 16, 512);
  const auto blocks = static_cast<std::int64_t>((queries.rows() + kQueryBlock - 1) / kQueryBlock);

#pragma omp parallel num_threads(kernel.threads)
  {
    std::vector<double, AlignedAllocator<double, 64>> wide_queries(kQueryBlock * width);
    std::vector<double, AlignedAllocator<double, 64>> wide_items(gallery_block * width);
    std::vector<double> scores(kQueryBlock * gallery_block);
#pragma omp for schedule(dynamic)
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::size_t first_query = static_cast<std::size_t>(block) * kQueryBlock;
      const std::size_t query_count = std::min(kQueryBlock, queries.rows() - first_query);
      if (!reference) widen(queries, first_query, query_count, width, wide_queries.data());
      for (std::size_t first = 0; first < items; first += gallery_block) {
        const std::size_t count = std::min(gallery_block, items - first);
        if (reference) {
          for (std::size_t i = 0; i < query_count; ++i) {
            for (std::size_t j = 0; j < count; ++j) {
              scores[i * gallery_block + j] =
                  canonical_dot(queries.row(first_query + i), gallery.vectors.row(first + j));
            }
          }
        } else {
          widen(gallery.vectors, first, count, width, wide_items.data());
          tile(wide_queries.data(), query_count, wide_items.data(), count, width, scores.data(),
               gallery_block);
        }
        for (std::size_t i = 0; i < query_count; ++i) {
          const std::span<double> row(scores.data() + i * gallery_block, count);
          add_bias(row, gallery, first);
          visit({first_query + i, first, row});
        }
      }
    }
  }
}

}  // namespace alignlab
