#include "cluster/hierarchical.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/rng.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::matrix_of;

using Labels = std::vector<std::int32_t>;

Matrix random_points(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.normal());
  return out;
}

std::vector<Merge> ward_merges(const Matrix& points, const std::vector<double>& weights) {
  return merges_by(Linkage::kWard, points, weights);
}

std::vector<double> ones(std::size_t n) { return std::vector<double>(n, 1.0); }

/// The weighted sum of squared distances of some points to their own mean, from the points.
double squares_around_mean(const Matrix& points, const std::vector<double>& weights,
                           const std::vector<std::size_t>& members) {
  double squares = 0.0;
  for (std::size_t e = 0; e < points.cols(); ++e) {
    double sum = 0.0, weight = 0.0;
    for (const std::size_t i : members) {
      sum += weights[i] * static_cast<double>(points.row(i)[e]);
      weight += weights[i];
    }
    for (const std::size_t i : members) {
      const double off = static_cast<double>(points.row(i)[e]) - sum / weight;
      squares += weights[i] * off * off;
    }
  }
  return squares;
}

/// All clusterings, from n clusters to one, and what each merge cost: every pair tried, every
/// increase computed from the points.
struct NaiveWard {
  std::vector<double> costs;
  std::vector<Labels> cuts;  // cuts[m]: after m merges, numbered by first points
};

Labels labels_of(const std::vector<std::vector<std::size_t>>& clusters, std::size_t points) {
  Labels own(points);
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    for (const std::size_t i : clusters[c]) own[i] = static_cast<std::int32_t>(c);
  }
  std::map<std::int32_t, std::int32_t> number;
  for (std::int32_t& label : own) {
    label = number.try_emplace(label, static_cast<std::int32_t>(number.size())).first->second;
  }
  return own;
}

NaiveWard naive_ward(const Matrix& points, const std::vector<double>& weights) {
  std::vector<std::vector<std::size_t>> clusters;
  for (std::size_t i = 0; i < points.rows(); ++i) clusters.push_back({i});
  NaiveWard out{{}, {labels_of(clusters, points.rows())}};
  while (clusters.size() > 1) {
    double least = std::numeric_limits<double>::infinity();
    std::size_t one = 0, other = 0;
    for (std::size_t a = 0; a < clusters.size(); ++a) {
      for (std::size_t b = a + 1; b < clusters.size(); ++b) {
        std::vector<std::size_t> both = clusters[a];
        both.insert(both.end(), clusters[b].begin(), clusters[b].end());
        const double cost = squares_around_mean(points, weights, both) -
                            squares_around_mean(points, weights, clusters[a]) -
                            squares_around_mean(points, weights, clusters[b]);
        if (cost < least) least = cost, one = a, other = b;
      }
    }
    clusters[one].insert(clusters[one].end(), clusters[other].begin(), clusters[other].end());
    clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(other));
    out.costs.push_back(least);
    out.cuts.push_back(labels_of(clusters, points.rows()));
  }
  return out;
}

TEST(Ward, MergesWhatAddsLeastWorkedByHand) {
  // 0 and 1 add 1/2; 10 and 12 add 2; the unions, 2 points each and 10.5 apart, add 110.25.
  const auto merges = ward_merges(matrix_of(4, 1, {10, 0, 12, 1}), ones(4));
  ASSERT_EQ(merges.size(), 3U);
  EXPECT_EQ(merges[0].one, 1);
  EXPECT_EQ(merges[0].other, 3);
  EXPECT_DOUBLE_EQ(merges[0].cost, 0.5);
  EXPECT_EQ(merges[1].one, 0);
  EXPECT_EQ(merges[1].other, 2);
  EXPECT_DOUBLE_EQ(merges[1].cost, 2.0);
  EXPECT_EQ(merges[2].one, 4);
  EXPECT_EQ(merges[2].other, 5);
  EXPECT_DOUBLE_EQ(merges[2].cost, 110.25);
  EXPECT_EQ(cut(merges, 4, 2), (Labels{0, 1, 0, 1}));
  EXPECT_EQ(cut(merges, 4, 3), (Labels{0, 1, 2, 1}));
}

