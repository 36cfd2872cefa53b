// Rows of a run compared by their ranks, and what that adds to its table.

#include "report/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "core/rng.h"
#include "report/table_compatibility.h"
#include "report/table_uncertainty.h"
#include "tests/report/fixtures.h"
#include "tests/report/hand_run.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_failed;

using Strings = std::vector<std::string>;
using tests::Groups;
using tests::kForward;
using tests::Numbers;
using tests::own_groups;
using tests::retrieval_of;
using tests::write_ranks;

/// Ranks, from 1, of the one relevant candidate of each query.
struct Ranking {
  Numbers forward;
  Numbers backward;
};

double recall(const Numbers& ranks, std::int64_t k) {
  const auto hits = std::ranges::count_if(ranks, [&](std::int64_t rank) { return rank <= k; });
  return 100.0 * static_cast<double>(hits) / static_cast<double>(ranks.size());
}

double median(Numbers ranks) {
  std::ranges::sort(ranks);
  const std::size_t n = ranks.size();
  return std::floor(static_cast<double>(ranks[(n - 1) / 2] - 1 + ranks[n / 2] - 1) / 2.0) + 1.0;
}

double value(const Ranking& ranking, const std::string& column) {
  if (column == "image_to_text.R@1") return recall(ranking.forward, 1);
  if (column == "image_to_text.MedR") return median(ranking.forward);
  double sum = 0.0;
  for (const std::int64_t k : {1, 5, 10}) {
    sum += recall(ranking.forward, k) + recall(ranking.backward, k);
  }
  return sum;
}

/// Over seeds.
double mean_difference(const std::vector<Ranking>& a, const std::vector<Ranking>& b,
                       const std::string& column) {
  double sum = 0.0;
  for (std::size_t s = 0; s < a.size(); ++s) sum += value(a[s], column) - value(b[s], column);
  return sum / static_cast<double>(a.size());
}

/// Both systems with the queries of those groups exchanged whose bit is set.
void exchange(Ranking& a, Ranking& b, const Groups& group_of, std::uint64_t bits) {
  for (std::size_t i = 0; i < group_of.size(); ++i) {
    if ((bits >> group_of[i] & 1U) == 0) continue;
    std::swap(a.forward[i], b.forward[i]);
    std::swap(a.backward[i], b.backward[i]);
  }
}

/// The share of all exchanges whose difference is as large as that of none.
double p_by_exchanges(const std::vector<Ranking>& a, const std::vector<Ranking>& b,
                      const std::string& column, const Groups& group_of) {
  const auto groups = std::ranges::max(group_of) + 1;
  const double observed = std::abs(mean_difference(a, b, column));
  std::size_t as_large = 0;
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << groups; ++bits) {
    std::vector<Ranking> first = a, second = b;
    for (std::size_t s = 0; s < a.size(); ++s) exchange(first[s], second[s], group_of, bits);
    if (std::abs(mean_difference(first, second, column)) >= observed - 1e-9) ++as_large;
  }
  return static_cast<double>(as_large) / std::exp2(groups);
}

/// A run folder whose trials are given by their ranks.
class Compared : public ::testing::Test {
 protected:
  Compared() { manifest_.columns = {"image_to_text.R@1", "image_to_text.MedR", "rsum"}; }

  void plan(const std::string& row, std::int64_t seed) {
    const std::string id = row + "-" + std::to_string(seed);
    manifest_.trials.push_back(
        {id, row, seed, "all-pairs", "test", {"image", "text"}, "a.h5", "aa"});
    write_manifest(run_.path(), manifest_);
  }

