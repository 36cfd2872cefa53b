#include "search/hubness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/rng.h"
#include "tests/core/testing.h"
#include "tests/search/fixtures.h"
#include "tests/search/oracle.h"

namespace alignlab {
namespace {

using tests::bits_of;
using tests::contains;
using tests::kKernels;
using tests::matrix_of;
using tests::message_of;
using tests::moments_of;
using tests::random_bias;
using tests::random_rows;

/// The mean of the highest scores of each candidate with the bank, the candidate's bias in them.
std::vector<double> mean_of_highest(const Gallery& candidates, const Matrix& bank, std::size_t k) {
  const tests::Scores scores = tests::all_scores(bank, candidates.vectors, candidates.bias);
  std::vector<double> out;
  for (std::size_t g = 0; g < candidates.vectors.rows(); ++g) {
    std::vector<double> column;
    for (const auto& row : scores) column.push_back(row[g]);
    std::ranges::sort(column, std::greater<>());
    column.resize(std::min(k, column.size()));
    double sum = 0.0;
    for (const double score : column) sum += score;
    out.push_back(sum / static_cast<double>(column.size()));
  }
  return out;
}

/// sum over the bank of e^{s(b,g)/T} as a logarithm, the candidate's bias in the scores.
std::vector<long double> log_sums(const Gallery& candidates, const Matrix& bank, long double t) {
  const tests::Scores scores = tests::all_scores(bank, candidates.vectors, candidates.bias);
  std::vector<long double> out;
  for (std::size_t g = 0; g < candidates.vectors.rows(); ++g) {
    long double sum = 0.0L;
    for (const auto& row : scores) sum += std::exp(row[g] / t);
    out.push_back(std::log(sum));
  }
  return out;
}

TEST(CorrectionCatalog, SaysWhichOptionsEachReads) {
  std::vector<std::string> names;
  for (const CatalogRow& row : correction_catalog()) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"none", "csls", "inverted-softmax", "dual-softmax",
                                             "sinkhorn", "qb-norm"}));
  for (const char* option : {"bank", "neighbours", "temperature", "iterations"}) {
    for (const std::string& name : corrections_that_read(option)) {
      EXPECT_NE(std::ranges::find(names, name), names.end()) << option << ": " << name;
    }
  }
}

TEST(Csls, SubtractsHalfTheMeanOfTheHighestScoresWithTheBank) {
  // Candidate 2 scores 2 4 6 with the bank, candidate -1 scores -1 -2 -3: the means of the best two
  // are 5 and -1.5.
  const Gallery candidates{matrix_of(2, 1, {2, -1}), {}, 0};
  const Gallery bank{matrix_of(3, 1, {1, 2, 3}), {}, 0};
  EXPECT_EQ(corrected_bias(candidates, bank, {"csls", 2, 0.3}, {}),
            (std::vector<double>{-2.5, 0.75}));
  EXPECT_EQ(corrected_bias(candidates, bank, {"csls", 1, 0.3}, {}),
            (std::vector<double>{-3.0, 0.5}));
}

TEST(Csls, CountsACandidatesOwnBiasOnceInItsScoresAndHalfInItsMean) {
  // 2 (qg + b) - (near + b) = 2 (qg + b/2 - near/2), near = 5 and -1.5 as above.
  const Gallery candidates{matrix_of(2, 1, {2, -1}), {8.0, -1.0}, 0};
  const Gallery bank{matrix_of(3, 1, {1, 2, 3}), {}, 0};
  EXPECT_EQ(corrected_bias(candidates, bank, {"csls", 2, 0.3}, {}),
            (std::vector<double>{1.5, 0.25}));
}

TEST(Csls, TakesTheWholeBankWhereThereAreFewerThanItsNeighbours) {
  const Gallery candidates{matrix_of(2, 1, {2, -1}), {}, 0};
  const Gallery bank{matrix_of(3, 1, {1, 2, 3}), {}, 0};
  EXPECT_EQ(corrected_bias(candidates, bank, {"csls", 10, 0.3}, {}),
            (std::vector<double>{-2.0, 1.0}));
}

