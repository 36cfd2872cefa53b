#include "eval/resampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/rng.h"
#include "eval/normal.h"

namespace alignlab {
namespace {

using Rows = std::vector<std::vector<std::uint32_t>>;

Rows rows_of(const Resamples& resamples) {
  Rows rows;
  resamples.for_each([&](Multiplicities m) { rows.emplace_back(m.begin(), m.end()); });
  return rows;
}

RatioTerm mean_term(const std::vector<double>& values) {
  return {1.0, values, std::vector<double>(values.size(), 1.0)};
}

/// Some groups hold zeros alone, so that resamples of few groups may be undefined.
RatioTerm random_term(Rng& rng, std::size_t groups) {
  RatioTerm term{rng.uniform(-2.0, 2.0), {}, {}};
  for (std::size_t g = 0; g < groups; ++g) {
    const double queries = rng.chance(0.3) ? 0.0 : rng.between(1, 5);
    term.denominators.push_back(queries);
    term.numerators.push_back(queries * rng.uniform());
  }
  return term;
}

RatioSum random_ratios(Rng& rng, std::size_t groups) {
  RatioSum ratios;
  for (int t = rng.between(1, 6); t > 0; --t) ratios.terms.push_back(random_term(rng, groups));
  return ratios;
}

/// The definition: every drawn group is visited as often as it was drawn.
std::optional<double> by_definition(const RatioSum& ratios, Multiplicities multiplicities) {
  double value = 0.0;
  for (const RatioTerm& term : ratios.terms) {
    double numerator = 0.0, denominator = 0.0;
    for (std::size_t g = 0; g < multiplicities.size(); ++g) {
      for (std::uint32_t i = 0; i < multiplicities[g]; ++i) {
        numerator += term.numerators[g];
        denominator += term.denominators[g];
      }
    }
    if (denominator == 0.0) return std::nullopt;
    value += term.scale * numerator / denominator;
  }
  return value;
}

/// Lower median of values, each as often as its group was drawn.
GroupFunction median_of(const std::vector<double>& values) {
  return [values](Multiplicities multiplicities) -> std::optional<double> {
    std::vector<double> drawn;
    for (std::size_t g = 0; g < values.size(); ++g) {
      drawn.insert(drawn.end(), multiplicities[g], values[g]);
    }
    if (drawn.empty()) return std::nullopt;
    std::ranges::sort(drawn);
    return drawn[(drawn.size() - 1) / 2];
  };
}

TEST(NormalDistribution, HasItsTabulatedValues) {
  EXPECT_DOUBLE_EQ(normal_cdf(0.0), 0.5);
  EXPECT_NEAR(normal_cdf(1.0), 0.84134474606854295, 1e-15);
  EXPECT_NEAR(normal_cdf(-1.0), 0.15865525393145705, 1e-15);
  EXPECT_NEAR(normal_cdf(-5.0), 2.8665157187919391e-07, 1e-20);
  EXPECT_NEAR(normal_quantile(0.5), 0.0, 1e-16);
  EXPECT_NEAR(normal_quantile(0.975), 1.9599639845400542, 1e-14);
  EXPECT_NEAR(normal_quantile(0.8), 0.84162123357291421, 1e-14);
  EXPECT_NEAR(normal_quantile(0.995), 2.5758293035489008, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-10), -6.3613409024040562, 1e-14);
}

TEST(NormalDistribution, IsInvertedByItsQuantile) {
  for (double p = 0.001; p < 1.0; p += 0.001) {
    ASSERT_NEAR(normal_cdf(normal_quantile(p)), p, 1e-15);
    ASSERT_NEAR(normal_quantile(p), -normal_quantile(1.0 - p), 1e-12);
  }
  EXPECT_NEAR(normal_cdf(normal_quantile(1e-300)) / 1e-300, 1.0, 1e-12);
  EXPECT_EQ(normal_quantile(0.0), -INFINITY);
  EXPECT_EQ(normal_quantile(1.0), INFINITY);
}

TEST(Resamples, DrawAsManyGroupsAsThereAre) {
  for (const std::size_t groups : {0U, 1U, 2U, 3U, 255U, 1000U, 65535U, 65536U, 65537U, 70000U}) {
    const Rows rows = rows_of({.seed = 1, .groups = groups, .count = 3});
    for (const auto& row : rows) {
      ASSERT_EQ(row.size(), groups);
      ASSERT_EQ(std::accumulate(row.begin(), row.end(), std::size_t{0}), groups);
    }
  }
}

TEST(Resamples, TakeTwoDrawsFromEachNumberOfTheirStream) {
  for (const std::uint64_t groups : {1U, 5U, 24U, 777U, 40000U}) {
    Rows expected(4, std::vector<std::uint32_t>(groups, 0));
    for (std::size_t b = 0; b < expected.size(); ++b) {
      auto& row = expected[b];
      Rng rng(9, "bootstrap " + std::to_string(b));
      std::uint64_t drawn = 0;
      while (drawn < groups) {
        const std::uint32_t number = rng.next_u32();
        for (const std::uint64_t half : {number % 65536, number / 65536}) {
          if (half * groups % 65536 < 65536 % groups || drawn == groups) continue;
          ++row[half * groups / 65536];
          ++drawn;
        }
      }
    }
    ASSERT_EQ(rows_of({.seed = 9, .groups = groups, .count = 4}), expected);
  }
}

TEST(Resamples, DrawEveryGroupEquallyOften) {
  // At 40000 of 65536 numbers, careless scaling draws two groups in three twice as often.
  for (const std::size_t groups : {3U, 40000U, 65537U}) {
    const std::size_t count = groups == 3 ? 100'000 : 50;
    std::vector<double> drawn(groups, 0.0);
    Resamples{.seed = 2, .groups = groups, .count = count}.for_each([&](Multiplicities m) {
      for (std::size_t g = 0; g < groups; ++g) drawn[g] += m[g];
    });
    const auto mean = static_cast<double>(count);
    double chi_square = 0.0;
    for (const double d : drawn) chi_square += (d - mean) * (d - mean) / mean;
    const double freedom = static_cast<double>(groups) - 1.0;
    EXPECT_NEAR(chi_square, freedom, 4.0 * std::sqrt(2.0 * freedom));
  }
}

TEST(Resamples, AreTheSameForTheSameSeedAndTheFirstOfMore) {
  const Rows rows = rows_of({.seed = 3, .groups = 17, .count = 40});
  EXPECT_EQ(rows_of({.seed = 3, .groups = 17, .count = 40}), rows);
  EXPECT_NE(rows_of({.seed = 4, .groups = 17, .count = 40}), rows);
  EXPECT_EQ(rows_of({.seed = 3, .groups = 17, .count = 7}), Rows(rows.begin(), rows.begin() + 7));
}

TEST(RatioSum, IsARatioOfSumsNotAMeanOfRatios) {
  const RatioSum ratios{{{100.0, {1.0, 1.0}, {1.0, 4.0}}, {2.0, {3.0, 0.0}, {2.0, 2.0}}}};
  EXPECT_DOUBLE_EQ(*estimate_of(ratios, 2), 40.0 + 1.5);
  EXPECT_DOUBLE_EQ(*value_of(ratios, std::vector<std::uint32_t>{0, 2}), 25.0);
  EXPECT_EQ(estimate_of(RatioSum{{mean_term({})}}, 0), std::nullopt);
}

TEST(Resampled, AgreesWithTheDefinitionInEveryResample) {
  Rng rng(5, "ratios");
  std::size_t undefined = 0;
  for (const std::size_t groups : {0U, 1U, 2U, 3U, 9U, 255U, 256U, 257U, 600U}) {
    for (const std::size_t count : {0U, 1U, 15U, 16U, 33U}) {
      const Resamples resamples{.seed = rng.next_u64(), .groups = groups, .count = count};
      const Rows rows = rows_of(resamples);
      std::vector<Statistic> statistics;
      for (int s = rng.between(0, 7); s > 0; --s) {
        statistics.emplace_back(random_ratios(rng, groups));
      }
      const auto found = resampled(resamples, statistics);
      ASSERT_EQ(found.size(), statistics.size());
      for (std::size_t s = 0; s < statistics.size(); ++s) {
        std::vector<double> expected;
        for (const auto& row : rows) {
          const auto value = by_definition(*statistics[s].ratios(), row);
          if (value) expected.push_back(*value);
        }
        ASSERT_EQ(found[s].values.size(), expected.size());
        ASSERT_EQ(found[s].undefined, count - expected.size());
        undefined += found[s].undefined;
        for (std::size_t b = 0; b < expected.size(); ++b) {
          ASSERT_NEAR(found[s].values[b], expected[b], 1e-12);
        }
      }
    }
  }
  EXPECT_GT(undefined, 20U);
}

TEST(Resampled, GivesAFunctionTheSameResamples) {
  Rng rng(6, "ratios");
  const RatioSum ratios{{mean_term({3.0, 1.0, 4.0, 1.0, 5.0}), random_term(rng, 5)}};
  const GroupFunction function = [&](Multiplicities m) { return by_definition(ratios, m); };
  const GroupFunction median = median_of({9.0, 2.0, 6.0, 5.0, 3.0});
  const Resamples resamples{.seed = 7, .groups = 5, .count = 100};
  const auto found = resampled(resamples, std::vector<Statistic>{ratios, function, median});
  ASSERT_EQ(found[0].values.size(), found[1].values.size());
  for (std::size_t b = 0; b < found[0].values.size(); ++b) {
    ASSERT_NEAR(found[0].values[b], found[1].values[b], 1e-12);
  }
  std::vector<double> medians;
  for (const auto& row : rows_of(resamples)) medians.push_back(*median(row));
  EXPECT_EQ(found[2].values, medians);
}

TEST(Resampled, ChangesNoBitWhenStatisticsAreAdded) {
  Rng rng(8, "ratios");
  const Resamples resamples{.seed = 1, .groups = 300, .count = 50};
  std::vector<Statistic> statistics{random_ratios(rng, 300)};
  const auto alone = resampled(resamples, statistics);
  EXPECT_EQ(resampled(resamples, statistics)[0].values, alone[0].values);
  for (int i = 0; i < 20; ++i) {
    statistics.insert(statistics.begin(), random_ratios(rng, 300));
    statistics.emplace_back(median_of(std::vector<double>(300, 1.0)));
    ASSERT_EQ(resampled(resamples, statistics)[static_cast<std::size_t>(i) + 1].values,
              alone[0].values);
  }
}

TEST(Difference, IsTakenWithinEachResample) {
  Rng rng(10, "ratios");
  const Resamples resamples{.seed = 1, .groups = 6, .count = 200};
  const Statistic a = random_ratios(rng, 6), b = random_ratios(rng, 6);
  const Statistic median = median_of({9.0, 2.0, 6.0, 5.0, 3.0, 1.0});
  const std::vector<Statistic> differences{difference_of(a, b), difference_of(median, a)};
  EXPECT_NE(differences[0].ratios(), nullptr);
  EXPECT_EQ(differences[1].ratios(), nullptr);
  const auto found = resampled(resamples, differences);
  std::array<std::size_t, 2> next{};
  for (const auto& row : rows_of(resamples)) {
    const auto x = by_definition(*a.ratios(), row), y = by_definition(*b.ratios(), row);
    if (x && y) {
      ASSERT_NEAR(found[0].values[next[0]++], *x - *y, 1e-12);
    }
    if (x) {
      ASSERT_NEAR(found[1].values[next[1]++], *(*median.function())(row) - *x, 1e-12);
    }
  }
  EXPECT_EQ(found[0].undefined, 200 - next[0]);
  EXPECT_EQ(found[1].undefined, 200 - next[1]);
}

TEST(Jackknife, LeavesEachGroupOutOnce) {
  EXPECT_EQ(jackknife(RatioSum{{mean_term({1.0, 2.0, 6.0})}}, 3),
            (std::vector<double>{4.0, 3.5, 1.5}));
  EXPECT_EQ(jackknife(median_of({1.0, 2.0, 6.0}), 3), (std::vector<double>{2.0, 1.0, 1.0}));
  Rng rng(11, "ratios");
  for (int round = 0; round < 200; ++round) {
    const std::size_t groups = rng.below(8);
    const RatioSum ratios = random_ratios(rng, groups);
    std::vector<double> expected;
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<std::uint32_t> others(groups, 1);
      others[g] = 0;
      if (const auto value = by_definition(ratios, others)) expected.push_back(*value);
    }
    const auto found = jackknife(ratios, groups);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-12);
  }
}

