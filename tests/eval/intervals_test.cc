// Confidence intervals of whole evaluations, and what is told of lists.

#include <gtest/gtest.h>

#include <bit>
#include <cctype>
#include <chrono>

#include "core/rng.h"
#include "tests/eval/evaluation_fixtures.h"

namespace alignlab {
namespace {

using tests::all_names;
using tests::asking_for;
using tests::kBack;
using tests::kForth;
using tests::names_in;
using tests::untied;
using Reach = EvaluationRequest::Reach;

/// `queries` queries, two a group, that find their one relevant candidate more or less early.
Retrieval noisy(std::size_t queries, Rng& rng) {
  Retrieval out;
  out.ranks.candidates = 500;
  out.decisions.emplace();
  for (std::size_t i = 0; i < queries; ++i) {
    const auto rank = static_cast<std::int64_t>(rng.below(1 + rng.below(30)));
    out.ranks.above.push_back(rank);
    out.ranks.ties.push_back(rng.chance(0.2) ? 2 : 0);
    out.ranks.ties_before.push_back(out.ranks.ties.back() / 2);
    out.ranks.offsets.push_back(std::ssize(out.ranks.above));
    out.groups.push_back(static_cast<std::int32_t>(i / 2));
    out.decisions->predicted.push_back(rng.between(0, 3));
    out.decisions->correct.push_back(out.decisions->predicted.back() > 0 && rng.chance(0.7));
    out.decisions->relevant.push_back(1);
  }
  return out;
}

Retrievals noisy_directions(std::size_t queries) {
  Rng rng(21, "noise");
  return {{kForth, {noisy(queries, rng)}}, {kBack, {noisy(queries, rng)}}};
}

bool same_bits(const Interval& a, const Interval& b) {
  return std::bit_cast<std::uint64_t>(a.low) == std::bit_cast<std::uint64_t>(b.low) &&
         std::bit_cast<std::uint64_t>(a.high) == std::bit_cast<std::uint64_t>(b.high);
}

TEST(Intervals, HoldTheValueAndAreWiderAtAHigherLevel) {
  const Retrievals retrievals = noisy_directions(200);
  const EvaluationRequest request = asking_for(all_names());
  const auto values = evaluate(retrievals, request);
  const auto narrow =
      intervals_of(retrievals, request, {{IntervalMethod::kPercentile, 0.5}, 500, 3});
  const auto wide =
      intervals_of(retrievals, request, {{IntervalMethod::kPercentile, 0.95}, 500, 3});
  EXPECT_EQ(names_in(wide), names_in(values));
  EXPECT_EQ(names_in(narrow), names_in(values));
  for (const auto& [direction, own] : wide) {
    for (const auto& [name, interval] : own) {
      const double value = values.at(direction).at(name);
      EXPECT_LE(interval.low, value) << name;
      EXPECT_GE(interval.high, value) << name;
      const Interval& inner = narrow.at(direction).at(name);
      EXPECT_LE(interval.low, inner.low) << name;
      EXPECT_GE(interval.high, inner.high) << name;
      // Where a query has one relevant candidate, what counts all of them is found or is not.
      EXPECT_TRUE(name == "MedR" || interval.low < interval.high) << name;
    }
  }
}

TEST(Intervals, AreThoseOfBothDirectionsDrawnTogether) {
  const Retrievals retrievals = noisy_directions(60);
  EvaluationRequest request = asking_for({"R@1", "R@5", "R@10"});
  request.ties = TiePolicy::kIndex;
  std::vector<double> sums;
  Resamples{17, 30, 301}.for_each([&](Multiplicities drawn) {
    double sum = 0.0;
    for (const auto& [direction, folds] : retrievals) {
      const Retrieval& fold = folds.front();
      for (const int k : {1, 5, 10}) {
        double hits = 0.0, queries = 0.0;
        for (std::size_t i = 0; i < fold.groups.size(); ++i) {
          const double times = drawn[static_cast<std::size_t>(fold.groups[i])];
          hits += times * (fold.ranks.above[i] + fold.ranks.ties_before[i] < k);
          queries += times;
        }
        sum += 100.0 * hits / queries;
      }
    }
    sums.push_back(sum);
  });
  std::ranges::sort(sums);  // 301 values: the 5 % quantile is the 16th
  const auto found =
      intervals_of(retrievals, request, {{IntervalMethod::kPercentile, 0.9}, 301, 17}).at("both");
  EXPECT_NEAR(found.at("rsum").low, sums[15], 1e-9);
  EXPECT_NEAR(found.at("rsum").high, sums[285], 1e-9);
  EXPECT_NEAR(found.at("r_mean").low, sums[15] / 6, 1e-9);
  EXPECT_NEAR(found.at("r_mean").high, sums[285] / 6, 1e-9);
}

TEST(Intervals, OfOneSeedHaveTheSameBitsWhateverElseIsAsked) {
  const Retrievals retrievals = noisy_directions(80);
  for (const IntervalMethod method : {IntervalMethod::kPercentile, IntervalMethod::kBca}) {
    const IntervalRequest how{{method, 0.95}, 200, 5};
    const auto all = intervals_of(retrievals, asking_for(all_names()), how);
    const auto again = intervals_of(retrievals, asking_for(all_names()), how);
    EXPECT_EQ(names_in(all), names_in(again));
    for (const auto& [direction, own] : all) {
      for (const auto& [name, interval] : own) {
        EXPECT_TRUE(same_bits(interval, again.at(direction).at(name))) << name;
        if (direction == "both") continue;
        const auto alone = intervals_of(retrievals, asking_for({name}), how);
        EXPECT_TRUE(same_bits(interval, alone.at(direction).at(name))) << name;
      }
    }
    const auto other = intervals_of(retrievals, asking_for({"MeanR"}), {{method, 0.95}, 200, 6});
    EXPECT_FALSE(same_bits(other.at(kForth).at("MeanR"), all.at(kForth).at("MeanR")));
  }
}

TEST(Intervals, OfAPerfectRetrievalAreThePoint) {
  const Retrievals retrievals{{kForth, {untied({{0}, {0}, {0}})}}};
  for (const IntervalMethod method : {IntervalMethod::kPercentile, IntervalMethod::kBca}) {
    const auto found =
        intervals_of(retrievals, asking_for({"R@1", "MedR", "GeoMeanR"}), {{method, 0.95}, 100, 0});
    for (const auto& [name, interval] : found.at(kForth)) {
      const double value = name == "R@1" ? 100.0 : 1.0;
      EXPECT_EQ(interval.low, value) << name;
      EXPECT_EQ(interval.high, value) << name;
    }
  }
}

TEST(Intervals, AreThereForNothingWithoutQueries) {
  EXPECT_TRUE(intervals_of({}, asking_for({"R@1"}), {}).empty());
  EXPECT_TRUE(intervals_of({{kForth, {Retrieval{}}}}, asking_for({"R@1", "MedR"}), {}).empty());
  const Retrievals without_folds{{kForth, {}}, {kBack, {untied({{0}})}}};
  EXPECT_FALSE(intervals_of(without_folds, asking_for({"R@1", "MedR"}), {}).contains(kForth));
}

TEST(ConstantScorer, HasNoIntervalOfMedRWhereItsRanksAreVeryMany) {
  Retrieval retrieval;
  constexpr std::int64_t kCandidates = 5000;
  for (std::int64_t i = 0; i < kCandidates; ++i) {
    retrieval.ranks.above.push_back(0);
    retrieval.ranks.ties.push_back(kCandidates - 1);
    retrieval.ranks.ties_before.push_back(i);
    retrieval.ranks.offsets.push_back(i + 1);
    retrieval.groups.push_back(static_cast<std::int32_t>(i));
  }
  retrieval.ranks.candidates = kCandidates;
  const Retrievals retrievals{{kForth, {retrieval}}};
  const EvaluationRequest request = asking_for({"MedR", "R@1"});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(evaluate(retrievals, request).at(kForth).at("MedR"), 2500.0);
  const auto found = intervals_of(retrievals, request, {{}, 1000, 0}).at(kForth);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_FALSE(found.contains("MedR"));
  EXPECT_NEAR(found.at("R@1").low, 0.02, 1e-12);
  EXPECT_NEAR(found.at("R@1").high, 0.02, 1e-12);
}

TEST(ConstantScorer, HasAnIntervalOfMedRWhereItsRanksAreFew) {
  Retrieval retrieval = untied({{0}, {0}, {0}, {0}}, 40);
  retrieval.ranks.ties.assign(4, 39);
  const auto found = intervals_of({{kForth, {retrieval}}}, asking_for({"MedR"}), {{}, 100, 0});
  EXPECT_EQ(found.at(kForth).at("MedR").low, 20.0);
  EXPECT_EQ(found.at(kForth).at("MedR").high, 20.0);
}

/// The metrics that are found where ranks tell so much; the same of values, statistics, intervals.
std::set<std::string> told(Reach reach) {
  const Retrievals retrievals = noisy_directions(40);
  EvaluationRequest request = asking_for(all_names());
  request.reach = reach;
  const auto values = evaluate(retrievals, request);
  const auto names = names_in(values);
  EXPECT_EQ(names_in(statistics_of(retrievals, request, groups_of(retrievals))), names);
  EXPECT_EQ(names_in(intervals_of(retrievals, request, {{}, 50, 0})), names);
  std::set<std::string> out;
  for (const auto& [name, value] : values.at(kForth)) out.insert(name);
  out.erase("threshold");
  EXPECT_EQ(values.contains("both"), true);
  return out;
}

TEST(Reach, OfListsLeavesOutWhatTellsOfAllCandidates) {
  for (const std::string& name : all_names()) {
    const bool is_first_k = name.find('@') != std::string::npos && std::isdigit(name.back()) != 0;
    const bool is_list =
        is_first_k || name == "mAP" || name == "MAP@R" || name == "R-Prec" || name == "MRR";
    const bool is_pooled = name == "micro_AP" || name == "micro_AUC";
    static const auto kAll = told(Reach::kAll), kLists = told(Reach::kLists),
                      kFirstK = told(Reach::kFirstK);
    EXPECT_EQ(kAll.contains(name), !is_pooled) << name;
    EXPECT_EQ(kLists.contains(name), is_list) << name;
    EXPECT_EQ(kFirstK.contains(name), is_first_k) << name;
  }
}

}  // namespace
}  // namespace alignlab