  void add(const std::string& row, std::int64_t seed, const Ranking& ranking,
           const Groups& group_of) {
    plan(row, seed);
    TrialRecord record;
    record.id = manifest_.trials.back().id;
    record.status = "ok";
    record.spec = {{"eval", {{"ties", "expected"}}}};
    for (const char* name : {"R@1", "MedR"}) {
      record.metrics[kForward][name] = value(ranking, std::string(kForward) + "." + name);
    }
    record.metrics["both"]["rsum"] = value(ranking, "rsum");
    record.timing = {{"fit_s", {1.0}}};
    write_record(record_path(run_.path(), record.id), record);

    write_ranks(run_.path(), record.id, retrieval_of(ranking.forward, group_of),
                retrieval_of(ranking.backward, group_of));
  }
  /// The same ranks in both directions, each query a group.
  void add(const std::string& row, std::int64_t seed, const Numbers& ranks) {
    add(row, seed, {ranks, ranks}, own_groups(ranks.size()));
  }

  Comparison compared(const std::string& metric, const Strings& others = {}) const {
    return compare({run_.path(), "a", others, {metric}, {}});
  }
  template <typename Error>
  static std::string refusal(const ComparisonRequest& request) {
    return message_of<Error>([&] { compare(request); });
  }
  std::string in_run(const std::string& message) const {
    return run_.path().string() + ": " + message;
  }

  const ScratchFolder run_;
  Manifest manifest_{"r", {}, {}};
};

TEST_F(Compared, ClearDifferenceIsRareAmongTheExchanges) {
  add("a", 0, {1, 1, 1, 1, 1, 1, 1, 1});
  add("b", 0, {2, 2, 2, 2, 2, 2, 2, 2});
  const Comparison found = compared("image_to_text.R@1");
  EXPECT_EQ(found.a, "a");
  EXPECT_EQ(found.groups, 8U);
  EXPECT_EQ(found.rows.at(0).seeds, 1U);
  const ComparedCell& cell = found.rows[0].cells.at(0);
  EXPECT_EQ(cell.a, 100.0);
  EXPECT_EQ(cell.other, 0.0);
  EXPECT_EQ(cell.difference, 100.0);
  // Only no exchange and that of all.
  EXPECT_DOUBLE_EQ(cell.p, 2.0 / 256.0);
  EXPECT_DOUBLE_EQ(cell.adjusted_p, 2.0 / 256.0);
  EXPECT_NEAR(cell.interval.value().low, 100.0, 1e-9);
  EXPECT_NEAR(cell.interval.value().high, 100.0, 1e-9);
}

TEST_F(Compared, NoDifferenceHasAPOfOne) {
  add("a", 0, {1, 2, 1, 2});
  add("b", 0, {2, 1, 1, 2});
  const ComparedCell cell = compared("image_to_text.R@1").rows.at(0).cells.at(0);
  EXPECT_EQ(cell.difference, 0.0);
  EXPECT_EQ(cell.p, 1.0);
  EXPECT_EQ(cell.adjusted_p, 1.0);
}

TEST_F(Compared, IntervalIsThatOfAllResamplesOfTheGroups) {
  add("a", 0, {1, 1, 1, 2});
  add("b", 0, {2, 2, 1, 1});
  const std::array<double, 4> added{25.0, 25.0, 0.0, -25.0};
  std::vector<double> differences;
  for (int draws = 0; draws < 256; ++draws) {
    differences.push_back(added[draws & 3] + added[draws >> 2 & 3] + added[draws >> 4 & 3] +
                          added[draws >> 6 & 3]);
  }
  std::ranges::sort(differences);
  // Far from a step of the distribution, where the drawn resamples could fall on either side.
  const double low = differences[6];
  const double high = differences[249];
  EXPECT_EQ(low, -50.0);
  EXPECT_EQ(high, 100.0);
  const ComparedCell cell = compared("image_to_text.R@1").rows.at(0).cells.at(0);
  EXPECT_EQ(cell.difference, 25.0);
  EXPECT_NEAR(cell.interval.value().low, low, 1e-9);
  EXPECT_NEAR(cell.interval.value().high, high, 1e-9);
  EXPECT_GT(cell.detectable.value(), 0.0);
}