TEST(PercentileInterval, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> values{5.0, 1.0, 4.0, 2.0, 3.0};
  const auto half = *percentile_interval(values, 0.5);
  EXPECT_DOUBLE_EQ(half.low, 2.0);
  EXPECT_DOUBLE_EQ(half.high, 4.0);
  const auto wide = *percentile_interval(values, 0.9);  // positions 0.2 and 3.8
  EXPECT_NEAR(wide.low, 1.2, 1e-12);
  EXPECT_NEAR(wide.high, 4.8, 1e-12);
  EXPECT_DOUBLE_EQ(percentile_interval(std::vector<double>{7.0}, 0.95)->low, 7.0);
  EXPECT_FALSE(percentile_interval(std::vector<double>{}, 0.95).has_value());
}

std::vector<double> thousandths() {
  std::vector<double> values(1001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 1000.0;
  return values;
}

void expect_interval(const std::optional<Interval>& found, double low, double high) {
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->low, low, 1e-12);
  EXPECT_NEAR(found->high, high, 1e-12);
}

TEST(BcaInterval, IsThePercentileIntervalWithoutBiasOrAcceleration) {
  // 500 values below the estimate, and the one that ties with it as half.
  const std::vector<double> even{1.0, 2.0, 3.0};
  expect_interval(bca_interval(thousandths(), 0.5, even, 0.95), 0.025, 0.975);
  expect_interval(bca_interval(thousandths(), 0.5 + 1e-13, even, 0.95), 0.025, 0.975);
}

