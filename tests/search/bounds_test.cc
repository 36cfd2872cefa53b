// The bounds that certified searches rest on, and the searches themselves, on every instruction set
// that kernels are written for: on the machine where it has them, over an emulation of their
// intrinsics where it has not.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "search/bounded_pairs.h"
#include "search/certified.h"
#include "search/certified_choice.h"
#include "search/score_levels.h"
#include "tests/search/every_isa.h"
#include "tests/search/oracle.h"
#include "tests/search/random_case.h"

namespace alignlab {

namespace {

using tests::Case;
using tests::every_isa;
using tests::random_case;
using tests::Style;

constexpr std::uint64_t kCases = 400;

TEST(Bounds, HoldTheCanonicalScoreOfEveryPair) {
  for (const Isa& isa : every_isa()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      std::size_t usable = 0;
      for (std::uint64_t seed = 10'000; seed < 10'000 + kCases; ++seed) {
        const Case now = random_case(seed);
        SCOPED_TRACE(now.name + " in " + dots.name + " on " + isa.name);
        if (now.queries.rows() == 0 || now.gallery.vectors.rows() == 0) continue;
        CodedGallery gallery(now.gallery, isa, 1);
        const BoundedPairs pairs(now.queries, all_rows(now.queries), gallery, dots, 1);
        usable += pairs.usable();
        if (!pairs.usable()) continue;
        const auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
        std::vector<std::uint32_t> found(2048);
        std::vector<float> lower(2048), upper(2048);
        std::vector<std::int64_t> seen(now.queries.rows());
        pairs.for_each_strip([&](const Strip& strip, int) {
          for (std::size_t q = 0; q < strip.queries; ++q) {
            const std::size_t query = strip.first_query + q;
            const kernels::ScanQuery with = pairs.query(query);
            // Every interval, as the scan itself evaluates it.
            const std::size_t count = isa.scan->above(
                strip.dots + q * strip.stride, strip.padded, strip.at, with,
                -std::numeric_limits<float>::infinity(), found.data(), lower.data(), upper.data());
            ASSERT_EQ(count, strip.padded);
            for (std::size_t j = 0; j < strip.items; ++j) {
              const double score = scores[query][strip.first_item + j] * pairs.unit();
              ASSERT_GE(upper[j], score);
              ASSERT_LE(lower[j], score);
              ++seen[query];
            }
          }
        });
        for (const std::int64_t count : seen) {
          ASSERT_EQ(count, std::ssize(scores[0]));
        }
      }
      EXPECT_GT(usable, kCases / 2) << dots.name << " on " << isa.name;
    }
  }
}

TEST(Bounds, AreTightEnoughToBeWorthIt) {
  Rng rng(3, "tight");
  Matrix queries(40, 512);
  Gallery gallery{Matrix(64, 512), {}, 0};
  for (float& value : queries.values()) value = static_cast<float>(rng.normal());
  for (float& value : gallery.vectors.values()) value = static_cast<float>(rng.normal());
  for (const Isa& isa : every_isa()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      CodedGallery coded(gallery, isa, 1);
      const BoundedPairs pairs(queries, all_rows(queries), coded, dots, 1);
      const double share = dots.code == kernels::Code::kInt8       ? 0.035
                           : dots.code == kernels::Code::kBfloat16 ? 0.006
                                                                   : 0.0005;
      pairs.for_each_strip([&](const Strip& strip, int) {
        for (std::size_t q = 0; q < strip.queries; ++q) {
          const std::size_t query = strip.first_query + q;
          const kernels::ScanQuery with = pairs.query(query);
          for (std::size_t j = 0; j < strip.items; ++j) {
            const auto row = std::as_const(queries).row(query);
            const auto item = std::as_const(gallery.vectors).row(strip.first_item + j);
            const double norms = pairs.unit() * std::sqrt(tests::dot_by_definition(row, row) *
                                                          tests::dot_by_definition(item, item));
            const double slack = double{with.residual} * strip.at.norm[j] +
                                 double{with.norm} * strip.at.residual[j] + strip.at.error[j];
            ASSERT_LT(slack, share * norms) << dots.name << " on " << isa.name;
          }
        }
      });
    }
  }
}

