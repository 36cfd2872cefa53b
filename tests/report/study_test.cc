// Where variance comes from, how rows rank and how metrics agree, on runs written by hand.

#include "report/study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/rng.h"
#include "tests/report/fixtures.h"
#include "tests/report/hand_run.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;
using tests::write_failed;

using tests::Groups;
using tests::kForward;
using tests::Numbers;
using tests::own_groups;
using tests::retrieval_of;
using tests::write_ranks;
using Strings = std::vector<std::string>;
using Values = std::vector<double>;

const std::string kHits = "image_to_text.R@1";
const std::string kMedian = "image_to_text.MedR";

/// Of queries with such ranks, from 1, in both directions; they count as their groups weigh.
double rsum(const Numbers& ranks, const Groups& group_of, const Values& weights) {
  double sum = 0.0;
  for (const std::int64_t k : {1, 5, 10}) {
    double found = 0.0, all = 0.0;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const double weight = weights[static_cast<std::size_t>(group_of[i])];
      all += weight;
      if (ranks[i] <= k) found += weight;
    }
    sum += 2.0 * 100.0 * found / all;
  }
  return sum;
}

/// Of ten queries the first so many are answered.
Numbers hits(std::size_t count) {
  Numbers out(10, 50);
  std::fill_n(out.begin(), count, 1);
  return out;
}

/// A run folder whose trials are given by the ranks, from 1, of the one relevant candidate of each
/// query, in both directions, and their records by metrics.
class HandRun {
 public:
  explicit HandRun(const std::string& name = "r") { manifest_.name = name; }

  const std::filesystem::path& path() const {
    write_manifest(folder_.path(), manifest_);
    return folder_.path();
  }
  std::string plan(const std::string& row, std::int64_t seed, const std::string& split = "test") {
    const std::string id = "t" + std::to_string(manifest_.trials.size());
    manifest_.trials.push_back(
        {id, row, seed, "all-pairs", split, {"image", "text"}, "a.h5", "aa"});
    return id;
  }
  void write(const std::string& id, const Numbers& ranks, const Groups& group_of,
             const Metrics& metrics = {}, const std::string& ties = "expected") const {
    TrialRecord record;
    record.id = id;
    record.status = "ok";
    record.spec = {{"eval", {{"ties", ties}}}};
    record.metrics = metrics;
    write_record(record_path(folder_.path(), id), record);
    const Retrieval retrieval = retrieval_of(ranks, group_of);
    write_ranks(folder_.path(), id, retrieval, retrieval);
  }
  /// Each query is a group.
  void add(const std::string& row, std::int64_t seed, const Numbers& ranks,
           const Metrics& metrics = {}) {
    write(plan(row, seed), ranks, own_groups(ranks.size()), metrics);
  }
  /// A trial for each seed, from `first` on, that answers so many of ten queries.
  void add_seeds(const std::string& row, const std::vector<std::size_t>& counts,
                 std::int64_t first = 0) {
    for (const std::size_t count : counts) add(row, first++, hits(count));
  }

 private:
  const ScratchFolder folder_;
  Manifest manifest_{"", {}, {}};
};

Study studied(const HandRun& run, const Strings& metrics = {kHits}) {
  return study({{run.path()}, metrics, {}});
}

/// Variances of the mean by seeds, groups and residual: sums of squares from totals.
std::array<double, 3> parts_by_totals(const std::vector<Values>& values) {
  const auto s = static_cast<double>(values.size());
  const auto g = static_cast<double>(values[0].size());
  double total = 0.0, squares = 0.0, of_seeds = 0.0, of_groups = 0.0;
  Values columns(values[0].size());
  for (const Values& row : values) {
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    total += sum;
    of_seeds += sum * sum / g;
    for (std::size_t i = 0; i < row.size(); ++i) {
      squares += row[i] * row[i];
      columns[i] += row[i];
    }
  }
  for (const double sum : columns) of_groups += sum * sum / s;
  const double correction = total * total / (s * g);
  const double residual = (squares - of_seeds - of_groups + correction) / ((s - 1.0) * (g - 1.0));
  const double seed = ((of_seeds - correction) / (s - 1.0) - residual) / g;
  const double group = ((of_groups - correction) / (g - 1.0) - residual) / s;
  return {std::max(0.0, seed) / s, std::max(0.0, group) / g, residual / (s * g)};
}

