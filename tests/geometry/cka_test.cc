#include "geometry/cka.h"

#include <gtest/gtest.h>

#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::normals;
using tests::random_case;

/// HSIC_0 with the centring matrix written out.
double biased_hsic(const Eigen::MatrixXd& k, const Eigen::MatrixXd& l) {
  const Eigen::Index n = k.rows();
  const Eigen::MatrixXd centring = Eigen::MatrixXd::Identity(n, n) -
                                   Eigen::MatrixXd::Constant(n, n, 1.0 / static_cast<double>(n));
  return (k * centring * l * centring).trace();
}

/// n (n-3) HSIC_1 as Song et al. write it.
double unbiased_hsic(Eigen::MatrixXd k, Eigen::MatrixXd l) {
  const auto n = static_cast<double>(k.rows());
  k.diagonal().setZero();
  l.diagonal().setZero();
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(k.rows());
  return (k * l).trace() + k.sum() * l.sum() / ((n - 1) * (n - 2)) -
         2.0 / (n - 2) * ones.dot(k * l * ones);
}

Cka oracle(MatrixView first, MatrixView second) {
  const Eigen::MatrixXd x = tests::centred(first), y = tests::centred(second);
  const Eigen::MatrixXd k = x * x.transpose(), l = y * y.transpose();
  Cka out;
  if (tests::all_equal(first) || tests::all_equal(second)) return out;
  out.biased = biased_hsic(k, l) / std::sqrt(biased_hsic(k, k) * biased_hsic(l, l));
  if (k.rows() < 4) return out;
  const double kk = unbiased_hsic(k, k), ll = unbiased_hsic(l, l);
  if (kk < 1e-10 * k.squaredNorm() || ll < 1e-10 * l.squaredNorm()) return out;
  out.unbiased = unbiased_hsic(k, l) / std::sqrt(kk * ll);
  return out;
}

void expect_near(const std::optional<double>& found, const std::optional<double>& expected,
                 const std::string& name, double tolerance = 1e-11) {
  ASSERT_EQ(found.has_value(), expected.has_value()) << name;
  if (found) {
    EXPECT_NEAR(*found, *expected, tolerance) << name;
  }
}

TEST(Cka, OfHandWorkedRows) {
  // Centred: (-1, 0, 1) and (-1, 1, 0). X'Y = 1, X'X = Y'Y = 2.
  const Matrix x = tests::matrix_of(3, 1, {1, 2, 3}), y = tests::matrix_of(3, 1, {5, 7, 6});
  EXPECT_NEAR(*linear_cka({{x, "x"}, {y, "y"}}).biased, 0.25, 1e-15);
  EXPECT_EQ(linear_cka({{x, "x"}, {y, "y"}}).unbiased, std::nullopt);  // needs four rows
}

TEST(UnbiasedCka, OfHandWorkedRows) {
  // Centred x = (-1, -1, 1, 1), y = (-1, 1, -1, 1): tr(K L) = 0, tr(K K) = 16, k = l = (1, 1, 1,
  // 1). 4 HSIC_1(K, L) = 0 - 2 * 4 + 16 / 6 = -16/3, and of each with itself 16 - 8 + 16/6 = 32/3.
  const Matrix x = tests::matrix_of(4, 1, {0, 0, 2, 2}), y = tests::matrix_of(4, 1, {3, 5, 3, 5});
  const Cka found = linear_cka({{x, "x"}, {y, "y"}});
  EXPECT_EQ(found.biased, 0.0);
  EXPECT_NEAR(*found.unbiased, -0.5, 1e-14);
}

TEST(Cka, AgreesWithWholeGramMatrices) {
  int defined = 0;
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = random_case(seed);
    const Cka found = linear_cka(sides.pairs());
    const Cka expected = oracle(sides.first, sides.second);
    expect_near(found.biased, expected.biased, sides.name);
    expect_near(found.unbiased, expected.unbiased, sides.name, 1e-9);
    defined += found.unbiased.has_value();
  }
  EXPECT_GT(defined, 100);
}

TEST(Cka, OfManyRowsIsThatOfFewBlocks) {
  // More rows than a block holds; by columns, as the oracle's n x n would be large.
  const Matrix x = normals(2500, 3, 1);
  Matrix y = normals(2500, 2, 2);
  for (std::size_t i = 0; i < y.rows(); ++i) y.row(i)[0] += x.row(i)[2];
  const Eigen::MatrixXd a = tests::centred(x), b = tests::centred(y);
  const double expected =
      (a.transpose() * b).squaredNorm() / ((a.transpose() * a).norm() * (b.transpose() * b).norm());
  EXPECT_NEAR(*linear_cka({{x, "x"}, {y, "y"}}).biased, expected, 1e-12);
}

