#include "cluster/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/rng.h"

namespace alignlab {
namespace {

std::vector<std::int32_t> identity(std::size_t n) {
  std::vector<std::int32_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

bool is_permutation_of_columns(std::vector<std::int32_t> columns) {
  std::ranges::sort(columns);
  return columns == identity(columns.size());
}

double gain_of(const std::vector<std::int32_t>& columns, const std::vector<double>& gains) {
  double sum = 0.0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sum += gains[i * columns.size() + static_cast<std::size_t>(columns[i])];
  }
  return sum;
}

double largest_gain_of_all_permutations(const std::vector<double>& gains, std::size_t n) {
  std::vector<std::int32_t> columns = identity(n);
  double best = gain_of(columns, gains);
  while (std::ranges::next_permutation(columns).found) {
    best = std::max(best, gain_of(columns, gains));
  }
  return best;
}

/// An assignment is optimal when no cycle of rows gains by each taking the next one's column: the
/// longest way from any row back to itself, by Floyd and Warshall, is not positive.
bool some_exchange_gains(const std::vector<std::int32_t>& columns,
                         const std::vector<double>& gains) {
  const std::size_t n = columns.size();
  std::vector<double> gained(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      gained[i * n + j] = gains[i * n + static_cast<std::size_t>(columns[j])] -
                          gains[i * n + static_cast<std::size_t>(columns[i])];
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        gained[i * n + j] = std::max(gained[i * n + j], gained[i * n + k] + gained[k * n + j]);
      }
      if (gained[i * n + i] > 0.0) return true;
    }
  }
  return false;
}

TEST(BestAssignment, GivesUpARowsBestColumnWhereTheSumGains) {
  // With row 0 at its best column, 0, the sum is 7 at most; with row 1 there it is 8.
  const std::vector<double> gains{4, 3, 0,  //
                                  4, 1, 1,  //
                                  0, 2, 1};
  EXPECT_EQ(best_assignment(gains, 3), (std::vector<std::int32_t>{1, 0, 2}));
}

TEST(BestAssignment, GivesNothingForNoRowsAndTheOnlyColumnForOne) {
  EXPECT_TRUE(best_assignment({}, 0).empty());
  EXPECT_EQ(best_assignment(std::vector<double>{-5.0}, 1), (std::vector<std::int32_t>{0}));
}

TEST(BestAssignment, GivesEveryRowItsOwnColumnWhereAllGainsAreEqual) {
  EXPECT_TRUE(is_permutation_of_columns(best_assignment(std::vector<double>(25, -1.0), 5)));
}

TEST(BestAssignment, MatchesBruteForceOnSmallMatricesWithTiesAndNegativeGains) {
  Rng random(1, "small gains");
  for (std::size_t n = 2; n <= 7; ++n) {
    for (int round = 0; round < (n < 7 ? 60 : 15); ++round) {
      std::vector<double> gains(n * n);
      const int range = round % 3 == 0 ? 1 : 9;  // the smaller one makes many ties
      for (double& gain : gains) gain = random.between(-range, range);
      const auto columns = best_assignment(gains, n);
      ASSERT_TRUE(is_permutation_of_columns(columns));
      // Sums of small integers are exact.
      ASSERT_EQ(gain_of(columns, gains), largest_gain_of_all_permutations(gains, n));
    }
  }
}

TEST(BestAssignment, MatchesBruteForceOnRealGains) {
  Rng random(2, "real gains");
  for (int round = 0; round < 50; ++round) {
    std::vector<double> gains(36);
    for (double& gain : gains) gain = 100.0 * random.normal();
    const auto columns = best_assignment(gains, 6);
    ASSERT_TRUE(is_permutation_of_columns(columns));
    ASSERT_NEAR(gain_of(columns, gains), largest_gain_of_all_permutations(gains, 6), 1e-9);
  }
}

TEST(BestAssignment, LeavesNoExchangeThatGainsAmongSixtyRows) {
  Rng random(3, "many gains");
  for (int round = 0; round < 5; ++round) {
    std::vector<double> gains(60 * 60);
    for (double& gain : gains) gain = random.between(-20, 100);
    const auto columns = best_assignment(gains, 60);
    ASSERT_TRUE(is_permutation_of_columns(columns));
    EXPECT_FALSE(some_exchange_gains(columns, gains));
    // The certificate must be able to fail.
    EXPECT_TRUE(some_exchange_gains(identity(60), gains));
  }
}

TEST(BestAssignment, FindsAPlantedPermutationAmongSixtyRows) {
  std::vector<std::int32_t> planted = identity(60);
  Rng(4, "planted").shuffle(std::span(planted));
  std::vector<double> gains(60 * 60, 0.0);
  for (std::size_t i = 0; i < 60; ++i) gains[i * 60 + static_cast<std::size_t>(planted[i])] = 1.0;
  EXPECT_EQ(best_assignment(gains, 60), planted);
}

}  // namespace
}  // namespace alignlab