TEST(StudyOfVariance, MeanHasStudentsInterval) {
  HandRun run;
  run.add_seeds("a", {2, 4, 6});
  run.add_seeds("b", {1, 3}, 5);
  const Study found = studied(run);
  ASSERT_EQ(found.rows.size(), 2U);
  EXPECT_EQ(found.rows[0].name, "a");
  EXPECT_EQ(found.rows[0].title, "a");
  EXPECT_EQ(found.rows[0].run, "r");
  EXPECT_EQ(found.rows[1].seeds, (Numbers{5, 6}));
  const StudiedCell& a = found.rows[0].cells.at(0);
  EXPECT_EQ(a.metric, kHits);
  EXPECT_EQ(a.values, (std::map<std::int64_t, double>{{0, 20.0}, {1, 40.0}, {2, 60.0}}));
  const SeedSummary over_a = a.over_seeds.value();
  EXPECT_DOUBLE_EQ(over_a.mean, 40.0);
  EXPECT_DOUBLE_EQ(over_a.deviation.value(), 20.0);
  // Quantiles of two degrees of freedom and of one have closed forms.
  const double reach = 0.95 * std::sqrt(2.0 / (4.0 * 0.975 * 0.025)) * 20.0 / std::sqrt(3.0);
  EXPECT_NEAR(over_a.interval.value().low, 40.0 - reach, 1e-9);
  EXPECT_NEAR(over_a.interval.value().high, 40.0 + reach, 1e-9);
  const SeedSummary over_b = found.rows[1].cells.at(0).over_seeds.value();
  EXPECT_NEAR(over_b.interval.value().high, 20.0 + std::tan(std::numbers::pi * 0.475) * 10.0, 1e-9);
}

TEST(StudyOfVariance, SeedsThatMoveAllQueriesAlikeAreTheWholeVariance) {
  HandRun run;
  run.add_seeds("a", {10, 0});
  const StudiedCell cell = studied(run).rows.at(0).cells.at(0);
  // 100 and 0 have the variance 5000, half of which their mean has.
  EXPECT_NEAR(cell.by_seeds.value(), 50.0, 1e-9);
  EXPECT_NEAR(cell.by_queries.value(), 0.0, 1e-9);
  EXPECT_NEAR(cell.by_residual.value(), 0.0, 1e-9);
}

TEST(StudyOfVariance, OneSeedHasOnlyThePartOfTheQueries) {
  HandRun run;
  run.add_seeds("a", {5});
  const StudiedCell cell = studied(run).rows.at(0).cells.at(0);
  EXPECT_DOUBLE_EQ(cell.over_seeds.value().mean, 50.0);
  EXPECT_FALSE(cell.over_seeds->deviation || cell.over_seeds->interval);
  EXPECT_FALSE(cell.by_seeds || cell.by_residual);
  // Ten values, half of them 100 and half 0: variance 25000 / 9.
  EXPECT_NEAR(cell.by_queries.value(), std::sqrt(25000.0 / 9.0 / 10.0), 1e-9);
}

