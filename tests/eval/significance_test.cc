#include "eval/significance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/rng.h"

namespace alignlab {
namespace {

using Swapped = std::vector<std::uint8_t>;

/// Both systems answer the same queries; `denominators` may be of one system (micro F1) or of both.
struct Pair {
  RatioSum a;
  RatioSum b;
};

Pair random_pair(Rng& rng, std::size_t groups, bool have_equal_denominators) {
  Pair pair;
  for (int t = rng.between(1, 3); t > 0; --t) {
    RatioTerm a{rng.uniform(0.5, 2.0), {}, {}}, b{a.scale, {}, {}};
    for (std::size_t g = 0; g < groups; ++g) {
      a.denominators.push_back(rng.between(1, 4));
      b.denominators.push_back(have_equal_denominators ? a.denominators.back() : rng.between(1, 4));
      // Few distinct values, so that arrangements tie.
      a.numerators.push_back(rng.between(0, 3));
      b.numerators.push_back(rng.between(0, 3));
    }
    pair.a.terms.push_back(a);
    pair.b.terms.push_back(b);
  }
  return pair;
}

/// The definition: the metric of what is called a, minus that of what is called b.
double by_definition(const Pair& pair, std::span<const std::uint8_t> swapped) {
  double difference = 0.0;
  for (std::size_t t = 0; t < pair.a.terms.size(); ++t) {
    double sums[2][2] = {};
    for (std::size_t g = 0; g < swapped.size(); ++g) {
      for (const int system : {0, 1}) {
        const RatioTerm& source = (system ^ swapped[g]) == 0 ? pair.a.terms[t] : pair.b.terms[t];
        sums[system][0] += source.numerators[g];
        sums[system][1] += source.denominators[g];
      }
    }
    difference += pair.a.terms[t].scale * (sums[0][0] / sums[0][1] - sums[1][0] / sums[1][1]);
  }
  return difference;
}

std::vector<Swapped> all_arrangements(std::size_t groups) {
  std::vector<Swapped> all{Swapped(groups, 0)};
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t before = all.size();
    for (std::size_t i = 0; i < before; ++i) {
      all.push_back(all[i]);
      all.back()[g] = 1;
    }
  }
  return all;
}

/// What the stream says: a bit a group, 64 groups a number, lowest bit first.
std::vector<Swapped> drawn_arrangements(std::uint64_t seed, std::size_t groups, std::size_t count) {
  Rng rng(seed, "randomisation");
  std::vector<Swapped> drawn(count, Swapped(groups));
  for (Swapped& swapped : drawn) {
    std::uint64_t bits = 0;
    for (std::size_t g = 0; g < groups; ++g, bits /= 2) {
      if (g % 64 == 0) bits = rng.next_u64();
      swapped[g] = bits % 2;
    }
  }
  return drawn;
}

std::size_t as_large(const Pair& pair, const std::vector<Swapped>& arrangements) {
  const double observed = by_definition(pair, Swapped(arrangements.front().size(), 0));
  return static_cast<std::size_t>(std::ranges::count_if(arrangements, [&](const Swapped& swapped) {
    return std::abs(by_definition(pair, swapped)) >= std::abs(observed) - 1e-10;
  }));
}

TEST(Randomisation, EnumeratesFewGroupsByHand) {
  // 3 + 2 + 1 = 6 and its opposite are the only sums of eight as large: 2 / 8.
  const auto test = randomisation_test(std::vector<double>{3.0, 2.0, 1.0});
  EXPECT_DOUBLE_EQ(test.difference, 6.0);
  EXPECT_DOUBLE_EQ(test.p_value, 0.25);
  EXPECT_EQ(test.arrangements, 8U);
  EXPECT_TRUE(test.is_exact);
  // 1 + 1 - 1 = 1: every sum is 3, 1, -1 or -3.
  EXPECT_DOUBLE_EQ(randomisation_test(std::vector<double>{1.0, 1.0, -1.0}).p_value, 1.0);
  // A group without a difference doubles both counts.
  EXPECT_DOUBLE_EQ(randomisation_test(std::vector<double>{3.0, 2.0, 0.0, 1.0}).p_value, 0.25);
  EXPECT_DOUBLE_EQ(randomisation_test(std::vector<double>{}).p_value, 1.0);
}

TEST(Randomisation, EnumeratesExactlyWhenThatTakesNoMoreThanDrawing) {
  const std::vector<double> ones(6, 1.0);
  EXPECT_TRUE(randomisation_test(ones, {.seed = 0, .arrangements = 64}).is_exact);
  const auto drawn = randomisation_test(ones, {.seed = 0, .arrangements = 63});
  EXPECT_FALSE(drawn.is_exact);
  EXPECT_EQ(drawn.arrangements, 63U);
}

TEST(Randomisation, CountsTiesDespiteRounding) {
  // In floating point, 0.1 + 0.2 is not 0.3.
  const std::vector<double> differences{0.1, 0.2, 0.3, -0.3, 0.3};
  const std::vector<int> tenths{1, 2, 3, -3, 3};
  std::size_t expected = 0;
  for (const Swapped& swapped : all_arrangements(5)) {
    int sum = 0;
    for (std::size_t g = 0; g < 5; ++g) sum += swapped[g] == 0 ? tenths[g] : -tenths[g];
    expected += std::abs(sum) >= 6;
  }
  EXPECT_DOUBLE_EQ(randomisation_test(differences).p_value, static_cast<double>(expected) / 32.0);
}

TEST(Randomisation, AgreesWithEveryArrangementOfFewGroups) {
  Rng rng(1, "pairs");
  for (int round = 0; round < 200; ++round) {
    const std::size_t groups = 1 + rng.below(9);
    const Pair pair = random_pair(rng, groups, rng.chance(0.5));
    const auto found = randomisation_test(pair.a, pair.b);
    ASSERT_TRUE(found.has_value());
    ASSERT_TRUE(found->is_exact);
    const auto all = all_arrangements(groups);
    ASSERT_NEAR(found->difference, by_definition(pair, all.front()), 1e-12);
    ASSERT_DOUBLE_EQ(found->p_value,
                     static_cast<double>(as_large(pair, all)) / static_cast<double>(all.size()));
  }
}

TEST(Randomisation, AgreesWithTheDrawnArrangementsOfManyGroups) {
  Rng rng(2, "pairs");
  for (const std::size_t groups : {8U, 63U, 64U, 65U, 130U}) {
    for (const bool have_equal_denominators : {true, false}) {
      const Pair pair = random_pair(rng, groups, have_equal_denominators);
      const Randomisation randomisation{.seed = rng.next_u64(), .arrangements = 200};
      const auto drawn = drawn_arrangements(randomisation.seed, groups, 200);
      const double expected = (1.0 + static_cast<double>(as_large(pair, drawn))) / 201.0;
      const auto found = randomisation_test(pair.a, pair.b, randomisation);
      ASSERT_DOUBLE_EQ(found->p_value, expected);
      ASSERT_NEAR(found->difference, by_definition(pair, Swapped(groups, 0)), 1e-12);
      const auto general = randomisation_test(
          groups, [&](std::span<const std::uint8_t> s) { return by_definition(pair, s); },
          randomisation);
      ASSERT_DOUBLE_EQ(general->p_value, expected);
    }
  }
}

TEST(Randomisation, CountsUndefinedArrangementsAsLarge) {
  const RatioSum a{{{1.0, {1.0, 1.0}, {1.0, 1.0}}}}, nothing{{{1.0, {0.0, 0.0}, {0.0, 0.0}}}};
  EXPECT_FALSE(randomisation_test(a, nothing).has_value());
  EXPECT_FALSE(randomisation_test(nothing, nothing).has_value());
  // a: 1 / 1 and 0 / 0, b: 0 / 0 and 1 / 2. Swapping one group leaves either system without.
  const RatioSum first{{{1.0, {1.0, 0.0}, {1.0, 0.0}}}}, second{{{1.0, {0.0, 1.0}, {0.0, 2.0}}}};
  const auto test = randomisation_test(first, second);
  EXPECT_DOUBLE_EQ(test->difference, 0.5);
  EXPECT_DOUBLE_EQ(test->p_value, 1.0);
}

TEST(Randomisation, GivesTheSameBitsForTheSameSeed) {
  Rng rng(3, "pairs");
  const Pair pair = random_pair(rng, 100, false);
  const auto test = [&](std::uint64_t seed) {
    return randomisation_test(pair.a, pair.b, {.seed = seed, .arrangements = 5000})->p_value;
  };
  EXPECT_EQ(test(1), test(1));
  EXPECT_NE(test(1), test(2));
  EXPECT_NEAR(test(1), test(2), 0.05);
}

TEST(Randomisation, RejectsATrueNullAsOftenAsItSays) {
  // Systems alike but for luck: the chance of a hit is an image's, and so is a part of the luck.
  // The statistic sums the hit rates of five captions an image and of the image.
  constexpr std::size_t kImages = 100, kCaptions = 5;
  Rng rng(4, "hits");
  int rejected = 0;
  const int comparisons = 6000;
  for (int i = 0; i < comparisons; ++i) {
    const RatioTerm captions{100.0, std::vector<double>(kImages, 0.0),
                             std::vector<double>(kImages, kCaptions)};
    const RatioTerm images{100.0, captions.numerators, std::vector<double>(kImages, 1.0)};
    Pair pair{{{captions, images}}, {{captions, images}}};
    for (std::size_t g = 0; g < kImages; ++g) {
      const double chance = rng.uniform();
      for (RatioSum* system : {&pair.a, &pair.b}) {
        const double own = std::clamp(chance + rng.uniform(-0.3, 0.3), 0.0, 1.0);
        for (std::size_t q = 0; q < kCaptions; ++q) {
          system->terms[0].numerators[g] += rng.chance(own) ? 1.0 : 0.0;
        }
        system->terms[1].numerators[g] += rng.chance(own) ? 1.0 : 0.0;
      }
    }
    const Randomisation randomisation{.seed = static_cast<std::uint64_t>(i), .arrangements = 999};
    rejected += randomisation_test(pair.a, pair.b, randomisation)->p_value <= 0.05;
  }
  const double rate = static_cast<double>(rejected) / comparisons;
  RecordProperty("rate", std::to_string(rate));
  EXPECT_NEAR(rate, 0.05, 0.01);
}

TEST(PairedBootstrap, IsTheIntervalOfTheDifference) {
  Rng rng(5, "pairs");
  const Pair pair = random_pair(rng, 50, true);
  const Resamples resamples{.seed = 1, .groups = 50, .count = 500};
  const auto found = paired_bootstrap(resamples, pair.a, pair.b);
  std::vector<double> values;
  resamples.for_each(
      [&](Multiplicities m) { values.push_back(*value_of(pair.a, m) - *value_of(pair.b, m)); });
  const auto expected = *percentile_interval(values, 0.95);
  EXPECT_NEAR(found->estimate, by_definition(pair, Swapped(50, 0)), 1e-12);
  EXPECT_NEAR(found->interval.low, expected.low, 1e-12);
  EXPECT_NEAR(found->interval.high, expected.high, 1e-12);
}

TEST(PairedBootstrap, HasNoWidthForASystemAndItself) {
  Rng rng(6, "pairs");
  const Pair pair = random_pair(rng, 30, true);
  const auto same = paired_bootstrap({.seed = 1, .groups = 30, .count = 100}, pair.a, pair.a,
                                     {.method = IntervalMethod::kBca, .level = 0.9});
  EXPECT_NEAR(same->interval.low, 0.0, 1e-12);
  EXPECT_NEAR(same->interval.high, 0.0, 1e-12);
}

void expect_holm(const std::vector<double>& p_values, const std::vector<double>& adjusted) {
  const auto found = holm_adjusted(p_values);
  ASSERT_EQ(found.size(), adjusted.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], adjusted[i], 1e-15);
}