TEST(Csls, MatchesBruteForceWhateverTheKernelAndItsThreads) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed, "csls");
    const std::size_t cols = 1 + rng.below(40);
    Gallery candidates{random_rows(1 + rng.below(90), cols, rng), {}, 0};
    if (seed % 2 == 1) candidates.bias = random_bias(candidates.vectors.rows(), rng);
    const Gallery bank{random_rows(1 + rng.below(900), cols, rng), {}, 0};
    const Correction correction{"csls", 1 + rng.below(30), 0.3};
    const auto near = mean_of_highest(candidates, bank.vectors, correction.neighbours);
    const auto first = corrected_bias(candidates, bank, correction, kKernels[0]);
    ASSERT_EQ(first.size(), near.size());
    for (std::size_t g = 0; g < near.size(); ++g) {
      // 2 b - r is what is added to twice the dot product.
      const double own = candidates.bias.empty() ? 0.0 : candidates.bias[g];
      EXPECT_NEAR(first[g], own - 0.5 * near[g], 1e-12 * (1.0 + std::abs(near[g])));
    }
    for (const Kernel& kernel : kKernels) {
      EXPECT_EQ(bits_of(corrected_bias(candidates, bank, correction, kernel)), bits_of(first));
    }
  }
}

TEST(Csls, MatchesBruteForceForEuclideanDistances) {
  Rng rng(5, "euclidean");
  const Gallery candidates = prepare(random_rows(60, 9, rng), Similarity::kEuclidean, "candidates");
  const Gallery bank = prepare(random_rows(80, 9, rng), Similarity::kEuclidean, "bank");
  ASSERT_EQ(candidates.bias.size(), 60U);
  // A score is minus half the squared distance, of which the search leaves out the query's share:
  // that of the bank's queries it may not leave out, for they are compared with one another.
  const auto found = corrected_bias(candidates, bank, {"csls", 10, 0.3}, {});
  for (std::size_t g = 0; g < 60; ++g) {
    std::vector<double> scores;
    for (std::size_t b = 0; b < 80; ++b) {
      double squares = 0.0;
      for (std::size_t e = 0; e < 9; ++e) {
        const double off =
            static_cast<double>(bank.vectors.row(b)[e]) - candidates.vectors.row(g)[e];
        squares += off * off;
      }
      scores.push_back(-0.5 * squares);
    }
    std::ranges::sort(scores, std::greater<>());
    double near = 0.0;
    for (std::size_t r = 0; r < 10; ++r) near += scores[r] / 10.0;
    EXPECT_NEAR(found[g], candidates.bias[g] - 0.5 * near, 1e-11);
  }
}

TEST(Csls, OrdersAsItsPaperDoes) {
  // Conneau et al.: 2 s(q,g) - r(q) - r(g), r(q) the mean of the query's best scores with the
  // candidates, r(g) that of the candidate's with the queries.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed, "paper");
    const Matrix queries = random_rows(30, 6, rng);
    Gallery candidates{random_rows(40, 6, rng), {}, 0};
    if (seed % 2 == 1) candidates.bias = random_bias(40, rng);
    const std::size_t k = 1 + rng.below(12);
    const tests::Scores scores = tests::all_scores(queries, candidates.vectors, candidates.bias);
    const auto near_candidate = mean_of_highest(candidates, queries, k);
    const Gallery corrected{candidates.vectors,
                            corrected_bias(candidates, {queries, {}, 0}, {"csls", k, 0.3}, {}), 0};
    const TopK found = top_k(queries, corrected, 40, {});
    for (std::size_t q = 0; q < 30; ++q) {
      std::vector<double> best = scores[q];
      std::ranges::sort(best, std::greater<>());
      double near_query = 0.0;
      for (std::size_t r = 0; r < k; ++r) near_query += best[r] / static_cast<double>(k);
      std::vector<double> by_paper;
      for (std::size_t g = 0; g < 40; ++g) {
        by_paper.push_back(2.0 * scores[q][g] - near_query - near_candidate[g]);
      }
      const auto expected = tests::ordered(by_paper);
      const auto begin = found.ids.begin() + static_cast<std::ptrdiff_t>(40 * q);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), begin)) << seed << ", " << q;
    }
  }
}