TEST(BcaInterval, ShiftsAndStretchesItsLevels) {
  // Below the estimate lie 600 of 1000 values: bias 0.25334710. Jackknife values 0, 0, 1 give
  // gaps 1/3, 1/3, -2/3 from their mean, squares of 2/3 and cubes of -2/9: acceleration
  // -0.06804138.
  std::vector<double> values = thousandths();
  values.pop_back();
  const auto at = [](double level) { return level * 0.999; };
  expect_interval(bca_interval(values, 0.5995, std::vector<double>{1.0, 2.0, 3.0}, 0.95),
                  at(0.07307443244532752), at(0.9931809763393855));
  expect_interval(bca_interval(values, 0.5995, std::vector<double>{0.0, 0.0, 1.0}, 0.95),
                  at(0.046724491794776335), at(0.9852584947518005));
}

TEST(BcaInterval, FallsBackToThePercentileInterval) {
  const std::vector<double> skewed{0.0, 0.0, 1.0};
  expect_interval(bca_interval(thousandths(), -1.0, skewed, 0.95), 0.025, 0.975);
  expect_interval(bca_interval(thousandths(), 1.001, skewed, 0.95), 0.025, 0.975);
  expect_interval(bca_interval(thousandths(), 0.6, {}, 0.95), 0.025, 0.975);
  expect_interval(bca_interval(thousandths(), 0.6, std::vector<double>(3, 2.0), 0.95), 0.025,
                  0.975);
  // One group of 101 matters, which gives 0.163; bias 3.09 and quantile 3.29 sum to above 1 /
  // 0.163.
  std::vector<double> lone(101, 1.0);
  lone[0] = 0.0;
  expect_interval(bca_interval(thousandths(), 0.9995, lone, 0.999), 0.0005, 0.9995);
  EXPECT_FALSE(bca_interval(std::vector<double>{}, 1.0, skewed, 0.95).has_value());
}

