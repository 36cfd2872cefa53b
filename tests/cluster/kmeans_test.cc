#include "cluster/kmeans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "search/search.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;

Matrix matrix_of(const std::vector<std::vector<float>>& rows) {
  Matrix out(rows.size(), rows.front().size());
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(rows[i], out.row(i).begin());
  return out;
}

double distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    sum += (static_cast<double>(a[e]) - b[e]) * (static_cast<double>(a[e]) - b[e]);
  }
  return sum;
}

/// The lowest of the nearest centroids.
std::size_t nearest(std::span<const float> point, const Matrix& centroids) {
  std::size_t best = 0;
  for (std::size_t c = 1; c < centroids.rows(); ++c) {
    if (distance(point, centroids.row(c)) < distance(point, centroids.row(best))) best = c;
  }
  return best;
}

double sum_of_nearest_distances(const Matrix& points, const Matrix& centroids) {
  double sum = 0.0;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    sum += distance(points.row(i), centroids.row(nearest(points.row(i), centroids)));
  }
  return sum;
}

KMeans run(const Matrix& points, std::size_t clusters, std::uint64_t seed, int most_iterations = 50,
           int threads = 1) {
  Silent silent;
  return k_means(points,
                 {.clusters = clusters, .most_iterations = most_iterations, .threads = threads},
                 Rng(seed, "test"), silent);
}

constexpr std::uint64_t kSeed = 3;

KMeans from(const Matrix& points, const Matrix& start, const KMeansOptions& options) {
  Silent silent;
  return k_means_from(points, start, options, silent);
}

void expect_consistent(const Matrix& points, const KMeans& found) {
  std::vector<std::int64_t> sizes(found.centroids.rows(), 0);
  double objective = 0.0;
  ASSERT_EQ(found.assignment.size(), points.rows());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    const auto cluster = static_cast<std::size_t>(found.assignment[i]);
    ASSERT_LT(cluster, sizes.size());
    ++sizes[cluster];
    objective += distance(points.row(i), found.centroids.row(cluster));
  }
  EXPECT_EQ(found.sizes, sizes);
  EXPECT_GT(std::ranges::min(sizes), 0);
  EXPECT_NEAR(found.objective, objective, 1e-9 * (1.0 + objective));
}

Matrix random_points(std::size_t rows, std::size_t cols, std::uint64_t seed, int range) {
  Rng random(seed, "points");
  Matrix points(rows, cols);
  for (float& value : points.values()) value = static_cast<float>(random.between(0, range));
  return points;
}

std::size_t distinct_rows(const Matrix& points) {
  std::set<std::vector<float>> rows;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    rows.emplace(points.row(i).begin(), points.row(i).end());
  }
  return rows.size();
}

/// Whether Lloyd's iterations from `centroids`, without any repair, come to an empty cluster.
bool empties_a_cluster(const Matrix& points, Matrix centroids) {
  for (int iteration = 0; iteration < 10; ++iteration) {
    Matrix sums(centroids.rows(), centroids.cols());
    std::vector<int> sizes(centroids.rows(), 0);
    for (std::size_t i = 0; i < points.rows(); ++i) {
      const std::size_t c = nearest(points.row(i), centroids);
      ++sizes[c];
      for (std::size_t e = 0; e < sums.cols(); ++e) sums.row(c)[e] += points.row(i)[e];
    }
    for (std::size_t c = 0; c < sums.rows(); ++c) {
      if (sizes[c] == 0) return true;
      for (float& value : sums.row(c)) value /= static_cast<float>(sizes[c]);
    }
    centroids = sums;
  }
  return false;
}

TEST(KMeans, RecoversSeparatedBlobs) {
  Rng random(1, "blobs");
  Matrix points(120, 2);
  std::vector<std::size_t> blob(points.rows());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    blob[i] = i % 4;
    points.row(i)[0] =
        static_cast<float>((blob[i] % 2 == 0 ? 10.0 : -10.0) + random.uniform(-1.0, 1.0));
    points.row(i)[1] = static_cast<float>((blob[i] < 2 ? 10.0 : -10.0) + random.uniform(-1.0, 1.0));
  }
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const KMeans found = run(points, 4, seed);
    expect_consistent(points, found);
    for (std::size_t i = 0; i < points.rows(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        ASSERT_EQ(found.assignment[i] == found.assignment[j], blob[i] == blob[j]) << i << " " << j;
      }
    }
  }
}

