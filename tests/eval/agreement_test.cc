#include "eval/agreement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "core/rng.h"

namespace alignlab {
namespace {

using Labels = std::vector<std::int32_t>;
using Predicted = std::vector<std::optional<std::int32_t>>;

Labels random_labels(Rng& rng, std::size_t n, int most) {
  Labels labels(n);
  for (auto& label : labels) label = rng.between(-1, most);
  return labels;
}

double share(const Labels& first, const Labels& second, std::int32_t a, std::int32_t b) {
  double items = 0.0;
  for (std::size_t i = 0; i < first.size(); ++i) items += first[i] == a && second[i] == b;
  return items / static_cast<double>(first.size());
}

/// The sum of p log(p / (p_a p_b)) over every pair of labels.
double information_by_definition(const Labels& first, const Labels& second) {
  double sum = 0.0;
  for (const std::int32_t a : std::set(first.begin(), first.end())) {
    for (const std::int32_t b : std::set(second.begin(), second.end())) {
      const double both = share(first, second, a, b);
      if (both == 0.0) continue;
      sum += both * std::log(both / share(first, first, a, a) / share(second, second, b, b));
    }
  }
  return sum;
}

double entropy_by_definition(const Labels& labels) {
  double sum = 0.0;
  for (const std::int32_t label : std::set(labels.begin(), labels.end())) {
    const double p = share(labels, labels, label, label);
    sum -= p * std::log(p);
  }
  return sum;
}

double mean_entropy_by_definition(const Labels& first, const Labels& second) {
  return (entropy_by_definition(first) + entropy_by_definition(second)) / 2.0;
}

/// The mean over every distinct order of the second labels; each stands for equally many of the n!.
double information_over_every_order(const Labels& first, Labels second) {
  std::ranges::sort(second);
  double sum = 0.0, orders = 0.0;
  do {
    sum += information_by_definition(first, second);
    orders += 1.0;
  } while (std::ranges::next_permutation(second).found);
  return sum / orders;
}

double log_factorial(double n) { return std::lgamma(n + 1.0); }

/// The expected information as published, with logarithms of factorials.
double information_by_factorials(const Labels& first, const Labels& second) {
  const auto n = static_cast<double>(first.size());
  double sum = 0.0;
  for (const std::int32_t label : std::set(first.begin(), first.end())) {
    const auto a = static_cast<double>(std::ranges::count(first, label));
    for (const std::int32_t other : std::set(second.begin(), second.end())) {
      const auto b = static_cast<double>(std::ranges::count(second, other));
      for (double c = std::max(1.0, a + b - n); c <= std::min(a, b); c += 1.0) {
        const double log_probability = log_factorial(a) + log_factorial(b) + log_factorial(n - a) +
                                       log_factorial(n - b) - log_factorial(n) - log_factorial(c) -
                                       log_factorial(a - c) - log_factorial(b - c) -
                                       log_factorial(n - a - b + c);
        sum += c / n * std::log(n * c / (a * b)) * std::exp(log_probability);
      }
    }
  }
  return sum;
}

double adjusted(double information, double expected, double mean_entropy) {
  return (information - expected) / (mean_entropy - expected);
}

bool has_one_label(const Labels& labels) {
  return std::set(labels.begin(), labels.end()).size() == 1;
}

bool all_differ(const Labels& labels) {
  return std::set(labels.begin(), labels.end()).size() == labels.size();
}

Labels renamed(const Labels& labels) {
  Labels out;
  for (const std::int32_t label : labels) out.push_back(1000 - 7 * label);
  return out;
}

TEST(NormalisedMutualInformation, FollowsItsDefinition) {
  Rng rng(21, "agreement");
  for (int round = 0; round < 2000; ++round) {
    const std::size_t n = 1 + rng.below(40);
    const Labels first = random_labels(rng, n, rng.between(-1, 6));
    const Labels second = random_labels(rng, n, rng.between(-1, 6));
    const auto found = normalised_mutual_information(first, second);
    ASSERT_TRUE(found.has_value());
    ASSERT_GE(*found, 0.0);
    ASSERT_LE(*found, 1.0);
    const double mean = mean_entropy_by_definition(first, second);
    const bool both_one = has_one_label(first) && has_one_label(second);
    const double expected = both_one ? 1.0 : information_by_definition(first, second) / mean;
    ASSERT_NEAR(*found, expected, 1e-12) << "round " << round;
    ASSERT_NEAR(*normalised_mutual_information(second, first), *found, 1e-15);
    ASSERT_EQ(normalised_mutual_information(renamed(first), second), found);
  }
}

TEST(NormalisedMutualInformation, IsWorkedByHand) {
  // Clusters of 2 and 3 items, and the larger split in 1 and 2: what they share is all that the
  // coarser says.
  const double coarser = std::log(5.0) - (2.0 * std::log(2.0) + 3.0 * std::log(3.0)) / 5.0;
  const double finer = std::log(5.0) - (2.0 * std::log(2.0) + 2.0 * std::log(2.0)) / 5.0;
  EXPECT_NEAR(*normalised_mutual_information(Labels{1, 1, 2, 2, 2}, Labels{1, 1, 2, 3, 3}),
              2.0 * coarser / (coarser + finer), 1e-12);
  // Each cluster holds both classes alike: nothing is known of them.
  EXPECT_EQ(normalised_mutual_information(Labels{0, 0, 1, 1}, Labels{0, 1, 0, 1}), 0.0);
}

TEST(AdjustedMutualInformation, ExpectsTheMeanOverEveryOrderOfOneSidesLabels) {
  Rng rng(22, "agreement");
  int compared = 0, negative = 0;
  for (int round = 0; round < 250; ++round) {
    const std::size_t n = 2 + rng.below(6);
    const Labels first = random_labels(rng, n, rng.between(-1, 3));
    const Labels second = random_labels(rng, n, rng.between(-1, 3));
    if (has_one_label(first) && has_one_label(second)) continue;
    if (all_differ(first) && all_differ(second)) continue;
    const double expected = adjusted(information_by_definition(first, second),
                                     information_over_every_order(first, second),
                                     mean_entropy_by_definition(first, second));
    const auto found = adjusted_mutual_information(first, second);
    ASSERT_TRUE(found.has_value());
    ASSERT_NEAR(*found, expected, 1e-12) << "round " << round;
    ++compared;
    negative += *found < -0.01;
  }
  EXPECT_GT(compared, 200);
  EXPECT_GT(negative, 20);
}

TEST(AdjustedMutualInformation, EqualsThePublishedSumForManyItems) {
  Rng rng(23, "agreement");
  for (int round = 0; round < 60; ++round) {
    const std::size_t n = 10 + rng.below(round % 10 == 0 ? 3000 : 300);
    const Labels first = random_labels(rng, n, rng.between(0, 12));
    Labels second = random_labels(rng, n, rng.between(0, 12));
    for (std::size_t i = 0; i < n; ++i) {
      if (rng.chance(0.5)) second[i] = first[i];
    }
    const double expected =
        adjusted(information_by_definition(first, second), information_by_factorials(first, second),
                 mean_entropy_by_definition(first, second));
    const auto found = adjusted_mutual_information(first, second);
    ASSERT_NEAR(*found, expected, 1e-9) << "round " << round;  // factorials lose digits
    ASSERT_NEAR(*adjusted_mutual_information(second, first), *found, 1e-12);
    ASSERT_EQ(adjusted_mutual_information(first, renamed(second)), found);
  }
}

TEST(AdjustedMutualInformation, IsWorkedByHand) {
  // Two pairs against two pairs across: no information, where two of six orders would have given
  // all of it, log 2. (0 - log 2 / 3) / (log 2 - log 2 / 3).
  EXPECT_NEAR(*adjusted_mutual_information(Labels{0, 0, 1, 1}, Labels{0, 1, 0, 1}), -0.5, 1e-12);
}

TEST(AdjustedMutualInformation, IsNearZeroOfUnrelatedLabels) {
  Rng rng(24, "agreement");
  const Labels first = random_labels(rng, 20'000, 48), second = random_labels(rng, 20'000, 48);
  EXPECT_NEAR(*adjusted_mutual_information(first, second), 0.0, 0.003);
  EXPECT_GT(*normalised_mutual_information(first, second), 0.01);
}

TEST(MutualInformation, IsExactlyOneOfTheSamePartition) {
  Rng rng(25, "agreement");
  for (int round = 0; round < 300; ++round) {
    const Labels labels = random_labels(rng, 1 + rng.below(400), rng.between(-1, 40));
    ASSERT_EQ(normalised_mutual_information(labels, renamed(labels)), 1.0);
    ASSERT_EQ(adjusted_mutual_information(labels, renamed(labels)), 1.0);
  }
}

TEST(MutualInformation, OfTrivialPartitionsIsSettled) {
  const Labels one{4, 4, 4}, other{-1, -1, -1}, single{1, 2, 3}, last{9, 8, 7};
  for (const auto measure : {normalised_mutual_information, adjusted_mutual_information}) {
    EXPECT_EQ(measure(one, other), 1.0);
    EXPECT_EQ(measure(single, last), 1.0);
    EXPECT_EQ(measure(one, single), 0.0);
    EXPECT_EQ(measure(single, one), 0.0);
    EXPECT_EQ(measure(Labels{3}, Labels{5}), 1.0);
    EXPECT_EQ(measure({}, {}), std::nullopt);
  }
}

TEST(Purity, IsTheShareOfEachClustersMostFrequentClass) {
  const Labels clusters{0, 0, 0, 1, 1, -1}, classes{5, 5, 6, 6, 7, 7};
  EXPECT_DOUBLE_EQ(*purity({.clusters = clusters, .classes = classes}), 400.0 / 6.0);  // 2, 1, 1
  // The other way round: of 5 both lie in 0, of 6 and 7 one in each.
  EXPECT_DOUBLE_EQ(*purity({.clusters = classes, .classes = clusters}), 400.0 / 6.0);
  const Labels single{1, 2, 3, 4, 5, 6}, one{1, 1, 1, 1, 1, 1};
  EXPECT_EQ(purity({.clusters = single, .classes = classes}), 100.0);
  EXPECT_DOUBLE_EQ(*purity({.clusters = one, .classes = classes}), 100.0 / 3.0);
  EXPECT_EQ(purity({}), std::nullopt);
}

TEST(Purity, FollowsItsDefinition) {
  Rng rng(26, "agreement");
  for (int round = 0; round < 1000; ++round) {
    const std::size_t n = 1 + rng.below(30);
    const Labels clusters = random_labels(rng, n, 4), classes = random_labels(rng, n, 3);
    double pure = 0.0;
    for (std::int32_t cluster = -1; cluster <= 4; ++cluster) {
      double most = 0.0;
      for (std::int32_t label = -1; label <= 3; ++label) {
        most = std::max(most, share(clusters, classes, cluster, label));
      }
      pure += most;
    }
    ASSERT_NEAR(*purity({.clusters = clusters, .classes = classes}), 100.0 * pure, 1e-10);
  }
}

TEST(ClassifyByNeighbours, TakesTheMajorityOfTheNearest) {
  const Labels labels{7, 7, 8, -1, -1};
  const Labels neighbours{2, 0, 1, /**/ 3, 2, 4};
  EXPECT_EQ(classify_by_neighbours(neighbours, 3, labels), (Predicted{7, -1}));
}

TEST(ClassifyByNeighbours, BreaksTiesByTheNearestOfTheTiedClasses) {
  const Labels labels{1, 2, 3};
  EXPECT_EQ(classify_by_neighbours(Labels{1, 0}, 2, labels), (Predicted{2}));
  EXPECT_EQ(classify_by_neighbours(Labels{2, 1, 0}, 3, labels), (Predicted{3}));
  // The nearest of all is of a class that is not among the tied ones.
  const Labels twice{9, 5, 4, 4, 5};
  EXPECT_EQ(classify_by_neighbours(Labels{0, 2, 1, 4, 3}, 5, twice), (Predicted{4}));
}

TEST(ClassifyByNeighbours, LetsNoNeighbourThatIsMissingVote) {
  const Labels labels{6, 7};
  EXPECT_EQ(classify_by_neighbours(Labels{-1, 1, 0, /**/ 0, -1, -1, /**/ -1, -1, -1}, 3, labels),
            (Predicted{7, 6, std::nullopt}));
  EXPECT_EQ(classify_by_neighbours({}, 3, labels), Predicted{});
}

/// Counts each class anew, with its first neighbour; compares pairs (votes, -first).
std::optional<std::int32_t> elected(const Labels& row, const Labels& labels) {
  std::optional<std::int32_t> best;
  std::ptrdiff_t best_votes = 0, best_first = 0;
  for (const std::int32_t label : std::set(labels.begin(), labels.end())) {
    const auto votes_for = [&](std::int32_t id) {
      return id >= 0 && labels[static_cast<std::size_t>(id)] == label;
    };
    const std::ptrdiff_t votes = std::ranges::count_if(row, votes_for);
    const std::ptrdiff_t first = std::ranges::find_if(row, votes_for) - row.begin();
    if (votes > best_votes || (votes > 0 && votes == best_votes && first < best_first)) {
      best = label;
      best_votes = votes;
      best_first = first;
    }
  }
  return best;
}

TEST(ClassifyByNeighbours, FollowsItsDefinition) {
  Rng rng(27, "agreement");
  for (int round = 0; round < 2000; ++round) {
    const Labels labels = random_labels(rng, 1 + rng.below(9), 3);
    const std::size_t k = 1 + rng.below(8), queries = rng.below(4);
    const Labels neighbours = random_labels(rng, queries * k, static_cast<int>(labels.size()) - 1);
    Predicted expected;
    for (std::size_t i = 0; i < queries; ++i) {
      const auto begin = neighbours.begin() + static_cast<std::ptrdiff_t>(i * k);
      expected.push_back(elected({begin, begin + static_cast<std::ptrdiff_t>(k)}, labels));
    }
    ASSERT_EQ(classify_by_neighbours(neighbours, k, labels), expected) << "round " << round;
  }
}

TEST(Accuracy, CountsAnItemWithoutAPredictionAsWrong) {
  EXPECT_EQ(accuracy(Labels{1, 2, 3, 3}, Predicted{1, 3, 3, std::nullopt}), 50.0);
  EXPECT_EQ(accuracy(Labels{1}, Predicted{1}), 100.0);
  EXPECT_EQ(accuracy({}, {}), std::nullopt);
}

TEST(MacroF1, IsTheMeanOverClassesOfEitherSide) {
  // 1: 2 right of 2 predicted and 3 true, 4/5. 2: 1 right of 2 and 1, 2/3. 3: never true, 0.
  EXPECT_DOUBLE_EQ(*macro_f1(Labels{1, 1, 1, 2}, Predicted{1, 1, 2, 2}),
                   100.0 * (4.0 / 5.0 + 2.0 / 3.0) / 2.0);
  EXPECT_DOUBLE_EQ(*macro_f1(Labels{1, 1, 1, 2, 2}, Predicted{1, 1, 2, 2, 3}),
                   100.0 * (4.0 / 5.0 + 2.0 / 4.0) / 3.0);
}

TEST(MacroF1, ChargesAMissingPredictionToItsOwnClassAlone) {
  // 1: 1 right of 1 predicted and 2 true, 2/3. 2: never predicted, 0.
  EXPECT_DOUBLE_EQ(*macro_f1(Labels{1, 1, 2}, Predicted{1, std::nullopt, std::nullopt}),
                   100.0 / 3.0);
  EXPECT_EQ(macro_f1(Labels{1}, Predicted{std::nullopt}), 0.0);
  EXPECT_EQ(macro_f1({}, {}), std::nullopt);
}

TEST(MacroF1, IsTheMeanOfHarmonicMeansOfPrecisionAndRecall) {
  Rng rng(28, "agreement");
  for (int round = 0; round < 2000; ++round) {
    const std::size_t n = 1 + rng.below(25);
    const Labels classes = random_labels(rng, n, 4);
    Predicted predicted;
    for (const std::int32_t label : random_labels(rng, n, 5)) {
      predicted.push_back(label == 5 ? std::nullopt : std::optional(label));
    }
    double sum = 0.0, count = 0.0, all_right = 0.0;
    for (std::int32_t label = -1; label <= 5; ++label) {
      double right = 0.0, told = 0.0, is = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        right += classes[i] == label && predicted[i] == label;
        told += predicted[i] == label;
        is += classes[i] == label;
      }
      if (told + is == 0.0) continue;
      count += 1.0;
      all_right += right;
      if (right == 0.0) continue;
      const double precision = right / told, recall = right / is;
      sum += 2.0 * precision * recall / (precision + recall);
    }
    ASSERT_NEAR(*macro_f1(classes, predicted), 100.0 * sum / count, 1e-10) << "round " << round;
    ASSERT_NEAR(*accuracy(classes, predicted), 100.0 * all_right / static_cast<double>(n), 1e-10);
  }
}

}  // namespace
}  // namespace alignlab
