#include "cluster/kmeans_seeding.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cluster/distance.h"
#include "core/error.h"
#include "search/search.h"

namespace alignlab {
namespace {

constexpr int kRounds = 5;

[[noreturn]] void fail_too_few(std::size_t clusters, std::size_t points, std::size_t distinct) {
  throw DataError(fmt::format("k-means: {} clusters asked of {} points of which only {} differ",
                              clusters, points, distinct));
}

/// Squared distances of points to the nearest of what has been chosen.
class NearestChosen {
 public:
  NearestChosen(MatrixView points, int threads)
      : points_(points), threads_(threads), squared_(points.rows(), -1.0) {}

  void choose(std::span<const float> centroid) {
    const auto count = static_cast<std::int64_t>(points_.rows());
#pragma omp parallel for num_threads(threads_) schedule(static)
    for (std::int64_t i = 0; i < count; ++i) {
      double& own = squared_[static_cast<std::size_t>(i)];
      if (own == 0.0) continue;
      const double distance = squared_distance(points_.row(static_cast<std::size_t>(i)), centroid);
      own = own < 0.0 ? distance : std::min(own, distance);
    }
  }

  /// At once: the nearest of them first, so that each point is compared with one.
  void choose_all(const Matrix& centroids, NearestSearch& search) {
    if (centroids.rows() == 0) return;
    const auto nearest = search.best(prepare(centroids, Similarity::kEuclidean, "candidates"));
    const auto count = static_cast<std::int64_t>(points_.rows());
#pragma omp parallel for num_threads(threads_) schedule(static)
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto centroid = centroids.row(static_cast<std::size_t>(nearest[at]));
      squared_[at] = std::min(squared_[at], squared_distance(points_.row(at), centroid));
    }
  }

  const std::vector<double>& squared() const { return squared_; }

 private:
  MatrixView points_;
  int threads_;
  std::vector<double> squared_;
};

/// A place drawn in proportion to `mass`, whose sum is above 0; never one without.
std::size_t drawn(const std::vector<double>& mass, double total, Rng& rng) {
  double left = rng.uniform() * total;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) {
    if (mass[i] == 0.0) continue;
    chosen = i;
    left -= mass[i];
    if (left < 0.0) break;
  }
  return chosen;
}

/// Rows of `points`, each counting `weight` times. Fewer than `clusters` where no more differ.
std::vector<std::size_t> spread_out(MatrixView points, const std::vector<double>& weight,
                                    std::size_t clusters, int threads, Rng& rng,
                                    Progress& progress) {
  NearestChosen nearest(points, threads);
  std::vector<double> mass = weight;
  std::vector<std::size_t> out;
  while (out.size() < clusters) {
    progress.check();
    const double total = std::accumulate(mass.begin(), mass.end(), 0.0);
    if (total == 0.0) break;
    out.push_back(drawn(mass, total, rng));
    nearest.choose(points.row(out.back()));
    for (std::size_t i = 0; i < mass.size(); ++i) mass[i] = weight[i] * nearest.squared()[i];
  }
  return out;
}

Matrix rows_of(MatrixView points, const std::vector<std::size_t>& which) {
  Matrix out(which.size(), points.cols());
  for (std::size_t i = 0; i < which.size(); ++i) {
    std::ranges::copy(points.row(which[i]), out.row(i).begin());
  }
  return out;
}

/// Some rounds of drawing each point by itself, about twice as many a round as there are clusters.
std::vector<std::size_t> oversampled(MatrixView points, const KMeansOptions& options,
                                     NearestSearch& search, Rng& rng, Progress& progress) {
  NearestChosen nearest(points, options.threads);
  std::vector<std::size_t> out{rng.below(points.rows())};
  nearest.choose(points.row(out.front()));
  const double a_round = 2.0 * static_cast<double>(options.clusters);
  for (int round = 0; round < kRounds; ++round) {
    progress.check();
    const double total = std::accumulate(nearest.squared().begin(), nearest.squared().end(), 0.0);
    if (total == 0.0) break;
    std::vector<std::size_t> round_of;
    for (std::size_t i = 0; i < points.rows(); ++i) {
      const double squared = nearest.squared()[i];
      if (squared > 0.0 && rng.uniform() * total < a_round * squared) round_of.push_back(i);
    }
    out.insert(out.end(), round_of.begin(), round_of.end());
    nearest.choose_all(rows_of(points, round_of), search);
  }
  return out;
}

}  // namespace

Matrix seed_centroids(MatrixView points, const KMeansOptions& options, Rng& rng,
                      Progress& progress) {
  if (options.seeding == "k-means||") {
    NearestSearch search(points, "points", {.name = options.kernel, .threads = options.threads});
    const Matrix candidates = rows_of(points, oversampled(points, options, search, rng, progress));
    if (candidates.rows() > options.clusters) {
      // A candidate counts as often as points are nearest to it.
      std::vector<double> weight(candidates.rows(), 0.0);
      for (const std::int32_t own :
           search.best(prepare(candidates, Similarity::kEuclidean, "candidates"))) {
        weight[static_cast<std::size_t>(own)] += 1.0;
      }
      const auto chosen =
          spread_out(candidates, weight, options.clusters, options.threads, rng, progress);
      if (chosen.size() == options.clusters) return rows_of(candidates, chosen);
    }
    // Too few differ among the candidates: all points may do better.
  }
  const auto chosen = spread_out(points, std::vector<double>(points.rows(), 1.0), options.clusters,
                                 options.threads, rng, progress);
  if (chosen.size() < options.clusters) {
    fail_too_few(options.clusters, points.rows(), chosen.size());
  }
  return rows_of(points, chosen);
}

}  // namespace alignlab