TEST(InvertedSoftmax, IsTheLogarithmOfTheBanksSumWorkedByHand) {
  // Scores of candidate 1 with the bank: 0 and 2; of candidate 0: 0 and 0. Mean 0.5, deviation
  // sqrt(0.75); T is twice that, sqrt(3).
  const Gallery candidates{matrix_of(2, 1, {1, 0}), {}, 0};
  const Gallery bank{matrix_of(2, 1, {0, 2}), {}, 0};
  const auto found = corrected_bias(candidates, bank, {"inverted-softmax", 10, 2.0}, {});
  const double t = std::sqrt(3.0);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(found[0], -t * std::log(1.0 + std::exp(2.0 / t)), 1e-12);
  EXPECT_NEAR(found[1], -t * std::log(2.0), 1e-12);
}

TEST(InvertedSoftmax, OrdersAsItsPaperDoesWhateverTheKernelAndItsThreads) {
  // Smith et al.: e^{s(q,g)/T} / sum_b e^{s(b,g)/T}, the candidate's bias in every score.
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Rng rng(seed, "softmax");
    const std::size_t cols = 1 + rng.below(30);
    Gallery candidates{random_rows(1 + rng.below(60), cols, rng), {}, 0};
    if (seed % 2 == 1) candidates.bias = random_bias(candidates.vectors.rows(), rng);
    const Matrix bank = random_rows(1 + rng.below(700), cols, rng);
    const Correction correction{"inverted-softmax", 10, 0.1 + rng.uniform()};
    // The unit of the temperature is the spread of the dot products, where no bias is.
    const auto t = static_cast<long double>(correction.temperature) *
                   moments_of(tests::all_scores(bank, candidates.vectors, {})).deviation;
    const auto sums = log_sums(candidates, bank, t);
    const auto first = corrected_bias(candidates, {bank, {}, 0}, correction, kKernels[0]);
    ASSERT_EQ(first.size(), sums.size());
    const Matrix query = random_rows(1, cols, rng);
    for (std::size_t g = 0; g < sums.size(); ++g) {
      const double own = candidates.bias.empty() ? 0.0 : candidates.bias[g];
      const double dot = tests::dot_by_definition(query.row(0), candidates.vectors.row(g));
      const long double by_paper = t * ((dot + own) / t - sums[g]);
      EXPECT_NEAR(dot + first[g], static_cast<double>(by_paper), 1e-8);
    }
    for (const Kernel& kernel : kKernels) {
      EXPECT_EQ(bits_of(corrected_bias(candidates, {bank, {}, 0}, correction, kernel)),
                bits_of(first));
    }
  }
}

TEST(InvertedSoftmax, NeitherOverflowsNorVanishesForLargeScores) {
  // e^{1e12 / T} has no double, nor has e^{-1e12 / T}; what is left is the largest score.
  const Gallery candidates{matrix_of(2, 1, {1e6F, -1e6F}), {}, 0};
  const Gallery bank{matrix_of(2, 1, {1e6F, 3e6F}), {}, 0};
  const auto found = corrected_bias(candidates, bank, {"inverted-softmax", 10, 1e-4}, {});
  EXPECT_DOUBLE_EQ(found.at(0), -3e12);
  EXPECT_DOUBLE_EQ(found.at(1), 1e12);
}

TEST(InvertedSoftmax, IsFiniteWhereAllScoresAreTheSame) {
  const Gallery candidates{matrix_of(3, 1, {0, 0, 0}), {}, 0};
  const Gallery bank{matrix_of(4, 1, {1, 2, 3, 4}), {}, 0};
  // Without a deviation the temperature is in units of one.
  const auto found = corrected_bias(candidates, bank, {"inverted-softmax", 10, 0.5}, {});
  ASSERT_EQ(found.size(), 3U);
  for (const double bias : found) EXPECT_NEAR(bias, -0.5 * std::log(4.0), 1e-12);
}