TEST(Ward, LetsLightPointsGoBeforeHeavyOnesFurtherApart) {
  // 0 and 3 weigh 10: 9 * 10 * 10 / 20 = 45. 10 and 14 weigh 1: 16 / 2 = 8.
  const std::vector<double> weights{10.0, 10.0, 1.0, 1.0};
  const auto merges = ward_merges(matrix_of(4, 1, {0, 3, 10, 14}), weights);
  EXPECT_EQ(merges.at(0).one, 2);
  EXPECT_EQ(merges.at(0).other, 3);
  EXPECT_DOUBLE_EQ(merges.at(0).cost, 8.0);
  EXPECT_DOUBLE_EQ(merges.at(1).cost, 45.0);
}

TEST(Ward, HasNothingToMergeInOnePoint) {
  EXPECT_TRUE(ward_merges(matrix_of(1, 2, {3, 4}), ones(1)).empty());
  EXPECT_EQ(cut({}, 1, 1), (Labels{0}));
}

TEST(Ward, FindsWhatTryingEveryPairFinds) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed, "ward");
    const std::size_t n = 2 + rng.below(24);
    const Matrix points = random_points(n, 1 + rng.below(6), rng);
    std::vector<double> weights = ones(n);
    for (double& weight : weights) {
      if (seed % 2 == 1) weight = 0.2 + 3.0 * rng.uniform();
    }
    const NaiveWard expected = naive_ward(points, weights);
    const auto merges = ward_merges(points, weights);
    ASSERT_EQ(merges.size(), n - 1) << seed;
    for (std::size_t m = 0; m < merges.size(); ++m) {
      EXPECT_NEAR(merges[m].cost, expected.costs[m], 1e-9 * (1.0 + expected.costs[m])) << seed;
      EXPECT_EQ(cut(merges, n, n - m), expected.cuts[m]) << seed << ", " << m;
    }
    EXPECT_EQ(cut(merges, n, 1), Labels(n, 0));
  }
}

TEST(Ward, GivesCheapestMergesFirstAndEachClusterOnce) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed, "dendrogram");
    const std::size_t n = 2 + rng.below(200);
    Matrix points = random_points(n, 3, rng);
    // Small integers make many equal costs, and many equal points.
    for (float& value : points.values()) {
      if (seed % 2 == 0) value = static_cast<float>(rng.between(0, 3));
    }
    const auto merges = ward_merges(points, ones(n));
    ASSERT_EQ(merges.size(), n - 1);
    std::vector<int> merged(2 * n - 1, 0);
    for (std::size_t m = 0; m < merges.size(); ++m) {
      EXPECT_LT(merges[m].one, merges[m].other);
      EXPECT_LT(merges[m].other, static_cast<std::int32_t>(n + m));
      ++merged[static_cast<std::size_t>(merges[m].one)];
      ++merged[static_cast<std::size_t>(merges[m].other)];
      EXPECT_LE(m > 0 ? merges[m - 1].cost : 0.0, merges[m].cost);
    }
    EXPECT_EQ(std::ranges::count(merged, 1), static_cast<std::ptrdiff_t>(2 * n - 2)) << seed;
    EXPECT_EQ(merged.back(), 0);
  }
}

TEST(Ward, AddsUpToAllSquaresAroundTheMean) {
  Rng rng(9, "sum");
  const Matrix points = random_points(120, 5, rng);
  std::vector<double> weights(120);
  std::vector<std::size_t> all(120);
  for (std::size_t i = 0; i < 120; ++i) weights[i] = 0.5 + rng.uniform(), all[i] = i;
  double sum = 0.0;
  for (const Merge& merge : ward_merges(points, weights)) sum += merge.cost;
  EXPECT_NEAR(sum, squares_around_mean(points, weights, all), 1e-9 * sum);
}

TEST(Ward, TakesAWeightForAsManyEqualPoints) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed, "repeated");
    const std::size_t n = 2 + rng.below(15);
    const Matrix points = random_points(n, 2, rng);
    std::vector<double> weights;
    std::vector<std::size_t> original;
    for (std::size_t i = 0; i < n; ++i) {
      const auto times = static_cast<std::size_t>(rng.between(1, 4));
      weights.push_back(static_cast<double>(times));
      original.insert(original.end(), times, i);
    }
    Matrix repeated(original.size(), 2);
    for (std::size_t r = 0; r < original.size(); ++r) {
      std::ranges::copy(points.row(original[r]), repeated.row(r).begin());
    }
    const auto weighted = ward_merges(points, weights);
    const auto merges = ward_merges(repeated, ones(repeated.rows()));
    for (std::size_t clusters = 1; clusters <= n; ++clusters) {
      const Labels expected = cut(weighted, n, clusters);
      const Labels found = cut(merges, repeated.rows(), clusters);
      for (std::size_t r = 0; r < original.size(); ++r) {
        EXPECT_EQ(found[r], expected[original[r]]) << seed << ", " << clusters;
      }
    }
  }
}