TEST(CertifiedSearch, RanksAsSortedScoresDoOnEveryInstructionSet) {
  for (const Isa& isa : every_isa()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      for (std::uint64_t seed = 20'000; seed < 20'000 + kCases; ++seed) {
        const Case now = random_case(seed);
        SCOPED_TRACE(now.name + " in " + dots.name + " on " + isa.name);
        std::vector<std::uint32_t> few;
        for (std::size_t i = 0; i < now.relevant.queries(); ++i) {
          const std::size_t size = now.relevant.of(i).size();
          if (size > 0 && size <= kernels::kMostLevels)
            few.push_back(static_cast<std::uint32_t>(i));
        }
        if (few.empty()) continue;
        const auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
        const Ranks expected =
            tests::sorted_ranks(scores, now.relevant, now.gallery.vectors.rows());
        Ranks found = expected;
        for (auto* counts : {&found.above, &found.ties, &found.ties_before}) {
          std::ranges::fill(*counts, 0);
        }
        SearchWork work;
        const Kernel kernel{.codes = dots.name, .work = &work};
        if (!certified_rank(now.queries, now.gallery, now.relevant,
                            relevant_scores(now.queries, now.gallery, now.relevant, isa, 1), few,
                            isa, kernel, found)) {
          continue;
        }
        ASSERT_EQ(work.isa, dots.isa);
        ASSERT_EQ(work.codes, dots.name);
        for (const std::uint32_t query : few) {
          for (std::size_t r = 0; r < now.relevant.of(query).size(); ++r) {
            const auto at = static_cast<std::size_t>(now.relevant.offset(query)) + r;
            ASSERT_EQ(found.above[at], expected.above[at]);
            ASSERT_EQ(found.ties[at], expected.ties[at]);
            ASSERT_EQ(found.ties_before[at], expected.ties_before[at]);
          }
        }
      }
    }
  }
}

TEST(CertifiedSearch, RanksColumnsOnEveryInstructionSet) {
  for (const Isa& isa : every_isa()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      std::int64_t compared = 0;
      for (std::uint64_t seed = 40'000; seed < 40'000 + kCases; ++seed) {
        const Case now = random_case(seed);
        SCOPED_TRACE(now.name + " in " + dots.name + " on " + isa.name);
        const std::size_t items = now.gallery.vectors.rows();
        if (now.queries.rows() == 0 || items == 0) continue;
        Rng rng(seed, "columns");
        Gallery rows{now.queries, {}, 0};
        for (std::size_t i = 0; seed % 2 == 0 && i < now.queries.rows(); ++i) {
          rows.bias.push_back(rng.between(-1, 1));
        }
        std::vector<std::vector<std::int32_t>> one(items);
        for (auto& row : one) {
          row.push_back(static_cast<std::int32_t>(rng.below(now.queries.rows())));
        }
        const Relevance of_columns(std::move(one));
        const Ranks expected =
            tests::sorted_ranks(tests::all_scores(now.gallery.vectors, now.queries, rows.bias),
                                of_columns, now.queries.rows());
        Ranks found = expected, unused;
        for (auto* counts : {&found.above, &found.ties, &found.ties_before}) {
          std::ranges::fill(*counts, 0);
        }
        const Relevance of_rows(std::vector<std::vector<std::int32_t>>(now.queries.rows()));
        const auto scores = relevant_scores(now.gallery.vectors, rows, of_columns, isa, 1);
        const Kernel kernel{.codes = dots.name};
        if (!certified_rank_both({rows, of_rows, {}, unused}, {},
                                 {now.gallery, of_columns, scores, found}, isa, kernel)) {
          continue;
        }
        ++compared;
        ASSERT_EQ(found, expected);
      }
      EXPECT_GT(compared, 200);
    }
  }
}

