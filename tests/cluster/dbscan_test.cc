#include "cluster/dbscan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "core/rng.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::matrix_of;

using Labels = std::vector<std::int32_t>;

std::vector<double> ones(std::size_t n) { return std::vector<double>(n, 1.0); }

bool in_reach(const Matrix& points, std::size_t i, std::size_t j, double reach) {
  double squares = 0.0;
  for (std::size_t e = 0; e < points.cols(); ++e) {
    const double off = double{points.row(i)[e]} - double{points.row(j)[e]};
    squares += off * off;
  }
  return squares <= reach * reach;
}

/// By the definitions: cores, the smallest core that each can be reached from, and what is in reach
/// of a core.
Labels by_definition(const Matrix& points, const std::vector<double>& weights,
                     const DbscanOptions& options) {
  const std::size_t n = points.rows();
  std::vector<bool> core(n);
  for (std::size_t i = 0; i < n; ++i) {
    double weight = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      if (in_reach(points, i, j, options.reach)) weight += weights[j];
    }
    core[i] = weight >= options.core_weight;
  }
  std::vector<std::size_t> first(n);
  for (std::size_t i = 0; i < n; ++i) first[i] = i;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (!core[i] || !core[j] || !in_reach(points, i, j, options.reach)) continue;
        if (first[j] >= first[i]) continue;
        first[i] = first[j];
        changed = true;
      }
    }
  }
  Labels out(n, kNoise);
  std::int32_t clusters = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (core[i]) out[i] = first[i] == i ? clusters++ : out[first[i]];
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n && !core[i]; ++j) {
      if (!core[j] || !in_reach(points, i, j, options.reach)) continue;
      if (out[i] == kNoise || out[j] < out[i]) out[i] = out[j];
    }
  }
  return out;
}

TEST(Dbscan, FindsTwoMoonsThatNoMeansTellApart) {
  constexpr std::size_t kEach = 60;
  Matrix points(2 * kEach, 2);
  Labels expected;
  for (std::size_t i = 0; i < kEach; ++i) {
    const double angle = std::numbers::pi * static_cast<double>(i) / (kEach - 1);
    const auto x = static_cast<float>(std::cos(angle)), y = static_cast<float>(std::sin(angle));
    std::ranges::copy(std::vector{x, y}, points.row(2 * i).begin());
    std::ranges::copy(std::vector{1.0F - x, 0.5F - y}, points.row(2 * i + 1).begin());
    expected.insert(expected.end(), {0, 1});
  }
  EXPECT_EQ(dbscan(points, ones(points.rows()), {0.15, 3.0}), expected);
}

TEST(Dbscan, FindsTwoLongLinesSideBySide) {
  // Each a hundred long, one apart: two means would cut both in the middle.
  Matrix points(400, 2);
  Labels expected;
  for (std::size_t i = 0; i < 400; ++i) {
    points.row(i)[0] = 0.5F * static_cast<float>(i % 200);
    points.row(i)[1] = i < 200 ? 0.0F : 1.0F;
    expected.push_back(i < 200 ? 0 : 1);
  }
  EXPECT_EQ(dbscan(points, ones(400), {0.6, 3.0}), expected);
  EXPECT_EQ(dbscan(points, ones(400), {1.0, 3.0}), Labels(400, 0));
}

TEST(Dbscan, TakesADistanceOfExactlyTheReachForWithinIt) {
  // 3-4-5: the distance and its square are exact.
  const Matrix points = matrix_of(2, 2, {0, 0, 3, 4});
  EXPECT_EQ(dbscan(points, ones(2), {5.0, 2.0}), (Labels{0, 0}));
  EXPECT_EQ(dbscan(points, ones(2), {std::nextafter(5.0, 0.0), 2.0}), (Labels{kNoise, kNoise}));
}

TEST(Dbscan, CountsACoreAmongItsOwnNeighbours) {
  EXPECT_EQ(dbscan(matrix_of(2, 1, {0, 9}), ones(2), {1.0, 1.0}), (Labels{0, 1}));
  EXPECT_EQ(dbscan(matrix_of(2, 1, {0, 9}), ones(2), {1.0, 2.0}), (Labels{kNoise, kNoise}));
}

