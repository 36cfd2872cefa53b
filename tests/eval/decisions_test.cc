#include <gtest/gtest.h>

#include <algorithm>

#include "core/rng.h"
#include "eval/metrics.h"

namespace alignlab {
namespace {

std::optional<double> value_of(const std::string& metric, const Decisions& decisions) {
  Ranks ranks;
  ranks.candidates = 10;
  return metric_value(parse_metric(metric, {"test", 0, 0}),
                      {ranks, TiePolicy::kExpected, &decisions});
}

const std::vector<std::string> kMetrics{"micro_precision@t", "micro_recall@t", "micro_F1@t",
                                        "macro_precision@t", "macro_recall@t", "macro_F1@t",
                                        "accuracy@t"};

// Three judged queries and one that has nothing relevant:
//   4 predicted, 2 of them right, 3 relevant: precision 1/2, recall 2/3, F1 4/7
//   0 predicted, 0 right, 2 relevant:         precision 0,   recall 0,   F1 0
//   1 predicted, 1 right, 1 relevant:         precision 1,   recall 1,   F1 1
const Decisions kByHand{{4, 0, 1, 5}, {2, 0, 1, 0}, {3, 2, 1, 0}};

TEST(MicroMetrics, PoolThePairsOfAllJudgedQueries) {
  EXPECT_DOUBLE_EQ(*value_of("micro_precision@t", kByHand), 60.0);  // 3 of 5
  EXPECT_DOUBLE_EQ(*value_of("micro_recall@t", kByHand), 50.0);     // 3 of 6
  EXPECT_DOUBLE_EQ(*value_of("micro_F1@t", kByHand), 100.0 * 2 * 3 / (5 + 6));
}

TEST(MacroMetrics, AverageTheJudgedQueriesWithPrecisionZeroWhereNothingWasPredicted) {
  EXPECT_DOUBLE_EQ(*value_of("macro_precision@t", kByHand), 50.0);
  EXPECT_DOUBLE_EQ(*value_of("macro_recall@t", kByHand), 100.0 * (2.0 / 3 + 0 + 1) / 3);
  EXPECT_DOUBLE_EQ(*value_of("macro_F1@t", kByHand), 100.0 * (4.0 / 7 + 0 + 1) / 3);
}

TEST(Accuracy, IsOfAllPairsOfJudgedQueries) {
  // Wrong: 2 + 1, 2 and none, of 30 pairs.
  EXPECT_DOUBLE_EQ(*value_of("accuracy@t", kByHand), 100.0 * 25 / 30);
}

TEST(DecisionMetrics, OfPerfectDecisionsAreAHundred) {
  const Decisions perfect{{3, 1}, {3, 1}, {3, 1}};
  for (const auto& metric : kMetrics) EXPECT_DOUBLE_EQ(*value_of(metric, perfect), 100.0) << metric;
}

TEST(DecisionMetrics, OfAThresholdThatNothingReachesHaveNoMicroPrecision) {
  const Decisions none{{0, 0}, {0, 0}, {3, 1}};
  EXPECT_EQ(value_of("micro_precision@t", none), std::nullopt);
  EXPECT_EQ(value_of("micro_recall@t", none), 0.0);
  EXPECT_EQ(value_of("micro_F1@t", none), 0.0);
  EXPECT_EQ(value_of("macro_precision@t", none), 0.0);
  EXPECT_EQ(value_of("macro_recall@t", none), 0.0);
  EXPECT_EQ(value_of("macro_F1@t", none), 0.0);
  EXPECT_EQ(value_of("accuracy@t", none), 80.0);  // 7 and 9 of 10 wrong ones are left out
}

TEST(DecisionMetrics, AreAbsentWhereNothingIsRelevant) {
  for (const Decisions& decisions : {Decisions{}, Decisions{{5, 0}, {0, 0}, {0, 0}}}) {
    for (const auto& metric : kMetrics)
      EXPECT_EQ(value_of(metric, decisions), std::nullopt) << metric;
  }
}

std::optional<double> value_of(const std::string& metric, const ThresholdCurve& curve) {
  return metric_value(parse_metric(metric, {"test", 0, 0}),
                      {Ranks{}, TiePolicy::kExpected, nullptr, &curve});
}

TEST(Curves, AreWorkedByHand) {
  // Scores, relevant ones marked: 9* 8 7* 7* 7 5* 5 1.
  const ThresholdCurve curve{{9, 7, 5}, {1, 3, 4}, {0, 2, 3}, {0, 1, 1}, 8};
  EXPECT_NEAR(*value_of("micro_AP", curve), 100.0 * (1.0 * 1 + 2.0 * 3 / 5 + 1.0 * 4 / 7) / 4.0,
              1e-12);
  // Of four wrong pairs 9 beats 4, each 7 beats 2 and ties with 1, 5 beats 1 and ties with 1.
  EXPECT_NEAR(*value_of("micro_AUC", curve), (4 + 2 * 2.5 + 1.5) / 16.0, 1e-12);
}

TEST(Curves, OfAConstantScorerAreChance) {
  const ThresholdCurve curve{{0.5}, {10}, {90}, {90}, 100};
  EXPECT_DOUBLE_EQ(*value_of("micro_AP", curve), 10.0);
  EXPECT_DOUBLE_EQ(*value_of("micro_AUC", curve), 0.5);
}

TEST(Curves, AreAbsentWithoutPairsToCompare) {
  EXPECT_EQ(value_of("micro_AP", ThresholdCurve{}), std::nullopt);
  EXPECT_EQ(value_of("micro_AUC", ThresholdCurve{}), std::nullopt);
  EXPECT_EQ(value_of("micro_AUC", ThresholdCurve{{1}, {3}, {0}, {0}, 3}), std::nullopt);
  EXPECT_EQ(value_of("micro_AP", ThresholdCurve{{1}, {3}, {0}, {0}, 3}), 100.0);
}

TEST(BestF1Threshold, IsWorkedByHand) {
  // Scores, relevant ones marked: 9* 8 7* 7* 6 5 5* 1. Four are relevant.
  // t = 9: 2*1/(1+4) = 0.4; t = 7: 2*3/(4+4) = 0.75; t = 5: 2*4/(7+4) = 0.727.
  const ThresholdCurve curve{{9, 7, 5}, {1, 3, 4}, {0, 1, 3}, {0, 0, 1}, 8};
  EXPECT_EQ(best_f1_threshold(curve), 7.0);
}

TEST(BestF1Threshold, IsTheLargestOfEquallyGoodOnes) {
  // t = 9: 2*1/(1+2) = 2/3; t = 5: 2*2/(4+2) = 2/3.
  EXPECT_EQ(best_f1_threshold({{9, 5}, {1, 2}, {0, 2}, {}, 0}), 9.0);
  // One more wrong pair below turns it; one fewer makes the lower threshold win.
  EXPECT_EQ(best_f1_threshold({{9, 5}, {1, 2}, {0, 3}, {}, 0}), 9.0);
  EXPECT_EQ(best_f1_threshold({{9, 5}, {1, 2}, {0, 1}, {}, 0}), 5.0);
}

TEST(BestF1Threshold, ComparesFractionsThatDoublesCannotTellApart) {
  // 2c/(c+w+R) with R = c of the last entry; the two differ by less than one part in 2^60.
  const std::int64_t n = std::int64_t{1} << 40;
  // (n-1)/(3n-2) against n/(3n+1): cross products differ by one, (n-1)(3n+1) - n(3n-2) = -1.
  const ThresholdCurve lower_wins{{9, 5}, {n - 1, n}, {n - 1, n + 1}, {}, 0};
  EXPECT_EQ(best_f1_threshold(lower_wins), 5.0);
}

TEST(BestF1Threshold, IsAbsentWithoutARelevantPair) {
  EXPECT_EQ(best_f1_threshold(ThresholdCurve{}), std::nullopt);
}

TEST(BestF1Threshold, IsTheBestOfAllScoresThatOccur) {
  Rng rng(6, "pairs");
  int equally_good = 0;
  for (int round = 0; round < 500; ++round) {
    struct Pair {
      int score;
      bool relevant;
    };
    std::vector<Pair> pairs(1 + rng.below(30));
    const int levels = rng.between(1, 12);
    for (auto& pair : pairs) pair = {rng.between(-levels, levels), rng.chance(0.4)};
    const std::int64_t all = std::ranges::count_if(pairs, &Pair::relevant);

    ThresholdCurve curve;
    std::optional<int> best;
    std::int64_t best_twice_correct = 0, best_sum = 1;
    for (int t = levels; t >= -levels; --t) {
      std::int64_t correct = 0, wrong = 0;
      bool is_relevant_score = false;
      for (const Pair& pair : pairs) {
        if (pair.score < t) continue;
        ++(pair.relevant ? correct : wrong);
        is_relevant_score |= pair.relevant && pair.score == t;
      }
      if (is_relevant_score) {
        curve.thresholds.push_back(t);
        curve.correct.push_back(correct);
        curve.wrong.push_back(wrong);
      }
      if (all == 0 || correct + wrong == 0) continue;
      const std::int64_t difference =
          2 * correct * best_sum - best_twice_correct * (correct + wrong + all);
      equally_good += difference == 0 && correct > 0;
      if (difference > 0)
        best = t, best_twice_correct = 2 * correct, best_sum = correct + wrong + all;
    }
    const auto found = best_f1_threshold(curve);
    ASSERT_EQ(found.has_value(), best.has_value());
    if (best) {
      ASSERT_EQ(*found, *best) << "round " << round;
    }
  }
  EXPECT_GT(equally_good, 20);
}

}  // namespace
}  // namespace alignlab