TEST(Holm, MultipliesByHypothesesLeftAndNeverFalls) {
  // Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, the last raised.
  expect_holm({0.01, 0.04, 0.03, 0.005}, {0.03, 0.06, 0.06, 0.02});
  expect_holm({0.6, 0.5}, {1.0, 1.0});
  expect_holm({0.02, 0.02, 0.9}, {0.06, 0.06, 0.9});
  expect_holm({0.3}, {0.3});
  expect_holm({}, {});
}

TEST(MinimumDetectableDifference, IsAMultipleOfTheClusteredStandardError) {
  // Group differences 1, 0, 2, 1 of 2 queries each: values 0.5, 0, 1, 0.5 a query, mean 0.5,
  // squares 0.5, so the error is sqrt(0.5 / 3 / 4).
  const std::vector<double> twos(4, 2.0);
  const RatioSum a{{{100.0, {2.0, 1.0, 2.0, 1.0}, twos}}}, b{{{100.0, {1.0, 1.0, 0.0, 0.0}, twos}}};
  const double error = 100.0 * std::sqrt(0.5 / 12.0);
  EXPECT_NEAR(*minimum_detectable_difference(difference_of(a, b)),
              (1.9599639845400542 + 0.84162123357291421) * error, 1e-11);
  EXPECT_NEAR(*minimum_detectable_difference(difference_of(a, b), {.alpha = 0.01, .power = 0.5}),
              2.5758293035489008 * error, 1e-11);
  const RatioSum lone{{{1.0, {1.0}, {1.0}}}};
  EXPECT_FALSE(minimum_detectable_difference(lone).has_value());
}

TEST(MinimumDetectableDifference, IsFoundWithThePowerItSays) {
  // Differences of 100 groups are normal around 1 with deviation 3.57: their sum has error 35.7.
  Rng rng(7, "differences");
  int found = 0;
  const int experiments = 1000;
  for (int i = 0; i < experiments; ++i) {
    std::vector<double> differences(100);
    for (double& d : differences) d = 1.0 + 10.0 / (1.9599640 + 0.8416212) * rng.normal();
    found += randomisation_test(differences, {.seed = 1, .arrangements = 999}).p_value <= 0.05;
  }
  EXPECT_NEAR(static_cast<double>(found) / experiments, 0.8, 0.04);
}

}  // namespace
}  // namespace alignlab
