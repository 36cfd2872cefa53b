#include "eval/variance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/rng.h"

namespace alignlab {
namespace {

constexpr std::optional<double> kMissing = std::nullopt;

TEST(StudentT, HasItsTabulatedQuantiles) {
  EXPECT_NEAR(student_t_quantile(0.975, 1), 12.706204736174705, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.975, 2), 4.3026527297494639, 1e-13);
  EXPECT_NEAR(student_t_quantile(0.975, 4), 2.7764451051977943, 1e-13);
  EXPECT_NEAR(student_t_quantile(0.975, 9), 2.2621571627982055, 1e-13);
  EXPECT_NEAR(student_t_quantile(0.995, 7), 3.4994832973504939, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.9, 29), 1.3114336473015507, 1e-13);
  EXPECT_NEAR(student_t_quantile(0.9995, 3), 12.923978636687483, 1e-11);
  EXPECT_NEAR(student_t_quantile(0.975, 1000), 1.9623390808264085, 1e-12);
  // z + (z^3 + z) / (4 n), z being the normal quantile.
  EXPECT_NEAR(student_t_quantile(0.975, 100'000), 1.9599639845400542 + 9.48907 / 400'000.0, 1e-9);
}

TEST(StudentT, HasClosedFormsForFewDegrees) {
  for (double p = 0.005; p < 1.0; p += 0.005) {
    const double spread = 4.0 * p * (1.0 - p);
    const double one = std::tan(std::numbers::pi * (p - 0.5));
    const double two = (2.0 * p - 1.0) * std::sqrt(2.0 / spread);
    const double angle = std::cos(std::acos(std::sqrt(spread)) / 3.0) / std::sqrt(spread);
    const double four = std::copysign(2.0 * std::sqrt(std::max(0.0, angle - 1.0)), p - 0.5);
    ASSERT_NEAR(student_t_quantile(p, 1), one, 1e-12 * (1.0 + std::abs(one)));
    ASSERT_NEAR(student_t_quantile(p, 2), two, 1e-12 * (1.0 + std::abs(two)));
    // The closed form of four loses half its digits where it is near 0.
    ASSERT_NEAR(student_t_quantile(p, 4), four, std::abs(p - 0.5) < 0.01 ? 1e-7 : 1e-12);
  }
}

TEST(ChiSquare, HasItsTabulatedTails) {
  EXPECT_NEAR(chi_square_tail(3.841458820694124, 1), 0.05, 1e-15);
  EXPECT_NEAR(chi_square_tail(6.5, 2), std::exp(-3.25), 1e-15);
  EXPECT_NEAR(chi_square_tail(7.8147279, 3), 0.050000000072855342, 1e-15);
  EXPECT_NEAR(chi_square_tail(9.5, 4), 0.049747247417943646, 1e-15);
  EXPECT_NEAR(chi_square_tail(0.7, 5), 0.98296867518803242, 1e-15);
  EXPECT_NEAR(chi_square_tail(18.3070381, 10), 0.049999999276669637, 1e-15);
  EXPECT_NEAR(chi_square_tail(40.0, 21), 0.0074367772978047064, 1e-15);
  EXPECT_EQ(chi_square_tail(0.0, 3), 1.0);
}

TEST(GroupValues, AverageToTheStatistic) {
  // Ratio 8 / 16; groups differ from it by 1, -1 and 0 hits; three groups over 16 queries, percent.
  const RatioSum ratios{{{100.0, {3.0, 1.0, 4.0}, {4.0, 4.0, 8.0}}}};
  const auto values = *group_values(ratios);
  EXPECT_NEAR(values[0], 50.0 + 300.0 / 16.0, 1e-12);
  EXPECT_NEAR(values[1], 50.0 - 300.0 / 16.0, 1e-12);
  EXPECT_NEAR(values[2], 50.0, 1e-12);
  EXPECT_NEAR(*standard_error(ratios), 300.0 / 16.0 / std::sqrt(3.0), 1e-12);
  EXPECT_FALSE(group_values(RatioSum{{{1.0, {0.0}, {0.0}}}}).has_value());
}

TEST(StandardError, IsTheDeviationOfResampledValues) {
  Rng rng(1, "groups");
  RatioSum ratios{{{100.0, {}, {}}, {50.0, {}, {}}}};
  for (std::size_t g = 0; g < 400; ++g) {
    const double chance = rng.uniform();
    for (RatioTerm& term : ratios.terms) {
      term.denominators.push_back(rng.between(1, 7));
      term.numerators.push_back(term.denominators.back() * chance);
    }
  }
  const Statistic statistic = ratios;
  const auto values =
      resampled({.seed = 1, .groups = 400, .count = 10'000}, std::span(&statistic, 1))[0].values;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 10'000.0;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(*standard_error(ratios) / std::sqrt(squares / 9'999.0), 1.0, 0.03);
}

TEST(VarianceParts, SplitASmallTableByHand) {
  // Seed means 2 and 4, group means 1, 3 and 5, and residuals of 1/2 at four places: mean squares
  // 3 * 2 / 1 = 6, 2 * 8 / 2 = 8 and 4 * (1/4) / 2 = 1/2.
  const auto parts = *variance_parts({{0.5, 1.5, 4.0}, {1.5, 4.5, 6.0}});
  EXPECT_NEAR(parts.residual, 0.5, 1e-12);
  EXPECT_NEAR(parts.seed, 5.5 / 3.0, 1e-12);
  EXPECT_NEAR(parts.group, 7.5 / 2.0, 1e-12);
  EXPECT_NEAR(parts.mean_by_seeds, 5.5 / 6.0, 1e-12);
  EXPECT_NEAR(parts.mean_by_groups, 7.5 / 6.0, 1e-12);
  EXPECT_NEAR(parts.mean_by_residual, 0.5 / 6.0, 1e-12);
  EXPECT_NEAR(parts.of_mean(), 13.5 / 6.0, 1e-12);
}

TEST(VarianceParts, AreNeverNegative) {
  // Both means are alike for seeds and for groups, and all is residual.
  const auto parts = *variance_parts({{1.0, -1.0}, {-1.0, 1.0}});
  EXPECT_EQ(parts.seed, 0.0);
  EXPECT_EQ(parts.group, 0.0);
  EXPECT_NEAR(parts.residual, 4.0, 1e-12);
  EXPECT_NEAR(parts.of_mean(), 1.0, 1e-12);
  EXPECT_FALSE(variance_parts({}).has_value());
  EXPECT_FALSE(variance_parts({{1.0, 2.0}}).has_value());
  EXPECT_FALSE(variance_parts({{1.0}, {2.0}}).has_value());
}

TEST(VarianceParts, AverageToTheVariancesOfTheirModel) {
  Rng rng(2, "effects");
  double seed = 0.0, group = 0.0, residual = 0.0, of_mean = 0.0, squared_means = 0.0;
  const int tables = 2000;
  for (int i = 0; i < tables; ++i) {
    std::vector<double> groups(40);
    for (double& g : groups) g = 3.0 * rng.normal();
    std::vector<std::vector<double>> values(5, groups);
    double sum = 0.0;
    for (auto& row : values) {
      const double effect = 2.0 * rng.normal();
      for (double& value : row) sum += value += effect + rng.normal();
    }
    const auto parts = *variance_parts(values);
    seed += parts.seed / tables;
    group += parts.group / tables;
    residual += parts.residual / tables;
    of_mean += parts.of_mean() / tables;
    squared_means += sum * sum / (200.0 * 200.0) / tables;
  }
  EXPECT_NEAR(seed, 4.0, 0.25);
  EXPECT_NEAR(group, 9.0, 0.2);
  EXPECT_NEAR(residual, 1.0, 0.02);
  EXPECT_NEAR(of_mean, 4.0 / 5.0 + 9.0 / 40.0 + 1.0 / 200.0, 0.05);
  EXPECT_NEAR(of_mean, squared_means, 0.1);
}

TEST(SeedSummary, HasMeanDeviationAndStudentsInterval) {
  const auto summary = *summary_over_seeds(std::vector<double>{1.0, 2.0, 3.0, 4.0, 5.0}, 0.95);
  EXPECT_DOUBLE_EQ(summary.mean, 3.0);
  EXPECT_NEAR(*summary.deviation, std::sqrt(2.5), 1e-15);
  EXPECT_NEAR(summary.interval->low, 3.0 - 2.7764451051977943 * std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(summary.interval->high, 3.0 + 2.7764451051977943 * std::sqrt(0.5), 1e-12);
}

TEST(SeedSummary, OfOneSeedIsItsValueAlone) {
  const auto summary = *summary_over_seeds(std::vector<double>{7.0}, 0.95);
  EXPECT_EQ(summary.mean, 7.0);
  EXPECT_FALSE(summary.deviation.has_value());
  EXPECT_FALSE(summary.interval.has_value());
  EXPECT_FALSE(summary_over_seeds(std::vector<double>{}, 0.95).has_value());
}

TEST(MethodRanks, AverageTiesAndBlocks) {
  const auto summary = rank_methods({{0.9, 0.5, 0.5}, {0.3, 0.8, 0.1}});
  ASSERT_EQ(summary.methods.size(), 3U);
  EXPECT_DOUBLE_EQ(summary.methods[0]->mean, 1.5);
  EXPECT_DOUBLE_EQ(summary.methods[1]->mean, 1.75);
  EXPECT_DOUBLE_EQ(summary.methods[2]->mean, 2.75);
  // Of two blocks, one resample in four is twice the first, one twice the second.
  EXPECT_DOUBLE_EQ(summary.methods[0]->interval.low, 1.0);
  EXPECT_DOUBLE_EQ(summary.methods[0]->interval.high, 2.0);
  EXPECT_DOUBLE_EQ(summary.methods[2]->interval.low, 2.5);
  EXPECT_DOUBLE_EQ(summary.methods[2]->interval.high, 3.0);
}

TEST(MethodRanks, StretchThoseOfFewerMethodsToAll) {
  // Second of two counts as 2 * 4 / 3, the only one of one as 1 * 4 / 2.
  const auto summary = rank_methods({{0.9, 0.5, kMissing}, {kMissing, 0.5, kMissing}});
  EXPECT_DOUBLE_EQ(summary.methods[0]->mean, 4.0 / 3.0);
  EXPECT_EQ(summary.methods[0]->blocks, 1U);
  EXPECT_DOUBLE_EQ(summary.methods[1]->mean, (8.0 / 3.0 + 2.0) / 2.0);
  EXPECT_EQ(summary.methods[1]->blocks, 2U);
  EXPECT_FALSE(summary.methods[2].has_value());
  EXPECT_FALSE(summary.friedman.has_value());
  EXPECT_TRUE(rank_methods({}).methods.empty());
}

TEST(MethodRanks, OfSomeMethodsAreWhatIsExpectedAmongAll) {
  // Of five methods, best first, every subset: where is the r-th of those present on average?
  for (const int present : {1, 2, 3, 4, 5}) {
    std::vector<double> rank_among_all(5, 0.0), found(5, 0.0);
    double subsets = 0.0;
    for (unsigned chosen = 0; chosen < 32; ++chosen) {
      if (std::popcount(chosen) != present) continue;
      subsets += 1.0;
      std::vector<std::optional<double>> block(5);
      for (std::size_t m = 0; m < 5; ++m) {
        if (chosen >> m & 1U) block[m] = -static_cast<double>(m);
      }
      const auto summary = rank_methods({block}, {.seed = 0, .resamples = 1});
      for (std::size_t m = 0, place = 0; m < 5; ++m) {
        if (!block[m]) continue;
        found[place] = summary.methods[m]->mean;
        rank_among_all[place++] += static_cast<double>(m) + 1.0;
      }
    }
    for (std::size_t place = 0; place < static_cast<std::size_t>(present); ++place) {
      ASSERT_NEAR(found[place], rank_among_all[place] / subsets, 1e-12);
    }
  }
}

TEST(Friedman, AgreesWithItsFormulaByHand) {
  // Rank sums 4, 6 and 8 of three blocks: 12 / (3 * 3 * 4) * 116 - 3 * 3 * 4 = 8 / 3.
  const auto test =
      rank_methods({{3.0, 2.0, 1.0}, {3.0, 1.0, 2.0}, {2.0, 3.0, 1.0}, {1.0, kMissing, 2.0}})
          .friedman;
  ASSERT_TRUE(test.has_value());
  EXPECT_EQ(test->blocks, 3U);
  EXPECT_NEAR(test->statistic, 8.0 / 3.0, 1e-12);
  EXPECT_NEAR(test->p_value, std::exp(-4.0 / 3.0), 1e-12);
}

TEST(Friedman, CorrectsForTies) {
  // Ranks 1, 2.5, 2.5 twice: sums 2, 5, 5 around 4, squares 6; spread 27 - 24 = 3: 2 * 6 / 3.
  const auto test = rank_methods({{3.0, 1.0, 1.0}, {9.0, 4.0, 4.0}}).friedman;
  EXPECT_NEAR(test->statistic, 4.0, 1e-12);
  EXPECT_FALSE(rank_methods({{1.0, 1.0}, {2.0, 2.0}}).friedman.has_value());
  EXPECT_FALSE(rank_methods({{1.0, 2.0}}).friedman.has_value());
  EXPECT_FALSE(rank_methods({{1.0}, {2.0}}).friedman.has_value());
}

TEST(Friedman, RejectsATrueNullAboutAsOftenAsItSays) {
  Rng rng(3, "scores");
  int rejected = 0;
  const int tables = 4000;
  for (int i = 0; i < tables; ++i) {
    BlockScores scores(30, std::vector<std::optional<double>>(5));
    for (auto& block : scores) {
      for (auto& score : block) score = rng.uniform();
    }
    rejected += rank_methods(scores, {.seed = 0, .resamples = 1}).friedman->p_value <= 0.05;
  }
  EXPECT_NEAR(static_cast<double>(rejected) / tables, 0.05, 0.01);
}

TEST(MethodRanks, LieInTheirIntervalsAsOftenAsTheseSay) {
  // Two methods, the first better in three blocks of four: its mean rank is 1.25.
  Rng rng(4, "scores");
  int held = 0;
  const int tables = 1000;
  for (int i = 0; i < tables; ++i) {
    BlockScores scores;
    for (int b = 0; b < 100; ++b) {
      const double first = rng.chance(0.75) ? 1.0 : 0.0;
      scores.push_back({first, 1.0 - first});
    }
    const auto seed = static_cast<std::uint64_t>(i);
    const auto found = rank_methods(scores, {.seed = seed, .resamples = 500}).methods[0]->interval;
    held += found.low <= 1.25 && 1.25 <= found.high;
  }
  EXPECT_NEAR(static_cast<double>(held) / tables, 0.95, 0.02);
}

}  // namespace
}  // namespace alignlab