TEST(KMeans, LeavesMeansObjectiveAndSizesThatOneCanCheckByHand) {
  const Matrix points = matrix_of({{0, 0}, {2, 0}, {10, 1}, {10, 3}, {10, 5}});
  const KMeans found = run(points, 2, 1);
  const auto left = static_cast<std::size_t>(found.assignment[0]);
  EXPECT_EQ(found.centroids.row(left)[0], 1.0F);
  EXPECT_EQ(found.centroids.row(left)[1], 0.0F);
  EXPECT_EQ(found.centroids.row(1 - left)[0], 10.0F);
  EXPECT_EQ(found.centroids.row(1 - left)[1], 3.0F);
  EXPECT_EQ(found.sizes[left], 2);
  EXPECT_EQ(found.sizes[1 - left], 3);
  EXPECT_EQ(found.objective, 1.0 + 1.0 + 4.0 + 0.0 + 4.0);
}

TEST(KMeans, SettlesWhereEveryPointIsAtTheLowestOfItsNearestCentroids) {
  // With {-3, 0} and {1.5} clustered, 0 is as far from -1.5 as from 1.5.
  const Matrix points = matrix_of({{-3.0F}, {0.0F}, {1.5F}});
  int ties = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const KMeans found = run(points, 2, seed);
    for (std::size_t i = 0; i < points.rows(); ++i) {
      EXPECT_EQ(static_cast<std::size_t>(found.assignment[i]),
                nearest(points.row(i), found.centroids));
    }
    ties += distance(points.row(1), found.centroids.row(0)) ==
            distance(points.row(1), found.centroids.row(1));
  }
  EXPECT_GT(ties, 0);
  EXPECT_LT(ties, 40);
}

TEST(KMeans, SeedsWithPointsThatDiffer) {
  const Matrix points = random_points(60, 2, 1, 3);  // 16 places at most, so many repeats
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Matrix seeds = run(points, 10, seed, 0).centroids;
    EXPECT_EQ(distinct_rows(seeds), 10U);
    for (std::size_t c = 0; c < seeds.rows(); ++c) {
      EXPECT_EQ(distance(seeds.row(c), points.row(nearest(seeds.row(c), points))), 0.0);
    }
  }
}

TEST(KMeans, NeverEndsAboveTheObjectiveOfItsSeeding) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Matrix points = random_points(50, 3, seed, 20);
    const KMeans seeded = run(points, 7, seed, 0);
    const KMeans settled = run(points, 7, seed);
    const double start = sum_of_nearest_distances(points, seeded.centroids);
    EXPECT_NEAR(seeded.objective, start, 1e-9 * start);
    EXPECT_LT(settled.objective, start);
    expect_consistent(points, settled);
  }
}

TEST(KMeans, GivesAPointToAClusterThatLloydWouldLeaveEmpty) {
  int emptied = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Matrix points = random_points(20, 2, seed, 30);
    // Some of these start so far off that they get no point, at once or later.
    const Matrix start = random_points(5, 2, seed + 1000, 45);
    if (!empties_a_cluster(points, start)) continue;
    ++emptied;
    const double before = sum_of_nearest_distances(points, start);
    // Wherever the iterations are cut, also right after a repair.
    for (const int most_iterations : {0, 1, 2, 3, 4, 5, 50}) {
      const KMeans found = from(points, start, {.most_iterations = most_iterations});
      expect_consistent(points, found);
      EXPECT_LE(found.objective, before * (1.0 + 1e-6))
          << "seed " << seed << ", at most " << most_iterations;
    }
  }
  EXPECT_GT(emptied, 20);
}

/// Lloyd as its definition reads, in double, from the same start; sums in order of the points.
KMeans by_definition(const Matrix& points, Matrix centroids, int iterations) {
  KMeans out;
  for (int iteration = 0;; ++iteration) {
    const Gallery gallery = prepare(centroids, Similarity::kEuclidean, "centroids");
    out.assignment = top_k(points, gallery, 1, {.name = "scalar"}).ids;
    if (iteration == iterations) break;
    std::vector<double> sums(centroids.values().size(), 0.0);
    std::vector<double> sizes(centroids.rows(), 0.0);
    for (std::size_t i = 0; i < points.rows(); ++i) {
      const auto own = static_cast<std::size_t>(out.assignment[i]);
      sizes[own] += 1.0;
      for (std::size_t e = 0; e < points.cols(); ++e) {
        sums[own * points.cols() + e] += points.row(i)[e];
      }
    }
    for (std::size_t c = 0; c < centroids.rows(); ++c) {
      EXPECT_GT(sizes[c], 0.0);
      for (std::size_t e = 0; e < points.cols(); ++e) {
        centroids.row(c)[e] = static_cast<float>(sums[c * points.cols() + e] / sizes[c]);
      }
    }
  }
  out.centroids = centroids;
  return out;
}

