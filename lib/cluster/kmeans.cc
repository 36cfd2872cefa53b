#include "cluster/kmeans.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "core/error.h"
#include "search/search.h"

namespace alignlab {
namespace {

/// In eight lanes, which compilers make vector code of.
double squared_distance(std::span<const float> a, std::span<const float> b) {
  std::array<double, 8> lanes{};
  const std::size_t whole = a.size() / lanes.size() * lanes.size();
  for (std::size_t e = 0; e < whole; e += lanes.size()) {
    for (std::size_t l = 0; l < lanes.size(); ++l) {
      const double off = static_cast<double>(a[e + l]) - static_cast<double>(b[e + l]);
      lanes[l] += off * off;
    }
  }
  for (std::size_t e = whole; e < a.size(); ++e) {
    const double off = static_cast<double>(a[e]) - static_cast<double>(b[e]);
    lanes[e - whole] += off * off;
  }
  double sum = 0.0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

/// Each next centroid is a point drawn in proportion to its squared distance from those chosen.
Matrix seed_centroids(MatrixView points, std::size_t clusters, Rng& rng) {
  Matrix centroids(clusters, points.cols());
  std::vector<double> nearest(points.rows(), 0.0);
  std::size_t chosen = rng.below(points.rows());
  for (std::size_t c = 0; c < clusters; ++c) {
    std::ranges::copy(points.row(chosen), centroids.row(c).begin());
    double total = 0.0;
    for (std::size_t i = 0; i < points.rows(); ++i) {
      const double distance = squared_distance(points.row(i), centroids.row(c));
      nearest[i] = c == 0 ? distance : std::min(nearest[i], distance);
      total += nearest[i];
    }
    if (c + 1 == clusters) break;
    if (total == 0.0) {
      throw DataError(fmt::format("k-means: {} clusters asked of {} points of which only {} differ",
                                  clusters, points.rows(), c + 1));
    }
    double left = rng.uniform() * total;
    chosen = 0;
    for (std::size_t i = 0; i < points.rows(); ++i) {
      if (nearest[i] == 0.0) continue;
      chosen = i;
      left -= nearest[i];
      if (left < 0.0) break;
    }
  }
  return centroids;
}

std::vector<std::int32_t> nearest_centroids(MatrixView points, const Matrix& centroids,
                                            int threads) {
  const Gallery gallery = prepare(centroids, Similarity::kEuclidean, "k-means centroids");
  return top_k(points, gallery, 1, {.threads = threads}).ids;
}

std::vector<std::int64_t> count_sizes(const std::vector<std::int32_t>& assignment,
                                      std::size_t clusters) {
  std::vector<std::int64_t> sizes(clusters, 0);
  for (const std::int32_t cluster : assignment) ++sizes[static_cast<std::size_t>(cluster)];
  return sizes;
}

/// Gives every empty cluster the point farthest from its centroid, among clusters of two or more,
/// and moves the cluster there: iterations may end here, and no point must count from where an
/// empty cluster was.
void repair_empty(MatrixView points, Matrix& centroids, std::vector<std::int32_t>& assignment,
                  std::vector<std::int64_t>& sizes) {
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] > 0) continue;
    std::size_t farthest = points.rows();
    double best = -1.0;
    for (std::size_t i = 0; i < points.rows(); ++i) {
      const auto own = static_cast<std::size_t>(assignment[i]);
      if (sizes[own] < 2) continue;
      const double distance = squared_distance(points.row(i), centroids.row(own));
      if (distance > best) {
        best = distance;
        farthest = i;
      }
    }
    --sizes[static_cast<std::size_t>(assignment[farthest])];
    assignment[farthest] = static_cast<std::int32_t>(c);
    sizes[c] = 1;
    std::ranges::copy(points.row(farthest), centroids.row(c).begin());
  }
}

Matrix means(MatrixView points, const std::vector<std::int32_t>& assignment,
             const std::vector<std::int64_t>& sizes) {
  std::vector<double> sums(sizes.size() * points.cols(), 0.0);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    double* sum = sums.data() + static_cast<std::size_t>(assignment[i]) * points.cols();
    const auto row = points.row(i);
    for (std::size_t e = 0; e < row.size(); ++e) sum[e] += row[e];
  }
  Matrix centroids(sizes.size(), points.cols());
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    for (std::size_t e = 0; e < points.cols(); ++e) {
      centroids.row(c)[e] =
          static_cast<float>(sums[c * points.cols() + e] / static_cast<double>(sizes[c]));
    }
  }
  return centroids;
}

}  // namespace

Matrix squared_distances(MatrixView points, MatrixView centroids) {
  Matrix out(points.rows(), centroids.rows());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t c = 0; c < centroids.rows(); ++c) {
      out.row(i)[c] = static_cast<float>(squared_distance(points.row(i), centroids.row(c)));
    }
  }
  return out;
}

KMeans k_means(MatrixView points, const KMeansOptions& options, Rng rng, Progress& progress) {
  if (points.rows() < options.clusters || options.clusters == 0) {
    throw DataError(
        fmt::format("k-means: {} clusters asked of {} points", options.clusters, points.rows()));
  }
  KMeans out;
  out.centroids = seed_centroids(points, options.clusters, rng);
  for (out.iterations = 1;; ++out.iterations) {
    progress.check();
    std::vector<std::int32_t> assignment =
        nearest_centroids(points, out.centroids, options.threads);
    out.sizes = count_sizes(assignment, options.clusters);
    repair_empty(points, out.centroids, assignment, out.sizes);
    const bool settled = assignment == out.assignment;
    out.assignment = std::move(assignment);
    if (settled || out.iterations > options.most_iterations) break;
    out.centroids = means(points, out.assignment, out.sizes);
    progress.advance(1);
  }
  for (std::size_t i = 0; i < points.rows(); ++i) {
    out.objective += squared_distance(
        points.row(i), out.centroids.row(static_cast<std::size_t>(out.assignment[i])));
  }
  return out;
}

}  // namespace alignlab
