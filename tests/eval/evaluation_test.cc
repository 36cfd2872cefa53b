#include "eval/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/rng.h"
#include "tests/eval/evaluation_fixtures.h"
#include "tests/eval/oracle.h"

namespace alignlab {
namespace {

using tests::all_names;
using tests::asking_for;
using tests::kBack;
using tests::kForth;
using tests::names_in;
using tests::Order;
using tests::Query;
using tests::untied;

constexpr int kThreshold = 1;  // of whole scores

struct GroupedQuery {
  Query query;
  std::int32_t group;
};
using Fold = std::vector<GroupedQuery>;
using Folds = std::map<std::string, std::vector<Fold>>;  // by direction

Retrieval retrieval_of(const Fold& fold, std::size_t candidates) {
  Retrieval out;
  out.decisions.emplace();
  std::vector<Query> queries;
  for (const auto& [query, group] : fold) {
    queries.push_back(query);
    out.groups.push_back(group);
    std::int64_t predicted = 0, correct = 0, relevant = 0;
    for (const auto& candidate : query) {
      predicted += candidate.score >= kThreshold;
      correct += candidate.score >= kThreshold && candidate.is_relevant();
      relevant += candidate.is_relevant();
    }
    out.decisions->predicted.push_back(predicted);
    out.decisions->correct.push_back(correct);
    out.decisions->relevant.push_back(relevant);
  }
  out.ranks = tests::ranks_of(queries);
  out.ranks.candidates = static_cast<std::int64_t>(candidates);
  out.threshold = kThreshold;
  return out;
}

Retrievals retrievals_of(const Folds& folds, std::size_t candidates) {
  Retrievals out;
  for (const auto& [direction, own] : folds) {
    for (const Fold& fold : own) out[direction].push_back(retrieval_of(fold, candidates));
  }
  return out;
}

/// Each query as often as its group says.
Folds repeated(const Folds& folds, const std::map<std::int32_t, std::uint32_t>& times) {
  Folds out;
  for (const auto& [direction, own] : folds) {
    for (const Fold& fold : own) {
      Fold copy;
      for (const GroupedQuery& query : fold) copy.insert(copy.end(), times.at(query.group), query);
      out[direction].push_back(copy);
    }
  }
  return out;
}

/// A metric at a threshold as its definition reads.
std::optional<double> decided(const std::string& row, const Fold& fold) {
  double queries = 0, predicted = 0, correct = 0, relevant = 0, pairs = 0, right = 0;
  double precisions = 0, recalls = 0, f1s = 0;
  for (const auto& [query, group] : fold) {
    if (!tests::is_judged(query)) continue;
    double p = 0, c = 0, r = 0;
    for (const auto& candidate : query) {
      const bool chosen = candidate.score >= kThreshold;
      p += chosen;
      c += chosen && candidate.is_relevant();
      r += candidate.is_relevant();
      right += chosen == candidate.is_relevant();
      pairs += 1;
    }
    queries += 1, predicted += p, correct += c, relevant += r;
    const double precision = p == 0 ? 0 : c / p, recall = c / r;
    precisions += precision, recalls += recall;
    f1s += c == 0 ? 0 : 2 * precision * recall / (precision + recall);
  }
  if (queries == 0) return std::nullopt;
  if (row == "micro_precision@t" && predicted == 0) return std::nullopt;
  if (row == "micro_precision@t") return 100 * correct / predicted;
  if (row == "micro_recall@t") return 100 * correct / relevant;
  if (row == "micro_F1@t") return 200 * correct / (predicted + relevant);
  if (row == "accuracy@t") return 100 * right / pairs;
  if (row == "macro_precision@t") return 100 * precisions / queries;
  if (row == "macro_recall@t") return 100 * recalls / queries;
  EXPECT_EQ(row, "macro_F1@t");
  return 100 * f1s / queries;
}

std::optional<double> defined_value(const MetricName& metric, const Fold& fold) {
  if (metric.uses_threshold()) return decided(metric.row, fold);
  std::vector<std::vector<Order>> orders;
  for (const auto& [query, group] : fold) {
    if (tests::is_judged(query)) orders.push_back(tests::allowed_orders(query));
  }
  if (metric.row == "MedR") {
    return orders.empty() ? std::nullopt : std::optional(tests::median_rank(orders));
  }
  const auto mean = tests::mean_over(orders, tests::order_metrics().at(metric.row), metric.k);
  return mean && metric.row == "GeoMeanR" ? std::optional(std::exp(*mean)) : mean;
}

std::optional<double> defined_mean(const MetricName& metric, const std::vector<Fold>& folds) {
  double sum = 0.0;
  for (const Fold& fold : folds) {
    const auto value = defined_value(metric, fold);
    if (!value) return std::nullopt;
    sum += *value / static_cast<double>(folds.size());
  }
  return sum;
}

/// All metrics that are not of pooled pairs, as they are defined.
ByMetric<double> defined_values(const Folds& folds, const EvaluationRequest& request) {
  ByMetric<double> out;
  double rates = 0.0;
  int summed = 0;
  for (const auto& [direction, own] : folds) {
    for (const MetricName& metric : request.metrics) {
      if (metric.uses_curve()) continue;
      const auto value = defined_mean(metric, own);
      if (!value) continue;
      out[direction][metric.text] = *value;
      const bool is_summed = metric.text == "R@1" || metric.text == "R@5" || metric.text == "R@10";
      if (is_summed) rates += *value, ++summed;
    }
  }
  if (folds.size() == 2 && summed == 6) out["both"] = {{"rsum", rates}, {"r_mean", rates / 6}};
  return out;
}

struct Sample {
  Folds folds;
  std::size_t candidates;
};

/// Two directions whose queries share groups, with ties, grades, and queries that are not judged.
Sample random_sample(Rng& rng) {
  Sample out{{}, 1 + rng.below(5)};
  const std::size_t folds = 1 + rng.below(3);
  const int groups = rng.between(1, 6);
  const int grades = rng.chance(0.5) ? 1 : 3;
  for (const char* direction : {kForth, kBack}) {
    for (std::size_t f = 0; f < folds; ++f) {
      Fold fold(1 + rng.below(6));
      for (auto& [query, group] : fold) {
        group = 10 * rng.between(1, groups);
        query.resize(out.candidates);
        const double share = rng.chance(0.1) ? 0.0 : 0.5;
        for (auto& candidate : query) {
          candidate = {rng.between(0, 3), rng.chance(share) ? rng.between(1, grades) : 0.0};
        }
      }
      out.folds[direction].push_back(fold);
    }
  }
  return out;
}

void expect_equal(double found, double expected, const std::string& what) {
  EXPECT_NEAR(found, expected, 1e-12 * std::max(1.0, std::abs(expected))) << what;
}

TEST(Evaluation, IsTheMeanOverFoldsOfEveryMetricAsItIsDefined) {
  Rng rng(11, "samples");
  const EvaluationRequest request = asking_for(all_names());
  std::size_t compared = 0;
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    const Sample sample = random_sample(rng);
    const auto found = evaluate(retrievals_of(sample.folds, sample.candidates), request);
    const auto expected = defined_values(sample.folds, request);
    EXPECT_EQ(names_in(found), names_in(expected)) << "round " << round;
    for (const auto& [direction, own] : expected) {
      for (const auto& [name, value] : own) {
        expect_equal(found.at(direction).at(name), value, name);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 3000U);
}

TEST(Statistics, EqualTheValueWhereEveryGroupIsDrawnOnce) {
  Rng rng(12, "samples");
  EvaluationRequest request = asking_for(all_names());
  std::set<std::string> met;
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    const Sample sample = random_sample(rng);
    const Retrievals retrievals = retrievals_of(sample.folds, sample.candidates);
    request.ties = tie_policy_from(kTiePolicies[rng.below(4)]);
    const auto groups = groups_of(retrievals);
    const auto values = evaluate(retrievals, request);
    const auto statistics = statistics_of(retrievals, request, groups);
    EXPECT_EQ(names_in(statistics), names_in(values)) << "round " << round;
    for (const auto& [direction, own] : statistics) {
      for (const auto& [name, statistic] : own) {
        const auto estimate = estimate_of(statistic, groups.size());
        ASSERT_TRUE(estimate.has_value()) << name;
        expect_equal(*estimate, values.at(direction).at(name), name);
        met.insert(name);
      }
    }
  }
  for (const MetricName& metric : request.metrics) {
    EXPECT_EQ(met.contains(metric.text), !metric.uses_curve()) << metric.text;
  }
  EXPECT_TRUE(met.contains("rsum") && met.contains("r_mean"));
}

TEST(Statistics, OfGroupsDrawnAgainEqualTheDefinitionsOnQueriesRepeated) {
  Rng rng(13, "samples");
  const EvaluationRequest request = asking_for(all_names());
  std::size_t compared = 0, undefined = 0, of_both = 0;
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    const Sample sample = random_sample(rng);
    const Retrievals retrievals = retrievals_of(sample.folds, sample.candidates);
    const auto groups = groups_of(retrievals);
    std::map<std::int32_t, std::uint32_t> times;
    std::vector<std::uint32_t> multiplicities;
    for (const std::int32_t group : groups) {
      multiplicities.push_back(static_cast<std::uint32_t>(rng.below(4)));
      times[group] = multiplicities.back();
    }
    const auto expected = defined_values(repeated(sample.folds, times), request);
    for (const auto& [direction, own] : statistics_of(retrievals, request, groups)) {
      for (const auto& [name, statistic] : own) {
        const auto found = value_of(statistic, multiplicities);
        const auto values = expected.find(direction);
        const bool is_defined = values != expected.end() && values->second.contains(name);
        ASSERT_EQ(found.has_value(), is_defined) << direction << " " << name;
        undefined += !is_defined;
        if (!is_defined) continue;
        expect_equal(*found, values->second.at(name), name);
        ++compared;
        of_both += direction == "both";
      }
    }
  }
  EXPECT_GT(compared, 2000U);
  EXPECT_GT(undefined, 100U);
  EXPECT_GT(of_both, 20U);
}

TEST(Statistics, OwnWhatTheyNeed) {
  const EvaluationRequest request = asking_for({"R@1", "R@5", "R@10", "MedR", "GeoMeanR"});
  ByMetric<Statistic> statistics;
  {
    const Retrievals retrievals{{kForth, {untied({{0}, {3}, {7}})}},
                                {kBack, {untied({{2}, {0}, {0}})}}};
    std::vector<std::int32_t> groups = groups_of(retrievals);
    statistics = statistics_of(retrievals, request, groups);
  }
  const std::vector<std::uint32_t> drawn{0, 3, 0};
  EXPECT_EQ(value_of(statistics.at(kForth).at("MedR"), drawn), 4.0);
  EXPECT_NEAR(*value_of(statistics.at(kForth).at("GeoMeanR"), drawn), 4.0, 1e-12);
  EXPECT_EQ(value_of(statistics.at("both").at("rsum"), drawn), 500.0);
}

TEST(Statistics, DoNotMindGroupsWithoutQueries) {
  const EvaluationRequest request = asking_for({"R@1", "MedR", "GeoMeanR"});
  const Retrievals retrievals{{kForth, {untied({{0}, {3}, {7}})}}};
  const auto statistics = statistics_of(retrievals, request, {-4, 0, 1, 2, 99});
  const std::vector<std::uint32_t> drawn{7, 1, 0, 3, 5};
  EXPECT_EQ(value_of(statistics.at(kForth).at("R@1"), drawn), 25.0);
  EXPECT_EQ(value_of(statistics.at(kForth).at("MedR"), drawn), 8.0);
  EXPECT_NEAR(*value_of(statistics.at(kForth).at("GeoMeanR"), drawn), std::pow(8.0, 0.75), 1e-12);
}

TEST(Folds, AreWorkedByHand) {
  const Retrievals retrievals{
      {kForth, {untied({{0}, {3}, {10}}), untied({{7}}), untied({{0}, {4}})}}};
  const auto values =
      evaluate(retrievals, asking_for({"R@1", "MedR", "MeanR", "GeoMeanR"})).at(kForth);
  EXPECT_NEAR(values.at("R@1"), (100.0 / 3 + 0 + 50) / 3, 1e-12);
  EXPECT_DOUBLE_EQ(values.at("MedR"), (4.0 + 8 + 3) / 3);  // not that of all six, which is 4
  EXPECT_NEAR(values.at("MeanR"), (16.0 / 3 + 8 + 3) / 3, 1e-12);
  EXPECT_NEAR(values.at("GeoMeanR"), (std::cbrt(44.0) + 8 + std::sqrt(5.0)) / 3, 1e-12);
}

TEST(Folds, WithoutAValueLeaveTheMetricUndefined) {
  // Nothing is wrong for any query of the second fold; in the third nothing is judged.
  const Retrieval first = untied({{1}}, 3), second = untied({{0, 1}}, 2), third = untied({{}}, 3);
  const EvaluationRequest request = asking_for({"R@1", "R@5", "R@10", "FOSCTTM", "MedR"});
  const Retrievals two{{kForth, {first, second}}, {kBack, {first, first}}};
  const auto values = evaluate(two, request);
  EXPECT_FALSE(values.at(kForth).contains("FOSCTTM"));
  EXPECT_EQ(values.at(kBack).at("FOSCTTM"), 0.5);
  EXPECT_EQ(values.at(kForth).at("R@1"), 50.0);
  EXPECT_EQ(values.at("both").at("rsum"), 50.0 + 0.0 + 400.0);
  const Retrievals three{{kForth, {first, third}}, {kBack, {first, first}}};
  EXPECT_TRUE(evaluate(three, request).at(kForth).empty());
  EXPECT_FALSE(evaluate(three, request).contains("both"));
  const auto intervals = intervals_of(three, request, {{}, 100, 0});
  EXPECT_FALSE(intervals.contains(kForth));
  EXPECT_FALSE(intervals.contains("both"));
  EXPECT_TRUE(intervals.at(kBack).contains("MedR"));
  EXPECT_FALSE(statistics_of(three, request, groups_of(three)).contains("both"));
}

TEST(Both, IsTheSumAndTheMeanOfSixRates) {
  const Retrievals retrievals{{kForth, {untied({{0}, {3}, {7}, {50}})}},  // 25, 50, 75
                              {kBack, {untied({{0}, {0}, {4}, {9}})}}};   // 50, 75, 100
  const auto values = evaluate(retrievals, asking_for({"R@10", "R@1", "MRR", "R@5"}));
  EXPECT_EQ(values.at("both"), (std::map<std::string, double>{{"rsum", 375.0}, {"r_mean", 62.5}}));
}

TEST(Both, IsThereOnlyForTwoDirectionsWithAllSixRates) {
  const std::vector<Retrieval> folds{untied({{0}, {3}})};
  const std::vector<std::string> rates{"R@1", "R@5", "R@10"};
  const auto has_both = [](const Retrievals& retrievals, const std::vector<std::string>& names) {
    const EvaluationRequest request = asking_for(names);
    const bool found = evaluate(retrievals, request).contains("both");
    EXPECT_EQ(statistics_of(retrievals, request, groups_of(retrievals)).contains("both"), found);
    EXPECT_EQ(intervals_of(retrievals, request, {{}, 50, 0}).contains("both"), found);
    return found;
  };
  EXPECT_TRUE(has_both({{kForth, folds}, {kBack, folds}}, rates));
  EXPECT_FALSE(has_both({{kForth, folds}}, rates));
  EXPECT_FALSE(has_both({{kForth, folds}, {kBack, folds}, {"audio_to_text", folds}}, rates));
  EXPECT_FALSE(has_both({{kForth, folds}, {kBack, folds}}, {"R@1", "R@5", "MRR"}));
  EXPECT_FALSE(has_both({{kForth, folds}, {kBack, {untied({{}})}}}, rates));
  EXPECT_FALSE(has_both({}, rates));
}

TEST(Thresholds, AreTheirMeanOverFolds) {
  Retrieval low = untied({{0}}), high = untied({{0}});
  low.threshold = 0.25, high.threshold = 1.0;
  low.decisions = high.decisions = Decisions{{1}, {1}, {1}};
  const Retrievals retrievals{{kForth, {low, high}}, {kBack, {untied({{0}})}}};
  const auto values = evaluate(retrievals, asking_for({"micro_F1@t"}));
  EXPECT_EQ(values.at(kForth).at("threshold"), 0.625);
  EXPECT_EQ(values.at(kForth).at("micro_F1@t"), 100.0);
  EXPECT_TRUE(values.at(kBack).empty());
}

TEST(PooledMetrics, HaveAValueAndNoStatistic) {
  Retrieval retrieval = untied({{0}, {1}}, 2);
  // Scores of relevant pairs 0.9 and 0.3; others 0.5 and 0.1.
  retrieval.curve = ThresholdCurve{{0.9, 0.3}, {1, 2}, {0, 1}, {0, 0}, 4};
  const Retrievals retrievals{{kForth, {retrieval}}};
  const EvaluationRequest request = asking_for({"micro_AP", "micro_AUC"});
  EXPECT_NEAR(evaluate(retrievals, request).at(kForth).at("micro_AP"), 100 * (1 + 2.0 / 3) / 2,
              1e-12);
  EXPECT_NEAR(evaluate(retrievals, request).at(kForth).at("micro_AUC"), 0.75, 1e-12);
  EXPECT_TRUE(statistics_of(retrievals, request, {0, 1}).at(kForth).empty());
  EXPECT_TRUE(intervals_of(retrievals, request, {}).empty());
}

TEST(Groups, OfAllQueriesComeOnceAndAscending) {
  Retrieval first = untied({{0}, {1}, {2}}), second = untied({{0}, {}}), third = untied({{4}});
  first.groups = {9, -2, 9}, second.groups = {3, 7}, third.groups = {3};
  EXPECT_EQ(groups_of({{kForth, {first, second}}, {kBack, {third}}}),
            (std::vector<std::int32_t>{-2, 3, 7, 9}));
  EXPECT_TRUE(groups_of({}).empty());
}

}  // namespace
}  // namespace alignlab