TEST(KMeans, TakesTheStepsOfItsDefinitionWithEveryKernelAndNumberOfThreads) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    // Integers, whose sums no order of addition changes.
    const std::size_t cols = seed % 3 == 0 ? 3 : 150;
    const Matrix points = random_points(700, cols, seed, 20);
    Matrix start(9, cols);
    for (std::size_t c = 0; c < 9; ++c) {
      std::ranges::copy(points.row(c * 70), start.row(c).begin());
    }
    for (const int iterations : {0, 1, 4, 9}) {
      const KMeans expected = by_definition(points, start, iterations);
      for (const char* kernel : {"certified", "blas", "scalar"}) {
        for (const int threads : {1, 2, 3}) {
          const KMeans found = from(
              points, start, {.most_iterations = iterations, .threads = threads, .kernel = kernel});
          ASSERT_EQ(found.assignment, expected.assignment) << kernel << " " << threads;
          ASSERT_EQ(found.centroids, expected.centroids) << kernel << " " << threads;
        }
      }
    }
  }
}

TEST(KMeans, OfRealNumbersHasTheSameBitsWithEveryKernelAndNumberOfThreads) {
  Rng random(4, "points");
  Matrix points(900, 130);
  for (float& value : points.values()) value = static_cast<float>(std::ldexp(random.normal(), -20));
  for (const char* seeding : {"k-means++", "k-means||"}) {
    for (const std::size_t batch : {std::size_t{0}, std::size_t{64}}) {
      const KMeansOptions options{
          .clusters = 12, .most_iterations = 8, .seeding = seeding, .batch = batch};
      Silent silent;
      const KMeans first = k_means(points, options, Rng(kSeed, "test"), silent);
      expect_consistent(points, first);
      for (const char* kernel : {"certified", "blas", "scalar"}) {
        for (const int threads : {1, 2, 3}) {
          KMeansOptions other = options;
          other.kernel = kernel;
          other.threads = threads;
          const KMeans found = k_means(points, other, Rng(kSeed, "test"), silent);
          ASSERT_EQ(found.centroids, first.centroids) << kernel << " " << threads;
          ASSERT_EQ(found.assignment, first.assignment);
          ASSERT_EQ(found.objective, first.objective);
        }
      }
    }
  }
}

TEST(KMeans, FindsWellSeparatedClustersHoweverItIsSeededAndByBatches) {
  // Twenty blobs: plain random starts would nearly always miss some.
  Rng random(5, "blobs");
  Matrix points(2000, 8), centres(20, 8);
  for (float& value : centres.values()) value = static_cast<float>(random.uniform(-50.0, 50.0));
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t e = 0; e < 8; ++e) {
      points.row(i)[e] = centres.row(i % 20)[e] + static_cast<float>(0.1 * random.normal());
    }
  }
  for (const char* seeding : {"k-means++", "k-means||"}) {
    for (const std::size_t batch : {std::size_t{0}, std::size_t{256}}) {
      Silent silent;
      const KMeans found = k_means(
          points, {.clusters = 20, .most_iterations = 30, .seeding = seeding, .batch = batch},
          Rng(kSeed, "test"), silent);
      expect_consistent(points, found);
      // 0.01 a value, give or take.
      EXPECT_NEAR(found.objective / 16000.0, 0.01, 0.001) << seeding << " " << batch;
    }
  }
}

TEST(KMeans, KeepsTwoClustersOfPointsTooCloseForTheirSizeToTellApart) {
  // In double, x.g - |g|^2/2 is 5e35 for both, so every point's nearest centroid is the first.
  const Matrix points = matrix_of({{1e18F, 0.0F}, {1e18F, 1.0F}});
  const KMeans found = run(points, 2, 0);
  EXPECT_EQ(found.sizes, (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(found.objective, 0.0);
}

TEST(KMeans, PutsEveryPointOnItsCentroidWhenThereAreAsManyClustersAsPointsThatDiffer) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Matrix points = random_points(40, 2, seed, 2);
    const KMeans found = run(points, distinct_rows(points), seed);
    expect_consistent(points, found);
    EXPECT_EQ(found.objective, 0.0);
  }
}

