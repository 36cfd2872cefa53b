#include "eval/rank_correlation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "core/rng.h"

namespace alignlab {
namespace {

using Values = std::vector<double>;
using Coefficient = std::function<std::optional<double>(const Values&, const Values&)>;

struct Named {
  std::string name;
  Coefficient value;
  Coefficient definition;
};

/// -1, 0 or 1.
int sign(double a, double b) { return (a > b) - (a < b); }

struct Pairs {
  std::int64_t concordant = 0, discordant = 0, ordered_first = 0, ordered_second = 0;
};

Pairs every_pair(const Values& first, const Values& second) {
  Pairs pairs;
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int in_first = sign(first[i], first[j]), in_second = sign(second[i], second[j]);
      pairs.concordant += in_first * in_second > 0;
      pairs.discordant += in_first * in_second < 0;
      pairs.ordered_first += in_first != 0;
      pairs.ordered_second += in_second != 0;
    }
  }
  return pairs;
}

std::optional<double> tau_b_of_every_pair(const Values& first, const Values& second) {
  const Pairs pairs = every_pair(first, second);
  if (pairs.ordered_first == 0 || pairs.ordered_second == 0) return std::nullopt;
  return static_cast<double>(pairs.concordant - pairs.discordant) /
         std::sqrt(static_cast<double>(pairs.ordered_first)) /
         std::sqrt(static_cast<double>(pairs.ordered_second));
}

std::optional<double> tau_c_of_every_pair(const Values& first, const Values& second) {
  const Pairs pairs = every_pair(first, second);
  const double m = static_cast<double>(std::min(std::set(first.begin(), first.end()).size(),
                                                std::set(second.begin(), second.end()).size()));
  if (m < 2.0) return std::nullopt;
  const auto n = static_cast<double>(first.size());
  return static_cast<double>(pairs.concordant - pairs.discordant) * 2.0 * m / (n * n * (m - 1.0));
}

/// One more than the smaller values, and half of the equal ones.
Values ranks_by_counting(const Values& values) {
  Values ranks;
  for (const double value : values) {
    double rank = 0.5;
    for (const double other : values) rank += other < value ? 1.0 : other == value ? 0.5 : 0.0;
    ranks.push_back(rank);
  }
  return ranks;
}

std::optional<double> pearson_of_ranks(const Values& first, const Values& second) {
  const Values a = ranks_by_counting(first), b = ranks_by_counting(second);
  const double mean = static_cast<double>(a.size() + 1) / 2.0;
  double ab = 0.0, aa = 0.0, bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  if (aa == 0.0 || bb == 0.0) return std::nullopt;
  return ab / std::sqrt(aa) / std::sqrt(bb);
}

const std::vector<Named>& coefficients() {
  static const std::vector<Named> kAll{
      {"tau-b", kendall_tau_b, tau_b_of_every_pair},
      {"tau-c", kendall_tau_c, tau_c_of_every_pair},
      {"rho", spearman_rho, pearson_of_ranks},
  };
  return kAll;
}

/// Few levels: many ties; none: continuous.
Values random_values(Rng& rng, std::size_t n, int levels) {
  Values values(n);
  for (double& value : values) value = levels > 0 ? 0.1 * rng.between(1, levels) : rng.normal();
  return values;
}

TEST(RankCorrelation, FollowsItsDefinitionForEveryShapeOfTies) {
  Rng rng(11, "rank correlation");
  int undefined = 0, defined = 0;
  for (int round = 0; round < 6000; ++round) {
    const std::size_t n = rng.below(round % 50 == 0 ? 120 : 14);
    const Values first = random_values(rng, n, rng.between(0, 5));
    const Values second = random_values(rng, n, rng.between(0, 5));
    for (const Named& coefficient : coefficients()) {
      const auto found = coefficient.value(first, second);
      const auto expected = coefficient.definition(first, second);
      ASSERT_EQ(found.has_value(), expected.has_value()) << coefficient.name << ", " << round;
      (found ? defined : undefined) += 1;
      if (!found) continue;
      ASSERT_NEAR(*found, *expected, 1e-12) << coefficient.name << ", round " << round;
    }
  }
  EXPECT_GT(undefined, 2000);
  EXPECT_GT(defined, 8000);
}

