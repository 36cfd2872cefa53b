#include <gtest/gtest.h>

#include <cmath>

#include "core/rng.h"
#include "eval/median_rank.h"
#include "eval/metrics.h"
#include "tests/eval/oracle.h"

namespace alignlab {
namespace {

using tests::Order;
using tests::Query;

std::optional<double> value_of(const std::string& metric, const Ranks& ranks,
                               TiePolicy ties = TiePolicy::kExpected) {
  return metric_value(parse_metric(metric, {"test", 0, 0}), {ranks, ties});
}

/// Ranks of queries without ties: for each, the 0-based ranks of its relevant candidates.
Ranks untied(const std::vector<std::vector<std::int64_t>>& queries) {
  Ranks out;
  for (const auto& query : queries) {
    for (const std::int64_t rank : query) {
      out.above.push_back(rank);
      out.ties.push_back(0);
      out.ties_before.push_back(0);
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.above.size()));
  }
  out.candidates = 1000;
  return out;
}

/// `queries` alike queries whose `candidates` candidates all tie; the first `relevant` are right.
Ranks constant_scorer(std::size_t queries, std::int64_t candidates, std::int64_t relevant) {
  Ranks out;
  for (std::size_t i = 0; i < queries; ++i) {
    for (std::int64_t r = 0; r < relevant; ++r) {
      out.above.push_back(0);
      out.ties.push_back(candidates - 1);
      out.ties_before.push_back(r);
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.above.size()));
  }
  out.candidates = candidates;
  return out;
}

Query random_query(std::size_t candidates, Rng& rng) {
  Query query(candidates);
  const int levels = rng.between(0, 3);
  const int grades = rng.chance(0.5) ? 1 : 3;
  for (auto& candidate : query) {
    const double grade = rng.chance(0.4) ? rng.between(1, grades) : 0.0;
    candidate = {rng.between(0, levels), grade};
  }
  return query;
}

std::vector<std::string> retrieval_rows() {
  std::vector<std::string> rows;
  for (const MetricRow& row : metric_catalog()) {
    const MetricName name{row.name, 0, row.name};
    if (!name.uses_threshold() && !name.uses_curve()) rows.push_back(row.name);
  }
  return rows;
}

/// Compares every metric of the catalog, on random queries, with its definition.
void check_against(TiePolicy ties,
                   const std::function<std::vector<Order>(const Query&)>& orders_of) {
  Rng rng(4, "queries");
  int with_ties = 0;
  for (int round = 0; round < 250; ++round) {
    std::vector<Query> queries(1 + rng.below(4));
    std::vector<std::vector<Order>> orders;
    const std::size_t candidates = 1 + rng.below(6);
    for (Query& query : queries) {
      query = random_query(candidates, rng);
      if (!tests::is_judged(query)) continue;
      orders.push_back(orders_of(query));
      with_ties += tests::allowed_orders(query).size() > 1;
    }
    const Ranks ranks = tests::ranks_of(queries);
    for (const std::string& row : retrieval_rows()) {
      const bool uses_k = row.ends_with("@k");
      for (std::int64_t k = 1; k <= (uses_k ? 8 : 1); ++k) {
        const std::string name = uses_k ? row.substr(0, row.size() - 1) + std::to_string(k) : row;
        const auto found = value_of(name, ranks, ties);
        if (orders.empty()) {
          ASSERT_EQ(found, std::nullopt) << name;
          continue;
        }
        if (row == "MedR") {
          ASSERT_TRUE(found.has_value());
          ASSERT_EQ(*found, tests::median_rank(orders)) << "round " << round;
          continue;
        }
        const auto definition = tests::order_metrics().find(row);
        ASSERT_NE(definition, tests::order_metrics().end()) << row << " has no oracle";
        auto expected = tests::mean_over(orders, definition->second, k);
        ASSERT_EQ(found.has_value(), expected.has_value()) << name << ", round " << round;
        if (!found) continue;
        if (row == "GeoMeanR") expected = std::exp(*expected);
        ASSERT_NEAR(*found, *expected, 1e-12 * std::max(1.0, *expected))
            << name << ", round " << round;
      }
    }
  }
  EXPECT_GT(with_ties, 200);
}

TEST(ExpectedTies, GiveTheMeanOverEveryOrderOfTheTiedCandidates) {
  check_against(TiePolicy::kExpected, tests::allowed_orders);
}

TEST(OptimisticTies, PutTheMostRelevantCandidatesFirst) {
  check_against(TiePolicy::kOptimistic, [](const Query& query) {
    return std::vector<Order>{
        tests::settled(query, [](const auto& a, const auto& b) { return a.grade > b.grade; })};
  });
}

TEST(PessimisticTies, PutTheMostRelevantCandidatesLast) {
  check_against(TiePolicy::kPessimistic, [](const Query& query) {
    return std::vector<Order>{
        tests::settled(query, [](const auto& a, const auto& b) { return a.grade < b.grade; })};
  });
}