TEST(KMeans, GivesTheSameBitsForAnyNumberOfThreads) {
  Rng random(5, "points");
  Matrix points(300, 9);
  for (float& value : points.values()) value = static_cast<float>(random.normal());
  const KMeans one = run(points, 11, 3);
  for (const int threads : {2, 3}) {
    const KMeans several = run(points, 11, 3, 50, threads);
    EXPECT_EQ(several.centroids, one.centroids);
    EXPECT_EQ(several.assignment, one.assignment);
    EXPECT_EQ(several.sizes, one.sizes);
    EXPECT_EQ(several.objective, one.objective);
    EXPECT_EQ(several.iterations, one.iterations);
  }
}

TEST(KMeans, GivesTheSameBitsForTheSameSeedAndOthersForAnother) {
  const Matrix points = random_points(200, 4, 6, 1000);
  const KMeans once = run(points, 9, 1);
  EXPECT_EQ(run(points, 9, 1).centroids, once.centroids);
  EXPECT_EQ(run(points, 9, 1).assignment, once.assignment);
  EXPECT_NE(run(points, 9, 2).centroids, once.centroids);
}

TEST(KMeans, SaysHowManyPointsDifferWhenTheyAreTooFew) {
  const Matrix points = matrix_of({{1, 1}, {2, 2}, {1, 1}, {2, 2}});
  EXPECT_EQ(message_of<DataError>([&] { run(points, 3, 0); }),
            "k-means: 3 clusters asked of 4 points of which only 2 differ");
  EXPECT_EQ(message_of<DataError>([&] { run(points, 5, 0); }),
            "k-means: 5 clusters asked of 4 points");
  EXPECT_EQ(message_of<DataError>([&] { run(points, 0, 0); }),
            "k-means: 0 clusters asked of 4 points");
  EXPECT_EQ(run(points, 2, 0).objective, 0.0);
}

/// Is cancelled from the given question on.
class CancelledLater : public Silent {
 public:
  explicit CancelledLater(int after) : left_(after) {}
  bool cancelled() const override { return left_-- <= 0; }

 private:
  mutable int left_;
};

TEST(KMeans, StopsWhereItIsCancelled) {
  const Matrix points = random_points(200, 4, 6, 1000);
  ASSERT_GT(run(points, 9, 1).iterations, 3);
  for (const int after : {0, 2}) {
    CancelledLater progress(after);
    EXPECT_THROW(k_means(points, {9, 50, 1}, Rng(1, "test"), progress), Interrupted);
  }
}

/// Adds up what is reported.
class Counting : public Silent {
 public:
  void advance(std::uint64_t count) override { done += count; }
  std::uint64_t done = 0;
};

TEST(KMeans, AdvancesByAtMostAsManyIterationsAsItMayTake) {
  const Matrix points = random_points(300, 4, 6, 1000);
  for (const int most_iterations : {1, 3, 100}) {
    Counting progress;
    const KMeans found = k_means(points, {9, most_iterations, 1}, Rng(1, "test"), progress);
    EXPECT_GT(progress.done, 0U);
    EXPECT_LE(progress.done, static_cast<std::uint64_t>(most_iterations));
    EXPECT_LE(found.iterations, most_iterations + 1);
  }
}

TEST(SquaredDistances, AreThoseOfEveryPointToEveryCentroid) {
  const Matrix points = matrix_of({{0, 0}, {3, 4}});
  const Matrix centroids = matrix_of({{0, 0}, {3, 0}, {-1, 1}});
  EXPECT_EQ(squared_distances(points, centroids), matrix_of({{0, 9, 2}, {25, 16, 25}}));
}

TEST(SquaredDistances, AreNeverNegativeHoweverFarFromTheOrigin) {
  const Matrix points = matrix_of({{1e8F, 1e8F}, {100000008.0F, 1e8F}});
  EXPECT_EQ(squared_distances(points, points), matrix_of({{0, 64}, {64, 0}}));
}

}  // namespace
}  // namespace alignlab
