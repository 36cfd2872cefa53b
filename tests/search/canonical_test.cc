#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>

#include "core/rng.h"
#include "search/search.h"
#include "tests/core/testing.h"
#include "tests/search/oracle.h"

namespace alignlab {
namespace {

using tests::matrix_of;
using tests::message_of;

std::vector<float> row_of(const Gallery& gallery, std::size_t i) {
  const auto row = std::as_const(gallery.vectors).row(i);
  return {row.begin(), row.end()};
}

TEST(CanonicalDot, IsExactOnSmallIntegers) {
  Rng rng(1, "integers");
  for (std::size_t dims = 0; dims <= 67; ++dims) {
    std::vector<float> a(dims), b(dims);
    std::int64_t exact = 0;
    for (std::size_t e = 0; e < dims; ++e) {
      const int x = rng.between(-1000, 1000), y = rng.between(-1000, 1000);
      a[e] = static_cast<float>(x);
      b[e] = static_cast<float>(y);
      exact += std::int64_t{x} * y;
    }
    EXPECT_EQ(canonical_dot(a, b), static_cast<double>(exact)) << dims;
  }
}

TEST(CanonicalDot, IsWithinRoundingOfALongerSum) {
  Rng rng(2, "long");
  for (const std::size_t dims : {1UL, 7UL, 8UL, 9UL, 100UL, 1023UL, 4096UL}) {
    std::vector<float> a(dims), b(dims);
    long double sum = 0.0L, size = 0.0L;
    for (std::size_t e = 0; e < dims; ++e) {
      a[e] = static_cast<float>(rng.normal());
      b[e] = static_cast<float>(rng.normal());
      const long double product = static_cast<long double>(a[e]) * static_cast<long double>(b[e]);
      sum += product;
      size += std::abs(product);
    }
    // Each product passes at most dims/8 + 3 roundings.
    const long double bound = (static_cast<long double>(dims) / 8 + 4) * 0x1p-53L * size;
    EXPECT_LE(std::abs(canonical_dot(a, b) - sum), bound) << dims;
  }
}

TEST(CanonicalDot, AddsElementsEightApartFirst) {
  // 2^53 + 1 rounds back to 2^53 in lane 0; then lane 4 takes it away. In order, it would be 1.
  std::vector<float> a(9, 0.0F), b(9, 0.0F);
  a[0] = 0x1p27F, b[0] = 0x1p26F;
  a[4] = -0x1p27F, b[4] = 0x1p26F;
  a[8] = 1.0F, b[8] = 1.0F;
  EXPECT_EQ(canonical_dot(a, b), 0.0);
}

TEST(CanonicalDot, FoldsLanesFourApartThenTwoThenOne) {
  const auto dot_of = [](int large, int minus_large, int one) {
    std::vector<float> a(8, 0.0F), b(8, 1.0F);
    a[static_cast<std::size_t>(large)] = 0x1p60F;
    a[static_cast<std::size_t>(minus_large)] = -0x1p60F;
    a[static_cast<std::size_t>(one)] = 1.0F;
    return canonical_dot(a, b);
  };
  // The one survives unless it meets one large number before both have met.
  EXPECT_EQ(dot_of(0, 4, 2), 1.0);
  EXPECT_EQ(dot_of(0, 2, 4), 0.0);
  EXPECT_EQ(dot_of(0, 2, 1), 1.0);
  EXPECT_EQ(dot_of(0, 1, 2), 0.0);
  EXPECT_EQ(dot_of(1, 5, 7), 1.0);
  EXPECT_EQ(dot_of(3, 1, 7), 0.0);
  EXPECT_EQ(dot_of(3, 1, 6), 1.0);
}

TEST(CanonicalDot, NeitherOverflowsNorUnderflows) {
  const std::vector<float> large(16, FLT_MAX), tiny(16, std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(canonical_dot(large, large), 16.0 * double{FLT_MAX} * double{FLT_MAX});
  EXPECT_EQ(canonical_dot(tiny, tiny), 0x1p-294);  // 16 * 2^-149 * 2^-149
}

TEST(Prepare, LeavesRowsAsTheyAreForTheDotProduct) {
  const Matrix rows = matrix_of(2, 2, {3, 4, 0, 0});
  const Gallery gallery = prepare(rows, Similarity::kDot, "x");
  EXPECT_EQ(gallery.vectors, rows);
  EXPECT_TRUE(gallery.bias.empty());
  EXPECT_EQ(gallery.zero_rows, 0U);
}

TEST(Prepare, ScalesRowsToUnitLengthForCosine) {
  const Gallery gallery = prepare(matrix_of(2, 2, {3, 4, -30, 40}), Similarity::kCosine, "x");
  EXPECT_EQ(row_of(gallery, 0), (std::vector<float>{0.6F, 0.8F}));
  EXPECT_EQ(row_of(gallery, 1), (std::vector<float>{-0.6F, 0.8F}));
  EXPECT_TRUE(gallery.bias.empty());
}

TEST(Prepare, ScalesHugeAndTinyRowsAlike) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  const Gallery gallery =
      prepare(matrix_of(3, 2, {FLT_MAX, FLT_MAX, tiny, tiny, 3 * tiny, 4 * tiny}),
              Similarity::kCosine, "x");
  const auto half = static_cast<float>(std::sqrt(0.5));
  EXPECT_EQ(row_of(gallery, 0), (std::vector<float>{half, half}));
  EXPECT_EQ(row_of(gallery, 1), (std::vector<float>{half, half}));
  EXPECT_EQ(row_of(gallery, 2), (std::vector<float>{0.6F, 0.8F}));
  EXPECT_EQ(gallery.zero_rows, 0U);
}

TEST(Prepare, CountsZeroRowsUnderCosineAndGivesThemTheScoreZero) {
  const Gallery gallery =
      prepare(matrix_of(4, 2, {0, 0, 1, 0, -0.0F, 0, 0, 2}), Similarity::kCosine, "x");
  EXPECT_EQ(gallery.zero_rows, 2U);
  const Matrix query = matrix_of(1, 2, {-1, -1});
  const TopK found = top_k(query, gallery, 4, {});
  EXPECT_EQ(found.ids, (std::vector<std::int32_t>{0, 2, 1, 3}));
  EXPECT_EQ(found.scores, (std::vector<double>{0, 0, -1, -1}));
}

TEST(Prepare, CentresRowsForPearson) {
  const Gallery gallery = prepare(matrix_of(2, 3, {1, 2, 3, 10, 8, 6}), Similarity::kPearson, "x");
  const auto half = static_cast<float>(std::sqrt(0.5));
  EXPECT_EQ(row_of(gallery, 0), (std::vector<float>{-half, 0.0F, half}));
  EXPECT_EQ(row_of(gallery, 1), (std::vector<float>{half, 0.0F, -half}));
}

TEST(Prepare, TakesAConstantRowForZeroUnderPearson) {
  // 0.1F has no short binary form, so a rounded mean would leave a direction made of noise.
  for (const std::size_t cols : {1UL, 3UL, 10UL, 64UL}) {
    const Gallery gallery =
        prepare(matrix_of(1, cols, std::vector<float>(cols, 0.1F)), Similarity::kPearson, "x");
    EXPECT_EQ(gallery.zero_rows, 1U);
    EXPECT_EQ(row_of(gallery, 0), std::vector<float>(cols, 0.0F));
  }
}

TEST(Prepare, GivesPearsonCorrelations) {
  // Anscombe's first set: r = 0.81642.
  const Matrix x = matrix_of(1, 11, {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5});
  const Matrix y = matrix_of(
      1, 11, {8.04F, 6.95F, 7.58F, 8.81F, 8.33F, 9.96F, 7.24F, 4.26F, 10.84F, 4.82F, 5.68F});
  const Gallery a = prepare(x, Similarity::kPearson, "x"),
                b = prepare(y, Similarity::kPearson, "y");
  EXPECT_NEAR(top_k(a.vectors, b, 1, {}).scores.at(0), 0.81642, 5e-6);
}

TEST(Prepare, BiasesEuclideanRowsByHalfTheirSquaredLength) {
  const Gallery gallery = prepare(matrix_of(2, 2, {3, 4, 1, 0}), Similarity::kEuclidean, "x");
  EXPECT_EQ(row_of(gallery, 0), (std::vector<float>{3, 4}));
  EXPECT_EQ(gallery.bias, (std::vector<double>{-12.5, -0.5}));
}

TEST(Prepare, MakesTheOrderOfEuclideanDistances) {
  // Small integers: distances, and ties between them, are exact on both sides.
  Rng rng(3, "euclidean");
  for (int round = 0; round < 50; ++round) {
    const auto cols = static_cast<std::size_t>(rng.between(1, 20));
    Matrix queries(5, cols), items(40, cols);
    for (float& value : queries.values()) value = static_cast<float>(rng.between(-3, 3));
    for (float& value : items.values()) value = static_cast<float>(rng.between(-3, 3));
    const Gallery prepared = prepare(queries, Similarity::kEuclidean, "q");
    const TopK found = top_k(prepared.vectors, prepare(items, Similarity::kEuclidean, "g"), 40, {});
    for (std::size_t i = 0; i < 5; ++i) {
      std::vector<double> nearness(40, 0.0);
      for (std::size_t j = 0; j < 40; ++j) {
        for (std::size_t e = 0; e < cols; ++e) {
          const double off = queries.row(i)[e] - items.row(j)[e];
          nearness[j] -= off * off;
        }
      }
      const auto expected = tests::ordered(nearness);
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), found.ids.begin() + 40 * i));
    }
  }
}

