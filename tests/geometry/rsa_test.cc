#include "geometry/rsa.h"

#include <gtest/gtest.h>

#include "search/search.h"
#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::normals;
using tests::random_case;

/// Average ranks of the distances of i < j: how many are less, and half of how many are equal.
std::vector<double> distance_ranks(MatrixView rows) {
  const Gallery gallery = prepare(rows, Similarity::kCosine, "rows");
  std::vector<double> distances;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = i + 1; j < rows.rows(); ++j) {
      distances.push_back(-canonical_dot(gallery.vectors.row(i), gallery.vectors.row(j)));
    }
  }
  std::vector<double> sorted = distances;
  std::ranges::sort(sorted);
  std::vector<double> out;
  for (const double distance : distances) {
    const auto less = std::ranges::lower_bound(sorted, distance) - sorted.begin();
    const auto not_more = std::ranges::upper_bound(sorted, distance) - sorted.begin();
    out.push_back(0.5 * static_cast<double>(less + not_more + 1));
  }
  return out;
}

std::optional<double> pearson(const std::vector<double>& a, const std::vector<double>& b) {
  double mean_a = 0.0, mean_b = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / static_cast<double>(a.size());
    mean_b += b[i] / static_cast<double>(b.size());
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  if (aa < 1e-9 || bb < 1e-9) return std::nullopt;
  return ab / std::sqrt(aa * bb);
}

std::optional<double> oracle(MatrixView first, MatrixView second) {
  return pearson(distance_ranks(first), distance_ranks(second));
}

TEST(Rsa, OfHandWorkedRows) {
  // Right angles and opposites: distances (01, 02, 12) 1, 2, 1 and 1, 1, 2; ranks 1.5, 3, 1.5 and
  // 1.5, 1.5, 3; less the mean -0.5, 1, -0.5 and -0.5, -0.5, 1.
  const Matrix x = tests::matrix_of(3, 2, {1, 0, 0, 1, -1, 0});
  const Matrix y = tests::matrix_of(3, 2, {1, 0, 0, 1, 0, -1});
  EXPECT_NEAR(*rsa({{x, "x"}, {y, "y"}}), -0.75 / 1.5, 1e-15);
  EXPECT_NEAR(*rsa({{x, "x"}, {x, "y"}}), 1.0, 1e-15);
}

TEST(Rsa, AgreesWithRanksCountedOneByOne) {
  int defined = 0;
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = random_case(seed);
    const auto found = rsa(sides.pairs());
    const auto expected = oracle(sides.first, sides.second);
    ASSERT_EQ(found.has_value(), expected.has_value()) << sides.name;
    if (found) {
      ASSERT_NEAR(*found, *expected, 1e-12) << sides.name;
    }
    defined += found.has_value();
  }
  EXPECT_GT(defined, 200);
}

TEST(Rsa, OfManyRowsIsThatOfFewBlocks) {
  const Matrix x = normals(600, 2, 1), y = normals(600, 3, 2);
  EXPECT_NEAR(*rsa({{x, "x"}, {y, "y"}}), *oracle(x, y), 1e-12);
}

TEST(Rsa, IsUndefinedWhereDistancesDoNotDiffer) {
  const Matrix two = normals(2, 3, 1), none(5, 3), x = normals(5, 3, 2);
  EXPECT_EQ(rsa({{two, "x"}, {two, "y"}}), std::nullopt);
  EXPECT_EQ(rsa({{none, "x"}, {x, "y"}}), std::nullopt);
  EXPECT_EQ(rsa({{Matrix(0, 3), "x"}, {Matrix(0, 2), "y"}}), std::nullopt);
}

TEST(Rsa, RefusesMoreRowsThanItCanRank) {
  const Matrix many(4001, 1);
  EXPECT_EQ(tests::message_of<DataError>([&] {
              rsa({{many, "images"}, {many, "texts"}});
            }),
            "images and texts: expected at most 4000 rows for rsa, found 4001: sample them");
}

TEST(RsaPairings, AreRsaOfRowsPairedAnew) {
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    const auto sides = random_case(seed);
    const RsaPairings pairings(sides.pairs());
    const auto pairing = tests::random_pairing(sides.first.rows(), seed);
    const auto found = pairings(pairing);
    const auto expected = oracle(sides.first, rows_at(sides.second, pairing));
    ASSERT_EQ(found.has_value(), expected.has_value()) << sides.name;
    if (found) {
      ASSERT_NEAR(*found, *expected, 1e-12) << sides.name;
    }
  }
}

}  // namespace
}  // namespace alignlab