TEST_F(Compared, PairsSeedsThatBothHave) {
  add("a", 0, {1, 1, 1, 1});
  add("a", 1, {1, 1, 1, 2});
  add("a", 2, {2, 2, 2, 2});
  add("b", 1, {1, 2, 2, 2});
  add("b", 0, {1, 1, 2, 2});
  add("b", 7, {1, 1, 1, 1});
  const ComparedRow row = compared("image_to_text.R@1").rows.at(0);
  EXPECT_EQ(row.seeds, 2U);
  EXPECT_DOUBLE_EQ(row.cells[0].a, (100.0 + 75.0) / 2.0);
  EXPECT_DOUBLE_EQ(row.cells[0].other, (50.0 + 25.0) / 2.0);
  EXPECT_DOUBLE_EQ(row.cells[0].difference, 50.0);
}

TEST_F(Compared, OneSeedIsPairedWithEachOfTheOthers) {
  add("a", 0, {1, 1, 2, 2});
  add("b", 3, {1, 2, 2, 2});
  add("b", 4, {2, 2, 2, 2});
  const ComparedRow row = compared("image_to_text.R@1").rows.at(0);
  EXPECT_EQ(row.seeds, 2U);
  EXPECT_DOUBLE_EQ(row.cells[0].difference, 50.0 - 12.5);

  ComparisonRequest reversed{run_.path(), "b", {"a"}, {"image_to_text.R@1"}, {}};
  const ComparedRow back = compare(reversed).rows.at(0);
  EXPECT_EQ(back.seeds, 2U);
  EXPECT_DOUBLE_EQ(back.cells[0].difference, 12.5 - 50.0);
  EXPECT_DOUBLE_EQ(back.cells[0].p, row.cells[0].p);
}

TEST_F(Compared, HasThePOfAllExchangesOfGroupsOverManyRankings) {
  const Groups group_of{0, 0, 1, 2, 2, 2, 3, 4, 4, 5, 6, 6};
  Rng rng(5, "comparison test");
  std::map<std::string, std::vector<Ranking>> rankings;
  for (const auto& [row, reach] :
       std::map<std::string, std::uint64_t>{{"a", 4}, {"like", 4}, {"worse", 14}, {"worst", 40}}) {
    for (std::int64_t seed = 0; seed < 2; ++seed) {
      Ranking own;
      for (std::size_t i = 0; i < group_of.size(); ++i) {
        own.forward.push_back(1 + static_cast<std::int64_t>(rng.next_u64() % reach));
        own.backward.push_back(1 + static_cast<std::int64_t>(rng.next_u64() % reach));
      }
      rankings[row].push_back(own);
      add(row, seed, own, group_of);
    }
  }
  for (const std::string& column : manifest_.columns) {
    const Comparison found = compared(column);
    EXPECT_EQ(found.groups, 7U);
    ASSERT_EQ(found.rows.size(), 3U);
    for (const ComparedRow& row : found.rows) {
      const ComparedCell& cell = row.cells.at(0);
      const auto& [a, b] = std::pair(rankings.at("a"), rankings.at(row.name));
      EXPECT_NEAR(cell.difference, mean_difference(a, b, column), 1e-9) << column << row.name;
      EXPECT_NEAR(cell.p, p_by_exchanges(a, b, column, group_of), 1e-12) << column << row.name;
      ASSERT_TRUE(cell.interval);
      EXPECT_LE(cell.interval->low, cell.difference);
      EXPECT_GE(cell.interval->high, cell.difference);
    }
  }
}

TEST_F(Compared, MultipliesPValuesByTheRowsLeftToCompare) {
  add("a", 0, {1, 1, 1, 1, 1, 1});
  add("b", 0, {2, 2, 2, 2, 2, 2});  // p = 2 / 64
  add("c", 0, {2, 2, 2, 2, 2, 1});  // 4 / 64
  add("d", 0, {2, 2, 2, 1, 1, 1});  // 16 / 64
  const Comparison found = compared("image_to_text.R@1");
  const std::array<double, 3> p{2.0 / 64, 4.0 / 64, 16.0 / 64};
  const std::array<double, 3> adjusted{6.0 / 64, 8.0 / 64, 16.0 / 64};
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_DOUBLE_EQ(found.rows.at(r).cells[0].p, p[r]);
    EXPECT_DOUBLE_EQ(found.rows.at(r).cells[0].adjusted_p, adjusted[r]);
  }
  EXPECT_DOUBLE_EQ(compared("image_to_text.R@1", {"c"}).rows.at(0).cells[0].adjusted_p, 4.0 / 64);
}

