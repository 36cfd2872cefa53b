#include "search/score_moments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/rng.h"
#include "tests/core/testing.h"
#include "tests/search/fixtures.h"

namespace alignlab {
namespace {

using tests::bits_of;
using tests::kKernels;
using tests::matrix_of;
using tests::message_of;
using tests::Moments;
using tests::moments_of;
using tests::random_bias;
using tests::random_rows;

TEST(ScoreMoments, AreThoseOfTheWholePopulationOfScores) {
  // Scores 1 3 / 2 6: mean 3, squared distances 4 0 1 9.
  const ScoreMoments found =
      score_moments(matrix_of(2, 1, {1, 2}), {matrix_of(2, 1, {1, 3}), {}, 0}, {});
  EXPECT_EQ(found.mean, 3.0);
  EXPECT_DOUBLE_EQ(found.deviation, std::sqrt(14.0 / 4.0));
}

TEST(ScoreMoments, AddTheBiasOfEachCandidate) {
  // Scores 1+10 3-2 / 2+10 6-2: 11 1 12 4, mean 7, squared distances 16 36 25 9.
  const ScoreMoments found =
      score_moments(matrix_of(2, 1, {1, 2}), {matrix_of(2, 1, {1, 3}), {10.0, -2.0}, 0}, {});
  EXPECT_EQ(found.mean, 7.0);
  EXPECT_DOUBLE_EQ(found.deviation, std::sqrt(86.0 / 4.0));
}

TEST(ScoreMoments, MatchAllScoresHeldWhateverTheKernelAndItsThreads) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed, "moments");
    const std::size_t cols = 1 + rng.below(70);
    const Matrix queries = random_rows(1 + rng.below(150), cols, rng);
    Gallery gallery{random_rows(1 + rng.below(1200), cols, rng), {}, 0};
    if (seed % 2 == 1) gallery.bias = random_bias(gallery.vectors.rows(), rng);
    const Moments expected = moments_of(tests::all_scores(queries, gallery.vectors, gallery.bias));
    const ScoreMoments first = score_moments(queries, gallery, kKernels[0]);
    EXPECT_NEAR(first.mean, static_cast<double>(expected.mean), 1e-9);
    EXPECT_NEAR(first.deviation, static_cast<double>(expected.deviation), 1e-9);
    for (const Kernel& kernel : kKernels) {
      const ScoreMoments found = score_moments(queries, gallery, kernel);
      EXPECT_EQ(bits_of({found.mean, found.deviation}), bits_of({first.mean, first.deviation}))
          << kernel.name << " on " << kernel.threads;
    }
  }
}

TEST(ScoreMoments, OfOneScoreHaveNoDeviation) {
  const ScoreMoments found =
      score_moments(matrix_of(1, 1, {0.1F}), {matrix_of(1, 1, {0.3F}), {}, 0}, {});
  EXPECT_DOUBLE_EQ(found.mean, double{0.1F} * double{0.3F});
  EXPECT_NEAR(found.deviation, 0.0, 1e-9);
}

// Wide enough for several tiles of a covariance matrix, and so many rows that it is less work.
constexpr std::size_t kManyQueries = 300, kManyItems = 700, kFewColumns = 70;

TEST(ScoreMoments, OfRowsFarFromTheOriginKeepTheirDigits) {
  Rng rng(4, "far");
  const auto far_rows = [&](std::size_t rows) {
    Matrix out = random_rows(rows, kFewColumns, rng);
    for (float& value : out.values()) value = 1000.0F + 0.125F * value;
    return out;
  };
  for (const bool is_biased : {false, true}) {
    const Matrix queries = far_rows(kManyQueries);
    Gallery gallery{far_rows(kManyItems), {}, 0};
    if (is_biased) {
      gallery = prepare(gallery.vectors, Similarity::kEuclidean, "candidates");
    }
    const Moments expected = moments_of(tests::all_scores(queries, gallery.vectors, gallery.bias));
    const ScoreMoments found = score_moments(queries, gallery, {});
    EXPECT_NEAR(found.mean / static_cast<double>(expected.mean), 1.0, 1e-13);
    // Scores of about 7e7 have 1e-8 of their own rounding.
    EXPECT_NEAR(found.deviation / static_cast<double>(expected.deviation), 1.0, 1e-9);
  }
}

TEST(ScoreMoments, OfEqualRowsHaveNoDeviation) {
  Rng rng(6, "equal");
  for (const auto& [queries, items] : {std::pair(3UL, 2UL), {kManyQueries, kManyItems}}) {
    const Matrix query = random_rows(1, kFewColumns, rng), item = random_rows(1, kFewColumns, rng);
    const auto repeated = [](const Matrix& row, std::size_t times) {
      Matrix out(times, row.cols());
      for (std::size_t i = 0; i < times; ++i) std::ranges::copy(row.row(0), out.row(i).begin());
      return out;
    };
    const Gallery gallery{repeated(item, items), std::vector<double>(items, 0.1), 0};
    EXPECT_EQ(score_moments(repeated(query, queries), gallery, {}).deviation, 0.0);
  }
}

TEST(ScoreMoments, OfEqualScoresOfDifferentRowsHaveNoDeviation) {
  Matrix queries(kManyQueries, 2), items(kManyItems, 2);
  for (std::size_t i = 0; i < kManyQueries; ++i) {
    const float turn = static_cast<float>(37 * i % 64) / 64.0F;
    queries.row(i)[0] = 1.0F + turn;
    queries.row(i)[1] = 1.0F - turn;
  }
  for (float& value : items.values()) value = 1.0F;
  EXPECT_EQ(score_moments(queries, {items, {}, 0}, {}).deviation, 0.0);
}

TEST(ScoreMoments, OfRowsWithoutColumnsAreThoseOfTheBias) {
  const ScoreMoments found = score_moments(Matrix(2, 0), {Matrix(2, 0), {1.0, 3.0}, 0}, {});
  EXPECT_EQ(found.mean, 2.0);
  EXPECT_EQ(found.deviation, 1.0);
}

TEST(ScoreMoments, RefuseWhatIsNotFiniteAndNameItsRow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Gallery sound{matrix_of(2, 2, {1, 2, 3, 4}), {}, 0};
  const Gallery broken{matrix_of(2, 2, {1, 2, nan, 4}), {}, 0};
  EXPECT_EQ(message_of<DataError>([&] { score_moments(sound.vectors, broken, {}); }),
            "candidates: row 1, column 0: expected a finite number, found nan");
  EXPECT_EQ(message_of<DataError>([&] { score_moments(broken.vectors, sound, {}); }),
            "queries: row 1, column 0: expected a finite number, found nan");
}

}  // namespace
}  // namespace alignlab