TEST(CertifiedSearch, FindsTheTopOfTheSortedScoresOnEveryInstructionSet) {
  for (const Isa& isa : every_isa()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      for (std::uint64_t seed = 30'000; seed < 30'000 + kCases; ++seed) {
        const Case now = random_case(seed);
        SCOPED_TRACE(now.name + " in " + dots.name + " on " + isa.name);
        const std::size_t items = now.gallery.vectors.rows();
        if (items == 0) continue;
        const auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
        TopK found;
        found.k = std::min(items, std::array{std::size_t{1}, std::size_t{10}, items}[seed % 3]);
        found.ids.resize(now.queries.rows() * found.k);
        found.scores.resize(found.ids.size());
        SearchWork work;
        const Kernel kernel{.codes = dots.name, .work = &work};
        CodedGallery gallery(now.gallery, isa, 1);
        if (!certified_top_k(now.queries, gallery, kernel, found)) continue;
        ASSERT_EQ(work.isa, dots.isa);
        for (std::size_t i = 0; i < scores.size(); ++i) {
          const auto order = tests::ordered(scores[i]);
          for (std::size_t r = 0; r < found.k; ++r) {
            ASSERT_EQ(found.ids[i * found.k + r], order[r]);
            ASSERT_EQ(found.scores[i * found.k + r], scores[i][static_cast<std::size_t>(order[r])]);
          }
        }
      }
    }
  }
}

TEST(CertifiedSearch, FindsTheTopInStripsOfTheirOwnLength) {
  Rng rng(12, "long strips");
  const Matrix queries = tests::random_rows(9, 24, Style::kNormal, rng);
  for (const Style style : {Style::kNormal, Style::kDuplicates, Style::kConstant}) {
    const Gallery gallery{tests::random_rows(2500, 24, style, rng), {}, 0};
    const auto scores = tests::all_scores(queries, gallery.vectors, {});
    for (const Isa& isa : tests::every_isa_as_it_is()) {
      for (const kernels::DotsKernel& dots : isa.dots) {
        CodedGallery coded(gallery, isa, 1);
        for (const std::size_t k : {1UL, 10UL, 100UL, 300UL, 2500UL}) {
          TopK found;
          found.k = k;
          found.ids.resize(queries.rows() * k);
          found.scores.resize(found.ids.size());
          ASSERT_TRUE(certified_top_k(queries, coded, {.codes = dots.name}, found));
          for (std::size_t i = 0; i < scores.size(); ++i) {
            const auto order = tests::ordered(scores[i]);
            ASSERT_TRUE(std::equal(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k),
                                   found.ids.begin() + static_cast<std::ptrdiff_t>(i * k)))
                << dots.name << " on " << isa.name << ", k " << k;
          }
        }
      }
    }
  }
}