TEST_F(Compared, MediansHaveNoDetectableDifference) {
  add("a", 0, {1, 3, 4, 2, 9});
  add("b", 0, {5, 8, 8, 7, 30});
  const ComparedCell medians = compared("image_to_text.MedR").rows.at(0).cells.at(0);
  EXPECT_EQ(medians.a, 3.0);
  EXPECT_EQ(medians.other, 8.0);
  EXPECT_EQ(medians.difference, -5.0);
  EXPECT_FALSE(medians.detectable);
  EXPECT_TRUE(medians.interval);
  EXPECT_TRUE(compared("rsum").rows.at(0).cells.at(0).detectable);
}

TEST_F(Compared, RowsAndColumnsAreThoseOfTheRun) {
  add("a", 0, {1, 2});
  add("procrustes", 0, {1, 2});
  EXPECT_EQ(refusal<ConfigError>({run_.path(), "procrustse", {}, {"rsum"}, {}}),
            "alignlab compare: unknown row 'procrustse' (did you mean 'procrustes'?)");
  EXPECT_EQ(refusal<ConfigError>({run_.path(), "a", {"procrustes", "a"}, {"rsum"}, {}}),
            "alignlab compare: expected another row than 'a', found it again");
  EXPECT_EQ(refusal<ConfigError>({run_.path(), "a", {}, {"timing.fit_s"}, {}}),
            "alignlab compare: 'timing.fit_s': expected a metric, found what is measured once a "
            "trial");
  EXPECT_EQ(refusal<ConfigError>({run_.path(), "a", {}, {"rsun"}, {}}),
            "alignlab compare: unknown column 'rsun' (did you mean 'rsum'?)");
}

TEST_F(Compared, RefusesRowsOnDifferentQueries) {
  add("a", 0, {1, 2, 3});
  add("fewer", 0, {1, 2});
  add("grouped", 0, {{1, 2, 3}, {1, 2, 3}}, {0, 1, 1});
  for (const std::string row : {"fewer", "grouped"}) {
    EXPECT_EQ(refusal<CheckError>({run_.path(), "a", {row}, {"rsum"}, {}}),
              in_run("rows 'a' and '" + row + "' are not evaluated on the same queries"));
  }
}

TEST_F(Compared, RefusesSeedsWithoutAPartner) {
  for (const std::int64_t seed : {0, 1}) add("a", seed, {1, 2, 3});
  for (const std::int64_t seed : {2, 3}) add("b", seed, {1, 2, 3});
  EXPECT_EQ(refusal<DataError>({run_.path(), "a", {}, {"rsum"}, {}}),
            in_run("rows 'a' and 'b' have no seed in common"));
}

TEST_F(Compared, RefusesRowsOfWhichATrialFailed) {
  add("a", 0, {1, 2, 3});
  add("b", 0, {1, 2, 3});
  plan("b", 1);
  write_failed(run_.path(), "b-1", "the loss is nan in epoch 2");
  EXPECT_EQ(refusal<DataError>({run_.path(), "a", {}, {"rsum"}, {}}),
            in_run("row 'b': the trial of seed 1 failed: the loss is nan in epoch 2"));
}

/// Of ten queries "good" has all right, "near" all but one, "poor" none.
class MarkedTable : public Compared {
 protected:
  MarkedTable() {
    manifest_.published = {{"theirs", "a list", "test", {{"image_to_text.R@1", 100.0}}}};
    add("poor", 0, Numbers(10, 30));
    add("good", 0, Numbers(10, 1));
    add("near", 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 2});
  }
  ResultTable table() const {
    return make_table({run_.path()}, {"image_to_text.R@1", "timing.fit_s"}, false);
  }
};