TEST(Cka, IsLeftByTurnsScalesAndTranslations) {
  for (const auto& [n, width] : {std::pair(30, 7), std::pair(9, 25)}) {
    const auto rows = static_cast<std::size_t>(n);
    const Matrix x = normals(rows, static_cast<std::size_t>(width), 3), y = normals(rows, 5, 4);
    const Cka before = linear_cka({{x, "x"}, {y, "y"}});
    const Matrix exactly = tests::turned_exactly(x, 5);
    const Cka exact = linear_cka({{exactly, "x"}, {y, "y"}});
    EXPECT_NEAR(*exact.biased, *before.biased, 1e-12);
    EXPECT_NEAR(*exact.unbiased, *before.unbiased, 1e-12);
    Matrix moved = tests::turned(x, 6);
    for (float& value : moved.values()) value += 7.0F;
    const Cka after = linear_cka({{moved, "x"}, {y, "y"}});
    EXPECT_NEAR(*after.biased, *before.biased, 1e-5);
    EXPECT_NEAR(*after.unbiased, *before.unbiased, 1e-5);
  }
}

TEST(Cka, OfASideWithItselfIsOne) {
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    const auto sides = random_case(seed);
    const Matrix turned = tests::turned_exactly(sides.first, seed);
    const Cka found = linear_cka({{sides.first, "x"}, {turned, "y"}});
    if (found.biased) {
      EXPECT_NEAR(*found.biased, 1.0, 1e-12) << sides.name;
    }
    if (found.unbiased) {
      EXPECT_NEAR(*found.unbiased, 1.0, 1e-9) << sides.name;
    }
  }
}

TEST(Cka, OfExtremeMagnitudesIsThatOfPlainOnes) {
  const Matrix x = normals(8, 3, 1), y = normals(8, 4, 2);
  const Cka plain = linear_cka({{x, "x"}, {y, "y"}});
  Matrix huge = x, tiny = y;
  for (float& value : huge.values()) value = std::ldexp(value, 120);
  for (float& value : tiny.values()) value = std::ldexp(value, -100);
  const Cka extreme = linear_cka({{huge, "x"}, {tiny, "y"}});
  EXPECT_NEAR(*extreme.biased, *plain.biased, 1e-12);
  EXPECT_NEAR(*extreme.unbiased, *plain.unbiased, 1e-12);
}

TEST(Cka, IsUndefinedWhereRowsAreEqual) {
  const Matrix same = tests::matrix_of(5, 2, {0.1F, 3, 0.1F, 3, 0.1F, 3, 0.1F, 3, 0.1F, 3});
  const Matrix x = normals(5, 3, 1);
  for (const Cka& found : {linear_cka({{same, "x"}, {x, "y"}}), linear_cka({{x, "x"}, {same, "y"}}),
                           linear_cka({{Matrix(0, 2), "x"}, {Matrix(0, 3), "y"}})}) {
    EXPECT_EQ(found.biased, std::nullopt);
    EXPECT_EQ(found.unbiased, std::nullopt);
  }
}

TEST(UnbiasedCka, IsUndefinedOfOrthonormalRows) {
  Matrix one_hot(12, 12);
  for (std::size_t i = 0; i < 12; ++i) one_hot.row(i)[i] = 1.0F;
  const Cka found = linear_cka({{one_hot, "x"}, {normals(12, 3, 1), "y"}});
  EXPECT_TRUE(found.biased.has_value());
  EXPECT_EQ(found.unbiased, std::nullopt);
}

TEST(UnbiasedCka, IsAboutZeroForIndependentSidesWhereBiasedIsNot) {
  double biased = 0.0, unbiased = 0.0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Matrix x = normals(60, 40, 2 * seed), y = normals(60, 40, 2 * seed + 1);
    const Cka found = linear_cka({{x, "x"}, {y, "y"}});
    biased += *found.biased / 50.0;
    unbiased += *found.unbiased / 50.0;
  }
  EXPECT_GT(biased, 0.3);
  EXPECT_NEAR(unbiased, 0.0, 0.02);
}

TEST(CkaPairings, AreCkaOfRowsPairedAnew) {
  // Both n x n matrices that are kept and products of widths.
  for (const auto& [n, width] : {std::pair(12, 30), std::pair(40, 3)}) {
    const auto rows = static_cast<std::size_t>(n);
    const Matrix x = normals(rows, static_cast<std::size_t>(width), 1);
    const Matrix y = normals(rows, static_cast<std::size_t>(width) + 1, 2);
    const CkaPairings pairings({{x, "x"}, {y, "y"}});
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const auto pairing = tests::random_pairing(rows, seed);
      const Matrix anew = rows_at(y, pairing);
      const Cka found = pairings(pairing);
      const Cka expected = oracle(x, anew);
      EXPECT_NEAR(*found.biased, *expected.biased, 1e-12);
      EXPECT_NEAR(*found.unbiased, *expected.unbiased, 1e-12);
    }
  }
}

}  // namespace
}  // namespace alignlab