TEST(StudyOfVariance, IsThatOfWhatEachGroupMovesTheMetric) {
  Rng rng(3, "study test");
  const auto up_to = [&](std::uint64_t n) {
    return 1 + static_cast<std::int64_t>(rng.next_u64() % n);
  };
  for (int round = 0; round < 6; ++round) {
    HandRun run;
    const auto groups = static_cast<std::size_t>(1 + up_to(6));
    Groups group_of = own_groups(groups);
    for (std::int64_t more = up_to(8); more > 0; --more) {
      group_of.push_back(static_cast<std::int32_t>(up_to(groups) - 1));
    }
    const std::int64_t seeds = 1 + up_to(3);
    std::vector<Values> moved;
    for (std::int64_t seed = 0; seed < seeds; ++seed) {
      Numbers ranks;
      for (std::size_t i = 0; i < group_of.size(); ++i) ranks.push_back(up_to(14));
      run.write(run.plan("a", seed), ranks, group_of);
      Values& own = moved.emplace_back();
      for (std::size_t g = 0; g < groups; ++g) {
        Values more(groups, 1.0), less(groups, 1.0);
        more[g] += 1e-4;
        less[g] -= 1e-4;
        const double slope = (rsum(ranks, group_of, more) - rsum(ranks, group_of, less)) / 2e-4;
        own.push_back(rsum(ranks, group_of, Values(groups, 1.0)) +
                      static_cast<double>(groups) * slope);
      }
    }
    const StudiedCell cell = studied(run, {}).rows.at(0).cells.at(0);
    EXPECT_EQ(cell.metric, "rsum");
    const std::array<double, 3> parts = parts_by_totals(moved);
    const std::array<double, 3> found{cell.by_seeds.value(), cell.by_queries.value(),
                                      cell.by_residual.value()};
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(found[i] * found[i], parts[i], 1e-3 * (1.0 + parts[i])) << round << ", " << i;
    }
  }
}

TEST(StudyOfVariance, WhatIsNotDividedSaysSo) {
  const std::string reason =
      ": no standard errors, as it is no sum over queries, or not of the same two or more groups "
      "in every seed: a";
  HandRun run;
  run.add("a", 0, {1, 3, 5});
  run.add("a", 1, {1, 7, 9});
  const Study medians = studied(run, {kMedian});
  EXPECT_DOUBLE_EQ(medians.rows.at(0).cells.at(0).over_seeds.value().mean, 5.0);
  EXPECT_FALSE(medians.rows[0].cells[0].by_seeds || medians.rows[0].cells[0].by_queries);
  EXPECT_EQ(medians.notices, (Strings{kMedian + reason}));
  HandRun other_queries;
  other_queries.write(other_queries.plan("a", 0), {1, 2}, {0, 1});
  other_queries.write(other_queries.plan("a", 1), {1, 2}, {0, 2});
  const Study found = studied(other_queries);
  EXPECT_DOUBLE_EQ(found.rows.at(0).cells.at(0).over_seeds.value().mean, 50.0);
  EXPECT_FALSE(found.rows[0].cells[0].by_seeds || found.rows[0].cells[0].by_queries);
  EXPECT_EQ(found.notices, (Strings{kHits + reason}));
}

TEST(StudyOfVariance, MetricsOverPooledPairsAreUndefinedAndSaySo) {
  HandRun run;
  run.add_seeds("a", {1});
  run.add_seeds("b", {2});
  const Study found = studied(run, {"image_to_text.micro_AUC"});
  EXPECT_FALSE(found.rows.at(0).cells.at(0).over_seeds);
  EXPECT_TRUE(found.rows[0].cells[0].values.empty());
  EXPECT_EQ(found.notices.at(0),
            "image_to_text.micro_AUC: undefined, or no function of single queries: a, b");
  EXPECT_FALSE(found.ranks.at(0).rows.at(0).mean);
  EXPECT_FALSE(found.ranks[0].friedman);
}

