#include "linear/matched_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/linear/fixtures.h"

namespace alignlab {
namespace {

using tests::matrix_of;
using tests::normals;

TEST(MatchedRows, CountDeviationsFromThePairingsByChance) {
  // The six pairings of (1,2,3) with (1,2,3) sum to 14, 13, 13, 11, 11, 10: mean 12, variance 2.
  const Matrix rows = matrix_of(3, 1, {1, 2, 3});
  EXPECT_NEAR(matched_rows_z(rows, rows).value(), 2.0 / std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(matched_rows_z(rows, matrix_of(3, 1, {3, 2, 1})).value(), -2.0 / std::sqrt(2.0),
              1e-12);
}

TEST(MatchedRows, AgreeWithEveryPairingTriedOneByOne) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const std::size_t n = 4 + seed % 3;
    const Matrix a = normals(n, 3, 2 * seed);
    const Matrix b = normals(n, 3, 2 * seed + 1);
    std::vector<std::size_t> partner(n);
    std::iota(partner.begin(), partner.end(), 0U);
    std::vector<double> sums;
    do {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
          sum += static_cast<double>(a.row(i)[j]) * static_cast<double>(b.row(partner[i])[j]);
        }
      }
      sums.push_back(sum);
    } while (std::ranges::next_permutation(partner).found);
    const double count = static_cast<double>(sums.size());
    const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / count;
    double variance = 0;
    for (const double sum : sums) variance += (sum - mean) * (sum - mean) / count;
    EXPECT_NEAR(matched_rows_z(a, b).value(), (sums[0] - mean) / std::sqrt(variance), 1e-6) << seed;
  }
}

TEST(MatchedRows, TellNothingWhereEveryPairingIsAsGood) {
  const Matrix same = matrix_of(3, 2, {0.1F, 7, 0.1F, 7, 0.1F, 7});
  EXPECT_EQ(matched_rows_z(same, normals(3, 2, 1)), std::nullopt);
  EXPECT_EQ(matched_rows_z(normals(3, 2, 1), same), std::nullopt);
  EXPECT_EQ(matched_rows_z(normals(1, 2, 1), normals(1, 2, 2)), std::nullopt);
  EXPECT_EQ(matched_rows_z(Matrix(0, 2), Matrix(0, 2)), std::nullopt);
  // One column varies here, the other there.
  EXPECT_EQ(
      matched_rows_z(matrix_of(3, 2, {1, 0, 2, 0, 3, 0}), matrix_of(3, 2, {0, 1, 0, 2, 0, 3})),
      std::nullopt);
}

}  // namespace
}  // namespace alignlab
