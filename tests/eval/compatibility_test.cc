#include "eval/compatibility.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/eval/oracle.h"

namespace alignlab {
namespace {

using tests::Query;

MetricName metric(const std::string& name) { return parse_metric(name, {"test", 0, 0}); }

Retrieval fold_of(const std::vector<Query>& queries) {
  Retrieval out;
  out.ranks = tests::ranks_of(queries);
  out.groups.resize(queries.size());
  return out;
}

/// What a program would print, by its own name of each metric.
std::map<std::string, double> printed(const std::string& program,
                                      const std::vector<std::string>& names,
                                      const std::vector<Retrieval>& folds) {
  std::map<std::string, double> out;
  for (const std::string& name : names) {
    const auto value = compatible_value(program, metric(name), folds);
    if (!value) continue;
    EXPECT_TRUE(out.emplace(value->name, value->value).second) << value->name;
  }
  return out;
}

void expect_values(const std::map<std::string, double>& found,
                   const std::map<std::string, double>& expected) {
  for (const auto& [name, value] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_NEAR(found.at(name), value, 1e-12) << name;
  }
  EXPECT_EQ(found.size(), expected.size());
}

// Candidates in gallery order, as score and grade. Of the tied ones the relevant one is the first
// of four, the last of three, and in the middle of three behind a better one.
const std::vector<Query> kTied{{{5, 1}, {5, 0}, {5, 0}, {5, 0}},
                               {{5, 0}, {5, 0}, {5, 1}, {1, 0}},
                               {{3, 0}, {3, 1}, {3, 0}, {7, 0}}};

TEST(Vsepp, SettlesTiesLastRowFirst) {
  // Ranks from 1: 4, 1 and 3, where gallery order has 1, 3 and 3.
  expect_values(
      printed("vsepp", {"R@1", "R@3", "R@5", "MedR", "MeanR"}, {fold_of(kTied)}),
      {{"r1", 100.0 / 3}, {"r3", 200.0 / 3}, {"r5", 100.0}, {"medr", 3.0}, {"meanr", 8.0 / 3}});
}

TEST(Vsepp, CountsMedianAndMeanFromOne) {
  // 0-based ranks 0, 1, 2, 3: the median of 1.5 is floored, then one is added.
  const Retrieval fold = fold_of({{{4, 1}, {3, 0}, {2, 0}, {1, 0}},
                                  {{4, 0}, {3, 1}, {2, 0}, {1, 0}},
                                  {{4, 0}, {3, 0}, {2, 1}, {1, 0}},
                                  {{4, 0}, {3, 0}, {2, 0}, {1, 1}}});
  expect_values(printed("vsepp", {"MedR", "MeanR"}, {fold}), {{"medr", 2.0}, {"meanr", 2.5}});
}

TEST(Vsepp, TakesTheBestOfSeveralCaptions) {
  const Retrieval fold = fold_of({{{2, 1}, {9, 0}, {2, 0}, {2, 1}, {1, 1}}});
  // Last row first among the three that tie: the relevant row 3 comes before rows 2 and 0.
  expect_values(printed("vsepp", {"R@1", "R@2", "MedR", "MeanR"}, {fold}),
                {{"r1", 0.0}, {"r2", 100.0}, {"medr", 2.0}, {"meanr", 2.0}});
}

TEST(ClipBenchmark, GivesSharesInTheOrderOfRows) {
  expect_values(printed("clip_benchmark", {"R@1", "R@2", "R@5"}, {fold_of(kTied)}),
                {{"retrieval_recall@1", 1.0 / 3},
                 {"retrieval_recall@2", 1.0 / 3},
                 {"retrieval_recall@5", 1.0}});
}

// Two queries with R = 3 and R = 1; the first finds places 1, 3 and 6, the second place 2.
const std::vector<Query> kUntied{{{9, 1}, {8, 0}, {7, 1}, {6, 0}, {5, 0}, {4, 1}},
                                 {{9, 0}, {8, 1}, {7, 0}, {6, 0}, {5, 0}, {4, 0}}};

TEST(Trec, GivesSharesByItsOwnNames) {
  expect_values(
      printed("trec",
              {"R@1", "success@5", "recall@5", "precision@5", "mAP", "MRR", "R-Prec", "nDCG@5"},
              {fold_of(kUntied)}),
      {{"success_1", 0.5},
       {"success_5", 1.0},
       {"recall_5", (2.0 / 3 + 1) / 2},
       {"P_5", 0.3},
       {"map", ((1 + 2.0 / 3 + 0.5) / 3 + 0.5) / 2},
       {"recip_rank", 0.75},
       {"Rprec", (2.0 / 3 + 0) / 2},
       {"ndcg_cut_5", ((1 + 0.5) / (1 + 1 / std::log2(3.0) + 0.5) + 1 / std::log2(3.0)) / 2}});
  EXPECT_EQ(compatible_value("trec", metric("R@7"), {fold_of(kUntied)})->name, "success_7");
}

TEST(Trec, UsesGradesAsGains) {
  const Retrieval fold = fold_of({{{9, 1}, {8, 0}, {7, 3}}});
  const double ideal = 3 + 1 / std::log2(3.0);
  expect_values(
      printed("trec", {"nDCG@3", "nDCG@1", "mAP"}, {fold}),
      {{"ndcg_cut_3", (1 + 3 / 2.0) / ideal}, {"ndcg_cut_1", 1.0 / 3}, {"map", (1 + 2.0 / 3) / 2}});
}

TEST(Trec, DividesMapCutByAllRelevantDocuments) {
  const std::vector<Retrieval> folds{fold_of(kUntied)};
  expect_values(printed("trec", {"mAP@1", "mAP@2", "mAP@3", "mAP@6", "mAP@50"}, folds),
                {{"map_cut_1", (1.0 / 3 + 0) / 2},
                 {"map_cut_2", (1.0 / 3 + 0.5) / 2},
                 {"map_cut_3", ((1 + 2.0 / 3) / 3 + 0.5) / 2},
                 {"map_cut_6", ((1 + 2.0 / 3 + 0.5) / 3 + 0.5) / 2},
                 {"map_cut_50", ((1 + 2.0 / 3 + 0.5) / 3 + 0.5) / 2}});
  const Evidence own{folds.front().ranks};
  EXPECT_NEAR(*metric_value(metric("mAP@2"), own), 100.0 * (1.0 / 2 + 0.5) / 2, 1e-12);
}

TEST(Trec, SettlesTiesLastRowFirst) {
  expect_values(printed("trec", {"R@1", "mAP@1", "MRR", "mAP"}, {fold_of(kTied)}),
                {{"success_1", 1.0 / 3},
                 {"map_cut_1", 1.0 / 3},
                 {"recip_rank", (1.0 / 4 + 1 + 1.0 / 3) / 3},
                 {"map", (1.0 / 4 + 1 + 1.0 / 3) / 3}});
}

TEST(CompatibleValues, AreMeansOverFolds) {
  const std::vector<Retrieval> folds{fold_of(kTied), fold_of({{{4, 1}, {3, 0}, {2, 0}, {1, 0}}})};
  expect_values(printed("vsepp", {"R@1", "MedR"}, folds),
                {{"r1", (100.0 / 3 + 100) / 2}, {"medr", 2.0}});
  expect_values(printed("clip_benchmark", {"R@2"}, folds),
                {{"retrieval_recall@2", (1.0 / 3 + 1) / 2}});
  expect_values(printed("trec", {"mAP@1"}, folds), {{"map_cut_1", (1.0 / 3 + 1) / 2}});
}

TEST(CompatibleValues, LeaveOutQueriesWithNothingRelevant) {
  const std::vector<Retrieval> folds{fold_of({{{4, 1}, {3, 0}}, {{4, 0}, {3, 0}}})};
  expect_values(printed("vsepp", {"R@1", "MedR"}, folds), {{"r1", 100.0}, {"medr", 1.0}});
  expect_values(printed("trec", {"mAP@5", "recall@5"}, folds),
                {{"map_cut_5", 1.0}, {"recall_5", 1.0}});
}

TEST(CompatibleValues, AreAbsentWhereTheProgramHasNoSuchMetric) {
  const std::map<std::string, std::vector<std::string>> known{
      {"vsepp", {"R@k", "MedR", "MeanR"}},
      {"clip_benchmark", {"R@k"}},
      {"trec",
       {"R@k", "success@k", "recall@k", "precision@k", "mAP", "mAP@k", "MRR", "R-Prec", "nDCG@k"}}};
  Retrieval fold = fold_of(kUntied);
  fold.decisions = Decisions{{1, 1}, {1, 0}, {3, 1}};
  fold.curve = ThresholdCurve{{9}, {1}, {1}, {1}, 12};
  for (const CatalogRow& program : compatibility_catalog()) {
    for (const MetricRow& row : metric_catalog()) {
      const std::string name =
          row.name.ends_with("@k") ? row.name.substr(0, row.name.size() - 1) + "4" : row.name;
      const auto& rows = known.at(program.name);
      EXPECT_EQ(compatible_value(program.name, metric(name), {fold}).has_value(),
                std::ranges::find(rows, row.name) != rows.end())
          << program.name << " " << name;
    }
  }
  EXPECT_EQ(compatibility_catalog().size(), known.size());
}

TEST(CompatibleValues, AreAbsentWhereTheMetricIsUndefined) {
  const Retrieval judged = fold_of(kTied), unjudged = fold_of({{{4, 0}, {3, 0}}});
  for (const char* name : {"R@1", "MedR", "mAP@5", "mAP"}) {
    for (const CatalogRow& program : compatibility_catalog()) {
      EXPECT_FALSE(compatible_value(program.name, metric(name), {}).has_value());
      EXPECT_FALSE(compatible_value(program.name, metric(name), {unjudged}).has_value());
      EXPECT_FALSE(compatible_value(program.name, metric(name), {judged, unjudged}).has_value());
    }
  }
}

}  // namespace
}  // namespace alignlab