TEST(IndexTies, KeepGalleryOrder) {
  check_against(TiePolicy::kIndex, [](const Query& query) {
    return std::vector<Order>{
        tests::settled(query, [](const auto&, const auto&) { return false; })};
  });
}

TEST(HitRate, CountsAQueryOnceHoweverManyCaptionsMatch) {
  const Ranks ranks = untied({{0, 1, 2}, {4, 9}, {1}});
  EXPECT_DOUBLE_EQ(*value_of("R@1", ranks), 100.0 / 3.0);
  EXPECT_DOUBLE_EQ(*value_of("R@2", ranks), 200.0 / 3.0);
  EXPECT_DOUBLE_EQ(*value_of("R@4", ranks), 200.0 / 3.0);
  EXPECT_DOUBLE_EQ(*value_of("R@5", ranks), 100.0);
}

TEST(Precision, DividesByKEvenBeyondTheGallery) {
  const Ranks ranks = tests::ranks_of({{{2, true}, {1, true}, {0, false}}});
  EXPECT_DOUBLE_EQ(*value_of("precision@2", ranks), 100.0);
  EXPECT_DOUBLE_EQ(*value_of("precision@10", ranks), 20.0);
}

TEST(Recall, IsTheShareOfAllRelevantCandidates) {
  const Ranks ranks = untied({{0, 1, 5, 8}, {2}});
  EXPECT_DOUBLE_EQ(*value_of("recall@2", ranks), 25.0);  // 2 of 4, 0 of 1
  EXPECT_DOUBLE_EQ(*value_of("recall@6", ranks), 87.5);  // 3 of 4, 1 of 1
  EXPECT_DOUBLE_EQ(*value_of("recall@9", ranks), 100.0);
}

TEST(F1AtK, IsTheMeanOfEachQuerysHarmonicMean) {
  // First query: precision 2/5, recall 2/4, F1 = 4/9. Second: no hit among five, 0.
  const Ranks ranks = untied({{0, 1, 5, 8}, {7}});
  EXPECT_DOUBLE_EQ(*value_of("F1@5", ranks), 100.0 * (4.0 / 9.0) / 2.0);
}

TEST(MedR, IsTheFloorOfTheMedianPlusOne) {
  EXPECT_EQ(value_of("MedR", untied({{0}, {3}, {10}})), 4.0);
  EXPECT_EQ(value_of("MedR", untied({{0}, {3}, {4}, {10}})), 4.0);  // 3.5, floored
  EXPECT_EQ(value_of("MedR", untied({{0}, {3}, {5}, {10}})), 5.0);  // 4
  EXPECT_EQ(value_of("MedR", untied({{7, 2}})), 3.0);               // its best
}

TEST(MeanRAndMrr, UseTheBestRankedRelevantCandidate) {
  const Ranks ranks = untied({{9, 0}, {3}, {1, 2}});
  EXPECT_DOUBLE_EQ(*value_of("MeanR", ranks), 7.0 / 3.0);               // 1, 4, 2
  EXPECT_DOUBLE_EQ(*value_of("MRR", ranks), (1.0 + 0.25 + 0.5) / 3.0);  // 0 to 1, no percent
}

TEST(ExpectedTies, OfThreeCandidatesAreWorkedByHand) {
  // Scores 5, 3, 3, 3: behind one wrong candidate, one of three tied ones is right.
  const Ranks ranks = tests::ranks_of({{{5, false}, {3, false}, {3, true}, {3, false}}});
  EXPECT_DOUBLE_EQ(*value_of("R@1", ranks), 0.0);
  EXPECT_DOUBLE_EQ(*value_of("R@2", ranks), 100.0 / 3.0);
  EXPECT_DOUBLE_EQ(*value_of("R@3", ranks), 200.0 / 3.0);
  EXPECT_DOUBLE_EQ(*value_of("R@4", ranks), 100.0);
  EXPECT_DOUBLE_EQ(*value_of("MeanR", ranks), 3.0);
  EXPECT_DOUBLE_EQ(*value_of("MRR", ranks), (1.0 / 2 + 1.0 / 3 + 1.0 / 4) / 3.0);
  EXPECT_EQ(value_of("MedR", ranks), 3.0);
  EXPECT_EQ(value_of("R@2", ranks, TiePolicy::kOptimistic), 100.0);
  EXPECT_EQ(value_of("R@3", ranks, TiePolicy::kPessimistic), 0.0);
  EXPECT_EQ(value_of("R@2", ranks, TiePolicy::kIndex), 0.0);
  EXPECT_EQ(value_of("R@3", ranks, TiePolicy::kIndex), 100.0);
}