TEST(Dbscan, LetsBordersBelongButNotLead) {
  // 1, 1 and 2 have four in reach; 0 and 3 have three, and 4, in reach of 3 alone, is noise.
  EXPECT_EQ(dbscan(matrix_of(7, 1, {0, 1, 1, 2, 3, 4, 9}), ones(7), {1.0, 4.0}),
            (Labels{0, 0, 0, 0, 0, kNoise, kNoise}));
}

// 0 and 2 have five in reach; -1 and 3 have four, and 1, in reach of both cores, has three.
TEST(Dbscan, GivesABorderOfTwoClustersToTheFirst) {
  EXPECT_EQ(dbscan(matrix_of(9, 1, {2, 3, 3, 3, 1, 0, -1, -1, -1}), ones(9), {1.0, 5.0}),
            (Labels{0, 0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(dbscan(matrix_of(9, 1, {1, 0, -1, -1, -1, 2, 3, 3, 3}), ones(9), {1.0, 5.0}),
            (Labels{0, 0, 0, 0, 0, 1, 1, 1, 1}));
}

TEST(Dbscan, NumbersClustersInTheOrderOfTheirFirstCores) {
  // Borders of the one stand first, but the core of the other does.
  EXPECT_EQ(dbscan(matrix_of(9, 1, {3, 3, 3, 0, -1, -1, -1, 1, 2}), ones(9), {1.0, 5.0}),
            (Labels{1, 1, 1, 0, 0, 0, 0, 0, 1}));
}

TEST(Dbscan, HasNoClustersOfNoPoints) { EXPECT_TRUE(dbscan(Matrix(0, 3), {}, {1.0, 1.0}).empty()); }

TEST(Dbscan, FindsWhatItsDefinitionSays) {
  std::set<std::int32_t> most;
  int noisy = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed, "dbscan");
    const std::size_t n = 1 + rng.below(60);
    Matrix points(n, 1 + rng.below(3));
    // Integers: many distances are exactly the reach.
    for (float& value : points.values()) {
      value = seed % 2 == 0 ? static_cast<float>(rng.between(0, 12))
                            : static_cast<float>(6.0 * rng.uniform());
    }
    std::vector<double> weights = ones(n);
    for (double& weight : weights) {
      if (seed % 3 == 0) weight = rng.between(1, 4);
    }
    const DbscanOptions options{seed % 2 == 0 ? rng.between(1, 3) : 1.2 * rng.uniform(),
                                static_cast<double>(rng.between(1, 6))};
    const Labels expected = by_definition(points, weights, options);
    EXPECT_EQ(dbscan(points, weights, options), expected) << seed;
    most.insert(*std::ranges::max_element(expected));
    noisy += std::ranges::count(expected, kNoise) > 0;
  }
  // The cases are worth nothing unless there are clusterings of all kinds.
  EXPECT_GT(most.size(), 8U);
  EXPECT_GT(noisy, 50);
}

TEST(Dbscan, TakesAWeightForAsManyEqualPoints) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed, "repeated");
    const std::size_t n = 1 + rng.below(30);
    Matrix points(n, 2);
    for (float& value : points.values()) value = static_cast<float>(4.0 * rng.uniform());
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
    const DbscanOptions options{0.7, 6.0};
    const Labels weighted = dbscan(points, weights, options);
    const Labels found = dbscan(repeated, ones(repeated.rows()), options);
    for (std::size_t r = 0; r < original.size(); ++r) {
      EXPECT_EQ(found[r], weighted[original[r]]) << seed;
    }
  }
}

TEST(MedianNearestDistance, IsTheMiddleOneOfTheDistancesToTheNearestOther) {
  // Nearest others are 1, 1, 2, 5 and 20 away.
  EXPECT_EQ(median_nearest_distance(matrix_of(5, 1, {0, 1, 3, 8, 28})), 2.0);
  EXPECT_EQ(median_nearest_distance(matrix_of(2, 2, {0, 0, 3, 4})), 5.0);
}

TEST(MedianNearestDistance, IsZeroWhereMostPointsHaveATwin) {
  EXPECT_EQ(median_nearest_distance(matrix_of(5, 1, {4, 4, 9, 9, 30})), 0.0);
}

}  // namespace
}  // namespace alignlab