TEST(StudyOfRanks, MeansAndFriedmanAreThoseWorkedByHand) {
  HandRun run;
  run.add_seeds("a", {9, 8, 5, 9});
  run.add_seeds("b", {6, 7, 6, 4});
  run.add_seeds("c", {3, 1, 2, 4});
  const RowRanks ranks = studied(run).ranks.at(0);
  EXPECT_EQ(ranks.metric, kHits);
  EXPECT_EQ(ranks.blocks, 4U);
  // Ranks 1 2 3, 1 2 3, 2 1 3, 1 2.5 2.5.
  const std::array<double, 3> sums{5.0, 7.5, 11.5};
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_DOUBLE_EQ(ranks.rows.at(m).mean.value(), sums[m] / 4.0);
    EXPECT_EQ(ranks.rows[m].blocks, 4U);
  }
  // Squares of ranks are 55.5, less 4 * 3 * 4; squares of the sums less 8 are 9, 0.25 and 12.25.
  const FriedmanTest test = ranks.friedman.value();
  EXPECT_NEAR(test.statistic, 2.0 * 21.5 / 7.5, 1e-12);
  EXPECT_NEAR(test.p_value, std::exp(-21.5 / 7.5), 1e-12);
  EXPECT_EQ(test.blocks, 4U);
  // Of four blocks drawn, three or more are the last with p 0.051, all four with 0.004.
  EXPECT_NEAR(ranks.rows[2].interval.value().low, (3.0 + 3.0 * 2.5) / 4.0, 1e-9);
  EXPECT_NEAR(ranks.rows[2].interval.value().high, 3.0, 1e-9);
}

TEST(StudyOfRanks, OneSeedStandsInEveryBlockOfItsRun) {
  HandRun run;
  run.add_seeds("fixed", {5});
  run.add_seeds("drawn", {4, 6, 7}, 3);
  const RowRanks ranks = studied(run).ranks.at(0);
  EXPECT_EQ(ranks.blocks, 3U);
  EXPECT_EQ(ranks.rows.at(0).blocks, 3U);
  EXPECT_DOUBLE_EQ(ranks.rows[0].mean.value(), (1.0 + 2.0 + 2.0) / 3.0);
  EXPECT_DOUBLE_EQ(ranks.rows.at(1).mean.value(), (2.0 + 1.0 + 1.0) / 3.0);
}

TEST(StudyOfRanks, RowsOfOneSeedEachMakeOneBlockWithoutIntervals) {
  HandRun run;
  run.add("low", 0, {9, 9, 9});
  run.add("high", 7, {1, 1, 3});
  for (const RowRanks& ranks : studied(run, {kHits, kMedian}).ranks) {
    EXPECT_EQ(ranks.blocks, 1U) << ranks.metric;
    EXPECT_EQ(ranks.rows.at(0).mean, 2.0) << ranks.metric;
    EXPECT_EQ(ranks.rows.at(1).mean, 1.0) << ranks.metric;
    EXPECT_FALSE(ranks.rows[0].interval || ranks.friedman) << ranks.metric;
  }
}

TEST(StudyOfRanks, RowsWithoutASeedAreRankedWhereTheyHaveOne) {
  HandRun run;
  run.add_seeds("a", {9, 9, 9});
  run.add_seeds("b", {5, 5, 5});
  run.add_seeds("c", {1, 1});
  const RowRanks ranks = studied(run).ranks.at(0);
  EXPECT_EQ(ranks.blocks, 3U);
  // Of two rows ranks count as 4/3 of themselves.
  EXPECT_NEAR(ranks.rows.at(0).mean.value(), (1.0 + 1.0 + 4.0 / 3.0) / 3.0, 1e-12);
  EXPECT_EQ(ranks.rows.at(2).blocks, 2U);
  EXPECT_EQ(ranks.rows[2].mean, 3.0);
  EXPECT_EQ(ranks.friedman.value().blocks, 2U);
}

TEST(StudyOfRanks, AreOfTheRowsThatAllRunsHave) {
  HandRun first("r"), second("r"), third("other");
  first.add_seeds("only", {10});
  for (HandRun* run : {&first, &second, &third}) {
    run->add_seeds("a", {9, 2});
    run->add_seeds("b", {8, 3});
  }
  const Study found = study({{first.path(), second.path(), third.path()}, {kHits}, {}});
  const std::string only = first.path().string() + ": only";
  ASSERT_EQ(found.rows.size(), 7U);
  EXPECT_EQ(found.rows[0].title, only);
  EXPECT_EQ(found.rows[6].title, "other: b");
  const RowRanks& ranks = found.ranks.at(0);
  EXPECT_EQ(ranks.blocks, 6U);
  ASSERT_EQ(ranks.rows.size(), 2U);
  EXPECT_EQ(ranks.rows[0].name, "a");
  EXPECT_EQ(ranks.rows[0].mean, 1.5);
  EXPECT_EQ(found.notices.at(0), "not ranked, as not all runs have them: " + only);
}