TEST(CertifiedSearch, CountsWhatReachesAThresholdOnEveryInstructionSet) {
  for (const Isa& isa : every_isa()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      std::int64_t compared = 0;
      for (std::uint64_t seed = 50'000; seed < 50'000 + kCases; ++seed) {
        const Case now = random_case(seed);
        SCOPED_TRACE(now.name + " in " + dots.name + " on " + isa.name);
        auto scores = tests::all_scores(now.queries, now.gallery.vectors, now.gallery.bias);
        if (scores.empty() || scores[0].empty()) continue;
        Rng rng(seed, "thresholds");
        std::vector<double> bias;
        for (std::size_t i = 0; seed % 2 == 0 && i < scores.size(); ++i) {
          bias.push_back(rng.chance(0.5) ? rng.between(-2, 2) : std::exp(5.0 * rng.normal()));
          for (double& score : scores[i]) score += bias[i];
        }
        const BiasedQueries queries{now.queries, bias};
        std::vector<double> levels;
        for (std::uint64_t i = 0; i < 1 + seed % 40; ++i) {
          levels.push_back(rng.chance(0.8) ? rng.pick(rng.pick(scores)) : rng.normal());
        }
        std::ranges::sort(levels);
        levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
        std::vector<std::uint32_t> all(scores.size());
        for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
        const Kernel kernel{.codes = dots.name};

        LevelCounts found;
        if (!certified_levels(queries, now.gallery, levels, all, isa, kernel, found)) continue;
        ++compared;
        for (std::size_t l = 0; l < levels.size(); ++l) {
          std::int64_t reaching = 0, equal = 0;
          for (const auto& row : scores) {
            for (const double score : row) reaching += score >= levels[l];
            equal += std::ranges::count(row, levels[l]);
          }
          ASSERT_EQ(found.reaching[l], reaching);
          ASSERT_EQ(found.equal[l], equal);
        }
        std::vector<std::int64_t> predicted(scores.size());
        ASSERT_TRUE(
            certified_decisions(queries, now.gallery, levels.front(), isa, kernel, predicted));
        for (std::size_t i = 0; i < scores.size(); ++i) {
          ASSERT_EQ(predicted[i], std::ranges::count_if(scores[i], [&](double score) {
                      return score >= levels.front();
                    }));
        }
      }
      EXPECT_GT(compared, 200);
    }
  }
}

TEST(ScoreLevels, AreReachedByWhatLiesSurelyAboveThem) {
  Rng rng(8, "levels");
  for (int round = 0; round < 300; ++round) {
    std::vector<double> ascending(1 + rng.below(60));
    // Some crowded together, some far apart, so that cells hold none, one and many.
    for (double& level : ascending) {
      level = rng.chance(0.3) ? 1.0 + 1e-6 * rng.normal() : std::exp(4.0 * rng.normal());
    }
    std::ranges::sort(ascending);
    ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
    const ScoreLevels levels(ascending, 1.0);
    for (int draw = 0; draw < 200; ++draw) {
      const double score = rng.chance(0.5) ? rng.pick(ascending) : std::exp(4.0 * rng.normal());
      const auto expected = static_cast<std::size_t>(
          std::ranges::count_if(ascending, [&](double level) { return level <= score; }));
      ASSERT_EQ(levels.reached(score), expected);
      const double slack = rng.chance(0.5) ? 0.0 : 0.01 * rng.uniform() * score;
      const auto sure = levels.reached(rounded_down(score - slack), rounded_up(score + slack));
      if (sure) {
        ASSERT_EQ(*sure, expected);
      }
      const bool is_far = std::ranges::none_of(ascending, [&](double level) {
        return std::abs(level - score) <= 2.0 * slack + 1e-5 * level;
      });
      ASSERT_TRUE(sure || !is_far);
    }
  }
}

TEST(CanonicalScores, HaveTheBitsOfTheirDefinitionOnEveryInstructionSet) {
  Rng rng(6, "rows");
  for (const Isa& isa : every_isa()) {
    for (const std::size_t cols : {0UL, 1UL, 7UL, 8UL, 9UL, 31UL, 64UL, 513UL}) {
      const std::size_t count = 11;
      const Matrix x = tests::random_rows(count, cols, Style::kMixed, rng);
      const Matrix g = tests::random_rows(count, cols, Style::kMixed, rng);
      std::vector<const float*> xs, gs;
      for (std::size_t i = 0; i < count; ++i) {
        xs.push_back(x.row(i).data());
        gs.push_back(g.row(i).data());
      }
      std::vector<double> pairs(count), rows(count);
      isa.score_pairs(xs.data(), gs.data(), count, cols, pairs.data());
      isa.score_rows(xs[3], gs.data(), count, cols, rows.data());
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(pairs[i], tests::dot_by_definition(x.row(i), g.row(i))) << isa.name << cols;
        ASSERT_EQ(rows[i], tests::dot_by_definition(x.row(3), g.row(i))) << isa.name << cols;
      }
    }
  }
}

}  // namespace
}  // namespace alignlab