TEST(DualSoftmax, OrdersAsTheProductOfBothSoftmaxes) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed, "dual");
    const Matrix queries = random_rows(20, 5, rng);
    Gallery candidates{random_rows(30, 5, rng), {}, 0};
    if (seed % 2 == 1) candidates.bias = random_bias(30, rng);
    const Correction correction{"dual-softmax", 10, 0.5};
    const auto t = 0.5L * moments_of(tests::all_scores(queries, candidates.vectors, {})).deviation;
    const Gallery corrected{candidates.vectors,
                            corrected_bias(candidates, {queries, {}, 0}, correction, {}), 0};
    const TopK found = top_k(queries, corrected, 30, {});
    const tests::Scores scores = tests::all_scores(queries, candidates.vectors, candidates.bias);
    for (std::size_t q = 0; q < 20; ++q) {
      std::vector<double> products;
      for (std::size_t g = 0; g < 30; ++g) {
        long double over_queries = 0.0L, over_candidates = 0.0L;
        for (std::size_t i = 0; i < 20; ++i) over_queries += std::exp(scores[i][g] / t);
        for (std::size_t i = 0; i < 30; ++i) over_candidates += std::exp(scores[q][i] / t);
        const long double own = std::exp(scores[q][g] / t);
        products.push_back(static_cast<double>(own / over_queries * own / over_candidates));
      }
      const auto expected = tests::ordered(products);
      const auto begin = found.ids.begin() + static_cast<std::ptrdiff_t>(30 * q);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), begin)) << seed << ", " << q;
    }
  }
}

TEST(Sinkhorn, MakesAllRowsAndColumnsSumAlike) {
  Rng rng(3, "sinkhorn");
  const Matrix queries = random_rows(24, 5, rng);
  Gallery candidates{random_rows(24, 5, rng), random_bias(24, rng), 0};
  const Correction correction{"sinkhorn", 10, 1.0, 200};
  const auto t = moments_of(tests::all_scores(queries, candidates.vectors, {})).deviation;
  candidates.bias = corrected_bias(candidates, {queries, {}, 0}, correction, {});
  // With equally many on both sides, each query's and each candidate's share is 1.
  const tests::Scores scores = tests::all_scores(queries, candidates.vectors, candidates.bias);
  std::vector<long double> columns(24, 0.0L);
  for (const auto& row : scores) {
    long double sum = 0.0L;
    for (const double score : row) sum += std::exp(score / t);
    for (std::size_t g = 0; g < 24; ++g) columns[g] += std::exp(row[g] / t) / sum;
  }
  for (const long double column : columns) EXPECT_NEAR(static_cast<double>(column), 1.0, 1e-6);
}

TEST(Sinkhorn, IsTheSameWhateverTheKernelAndItsThreads) {
  Rng rng(4, "sinkhorn");
  const Gallery candidates{random_rows(150, 9, rng), random_bias(150, rng), 0};
  const Gallery bank{random_rows(700, 9, rng), {}, 0};
  const Correction correction{"sinkhorn", 10, 0.3, 3};
  const auto first = bits_of(corrected_bias(candidates, bank, correction, kKernels[0]));
  for (const Kernel& kernel : kKernels) {
    EXPECT_EQ(bits_of(corrected_bias(candidates, bank, correction, kernel)), first);
  }
}

TEST(GatedRanks, CorrectOnlyQueriesWhoseBestCandidateIsAGate) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed, "gated");
    const std::size_t cols = 1 + rng.below(6), count = 1 + rng.below(30);
    // Small whole numbers tie often.
    const auto rows = [&](std::size_t size) {
      Matrix out(size, cols);
      for (float& value : out.values()) value = static_cast<float>(rng.between(-2, 2));
      return out;
    };
    const Matrix queries = rows(rng.below(40));
    Gallery candidates{rows(count), {}, 0};
    if (rng.chance(0.5)) candidates.bias = random_bias(count, rng);
    const std::vector<double> bias = random_bias(count, rng);
    std::vector<bool> gate(count);
    for (std::size_t g = 0; g < count; ++g) gate[g] = rng.chance(0.5);
    std::vector<std::vector<Relevance::Graded>> graded;
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      auto& own = graded.emplace_back();
      for (std::size_t g = 0; g < count; ++g) {
        if (rng.chance(0.3)) {
          own.push_back({static_cast<std::int32_t>(g), static_cast<float>(rng.between(1, 4))});
        }
      }
    }
    const Relevance relevant(std::move(graded));
    const Ranks found = rank_gated(queries, candidates, bias, gate, relevant, kKernels[seed % 4]);
    // Every query ranked both ways, and one of the two taken.
    const Kernel scalar{"scalar", 1};
    const Ranks plain = rank(queries, candidates, relevant, scalar);
    const Ranks corrected = rank(queries, {candidates.vectors, bias, 0}, relevant, scalar);
    const TopK best = top_k(queries, candidates, 1, scalar);
    ASSERT_EQ(found.offsets, plain.offsets);
    EXPECT_EQ(found.candidates, plain.candidates);
    EXPECT_EQ(found.grades, plain.grades);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      const Ranks& own = gate[static_cast<std::size_t>(best.ids[q])] ? corrected : plain;
      for (auto r = static_cast<std::size_t>(found.offsets[q]);
           r < static_cast<std::size_t>(found.offsets[q + 1]); ++r) {
        ASSERT_EQ(found.above[r], own.above[r]);
        ASSERT_EQ(found.ties[r], own.ties[r]);
        ASSERT_EQ(found.ties_before[r], own.ties_before[r]);
      }
    }
  }
}

