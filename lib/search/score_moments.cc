#include "search/score_moments.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/wide_registers.h"
#include "search/tiles.h"

namespace alignlab {
namespace {

// Columns in tiles, rows in chunks: two tiles of a chunk fit a core's nearest cache.
constexpr std::size_t kTile = 32;
constexpr std::size_t kChunk = 64;
// Of a product in a covariance, beside one in a score.
constexpr double kCostOfCovariance = 3.0;
// Of what scores could be: where they vary less, covariances cannot tell whether they do at all.
constexpr double kSurelyVaries = 0x1p-40;

/// Relative to the first row, so that the mean of equal rows is that row.
std::vector<double> mean_of(MatrixView rows) {
  const auto first = rows.row(0);
  std::vector<double> out(rows.cols(), 0.0);
  for (std::size_t i = 1; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t e = 0; e < out.size(); ++e) out[e] += double{row[e]} - double{first[e]};
  }
  for (std::size_t e = 0; e < out.size(); ++e) {
    out[e] = first[e] + out[e] / static_cast<double>(rows.rows());
  }
  return out;
}

double mean_of(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value - values[0];
  return values[0] + sum / static_cast<double>(values.size());
}

double mean_square_norm(MatrixView rows) {
  double sum = 0.0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (const float value : rows.row(i)) sum += double{value} * value;
  }
  return sum / static_cast<double>(rows.rows());
}

double mean_square(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

/// (row - mean).direction of each row.
std::vector<double> along(MatrixView rows, const std::vector<double>& mean,
                          const std::vector<double>& direction, int threads) {
  std::vector<double> out(rows.rows());
#pragma omp parallel for num_threads(threads) schedule(static)
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t e = 0; e < row.size(); ++e) out[i] += (row[e] - mean[e]) * direction[e];
  }
  return out;
}

/// Adds x^T y of two tiles of kChunk rows to `sums`, row by row.
ALIGNLAB_WIDE void add_products(const double* x, const double* y, double* sums) {
  constexpr std::size_t kHigh = 4, kWide = 8;
  for (std::size_t i = 0; i < kTile; i += kHigh) {
    for (std::size_t j = 0; j < kTile; j += kWide) {
      double own[kHigh][kWide];
      for (std::size_t r = 0; r < kHigh; ++r) {
        for (std::size_t c = 0; c < kWide; ++c) own[r][c] = sums[(i + r) * kTile + j + c];
      }
      for (std::size_t row = 0; row < kChunk; ++row) {
        for (std::size_t r = 0; r < kHigh; ++r) {
          for (std::size_t c = 0; c < kWide; ++c) {
            own[r][c] += x[row * kTile + i + r] * y[row * kTile + j + c];
          }
        }
      }
      for (std::size_t r = 0; r < kHigh; ++r) {
        for (std::size_t c = 0; c < kWide; ++c) sums[(i + r) * kTile + j + c] = own[r][c];
      }
    }
  }
}

/// The covariance matrix in tiles of its upper triangle, those of one row of tiles after another.
std::vector<double> covariance_tiles(MatrixView rows, const std::vector<double>& mean,
                                     int threads) {
  const std::size_t tiles = (rows.cols() + kTile - 1) / kTile;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < tiles; ++a) {
    for (std::size_t b = a; b < tiles; ++b) pairs.emplace_back(a, b);
  }
  std::vector<double> sums(pairs.size() * kTile * kTile, 0.0);
  std::vector<double> chunk(tiles * kChunk * kTile);
#pragma omp parallel num_threads(threads)
  for (std::size_t first = 0; first < rows.rows(); first += kChunk) {
    const std::size_t count = std::min(kChunk, rows.rows() - first);
#pragma omp for schedule(static)
    for (std::size_t tile = 0; tile < tiles; ++tile) {
      double* to = chunk.data() + tile * kChunk * kTile;
      std::fill(to, to + kChunk * kTile, 0.0);
      const std::size_t end = std::min(rows.cols(), (tile + 1) * kTile);
      for (std::size_t i = 0; i < count; ++i) {
        const auto row = rows.row(first + i);
        for (std::size_t e = tile * kTile; e < end; ++e) {
          to[i * kTile + e % kTile] = row[e] - mean[e];
        }
      }
    }
#pragma omp for schedule(dynamic)
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      add_products(chunk.data() + pairs[p].first * kChunk * kTile,
                   chunk.data() + pairs[p].second * kChunk * kTile,
                   sums.data() + p * kTile * kTile);
    }
  }
  for (double& sum : sums) sum /= static_cast<double>(rows.rows());
  return sums;
}