TEST(Ward, MergesEqualPointsForNothing) {
  const auto merges = ward_merges(matrix_of(5, 1, {7, 7, 7, 7, 7}), ones(5));
  ASSERT_EQ(merges.size(), 4U);
  for (const Merge& merge : merges) EXPECT_EQ(merge.cost, 0.0);
}

TEST(AverageLinkage, MergesByMeanDistancesWorkedByHand) {
  // 0 and 1 are 1 apart, 4 and 6 are 2; between the unions 4, 6, 3 and 5: 4.5 on average.
  const auto merges = merges_by(Linkage::kAverage, matrix_of(4, 1, {4, 0, 6, 1}), ones(4));
  ASSERT_EQ(merges.size(), 3U);
  EXPECT_DOUBLE_EQ(merges[0].cost, 1.0);
  EXPECT_DOUBLE_EQ(merges[1].cost, 2.0);
  EXPECT_DOUBLE_EQ(merges[2].cost, 4.5);
  EXPECT_EQ(cut(merges, 4, 2), (Labels{0, 1, 0, 1}));
}

TEST(AverageLinkage, CountsAPointByItsWeight) {
  // 0 (three times) and 1 join; from 3 they are 3, 3, 3 and 2 away.
  const std::vector<double> weights{3.0, 1.0, 1.0};
  const auto merges = merges_by(Linkage::kAverage, matrix_of(3, 1, {0, 1, 3}), weights);
  EXPECT_DOUBLE_EQ(merges.at(1).cost, 11.0 / 4.0);
}

TEST(AverageLinkage, FindsWhatTryingEveryPairFinds) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed, "average");
    const std::size_t n = 2 + rng.below(20);
    const Matrix points = random_points(n, 1 + rng.below(6), rng);
    const auto found = merges_by(Linkage::kAverage, points, ones(n));
    std::vector<std::vector<std::size_t>> clusters;
    for (std::size_t i = 0; i < n; ++i) clusters.push_back({i});
    for (std::size_t m = 0; clusters.size() > 1; ++m) {
      double least = std::numeric_limits<double>::infinity();
      std::size_t one = 0, other = 0;
      for (std::size_t a = 0; a < clusters.size(); ++a) {
        for (std::size_t b = a + 1; b < clusters.size(); ++b) {
          double sum = 0.0;
          for (const std::size_t i : clusters[a]) {
            for (const std::size_t j : clusters[b]) {
              double squares = 0.0;
              for (std::size_t e = 0; e < points.cols(); ++e) {
                squares += std::pow(double{points.row(i)[e]} - points.row(j)[e], 2.0);
              }
              sum += std::sqrt(squares);
            }
          }
          const double mean = sum / static_cast<double>(clusters[a].size() * clusters[b].size());
          if (mean < least) least = mean, one = a, other = b;
        }
      }
      clusters[one].insert(clusters[one].end(), clusters[other].begin(), clusters[other].end());
      clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(other));
      ASSERT_NEAR(found.at(m).cost, least, 1e-12 * (1.0 + least)) << seed;
      ASSERT_EQ(cut(found, n, clusters.size()), labels_of(clusters, n)) << seed;
    }
  }
}

TEST(Cut, NumbersClustersInTheOrderOfTheirFirstPoints) {
  const auto merges = ward_merges(matrix_of(6, 1, {50, 0, 51, 100, 1, 101}), ones(6));
  EXPECT_EQ(cut(merges, 6, 6), (Labels{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(cut(merges, 6, 3), (Labels{0, 1, 0, 2, 1, 2}));
  EXPECT_EQ(cut(merges, 6, 1), Labels(6, 0));
}

}  // namespace
}  // namespace alignlab