TEST(RankCorrelation, FollowsItsDefinitionForThousandsOfItems) {
  Rng rng(12, "rank correlation");
  for (const int levels : {0, 4, 200}) {
    const Values first = random_values(rng, 2049, levels);
    Values second = random_values(rng, 2049, 3);
    for (std::size_t i = 0; i < second.size(); ++i) second[i] += first[i];
    for (const Named& coefficient : coefficients()) {
      EXPECT_NEAR(*coefficient.value(first, second), *coefficient.definition(first, second), 1e-12)
          << coefficient.name << " of " << levels;
    }
  }
}

TEST(RankCorrelation, DependsOnOrderAlone) {
  Rng rng(13, "rank correlation");
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 2 + rng.below(30);
    const Values first = random_values(rng, n, 6), second = random_values(rng, n, 4);
    Values cubed = first, negated = second;
    for (double& value : cubed) value = std::pow(value, 3) - 7.0;
    for (double& value : negated) value = -value;
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng.shuffle(std::span(order));
    Values moved_first, moved_second;
    for (const std::size_t i : order) {
      moved_first.push_back(first[i]);
      moved_second.push_back(second[i]);
    }
    for (const Named& coefficient : coefficients()) {
      const auto value = coefficient.value(first, second);
      ASSERT_EQ(coefficient.value(cubed, second), value) << coefficient.name;
      ASSERT_EQ(coefficient.value(second, first), value) << coefficient.name;
      ASSERT_EQ(coefficient.value(moved_first, moved_second), value) << coefficient.name;
      const auto opposite = coefficient.value(first, negated);
      ASSERT_EQ(opposite.has_value(), value.has_value());
      if (!value) continue;
      ASSERT_EQ(*opposite, -*value) << coefficient.name;
    }
  }
}

TEST(RankCorrelation, IsExactlyOneOfEqualOrdersWhateverTheirTies) {
  Rng rng(14, "rank correlation");
  for (int round = 0; round < 500; ++round) {
    Values values = random_values(rng, 2 + rng.below(200), rng.between(0, 9));
    values[0] = values[1] + 1.0;
    Values negated = values;
    for (double& value : negated) value = -value;
    ASSERT_EQ(kendall_tau_b(values, values), 1.0);
    ASSERT_EQ(kendall_tau_b(values, negated), -1.0);
    ASSERT_EQ(spearman_rho(values, values), 1.0);
    ASSERT_EQ(spearman_rho(values, negated), -1.0);
  }
}

TEST(RankCorrelation, IsUndefinedForFewerThanTwoItemsAndForAConstantSide) {
  for (const Named& coefficient : coefficients()) {
    EXPECT_EQ(coefficient.value({}, {}), std::nullopt) << coefficient.name;
    EXPECT_EQ(coefficient.value({1.0}, {2.0}), std::nullopt) << coefficient.name;
    EXPECT_EQ(coefficient.value({1, 2, 3}, {4, 4, 4}), std::nullopt) << coefficient.name;
    EXPECT_EQ(coefficient.value({4, 4, 4}, {1, 2, 3}), std::nullopt) << coefficient.name;
    EXPECT_EQ(coefficient.value({0.0, -0.0}, {1, 2}), std::nullopt) << coefficient.name;
    EXPECT_EQ(coefficient.value({1, 2}, {3, 4}), 1.0) << coefficient.name;
  }
}

TEST(KendallTauB, OfThreeItemsWithATieIsWorkedByHand) {
  // Pairs: one tied in the second, two concordant. 2 / sqrt(3 * 2).
  EXPECT_DOUBLE_EQ(*kendall_tau_b(Values{1, 2, 3}, Values{1, 2, 2}), 2.0 / std::sqrt(6.0));
}