/// The sum of the products of all elements of two such matrices.
double product_of(std::span<const double> s, std::span<const double> t, std::size_t columns) {
  const std::size_t tiles = (columns + kTile - 1) / kTile;
  double sum = 0.0;
  std::size_t at = 0;
  for (std::size_t a = 0; a < tiles; ++a) {
    for (std::size_t b = a; b < tiles; ++b, at += kTile * kTile) {
      double own = 0.0;
      for (std::size_t e = at; e < at + kTile * kTile; ++e) own += s[e] * t[e];
      sum += a == b ? own : 2.0 * own;
    }
  }
  return sum;
}

bool covariances_are_less_work(MatrixView queries, MatrixView items) {
  const auto n = static_cast<double>(queries.rows()), m = static_cast<double>(items.rows());
  return kCostOfCovariance * (n + m) * static_cast<double>(queries.cols()) / 2.0 < n * m;
}

double variance_of_every_score(MatrixView queries, const Gallery& gallery, const Kernel& kernel) {
  // Less one of the scores, so that equal scores have no variance.
  const double origin = canonical_dot(queries.row(0), gallery.vectors.row(0)) +
                        (gallery.bias.empty() ? 0.0 : gallery.bias[0]);
  // Sums a query, whichever thread it is on.
  std::vector<double> sums(queries.rows(), 0.0), squares(queries.rows(), 0.0);
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    for (const double score : tile.scores) {
      sums[tile.query] += score - origin;
      squares[tile.query] += (score - origin) * (score - origin);
    }
  });
  const auto items = static_cast<double>(gallery.vectors.rows());
  const double pairs = items * static_cast<double>(queries.rows());
  const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / pairs;
  const double square = std::accumulate(squares.begin(), squares.end(), 0.0) / pairs;
  return std::max(0.0, square - mean * mean);
}

struct Means {
  std::vector<double> query, item;
  double bias;
};

double variance_by_covariances(MatrixView queries, const Gallery& gallery, const Means& means,
                               int threads) {
  const MatrixView items = gallery.vectors;
  const std::vector<double> of_queries = along(queries, means.query, means.item, threads);
  std::vector<double> of_items = along(items, means.item, means.query, threads);
  for (std::size_t j = 0; j < gallery.bias.size(); ++j) of_items[j] += gallery.bias[j] - means.bias;
  const double both = product_of(covariance_tiles(queries, means.query, threads),
                                 covariance_tiles(items, means.item, threads), queries.cols());
  return mean_square(of_queries) + mean_square(of_items) + std::max(0.0, both);
}

/// About the most that scores could vary by.
double range_of(MatrixView queries, const Gallery& gallery) {
  return std::sqrt(mean_square_norm(queries) * mean_square_norm(gallery.vectors)) +
         (gallery.bias.empty() ? 0.0 : std::sqrt(mean_square(gallery.bias)));
}

}  // namespace

ScoreMoments score_moments(MatrixView queries, const Gallery& gallery, const Kernel& kernel) {
  require_comparable(queries, gallery);
  const Means means{mean_of(queries), mean_of(gallery.vectors),
                    gallery.bias.empty() ? 0.0 : mean_of(gallery.bias)};
  ScoreMoments out;
  out.mean =
      std::inner_product(means.query.begin(), means.query.end(), means.item.begin(), means.bias);
  if (covariances_are_less_work(queries, gallery.vectors)) {
    out.deviation = std::sqrt(variance_by_covariances(queries, gallery, means, kernel.threads));
    if (out.deviation > kSurelyVaries * range_of(queries, gallery)) return out;
  }
  out.deviation = std::sqrt(variance_of_every_score(queries, gallery, kernel));
  return out;
}

}  // namespace alignlab