TEST(Bootstrap, CountsUndefinedResamplesAndLeavesOutUndefinedStatistics) {
  const RatioSum sparse{{{100.0, {1.0, 0.0, 0.0}, {2.0, 0.0, 0.0}}}};
  const RatioSum never{{{1.0, {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}}}};
  const auto found =
      bootstrap({.seed = 1, .groups = 3, .count = 3000}, std::vector<Statistic>{sparse, never});
  ASSERT_TRUE(found[0].has_value());
  EXPECT_DOUBLE_EQ(found[0]->estimate, 50.0);
  EXPECT_DOUBLE_EQ(found[0]->interval.low, 50.0);
  EXPECT_DOUBLE_EQ(found[0]->interval.high, 50.0);
  EXPECT_NEAR(static_cast<double>(found[0]->undefined), 3000.0 * 8.0 / 27.0, 100.0);
  EXPECT_FALSE(found[1].has_value());
}

/// How many intervals hold the truth, end below it, and begin above it.
struct Coverage {
  int held = 0, below = 0, above = 0;

  void count(const Interval& interval, double truth) {
    below += interval.high < truth;
    above += interval.low > truth;
    held += interval.low <= truth && truth <= interval.high;
  }
  double share() const { return static_cast<double>(held) / (held + below + above); }
};