TEST(KendallTauB, OfFiveItemsIsWorkedByHand) {
  // Of ten pairs one ties in the first, another in the second; of the rest six are concordant and
  // two discordant.
  EXPECT_DOUBLE_EQ(*kendall_tau_b(Values{11, 12, 13, 13, 14}, Values{1, 5, 2, 3, 5}), 4.0 / 9.0);
}

TEST(KendallTauC, OfARatingOfThreeLevelsIsWorkedByHand) {
  // Of 15 pairs three tie, the rest are concordant: 2 * 12 / (36 * 2/3).
  EXPECT_DOUBLE_EQ(*kendall_tau_c(Values{1, 2, 3, 4, 5, 6}, Values{1, 1, 2, 2, 3, 3}), 1.0);
  // Without item 6: 8 concordant, 2 tied: 2 * 8 / (25 * 2/3).
  EXPECT_DOUBLE_EQ(*kendall_tau_c(Values{1, 2, 3, 4, 5}, Values{1, 1, 2, 2, 3}), 0.96);
}

TEST(KendallTauC, TakesTheSideWithFewerDistinctValues) {
  const Values four{1, 2, 3, 4}, two{0, 1, 0, 1};
  // Concordant: 1-2, 1-4, 3-4; discordant: 2-3. 2 * 2 / (16 * 1/2).
  EXPECT_DOUBLE_EQ(*kendall_tau_c(four, two), 0.5);
  EXPECT_DOUBLE_EQ(*kendall_tau_c(two, four), 0.5);
}

TEST(SpearmanRho, GivesTiedValuesTheMeanOfTheirRanks) {
  // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: products of what they are from 2.5 sum to
  // 2.25 + 0 + 0 + 2.25; squares to 4.5 and 5.
  EXPECT_DOUBLE_EQ(*spearman_rho(Values{10, 20, 20, 30}, Values{1, 3, 2, 4}),
                   4.5 / std::sqrt(4.5 * 5.0));
  // Without ties 1 - 6 sum d^2 / (n (n^2 - 1)): d = 1, 1, 0, 0.
  EXPECT_DOUBLE_EQ(*spearman_rho(Values{1, 2, 3, 4}, Values{2, 1, 3, 4}), 0.8);
}

TEST(RankCorrelation, CountsMorePairsThanThirtyTwoBitsHold) {
  // 200,000 items, of which the second half is in reverse order: n/2 choose 2 are discordant.
  constexpr std::int64_t kItems = 200'000, kHalf = kItems / 2;
  Values first(kItems), second(kItems);
  for (std::int64_t i = 0; i < kItems; ++i) {
    first[static_cast<std::size_t>(i)] = static_cast<double>(i);
    second[static_cast<std::size_t>(i)] =
        static_cast<double>(i < kHalf ? i : kItems + kHalf - 1 - i);
  }
  constexpr std::int64_t kPairs = kItems * (kItems - 1) / 2;
  constexpr std::int64_t kDiscordant = kHalf * (kHalf - 1) / 2;
  const double expected =
      static_cast<double>(kPairs - 2 * kDiscordant) / static_cast<double>(kPairs);
  EXPECT_DOUBLE_EQ(*kendall_tau_b(first, second), expected);
  // Of distinct values n^2 (n - 1) / n is twice the number of pairs.
  EXPECT_DOUBLE_EQ(*kendall_tau_c(first, second), expected);
  // sum d^2 of h reversed items is (h^3 - h) / 3.
  const double h = kHalf, n = kItems;
  EXPECT_NEAR(*spearman_rho(first, second), 1.0 - 2.0 * (h * h * h - h) / (n * (n * n - 1.0)),
              1e-12);
}

TEST(RankCorrelation, TakesTheExtremesOfDoubles) {
  constexpr double kMost = std::numeric_limits<double>::max();
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  for (const Named& coefficient : coefficients()) {
    const auto value = coefficient.value({-kMost, -kLeast, 0.0, kLeast, kMost}, {1, 2, 3, 4, 5});
    EXPECT_EQ(value, 1.0) << coefficient.name;
  }
}

}  // namespace
}  // namespace alignlab