TEST(StudyOfRanks, OfOneRowAreAbsentAndSayWhy) {
  HandRun run;
  run.add_seeds("a", {5, 5, 5});
  const Study found = studied(run);
  EXPECT_TRUE(found.ranks.empty());
  EXPECT_EQ(found.no_ranks, "expected two or more rows that all runs have, found 1");
  EXPECT_FALSE(found.agreement);
  EXPECT_EQ(found.no_agreement, "expected two or more rows and 3 or more trials, found 1 and 3");
}

TEST(StudyOfRanks, OfTrialsOnDifferentThingsAreAbsentAndSayWhy) {
  for (const auto& [split, ties] :
       std::map<std::string, std::string>{{"dev", "expected"}, {"test", "pessimistic"}}) {
    HandRun run;
    run.add_seeds("a", {5, 6});
    run.write(run.plan("b", 0, split), hits(5), own_groups(10), {}, ties);
    const Study found = studied(run);
    const std::string reason =
        " differ in what they are evaluated on (protocol, split, modalities, data) or how ties "
        "count";
    EXPECT_EQ(found.rows.size(), 2U);
    EXPECT_TRUE(found.ranks.empty());
    EXPECT_EQ(found.no_ranks, "trials of r" + reason);
    EXPECT_EQ(found.no_agreement, "trials" + reason);
  }
}

/// Agreement counted pair by pair.
double tau_by_pairs(const Values& a, const Values& b) {
  double agreeing = 0.0, untied_a = 0.0, untied_b = 0.0;
  const auto sign = [](double x) { return static_cast<double>((x > 0.0) - (x < 0.0)); };
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double first = sign(a[i] - a[j]);
      const double second = sign(b[i] - b[j]);
      agreeing += first * second;
      untied_a += first * first;
      untied_b += second * second;
    }
  }
  return agreeing / std::sqrt(untied_a * untied_b);
}

TEST(StudyOfMetrics, AgreementIsThatOfAllPairsOfTrials) {
  Rng rng(9, "study test");
  for (int round = 0; round < 5; ++round) {
    HandRun run;
    std::array<Values, 3> recorded;  // higher is better
    std::array<std::array<double, 3>, 3> sums{};
    for (std::size_t t = 0; t < 9; ++t) {
      const auto draw = [&] { return static_cast<double>(rng.next_u64() % 6); };
      const std::array<double, 3> drawn{draw(), draw(), draw()};
      run.add(std::string(1, static_cast<char>('a' + t % 3)), static_cast<std::int64_t>(t / 3),
              {1, 2},
              {{kForward, {{"R@1", drawn[2]}, {"MedR", 9.0 - drawn[1]}, {"threshold", 0.5}}},
               {"both", {{"rsum", drawn[0]}}}});
      for (std::size_t m = 0; m < 3; ++m) {
        recorded[m].push_back(drawn[m]);
        sums[m][t % 3] += drawn[m];
      }
    }
    const MetricAgreement found = studied(run).agreement.value();
    EXPECT_EQ(found.trials, 9U);
    ASSERT_EQ(found.metrics, (Strings{"rsum", kMedian, kHits}));
    for (std::size_t m = 0; m < 3; ++m) {
      for (std::size_t n = 0; n < 3; ++n) {
        EXPECT_NEAR(found.tau[m][n].value(), tau_by_pairs(recorded[m], recorded[n]), 1e-12);
      }
      Strings best;
      for (std::size_t row = 0; row < 3; ++row) {
        if (sums[m][row] < std::ranges::max(sums[m])) continue;
        best.emplace_back(1, static_cast<char>('a' + row));
      }
      EXPECT_EQ(found.best[m], best);
    }
  }
}