TEST_F(Compared, TableHasMarksAtTheLeastMedians) {
  add("later", 0, {11, 12, 13, 14, 15, 16, 17, 18, 19, 20});
  add("first", 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  add("next", 0, {2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  ResultTable made = make_table({run_.path()}, {"image_to_text.MedR"}, false);
  mark_best(made, run_.path());
  EXPECT_EQ(made.rows.at(0).cells[0].mean(), 15.0);
  EXPECT_FALSE(made.rows[0].cells[0].is_marked);
  EXPECT_TRUE(made.rows.at(1).cells[0].is_marked);
  EXPECT_TRUE(made.rows.at(2).cells[0].is_marked);
}

TEST_F(MarkedTable, ShowsTheBestAndWhatMayBeAsGood) {
  ResultTable made = table();
  EXPECT_FALSE(contains(render(made, "text"), "^"));
  mark_best(made, run_.path());
  const std::string text = render(made, "text");
  EXPECT_TRUE(contains(text, "theirs *         100.0     n/a \n"));
  EXPECT_TRUE(contains(text, "poor               0.0    1.00 \n"));
  EXPECT_TRUE(contains(text, "good             100.0^   1.00 \n"));
  EXPECT_TRUE(contains(text, "near              90.0^   1.00 \n"));
  EXPECT_TRUE(contains(text, "\n^ best of a column, or not significantly worse:"));
  EXPECT_TRUE(contains(render(made, "markdown"),
                       "| theirs * | 100.0 | n/a |\n| poor | 0.0 | 1.00 |\n"
                       "| good | **100.0** | 1.00 |\n| near | **90.0** | 1.00 |\n"));
}

TEST_F(MarkedTable, ShowsBesideWhatAnotherProgramWouldPrint) {
  ResultTable made = table();
  add_compatible(made, run_.path(), "clip_benchmark");
  EXPECT_EQ(made.columns, (std::vector<std::string>{
                              "image_to_text.R@1",
                              "image_to_text.clip_benchmark retrieval_recall@1", "timing.fit_s"}));
  ASSERT_EQ(made.rows.at(3).name, "near");
  EXPECT_EQ(made.rows[3].cells.at(0).mean(), 90.0);
  EXPECT_DOUBLE_EQ(made.rows[3].cells.at(1).mean().value(), 0.9);
  EXPECT_EQ(made.rows[3].cells.at(2).mean(), 1.0);
  ASSERT_TRUE(made.rows.at(0).is_published());
  EXPECT_FALSE(made.rows[0].cells.at(1).mean());
  EXPECT_TRUE(contains(made.notes.back(), "clip_benchmark: shares of 1, not percent"));
}

TEST_F(MarkedTable, HasIntervalsOfMetricsOfItsOwnRows) {
  ResultTable made = table();
  add_intervals(made, run_.path());
  for (const TableRow& row : made.rows) {
    EXPECT_EQ(row.cells[0].interval.has_value(), !row.is_published()) << row.name;
    EXPECT_FALSE(row.cells[1].interval) << row.name;
  }
  const TableRow& near = made.rows.at(3);
  ASSERT_EQ(near.name, "near");
  // Of ten queries drawn, 4 or more are the missed one with p = 0.013, 3 or more with 0.07.
  EXPECT_NEAR(near.cells[0].interval->low, 70.0, 1e-9);
  EXPECT_NEAR(near.cells[0].interval->high, 100.0, 1e-9);
  EXPECT_TRUE(contains(render(made, "text"), "90.0 [70.0, 100.0]"));
  EXPECT_TRUE(contains(made.notes.back(), "[95 % interval] of the mean over seeds, queries"));
}

}  // namespace
}  // namespace alignlab