TEST(Prepare, NamesTheRowAndColumnOfWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const auto similarity :
       {Similarity::kDot, Similarity::kCosine, Similarity::kPearson, Similarity::kEuclidean}) {
    const auto message = [&](float value) {
      return message_of<DataError>([&] {
        prepare(matrix_of(3, 2, {1, 2, 3, 4, 5, value}), similarity, "embeddings of image");
      });
    };
    const std::string where =
        "embeddings of image: row 2, column 1: expected a finite number, found ";
    EXPECT_EQ(message(nan), where + "nan");
    EXPECT_EQ(message(infinity), where + "inf");
    EXPECT_EQ(message(-infinity), where + "-inf");
  }
}

TEST(Prepare, TakesNoRowsAndNoColumns) {
  for (const auto similarity :
       {Similarity::kDot, Similarity::kCosine, Similarity::kPearson, Similarity::kEuclidean}) {
    EXPECT_EQ(prepare(Matrix(0, 3), similarity, "x").vectors, Matrix(0, 3));
    EXPECT_EQ(prepare(Matrix(2, 0), similarity, "x").vectors, Matrix(2, 0));
  }
}

TEST(SimilarityCatalog, NamesAreReadAsTheirSimilarity) {
  std::vector<Similarity> read;
  for (const CatalogRow& row : similarity_catalog()) read.push_back(similarity_from(row.name));
  std::ranges::sort(read);
  EXPECT_EQ(read, (std::vector{Similarity::kDot, Similarity::kCosine, Similarity::kPearson,
                               Similarity::kEuclidean, Similarity::kHamming}));
  EXPECT_EQ(similarity_from("dot"), Similarity::kDot);
  EXPECT_EQ(similarity_from("cosine"), Similarity::kCosine);
  EXPECT_EQ(similarity_from("pearson"), Similarity::kPearson);
  EXPECT_EQ(similarity_from("euclidean"), Similarity::kEuclidean);
  EXPECT_EQ(similarity_from("hamming"), Similarity::kHamming);
}

}  // namespace
}  // namespace alignlab