TEST(ClusteredBootstrap, CoversTheTruthAsOftenAsItSaysAndTheNaiveOneDoesNot) {
  // Five queries an image share its chance of a hit, uniform over 0 to 1.
  constexpr std::size_t kImages = 200, kCaptions = 5, kDataSets = 2000;
  Rng rng(12, "hits");
  Coverage clustered, naive;
  for (std::size_t i = 0; i < kDataSets; ++i) {
    std::vector<double> hits;
    RatioTerm term{100.0, {}, std::vector<double>(kImages, kCaptions)};
    for (std::size_t g = 0; g < kImages; ++g) {
      const double chance = rng.uniform();
      for (std::size_t q = 0; q < kCaptions; ++q) hits.push_back(rng.chance(chance) ? 100.0 : 0.0);
      term.numerators.push_back(std::accumulate(hits.end() - kCaptions, hits.end(), 0.0) / 100.0);
    }
    const Statistic by_image = RatioSum{{term}}, by_query = RatioSum{{mean_term(hits)}};
    const Resamples images{.seed = i, .groups = kImages, .count = 500};
    clustered.count(bootstrap(images, std::span(&by_image, 1))[0]->interval, 50.0);
    if (i % 4 != 0) continue;
    const Resamples queries{.seed = i, .groups = hits.size(), .count = 200};
    naive.count(bootstrap(queries, std::span(&by_query, 1))[0]->interval, 50.0);
  }
  RecordProperty("clustered", std::to_string(clustered.share()));
  RecordProperty("naive", std::to_string(naive.share()));
  EXPECT_NEAR(clustered.share(), 0.95, 0.02);
  EXPECT_LT(naive.share(), 0.90);
}

TEST(BcaInterval, CoversASkewedStatisticBetterThanThePercentileInterval) {
  // The variance of 200 standard normal values, divided by n.
  constexpr std::size_t kGroups = 200, kDataSets = 2000;
  Rng rng(13, "values");
  Coverage percentile, bca;
  for (std::size_t i = 0; i < kDataSets; ++i) {
    std::vector<double> x(kGroups);
    for (double& value : x) value = rng.normal();
    const Statistic variance = GroupFunction([&](Multiplicities drawn) {
      double sum = 0.0, squares = 0.0;
      for (std::size_t g = 0; g < kGroups; ++g) {
        sum += drawn[g] * x[g];
        squares += drawn[g] * x[g] * x[g];
      }
      return std::optional((squares - sum * sum / kGroups) / kGroups);
    });
    const Resamples resamples{.seed = i, .groups = kGroups, .count = 600};
    const auto values = resampled(resamples, std::span(&variance, 1)).front().values;
    const auto without_each = jackknife(variance, kGroups);
    percentile.count(*percentile_interval(values, 0.95), 1.0);
    bca.count(*bca_interval(values, *estimate_of(variance, kGroups), without_each, 0.95), 1.0);
  }
  RecordProperty("percentile", std::to_string(percentile.share()));
  RecordProperty("bca", std::to_string(bca.share()));
  EXPECT_NEAR(bca.share(), 0.95, 0.02);
  EXPECT_GE(bca.share(), percentile.share());
  EXPECT_LT(std::abs(bca.below - bca.above), std::abs(percentile.below - percentile.above));
}

}  // namespace
}  // namespace alignlab