TEST(ConstantScorer, GetsExactlyChanceWithOneRelevantCandidate) {
  const Ranks ranks = constant_scorer(50, 1000, 1);
  double harmonic = 0.0;
  for (int i = 1; i <= 1000; ++i) harmonic += 1.0 / i;
  EXPECT_NEAR(*value_of("R@1", ranks), 0.1, 1e-12);
  EXPECT_NEAR(*value_of("R@5", ranks), 0.5, 1e-12);
  EXPECT_NEAR(*value_of("R@10", ranks), 1.0, 1e-12);
  EXPECT_NEAR(*value_of("R@1000", ranks), 100.0, 1e-12);
  EXPECT_NEAR(*value_of("recall@10", ranks), 1.0, 1e-12);
  EXPECT_NEAR(*value_of("precision@10", ranks), 0.1, 1e-12);
  EXPECT_NEAR(*value_of("F1@10", ranks), 200.0 * 0.01 / 11.0, 1e-12);
  EXPECT_NEAR(*value_of("MeanR", ranks), 500.5, 1e-9);
  EXPECT_NEAR(*value_of("MRR", ranks), harmonic / 1000.0, 1e-12);
  EXPECT_EQ(value_of("MedR", ranks), 500.0);  // floor(499.5) + 1
  EXPECT_EQ(value_of("MedR", constant_scorer(50, 1001, 1)), 501.0);
}

TEST(ConstantScorer, GetsExactlyChanceWithFiveRelevantCandidates) {
  const Ranks ranks = constant_scorer(20, 5000, 5);
  double missed = 1.0;
  for (int i = 0; i < 10; ++i) missed *= (4995.0 - i) / (5000.0 - i);
  EXPECT_NEAR(*value_of("R@1", ranks), 0.1, 1e-12);
  EXPECT_NEAR(*value_of("R@10", ranks), 100.0 * (1.0 - missed), 1e-12);
  EXPECT_NEAR(*value_of("R@4996", ranks), 100.0, 1e-12);  // four places cannot hold all five
  EXPECT_NEAR(*value_of("recall@10", ranks), 0.2, 1e-12);
  EXPECT_NEAR(*value_of("MeanR", ranks), 5001.0 / 6.0, 1e-9);
}

TEST(ConstantScorer, NeitherWinsNorLosesByWhereItsTruthLies) {
  // Under `index` the first candidate being right would look like a perfect retrieval.
  const Ranks ranks = constant_scorer(10, 100, 1);
  EXPECT_EQ(value_of("R@1", ranks, TiePolicy::kIndex), 100.0);
  EXPECT_EQ(value_of("R@1", ranks, TiePolicy::kOptimistic), 100.0);
  EXPECT_EQ(value_of("R@1", ranks, TiePolicy::kPessimistic), 0.0);
  EXPECT_NEAR(*value_of("R@1", ranks), 1.0, 1e-12);
}

TEST(ConstantScorer, GetsExactlyChanceInEveryAverageOfPrecisions) {
  // The first place is right in a fifth of all orders, and so is every other; behind a right one
  // stand (i - 1) * 0 / 4 right ones before place i, for there is just one.
  const Ranks ranks = constant_scorer(7, 5, 1);
  const double harmonic = 1.0 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5;
  EXPECT_NEAR(*value_of("mAP", ranks), 20.0 * harmonic, 1e-12);
  EXPECT_NEAR(*value_of("mAP@2", ranks), 20.0 * 1.5, 1e-12);
  EXPECT_NEAR(*value_of("MAP@R", ranks), 20.0, 1e-12);
  EXPECT_NEAR(*value_of("R-Prec", ranks), 20.0, 1e-12);
  EXPECT_NEAR(*value_of("macro_AUC", ranks), 0.5, 1e-12);
  EXPECT_NEAR(*value_of("FOSCTTM", ranks), 0.5, 1e-12);
  EXPECT_NEAR(*value_of("GeoMeanR", ranks), std::pow(120.0, 0.2), 1e-12);
}

TEST(Ndcg, IsWorkedByHandWithGrades) {
  // Grades by rank: 3, 0, 2. Ideal: 3, 2, 0.
  Ranks ranks = untied({{0, 2}});
  ranks.grades = {3.0F, 2.0F};
  const double linear = (3.0 + 2.0 / 2.0) / (3.0 + 2.0 / std::log2(3.0));
  const double exponential = (7.0 + 3.0 / 2.0) / (7.0 + 3.0 / std::log2(3.0));
  EXPECT_NEAR(*value_of("nDCG@3", ranks), 100.0 * linear, 1e-12);
  EXPECT_NEAR(*value_of("nDCG_exp@3", ranks), 100.0 * exponential, 1e-12);
  EXPECT_NEAR(*value_of("nDCG@1", ranks), 100.0, 1e-12);
}