/// Three rows in one order by hits and sums, in the other by medians.
void add_opposed(HandRun& run) {
  double place = 0.0;
  for (const std::string row : {"low", "middle", "high"}) {
    ++place;
    run.add(row, 0, {1, 2},
            {{kForward, {{"R@1", 10.0 * place}, {"MedR", 2.0 * place}, {"R@5", 7.0}}},
             {"both", {{"rsum", 100.0 * place}}}});
  }
}

TEST(StudyOfMetrics, LessIsTurnedRoundAndWhatIsConstantAgreesWithNone) {
  HandRun run;
  add_opposed(run);
  const Strings asked{"rsum", kHits, kMedian, "image_to_text.R@5"};
  const MetricAgreement found = studied(run, asked).agreement.value();
  EXPECT_EQ(found.metrics, asked);
  EXPECT_EQ(found.tau[0], (std::vector<std::optional<double>>{1.0, 1.0, -1.0, {}}));
  EXPECT_EQ(found.tau[2], (std::vector<std::optional<double>>{-1.0, -1.0, 1.0, {}}));
  EXPECT_EQ(found.tau[3], (std::vector<std::optional<double>>(4)));
  EXPECT_EQ(found.best,
            (std::vector<Strings>{{"high"}, {"high"}, {"low"}, {"high", "low", "middle"}}));
}

TEST(StudyOfMetrics, OfOneMetricAllThatRecordsHoldAreCompared) {
  HandRun run;
  add_opposed(run);
  const Strings all{"rsum", kMedian, kHits, "image_to_text.R@5"};
  EXPECT_EQ(studied(run, {}).agreement.value().metrics, all);
  EXPECT_EQ(studied(run, {kHits}).agreement.value().metrics, all);
  const Study found = studied(run, {"rsum", "both.rsum"});
  EXPECT_EQ(found.agreement.value().metrics, all);
  EXPECT_EQ(found.rows.at(0).cells.size(), 1U);
}

TEST(StudyOfMetrics, ThoseThatATrialLacksAreLeftOutByName) {
  HandRun run;
  add_opposed(run);
  run.add("low", 1, {1, 2}, {{kForward, {{"R@1", 1.0}, {"R@5", 8.0}}}});
  const Study found = studied(run, {});
  EXPECT_EQ(found.agreement.value().metrics, (Strings{kHits, "image_to_text.R@5"}));
  EXPECT_EQ(found.notices.at(0),
            "left out of the agreement of metrics, as not every trial has a value: rsum, "
            "image_to_text.MedR");
  const Study one = studied(run, {"rsum", kHits});
  EXPECT_FALSE(one.agreement);
  EXPECT_EQ(one.no_agreement,
            "expected two or more metrics that every trial has a value of, found 1");
}

TEST(StudyErrors, NameWhatWasExpected) {
  HandRun run;
  run.add_seeds("a", {5});
  const auto refusal = [&](const std::string& metric) {
    return message_of<ConfigError>([&] { studied(run, {"rsum", metric}); });
  };
  EXPECT_EQ(refusal("rsun"), "alignlab study: unknown column 'rsun' (did you mean 'rsum'?)");
  EXPECT_EQ(refusal("image_to_text.MedRR"),
            "alignlab study: unknown metric 'MedRR' (did you mean 'MedR'?)");
  EXPECT_EQ(refusal("timing.fit_s"),
            "alignlab study: 'timing.fit_s': expected a metric, found what is measured once a "
            "trial");
  EXPECT_EQ(message_of<UsageError>([&] {
              study({{run.path(), run.path() / "."}, {}, {}});
            }),
            (run.path() / ".").string() + ": given twice; its seeds would count twice");
  const ScratchFolder empty;
  EXPECT_EQ(message_of<DataError>([&] {
              study({{run.path(), empty.path()}, {}, {}});
            }),
            empty.path().string() + ": not a run (it has no run.json)");
  write_failed(run.path(), run.plan("b", 1), "the loss is nan in epoch 2");
  EXPECT_EQ(
      message_of<DataError>([&] { studied(run); }),
      run.path().string() + ": row 'b': the trial of seed 1 failed: the loss is nan in epoch 2");
}

}  // namespace
}  // namespace alignlab
