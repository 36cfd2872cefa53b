#include "cluster/kmeans.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/distance.h"
#include "cluster/exact_sums.h"
#include "cluster/kmeans_seeding.h"
#include "core/error.h"
#include "search/search.h"

namespace alignlab {
namespace {

void require_enough(MatrixView points, std::size_t clusters) {
  if (points.rows() >= clusters && clusters > 0) return;
  throw DataError(fmt::format("k-means: {} clusters asked of {} points", clusters, points.rows()));
}

Gallery gallery_of(const Matrix& centroids) {
  return prepare(centroids, Similarity::kEuclidean, "k-means centroids");
}

std::vector<std::int64_t> count_sizes(const std::vector<std::int32_t>& assignment,
                                      std::size_t clusters) {
  std::vector<std::int64_t> sizes(clusters, 0);
  for (const std::int32_t cluster : assignment) ++sizes[static_cast<std::size_t>(cluster)];
  return sizes;
}

std::vector<double> own_distances(MatrixView points, const Matrix& centroids,
                                  const std::vector<std::int32_t>& assignment, int threads) {
  std::vector<double> squared(points.rows());
  const auto count = static_cast<std::int64_t>(points.rows());
#pragma omp parallel for num_threads(threads) schedule(static)
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    squared[at] =
        squared_distance(points.row(at), centroids.row(static_cast<std::size_t>(assignment[at])));
  }
  return squared;
}

/// Gives every empty cluster the point farthest from its centroid, among clusters of two or more,
/// and moves the cluster there: iterations may end here, and no point must count from where an
/// empty cluster was.
void repair_empty(MatrixView points, int threads, KMeans& out) {
  if (std::ranges::find(out.sizes, 0) == out.sizes.end()) return;
  std::vector<double> squared = own_distances(points, out.centroids, out.assignment, threads);
  for (std::size_t c = 0; c < out.sizes.size(); ++c) {
    if (out.sizes[c] > 0) continue;
    std::size_t farthest = points.rows();
    for (std::size_t i = 0; i < points.rows(); ++i) {
      if (out.sizes[static_cast<std::size_t>(out.assignment[i])] < 2) continue;
      if (farthest == points.rows() || squared[i] > squared[farthest]) farthest = i;
    }
    --out.sizes[static_cast<std::size_t>(out.assignment[farthest])];
    out.assignment[farthest] = static_cast<std::int32_t>(c);
    out.sizes[c] = 1;
    squared[farthest] = 0.0;
    std::ranges::copy(points.row(farthest), out.centroids.row(c).begin());
  }
}

/// Assigns all points to where the centroids stand now.
void assign(NearestSearch& search, MatrixView points, int threads, KMeans& out) {
  out.assignment = search.best(gallery_of(out.centroids), out.assignment);
  out.sizes = count_sizes(out.assignment, out.centroids.rows());
  repair_empty(points, threads, out);
}

void sum_objective(MatrixView points, int threads, KMeans& out) {
  for (const double squared : own_distances(points, out.centroids, out.assignment, threads)) {
    out.objective += squared;
  }
}

/// Each point of a batch draws its centroid by one over the number of points it has drawn before.
Matrix moved_by_batches(MatrixView points, Matrix centroids, const KMeansOptions& options, Rng& rng,
                        Progress& progress) {
  std::vector<std::int64_t> drawn(centroids.rows(), 0);
  Matrix batch(std::min(options.batch, points.rows()), points.cols());
  for (int iteration = 0; iteration < options.most_iterations; ++iteration) {
    progress.check();
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      std::ranges::copy(points.row(rng.below(points.rows())), batch.row(i).begin());
    }
    const auto nearest =
        top_k(batch, gallery_of(centroids), 1, {.name = options.kernel, .threads = options.threads})
            .ids;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const auto own = static_cast<std::size_t>(nearest[i]);
      const double rate = 1.0 / static_cast<double>(++drawn[own]);
      const auto centroid = centroids.row(own);
      const auto point = std::as_const(batch).row(i);
      for (std::size_t e = 0; e < point.size(); ++e) {
        centroid[e] =
            static_cast<float>(centroid[e] + rate * (static_cast<double>(point[e]) - centroid[e]));
      }
    }
    progress.advance(1);
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
  require_enough(points, options.clusters);
  require_finite(points, "points");
  Matrix centroids = seed_centroids(points, options, rng, progress);
  if (options.batch == 0) return k_means_from(points, std::move(centroids), options, progress);
  KMeans out;
  out.centroids = moved_by_batches(points, std::move(centroids), options, rng, progress);
  out.iterations = options.most_iterations;
  NearestSearch search(points, "points", {.name = options.kernel, .threads = options.threads});
  assign(search, points, options.threads, out);
  sum_objective(points, options.threads, out);
  return out;
}

KMeans k_means_from(MatrixView points, Matrix centroids, const KMeansOptions& options,
                    Progress& progress) {
  require_enough(points, centroids.rows());
  NearestSearch search(points, "points", {.name = options.kernel, .threads = options.threads});
  ExactSums sums(points, centroids.rows(), points.rows());
  KMeans out;
  out.centroids = std::move(centroids);
  for (out.iterations = 1;; ++out.iterations) {
    progress.check();
    const std::vector<std::int32_t> before = out.assignment;
    assign(search, points, options.threads, out);
    if (out.assignment == before || out.iterations > options.most_iterations) break;
    sums.follow(out.assignment, options.threads);
    out.centroids = sums.means();
    progress.advance(1);
  }
  sum_objective(points, options.threads, out);
  return out;
}

}  // namespace alignlab
