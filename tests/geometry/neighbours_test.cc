#include "geometry/neighbours.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "search/search.h"
#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::normals;
using tests::random_case;

using Scores = std::vector<std::vector<double>>;

Scores scores_of(MatrixView rows) {
  const Gallery gallery = prepare(rows, Similarity::kCosine, "rows");
  Scores out(rows.rows(), std::vector<double>(rows.rows()));
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.rows(); ++j) {
      out[i][j] = canonical_dot(gallery.vectors.row(i), gallery.vectors.row(j));
    }
  }
  return out;
}

/// Row i's k nearest others, the lower index first where scores tie.
std::set<std::size_t> neighbours_of(const Scores& scores, std::size_t i, std::size_t k) {
  std::vector<std::size_t> others;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    if (j != i) others.push_back(j);
  }
  std::ranges::stable_sort(
      others, [&](std::size_t a, std::size_t b) { return scores[i][a] > scores[i][b]; });
  return {others.begin(), others.begin() + static_cast<std::ptrdiff_t>(k)};
}

/// A(X, Y) with a mask over all pairs.
double masked_product(const Scores& x, const Scores& y, std::size_t k) {
  double sum = 0.0;
  const auto n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto of_x = neighbours_of(x, i, k), of_y = neighbours_of(y, i, k);
    const double mean_x = std::accumulate(x[i].begin(), x[i].end(), 0.0) / n;
    const double mean_y = std::accumulate(y[i].begin(), y[i].end(), 0.0) / n;
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (of_x.contains(j) && of_y.contains(j)) sum += (x[i][j] - mean_x) * (y[i][j] - mean_y);
    }
  }
  return sum;
}

NeighbourAgreement oracle(MatrixView first, MatrixView second, std::size_t k) {
  if (k >= first.rows()) return {};
  const Scores x = scores_of(first), y = scores_of(second);
  double mutual = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (const std::size_t j : neighbours_of(x, i, k)) {
      mutual += neighbours_of(y, i, k).contains(j) ? 1.0 : 0.0;
    }
  }
  NeighbourAgreement out{mutual / static_cast<double>(k * x.size()), std::nullopt};
  const double of_x = masked_product(x, x, k), of_y = masked_product(y, y, k);
  if (of_x > 1e-20 && of_y > 1e-20) out.cknna = masked_product(x, y, k) / std::sqrt(of_x * of_y);
  return out;
}

TEST(MutualNeighbours, OfHandWorkedRows) {
  // On a circle, at 0, 10, 30 and 90 degrees and at 0, 30, 41 and 50. Nearest are 1, 0, 1, 2 and
  // 1, 2, 3, 2.
  const auto circle = [](const std::vector<double>& degrees) {
    Matrix out(degrees.size(), 2);
    for (std::size_t i = 0; i < degrees.size(); ++i) {
      const double angle = degrees[i] * std::acos(-1.0) / 180.0;
      out.row(i)[0] = static_cast<float>(std::cos(angle));
      out.row(i)[1] = static_cast<float>(std::sin(angle));
    }
    return out;
  };
  const Matrix x = circle({0, 10, 30, 90}), y = circle({0, 30, 41, 50});
  EXPECT_DOUBLE_EQ(*neighbour_agreement({{x, "x"}, {y, "y"}}, 1).mutual_knn, 0.5);
  // Of two: {1,2} {0,2} {0,1} {1,2} and {1,2} {2,3} {1,3} {1,2}.
  EXPECT_DOUBLE_EQ(*neighbour_agreement({{x, "x"}, {y, "y"}}, 2).mutual_knn, 6.0 / 8.0);
  EXPECT_DOUBLE_EQ(*neighbour_agreement({{x, "x"}, {y, "y"}}, 3).mutual_knn, 1.0);
}