TEST(GatedRanks, TakeTheBestOfEachQueryOfTheBank) {
  const Gallery candidates{matrix_of(3, 1, {1, 2, -1}), {}, 0};
  EXPECT_EQ(best_of_bank(candidates, {matrix_of(2, 1, {5, 1}), {}, 0}, {}),
            (std::vector<bool>{false, true, false}));
  EXPECT_EQ(best_of_bank(candidates, {matrix_of(2, 1, {5, -1}), {}, 0}, {}),
            (std::vector<bool>{false, true, true}));
}

TEST(Corrections, TakeTheFirstPlaceFromAHub) {
  // Queries point along three axes with a common direction; the hub is that direction, long enough
  // to win all of them.
  const Matrix queries = matrix_of(3, 4,
                                   {1, 0, 0, 1,  //
                                    0, 1, 0, 1,  //
                                    0, 0, 1, 1});
  const Matrix items = matrix_of(4, 4,
                                 {1, 0, 0, 0,  //
                                  0, 1, 0, 0,  //
                                  0, 0, 1, 0,  //
                                  0, 0, 0, 1.25F});
  const TopK plain = top_k(queries, {items, {}, 0}, 1, {});
  EXPECT_EQ(plain.ids, (std::vector<std::int32_t>{3, 3, 3}));
  for (const Correction& correction : {Correction{"csls", 2, 0.3},
                                       {"inverted-softmax", 10, 0.3},
                                       {"dual-softmax", 10, 1.0},
                                       {"sinkhorn", 10, 0.3}}) {
    const auto bias = corrected_bias({items, {}, 0}, {queries, {}, 0}, correction, {});
    const TopK found = top_k(queries, {items, bias, 0}, 1, {});
    EXPECT_EQ(found.ids, (std::vector<std::int32_t>{0, 1, 2})) << correction.kind;
  }
}

TEST(Corrections, RefuseWhatIsNotFiniteAndNameItsRow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Gallery sound{matrix_of(2, 2, {1, 2, 3, 4}), {}, 0};
  const Gallery broken{matrix_of(2, 2, {1, 2, nan, 4}), {}, 0};
  for (const char* kind : {"csls", "inverted-softmax", "dual-softmax", "sinkhorn", "qb-norm"}) {
    const Correction correction{kind, 10, 0.3};
    EXPECT_TRUE(
        contains(message_of<DataError>([&] { corrected_bias(sound, broken, correction, {}); }),
                 "row 1, column 0: expected a finite number, found nan"));
    EXPECT_TRUE(
        contains(message_of<DataError>([&] { corrected_bias(broken, sound, correction, {}); }),
                 "row 1, column 0: expected a finite number, found nan"));
  }
}

TEST(Corrections, RefuseABankOfAnotherWidth) {
  const Gallery candidates{Matrix(2, 3), {}, 0}, bank{Matrix(2, 2), {}, 0};
  for (const char* kind : {"csls", "inverted-softmax", "dual-softmax", "sinkhorn", "qb-norm"}) {
    EXPECT_EQ(message_of<DataError>([&] {
                corrected_bias(candidates, bank, {kind, 10, 0.3}, {});
              }),
              "queries have 2 columns, candidates 3");
  }
}

}  // namespace
}  // namespace alignlab