TEST(AveragePrecision, IsWorkedByHand) {
  const Ranks ranks = untied({{0, 2, 5}});
  EXPECT_NEAR(*value_of("mAP", ranks), 100.0 * (1.0 + 2.0 / 3 + 3.0 / 6) / 3.0, 1e-12);
  EXPECT_NEAR(*value_of("mAP@3", ranks), 100.0 * (1.0 + 2.0 / 3) / 3.0, 1e-12);
  EXPECT_NEAR(*value_of("mAP@2", ranks), 100.0 * 1.0 / 2.0, 1e-12);
  EXPECT_NEAR(*value_of("MAP@R", ranks), 100.0 * (1.0 + 2.0 / 3) / 3.0, 1e-12);
}

TEST(Foscttm, LeavesOtherRelevantCandidatesOut) {
  // Of ten candidates ranks 0 and 2 are right: of eight wrong ones none and one are closer.
  Ranks ranks = untied({{0, 2}});
  ranks.candidates = 10;
  EXPECT_NEAR(*value_of("FOSCTTM", ranks), (0.0 + 1.0 / 8) / 2.0, 1e-12);
  EXPECT_NEAR(*value_of("macro_AUC", ranks), 1.0 - 1.0 / 16, 1e-12);
}

TEST(MedianRank, CountsQueriesAsOftenAsTheirGroups) {
  const Ranks ranks = untied({{0}, {3}, {10}});
  const std::vector<std::int32_t> groups{2, 0, 1};
  const MedianRank median(ranks, TiePolicy::kExpected, groups);
  EXPECT_EQ(median.value(), 4.0);
  EXPECT_EQ(median.value(std::vector<std::uint32_t>{1, 3, 0}), 11.0);
  EXPECT_EQ(median.value(std::vector<std::uint32_t>{0, 0, 0}), std::nullopt);
}

TEST(QueryTerms, AddUpToTheMetric) {
  const Ranks ranks = untied({{0, 1, 5, 8}, {}, {7}});
  const auto terms = query_terms(parse_metric("recall@2", {"test", 0, 0}), {ranks});
  ASSERT_TRUE(terms.has_value());
  EXPECT_EQ(terms->part, (std::vector{0.5, 0.0, 0.0}));
  EXPECT_EQ(terms->whole, (std::vector{1.0, 0.0, 1.0}));
  EXPECT_EQ(value_of(*terms), value_of("recall@2", ranks));
  EXPECT_EQ(query_terms(parse_metric("MedR", {"test", 0, 0}), {ranks}), std::nullopt);
}

TEST(Queries, WithoutARelevantCandidateAreLeftOutAndCounted) {
  const Ranks ranks = untied({{}, {0}, {}, {3}});
  EXPECT_DOUBLE_EQ(*value_of("R@1", ranks), 50.0);
  EXPECT_DOUBLE_EQ(*value_of("MeanR", ranks), 2.5);
  EXPECT_EQ(value_of("MedR", ranks), 2.0);
  EXPECT_EQ(judged_queries(ranks), 2U);
  EXPECT_EQ(ranks.queries(), 4U);
}

TEST(RetrievalMetrics, AreAbsentWhereNoQueryHasARelevantCandidate) {
  for (const Ranks& ranks : {Ranks{}, untied({{}, {}})}) {
    for (std::string row : retrieval_rows()) {
      if (row.ends_with("@k")) row.back() = '5';
      for (const std::string& ties : kTiePolicies) {
        EXPECT_EQ(value_of(row, ranks, tie_policy_from(ties)), std::nullopt) << row;
      }
    }
    EXPECT_EQ(judged_queries(ranks), 0U);
  }
}

TEST(TieRate, IsTheShareOfRelevantPairsThatTie) {
  EXPECT_DOUBLE_EQ(tie_rate(tests::ranks_of({{{5, true}, {5, false}, {3, true}, {2, true}}})),
                   100.0 / 3.0);
  EXPECT_DOUBLE_EQ(tie_rate(tests::ranks_of({{{5, true}, {5, true}}})), 100.0);
  EXPECT_EQ(tie_rate(constant_scorer(3, 10, 2)), 100.0);
  EXPECT_EQ(tie_rate(untied({{0}, {4}})), 0.0);
  EXPECT_EQ(tie_rate(Ranks{}), 0.0);
}

TEST(TiePolicies, AreReadByTheirNames) {
  EXPECT_EQ(tie_policy_from("expected"), TiePolicy::kExpected);
  EXPECT_EQ(tie_policy_from("optimistic"), TiePolicy::kOptimistic);
  EXPECT_EQ(tie_policy_from("pessimistic"), TiePolicy::kPessimistic);
  EXPECT_EQ(tie_policy_from("index"), TiePolicy::kIndex);
  EXPECT_EQ(kTiePolicies.size(), 4U);
}

}  // namespace
}  // namespace alignlab
