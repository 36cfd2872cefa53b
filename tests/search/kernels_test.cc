// Every kernel of the catalog, on every instruction set of the machine, against the sorted scores
// of tests/search/oracle.h: equal bit for bit, so "close" never passes.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "core/rng.h"
#include "search/search.h"
#include "tests/core/testing.h"
#include "tests/search/oracle.h"
#include "tests/search/random_case.h"

namespace alignlab {
namespace {

using tests::Case;
using tests::message_of;
using tests::random_case;

constexpr const char* kIsaVariable = "ALIGNLAB_ISA";

/// Sets the variable for one scope and puts back what was there.
class ForcedIsa {
 public:
  explicit ForcedIsa(const std::string& name) {
    if (const char* before = ::getenv(kIsaVariable)) before_ = before;
    ::setenv(kIsaVariable, name.c_str(), 1);
  }
  ~ForcedIsa() {
    if (before_) {
      ::setenv(kIsaVariable, before_->c_str(), 1);
    } else {
      ::unsetenv(kIsaVariable);
    }
  }
  ForcedIsa(const ForcedIsa&) = delete;
  ForcedIsa& operator=(const ForcedIsa&) = delete;

 private:
  std::optional<std::string> before_;
};

using Rows = std::vector<std::vector<std::int32_t>>;

/// Calls check(kernel) for every kernel, instruction set and way of rounding, on one thread and, by
/// turns, on two or three.
void for_each_kernel(const std::function<void(const Kernel&)>& check, std::uint64_t turn = 0) {
  std::vector<Kernel> kernels;
  for (const CatalogRow& row : kernel_catalog()) {
    if (row.name == "scalar") {
      kernels.push_back({.name = row.name});
      continue;
    }
    for (const std::string& isa : available_isas()) {
      kernels.push_back({.name = row.name, .isa = isa});
      if (row.name != "certified") continue;
      for (const std::string& codes : available_codes(isa)) {
        kernels.push_back({.name = row.name, .isa = isa, .codes = codes});
      }
    }
  }
  for (Kernel& kernel : kernels) {
    for (const int threads : {1, 2 + static_cast<int>(turn % 2)}) {
      kernel.threads = threads;
      SCOPED_TRACE(kernel.name + " on " + kernel.isa + " in " + kernel.codes + ", threads " +
                   std::to_string(threads));
      check(kernel);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> out;
  for (const double value : values) out.push_back(std::bit_cast<std::uint64_t>(value));
  return out;
}

/// None in half of the cases; small and large numbers in the others.
std::vector<double> query_bias(std::size_t queries, Rng& rng) {
  std::vector<double> out;
  if (rng.chance(0.5)) return out;
  for (std::size_t i = 0; i < queries; ++i) {
    out.push_back(rng.chance(0.3) ? rng.between(-2, 2) : std::exp(6.0 * rng.normal()));
  }
  return out;
}

/// Every test draws its own shapes: seeds [first, first + kCases).
constexpr std::uint64_t kCases = 150;

TEST(ExactIndex, AnswersEachBatchAsASearchOfItsOwn) {
  Rng rng(21, "batches");
  const auto rows = [&](std::size_t count) {
    return tests::random_rows(count, 16, tests::Style::kNormal, rng);
  };
  const Gallery gallery{rows(700), {}, 0};
  for_each_kernel([&](const Kernel& kernel) {
    const auto index = exact_index(gallery, kernel);
    // Some so large that codes are chosen by a sample, which the index remembers.
    for (const auto& [count, k] :
         {std::pair(3UL, 10UL), {400UL, 10UL}, {400UL, 700UL}, {500UL, 10UL}, {1UL, 700UL}}) {
      const Matrix queries = rows(count);
      const TopK found = index->top_k(queries, k);
      const TopK expected = top_k(queries, gallery, k, {.name = "scalar"});
      ASSERT_EQ(found.ids, expected.ids) << kernel.name;
      ASSERT_EQ(found.scores, expected.scores) << kernel.name;
    }
  });
}

TEST(Kernels, RankAsSortedScoresDo) {
  std::int64_t tied = 0, many = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    const Case now = random_case(seed);
    SCOPED_TRACE(now.name);
    const auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
    const Ranks expected = tests::sorted_ranks(scores, now.relevant, now.gallery.vectors.rows());
    for (const std::int64_t ties : expected.ties) tied += ties > 0;
    for (std::size_t i = 0; i < now.relevant.queries(); ++i) many += now.relevant.of(i).size() > 8;
    for_each_kernel(
        [&](const Kernel& kernel) {
          const Ranks found = rank(now.queries, now.gallery, now.relevant, kernel);
          ASSERT_EQ(found.offsets, expected.offsets);
          ASSERT_EQ(found.above, expected.above);
          ASSERT_EQ(found.ties, expected.ties);
          ASSERT_EQ(found.ties_before, expected.ties_before);
          ASSERT_EQ(found.candidates, expected.candidates);
        },
        seed);
    if (HasFatalFailure()) return;
  }
  // The cases are worth nothing unless they hold ties and long rows of relevant candidates.
  EXPECT_GT(tied, 5000);
  EXPECT_GT(many, 500);
}

TEST(Kernels, FindTheTopOfTheSortedScores) {
  for (std::uint64_t seed = kCases; seed < 2 * kCases; ++seed) {
    const Case now = random_case(seed);
    SCOPED_TRACE(now.name);
    const auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
    const std::size_t items = now.gallery.vectors.rows();
    const std::size_t k = std::array{std::size_t{1}, std::size_t{10}, items, items + 3}[seed % 4];
    std::vector<std::int32_t> ids;
    std::vector<double> best;
    for (const auto& row : scores) {
      const auto order = tests::ordered(row);
      for (std::size_t i = 0; i < std::min(k, items); ++i) {
        ids.push_back(order[i]);
        best.push_back(row[static_cast<std::size_t>(order[i])]);
      }
    }
    for_each_kernel(
        [&](const Kernel& kernel) {
          const TopK found = top_k(now.queries, now.gallery, k, kernel);
          ASSERT_EQ(found.k, std::min(k, items));
          ASSERT_EQ(found.ids, ids);
          ASSERT_EQ(bits_of(found.scores), bits_of(best));
        },
        seed);
    if (HasFatalFailure()) return;
  }
}

/// For each of `queries` one candidate, or none.
Relevance one_or_none(std::size_t queries, std::size_t candidates, Rng& rng) {
  Rows rows(queries);
  for (auto& row : rows) {
    if (candidates > 0 && rng.chance(0.8))
      row.push_back(static_cast<std::int32_t>(rng.below(candidates)));
  }
  return Relevance(std::move(rows));
}

TEST(Kernels, RankBothSidesAsEachByItself) {
  for (std::uint64_t seed = 4 * kCases; seed < 5 * kCases; ++seed) {
    const Case now = random_case(seed);
    SCOPED_TRACE(now.name);
    Rng rng(seed, "sides");
    Gallery first{now.queries, {}, 0};
    for (std::size_t i = 0; rng.chance(0.5) && i < first.vectors.rows(); ++i) {
      first.bias.resize(first.vectors.rows());
      first.bias[i] = rng.chance(0.5) ? rng.normal() : rng.between(-1, 1);
    }
    const std::size_t items = now.gallery.vectors.rows();
    const Relevance of_second = rng.chance(0.8)
                                    ? one_or_none(items, first.vectors.rows(), rng)
                                    : tests::random_relevance(items, first.vectors.rows(), rng);
    const auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
    const auto others = tests::all_scores(now.gallery.vectors, now.queries, first.bias);
    const Ranks of_first = tests::sorted_ranks(scores, now.relevant, items);
    const Ranks expected = tests::sorted_ranks(others, of_second, first.vectors.rows());
    for_each_kernel(
        [&](const Kernel& kernel) {
          const TwoWayRanks found = rank_both(first, now.gallery, now.relevant, of_second, kernel);
          ASSERT_EQ(found.of_first, of_first);
          ASSERT_EQ(found.of_second, expected);
          const TwoWayRanks turned = rank_both(now.gallery, first, of_second, now.relevant, kernel);
          ASSERT_EQ(turned.of_first, expected);
          ASSERT_EQ(turned.of_second, of_first);
        },
        seed);
    if (HasFatalFailure()) return;
  }
}

TEST(Kernels, DecideByEveryScoreAtLeastTheThreshold) {
  for (std::uint64_t seed = 2 * kCases; seed < 3 * kCases; ++seed) {
    const Case now = random_case(seed);
    SCOPED_TRACE(now.name);
    auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
    Rng rng(seed, "threshold");
    // Mostly a score that occurs: "at least" and "more than" differ only there.
    double threshold = rng.normal();
    const std::vector<double> bias = query_bias(now.queries.rows(), rng);
    for (std::size_t i = 0; i < bias.size(); ++i) {
      for (double& score : scores[i]) score += bias[i];
    }
    if (!scores.empty() && !scores[0].empty() && rng.chance(0.8))
      threshold = rng.pick(rng.pick(scores));
    std::vector<std::int64_t> predicted, correct, relevant;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      predicted.push_back(
          std::ranges::count_if(scores[i], [&](double score) { return score >= threshold; }));
      correct.push_back(std::ranges::count_if(now.relevant.of(i), [&](std::int32_t candidate) {
        return scores[i][static_cast<std::size_t>(candidate)] >= threshold;
      }));
      relevant.push_back(static_cast<std::int64_t>(now.relevant.of(i).size()));
    }
    for_each_kernel(
        [&](const Kernel& kernel) {
          const Decisions found =
              decide(now.queries, now.gallery, now.relevant, threshold, kernel, bias);
          ASSERT_EQ(found.predicted, predicted);
          ASSERT_EQ(found.correct, correct);
          ASSERT_EQ(found.relevant, relevant);
        },
        seed);
    if (HasFatalFailure()) return;
  }
}

TEST(Kernels, CountBothSidesOfEveryThreshold) {
  for (std::uint64_t seed = 3 * kCases; seed < 4 * kCases; ++seed) {
    const Case now = random_case(seed);
    SCOPED_TRACE(now.name);
    auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
    Rng rng(seed, "bias");
    const std::vector<double> bias = query_bias(now.queries.rows(), rng);
    for (std::size_t i = 0; i < bias.size(); ++i) {
      for (double& score : scores[i]) score += bias[i];
    }
    std::vector<double> right, wrong;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (now.relevant.of(i).empty()) continue;  // left out of every metric, so of the curve
      std::vector<bool> is_relevant(scores[i].size(), false);
      for (const std::int32_t j : now.relevant.of(i))
        is_relevant[static_cast<std::size_t>(j)] = true;
      for (std::size_t j = 0; j < scores[i].size(); ++j) {
        (is_relevant[j] ? right : wrong).push_back(scores[i][j]);
      }
    }
    std::ranges::sort(right, std::greater<>());
    std::ranges::sort(wrong, std::greater<>());
    ThresholdCurve expected;
    for (std::size_t at = 0; at < right.size(); ++at) {
      if (at + 1 < right.size() && right[at + 1] == right[at]) continue;
      expected.thresholds.push_back(right[at]);
      expected.correct.push_back(static_cast<std::int64_t>(at + 1));
      std::int64_t false_ones = 0;
      while (false_ones < std::ssize(wrong) &&
             wrong[static_cast<std::size_t>(false_ones)] >= right[at]) {
        ++false_ones;
      }
      expected.wrong.push_back(false_ones);
      expected.tied.push_back(std::ranges::count(wrong, right[at]));
    }
    expected.pairs = right.empty() ? 0 : std::ssize(right) + std::ssize(wrong);
    for_each_kernel(
        [&](const Kernel& kernel) {
          const ThresholdCurve found =
              threshold_curve(now.queries, now.gallery, now.relevant, kernel, bias);
          ASSERT_EQ(found.thresholds, expected.thresholds);
          ASSERT_EQ(found.correct, expected.correct);
          ASSERT_EQ(found.wrong, expected.wrong);
          ASSERT_EQ(found.tied, expected.tied);
          ASSERT_EQ(found.pairs, expected.pairs);
        },
        seed);
    if (HasFatalFailure()) return;
  }
}

Matrix column(const std::vector<float>& values) {
  Matrix out(values.size(), 1);
  std::ranges::copy(values, out.values().begin());
  return out;
}

TEST(Rank, CountsWhatIsAboveWhatTiesAndWhichTiesComeFirst) {
  // Scores of the one query: 5 7 5 1 5 7.
  const Gallery gallery{column({5, 7, 5, 1, 5, 7}), {}, 0};
  const Relevance relevant(Rows{{2, 3, 5}});
  for_each_kernel([&](const Kernel& kernel) {
    const Ranks ranks = rank(column({1}), gallery, relevant, kernel);
    ASSERT_EQ(ranks.above, (std::vector<std::int64_t>{2, 5, 0}));
    ASSERT_EQ(ranks.ties, (std::vector<std::int64_t>{2, 0, 1}));
    ASSERT_EQ(ranks.ties_before, (std::vector<std::int64_t>{1, 0, 1}));
  });
}

TEST(Rank, CountsTheSameWithMoreRelevantCandidatesThanItComparesOneByOne) {
  // Scores 9 9 8 8 7 7 ... 0 0; the first of each pair is relevant, so ten of them.
  std::vector<float> scores;
  std::vector<std::int32_t> firsts;
  for (int value = 9; value >= 0; --value) {
    firsts.push_back(static_cast<std::int32_t>(scores.size()) + 1);
    scores.insert(scores.end(), 2, static_cast<float>(value));
  }
  const Ranks ranks = rank(column({1}), {column(scores), {}, 0}, Relevance(Rows{firsts}), {});
  for (std::size_t r = 0; r < 10; ++r) {
    EXPECT_EQ(ranks.above[r], static_cast<std::int64_t>(2 * r));
    EXPECT_EQ(ranks.ties[r], 1);
    EXPECT_EQ(ranks.ties_before[r], 1);
  }
}

TEST(Rank, TakesPositiveAndNegativeZeroForATie) {
  const Gallery gallery{column({-0.0F, 0.0F}), {}, 0};
  for_each_kernel([&](const Kernel& kernel) {
    const Ranks ranks = rank(column({1}), gallery, Relevance(Rows{{1}}), kernel);
    ASSERT_EQ(ranks.above.at(0), 0);
    ASSERT_EQ(ranks.ties.at(0), 1);
    ASSERT_EQ(ranks.ties_before.at(0), 1);
  });
}

TEST(Rank, TiesEverythingWithoutColumns) {
  const Gallery gallery{Matrix(4, 0), {}, 0};
  for_each_kernel([&](const Kernel& kernel) {
    const Ranks ranks = rank(Matrix(1, 0), gallery, Relevance(Rows{{2}}), kernel);
    ASSERT_EQ(ranks.above.at(0), 0);
    ASSERT_EQ(ranks.ties.at(0), 3);
    ASSERT_EQ(ranks.ties_before.at(0), 2);
  });
}

TEST(Search, OfNothingFindsNothing) {
  const Gallery none{Matrix(0, 3), {}, 0}, some{Matrix(2, 3), {}, 0};
  for_each_kernel([&](const Kernel& kernel) {
    ASSERT_EQ(rank(Matrix(0, 3), some, Relevance(), kernel).queries(), 0U);
    ASSERT_EQ(rank(Matrix(2, 3), none, Relevance(Rows{{}, {}}), kernel).queries(), 2U);
    ASSERT_TRUE(top_k(Matrix(2, 3), none, 5, kernel).ids.empty());
    ASSERT_TRUE(top_k(Matrix(2, 3), some, 0, kernel).ids.empty());
    ASSERT_EQ(decide(Matrix(2, 3), none, Relevance(Rows{{}, {}}), 0.0, kernel).predicted,
              (std::vector<std::int64_t>{0, 0}));
    ASSERT_TRUE(
        threshold_curve(Matrix(2, 3), some, Relevance(Rows{{}, {}}), kernel).thresholds.empty());
  });
}

TEST(TopK, NeverHoldsMoreThanTheGallery) {
  const Gallery gallery{column({1, 3, 2}), {}, 0};
  const TopK found = top_k(column({1, -1}), gallery, 100, {});
  EXPECT_EQ(found.k, 3U);
  EXPECT_EQ(found.ids, (std::vector<std::int32_t>{1, 2, 0, 0, 2, 1}));
  EXPECT_EQ(found.scores, (std::vector<double>{3, 2, 1, -1, -2, -3}));
}

TEST(TopK, AddsTheBiasOfEachCandidate) {
  const Gallery gallery{column({1, 3, 2}), {5.0, 0.0, 0.5}, 0};
  EXPECT_EQ(top_k(column({1}), gallery, 2, {}).ids, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(top_k(column({1}), gallery, 2, {}).scores, (std::vector<double>{6, 3}));
}

TEST(Search, RefusesQueriesOfAnotherWidth) {
  const Gallery gallery{Matrix(2, 3), {}, 0};
  const std::string expected = "queries have 2 columns, candidates 3";
  const Matrix queries(1, 2);
  const Relevance relevant(Rows{{0}});
  EXPECT_EQ(message_of<DataError>([&] { rank(queries, gallery, relevant, {}); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { top_k(queries, gallery, 1, {}); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { decide(queries, gallery, relevant, 0.0, {}); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { threshold_curve(queries, gallery, relevant, {}); }),
            expected);
}

TEST(Search, RefusesWhatIsNotFiniteRatherThanRankItFirst) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Relevance relevant(Rows{{0}, {1}});
  const auto refusals = [&](const Matrix& queries, const Gallery& gallery) {
    return std::vector<std::string>{
        message_of<DataError>([&] { rank(queries, gallery, relevant, {}); }),
        message_of<DataError>([&] { top_k(queries, gallery, 1, {}); }),
        message_of<DataError>([&] { decide(queries, gallery, relevant, 0.0, {}); }),
        message_of<DataError>([&] { threshold_curve(queries, gallery, relevant, {}); })};
  };
  const Gallery sound{column({1, 2}), {}, 0};
  for (const auto& message : refusals(column({1, nan}), sound)) {
    EXPECT_EQ(message, "queries: row 1, column 0: expected a finite number, found nan");
  }
  for (const auto& message : refusals(column({1, 2}), {column({nan, 2}), {}, 0})) {
    EXPECT_EQ(message, "candidates: row 0, column 0: expected a finite number, found nan");
  }
  for (const auto& message : refusals(column({1, 2}), {column({1, 2}), {0.0, nan}, 0})) {
    EXPECT_EQ(message, "candidates: bias of row 1: expected a finite number, found nan");
  }
}

TEST(Isa, IsTheBestAvailableOneUnlessForced) {
  const auto names = available_isas();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.back(), "portable");
  {
    const ForcedIsa unforced("");
    EXPECT_EQ(selected_isa(), names.front());
  }
  for (const std::string& name : names) {
    const ForcedIsa forced(name);
    EXPECT_EQ(selected_isa(), name);
  }
}

TEST(Isa, ThatTheMachineDoesNotOfferIsAUsageError) {
  const ForcedIsa forced("sse9");
  std::string names;
  for (const std::string& name : available_isas()) names += (names.empty() ? "" : ", ") + name;
  const std::string expected =
      "ALIGNLAB_ISA=sse9: not available on this machine (available: " + names + ")";
  EXPECT_EQ(message_of<UsageError>([] { selected_isa(); }), expected);
  const Gallery gallery{Matrix(2, 3), {}, 0};
  EXPECT_EQ(message_of<UsageError>([&] { top_k(Matrix(1, 3), gallery, 1, {.threads = 1}); }),
            expected);
}

}  // namespace
}  // namespace alignlab