TEST(Cknna, OfHandWorkedRows) {
  // Rows a, a, -a, -a on both sides, but 1 and 2 change places on the second. Means of scores are
  // 0; nearest are 1, 0, 3, 2 and 2, 3, 0, 1: no neighbour is mutual.
  const Matrix x = tests::matrix_of(4, 1, {1, 1, -1, -1}),
               y = tests::matrix_of(4, 1, {1, -1, 1, -1});
  EXPECT_EQ(neighbour_agreement({{x, "x"}, {y, "y"}}, 1).cknna, 0.0);
  EXPECT_NEAR(*neighbour_agreement({{x, "x"}, {x, "y"}}, 1).cknna, 1.0, 1e-14);
  // Of all three, c is the product of signs: 1, -1, -1 and -1, 1, -1, and so on: -1 of 3.
  EXPECT_NEAR(*neighbour_agreement({{x, "x"}, {y, "y"}}, 3).cknna, -1.0 / 3.0, 1e-14);
}

TEST(Neighbours, AgreeWithEveryPairScored) {
  int defined = 0;
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = random_case(seed);
    for (const std::size_t k : {1U, 3U, 7U}) {
      const NeighbourAgreement found = neighbour_agreement(sides.pairs(), k);
      const NeighbourAgreement expected = oracle(sides.first, sides.second, k);
      ASSERT_EQ(found.mutual_knn.has_value(), expected.mutual_knn.has_value()) << sides.name;
      ASSERT_EQ(found.cknna.has_value(), expected.cknna.has_value()) << sides.name << ", " << k;
      if (found.mutual_knn) {
        ASSERT_NEAR(*found.mutual_knn, *expected.mutual_knn, 1e-12);
      }
      if (found.cknna) {
        ASSERT_NEAR(*found.cknna, *expected.cknna, 1e-9) << sides.name;
      }
      defined += found.cknna.has_value();
    }
  }
  EXPECT_GT(defined, 300);
}

TEST(Neighbours, AreUndefinedWhereThereAreTooFewRows) {
  const Matrix x = normals(4, 3, 1);
  EXPECT_TRUE(neighbour_agreement({{x, "x"}, {x, "y"}}, 3).mutual_knn.has_value());
  EXPECT_EQ(neighbour_agreement({{x, "x"}, {x, "y"}}, 4).mutual_knn, std::nullopt);
  EXPECT_EQ(neighbour_agreement({{x, "x"}, {x, "y"}}, 4).cknna, std::nullopt);
}

TEST(Cknna, IsUndefinedWhereAllRowsPointTheSameWay) {
  const Matrix same = tests::matrix_of(3, 2, {1, 2, 2, 4, 4, 8}), x = normals(3, 2, 1);
  const NeighbourAgreement found = neighbour_agreement({{same, "x"}, {x, "y"}}, 1);
  EXPECT_TRUE(found.mutual_knn.has_value());
  EXPECT_EQ(found.cknna, std::nullopt);
}

TEST(Neighbours, AreLeftByTurnsAndScales) {
  const Matrix x = normals(60, 8, 1), y = normals(60, 8, 2);
  const NeighbourAgreement before = neighbour_agreement({{x, "x"}, {y, "y"}}, 5);
  for (const Matrix& moved : {tests::turned_exactly(x, 3), tests::turned(x, 4)}) {
    const NeighbourAgreement after = neighbour_agreement({{moved, "x"}, {y, "y"}}, 5);
    EXPECT_DOUBLE_EQ(*after.mutual_knn, *before.mutual_knn);
    EXPECT_NEAR(*after.cknna, *before.cknna, 1e-5);
    EXPECT_DOUBLE_EQ(*neighbour_agreement({{x, "x"}, {moved, "y"}}, 5).mutual_knn, 1.0);
  }
}

TEST(NeighbourPairings, AreAgreementsOfRowsPairedAnew) {
  const Matrix x = normals(30, 5, 1), y = normals(30, 4, 2);
  const NeighbourPairings pairings({{x, "x"}, {y, "y"}}, 6);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto pairing = tests::random_pairing(30, seed);
    const Matrix anew = rows_at(y, pairing);
    const NeighbourAgreement found = pairings(pairing);
    const NeighbourAgreement expected = oracle(x, anew, 6);
    EXPECT_NEAR(*found.mutual_knn, *expected.mutual_knn, 1e-12);
    EXPECT_NEAR(*found.cknna, *expected.cknna, 1e-12);
  }
}

}  // namespace
}  // namespace alignlab
