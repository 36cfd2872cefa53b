#include "linear/canonical_correlations.h"

#include <gtest/gtest.h>

#include "tests/linear/fixtures.h"

namespace alignlab {
namespace {

using tests::as_eigen;
using tests::as_sparse;
using tests::matrix_of;
using tests::message_of;
using tests::TwoSides;

CanonicalCorrelations fit(const Features& first, const std::vector<std::int32_t>& first_groups,
                          const Features& second, const std::vector<std::int32_t>& second_groups,
                          const CcaOptions& options) {
  Silent silent;
  return canonical_correlations(first, first_groups, second, second_groups, options, silent);
}

CanonicalCorrelations fit(const TwoSides& sides, const CcaOptions& options) {
  return fit(sides.first, sides.first_groups, sides.second, sides.second_groups, options);
}

TEST(CanonicalCorrelations, AreTheCorrelationOfTwoColumns) {
  // 1 2 3 against 1 3 2: covariance 1/3, variances 2/3.
  const auto found =
      fit(matrix_of(3, 1, {1, 2, 3}), {0, 1, 2}, matrix_of(3, 1, {1, 3, 2}), {0, 1, 2}, {1, 0, 0});
  ASSERT_EQ(found.correlations.size(), 1U);
  EXPECT_NEAR(found.correlations[0], 0.5, 1e-12);
  // Coordinates have variance 1: those of 1 2 3 are -r 0 r with r^2 = 3/2.
  const Matrix coordinates = found.first.apply(matrix_of(3, 1, {1, 2, 3}));
  EXPECT_NEAR(coordinates.row(0)[0], -std::sqrt(1.5), 1e-6);
  EXPECT_NEAR(coordinates.row(1)[0], 0.0, 1e-6);
}

TEST(CanonicalCorrelations, ShrinkByTheRidges) {
  // One column of variance 1 against itself: 1 / sqrt((1 + r1) (1 + r2)).
  const Matrix x = matrix_of(2, 1, {-1, 1});
  EXPECT_NEAR(fit(x, {0, 1}, x, {0, 1}, {1, 1.0, 1.0}).correlations[0], 0.5, 1e-12);
  EXPECT_NEAR(fit(x, {0, 1}, x, {0, 1}, {1, 0.0, 3.0}).correlations[0], 0.5, 1e-12);
}

TEST(CanonicalCorrelations, CountEveryPairOfAGroupOnce) {
  // Two firsts and two seconds of group 0 are four pairs: those of x = 0, 2 with y = 0, 2 are
  // uncorrelated, and the single pair (10, 10) correlates all.
  const Matrix x = matrix_of(3, 1, {0, 2, 10});
  const std::vector<std::int32_t> groups{0, 0, 1};
  const auto found = fit(x, groups, x, groups, {1, 0, 0});
  // Mean 14/5; sum of products over pairs (0 0 2 2 10) x (0 2 0 2 10): 4 + 100 - 5 (14/5)^2.
  const double variance = (4 + 4 + 100) - 5 * 2.8 * 2.8;
  EXPECT_NEAR(found.correlations[0], (4 + 100 - 5 * 2.8 * 2.8) / variance, 1e-12);
}

struct Widths {
  std::size_t first, second;
};

class CanonicalCorrelationsOf : public ::testing::TestWithParam<Widths> {};

TEST_P(CanonicalCorrelationsOf, TwoSidesSolveTheGeneralisedEigenproblem) {
  const TwoSides sides(GetParam().first, GetParam().second, 5);
  const CcaOptions options{100, 0.1, 0.3};
  const auto found = fit(sides, options);
  const auto [x, y] = sides.centred_pairs();
  const auto pairs = static_cast<double>(x.rows());
  const auto regularised = [&](const Eigen::MatrixXd& rows, double ridge) {
    const Eigen::MatrixXd covariance = rows.transpose() * rows / pairs;
    const double mean = covariance.diagonal().mean();
    return Eigen::MatrixXd(covariance +
                           ridge * mean * Eigen::MatrixXd::Identity(rows.cols(), rows.cols()));
  };
  const Eigen::MatrixXd xx = regularised(x, options.first_ridge);
  const Eigen::MatrixXd yy = regularised(y, options.second_ridge);
  const Eigen::MatrixXd xy = x.transpose() * y / pairs;
  // The squares of the correlations are the eigenvalues of xx^-1 xy yy^-1 yx.
  const Eigen::VectorXd squares =
      tests::eigenvalues(tests::least_squares(xx, xy) * tests::least_squares(yy, xy.transpose()));
  ASSERT_EQ(found.correlations.size(), std::min(GetParam().first, GetParam().second));
  for (std::size_t i = 0; i < found.correlations.size(); ++i) {
    EXPECT_NEAR(found.correlations[i] * found.correlations[i],
                squares[static_cast<Eigen::Index>(i)], 1e-9);
  }
  const Eigen::MatrixXd a = as_eigen(found.first.directions);
  const Eigen::MatrixXd b = as_eigen(found.second.directions);
  const auto width = static_cast<Eigen::Index>(found.correlations.size());
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(width, width);
  const Eigen::VectorXd correlations =
      Eigen::Map<const Eigen::VectorXd>(found.correlations.data(), width);
  EXPECT_LT((a.transpose() * xx * a - identity).norm(), 1e-5);
  EXPECT_LT((b.transpose() * yy * b - identity).norm(), 1e-5);
  EXPECT_LT((a.transpose() * xy * b - Eigen::MatrixXd(correlations.asDiagonal())).norm(), 1e-5);
}

TEST_P(CanonicalCorrelationsOf, SparseRowsAreThoseOfTheSameDenseRows) {
  const TwoSides sides(GetParam().first, GetParam().second, 6);
  const CcaOptions options{3, 0.5, 0.5};
  const auto dense = fit(sides, options);
  for (const auto& [first, second] :
       {std::pair<Features, Features>{as_sparse(sides.first), sides.second},
        {sides.first, as_sparse(sides.second)},
        {as_sparse(sides.first), as_sparse(sides.second)}}) {
    const auto found = fit(first, sides.first_groups, second, sides.second_groups, options);
    for (std::size_t i = 0; i < found.correlations.size(); ++i) {
      EXPECT_NEAR(found.correlations[i], dense.correlations[i], 1e-12);
    }
    EXPECT_LT(
        (as_eigen(found.first.apply(first)) - as_eigen(dense.first.apply(sides.first))).norm(),
        1e-4);
    EXPECT_LT(
        (as_eigen(found.second.apply(second)) - as_eigen(dense.second.apply(sides.second))).norm(),
        1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, CanonicalCorrelationsOf,
                         ::testing::Values(Widths{4, 4}, Widths{3, 9}, Widths{9, 3}, Widths{1, 5}),
                         [](const auto& each) {
                           return std::to_string(each.param.first) + "_" +
                                  std::to_string(each.param.second);
                         });

TEST(CanonicalCorrelations, OfMoreThanABlockOfRowsAreThoseOfTheSameRowsInTurn) {
  // Rows three thousand times the same six have the moments of the six.
  const Matrix x = tests::normals(6, 2, 1), y = tests::normals(6, 3, 2);
  Matrix many_x(3000, 2), many_y(3000, 3);
  std::vector<std::int32_t> few{0, 1, 2, 3, 4, 5}, many;
  for (std::size_t i = 0; i < 3000; ++i) {
    std::ranges::copy(x.row(i % 6), many_x.row(i).begin());
    std::ranges::copy(y.row(i % 6), many_y.row(i).begin());
    many.push_back(static_cast<std::int32_t>(i));
  }
  const auto once = fit(x, few, y, few, {2, 0.1, 0.1});
  const auto often = fit(many_x, many, many_y, many, {2, 0.1, 0.1});
  EXPECT_NEAR(once.correlations[0], often.correlations[0], 1e-12);
  EXPECT_NEAR(once.correlations[1], often.correlations[1], 1e-12);
}

TEST(CanonicalCorrelations, AreTheSameBitsEachTime) {
  const TwoSides sides(5, 7, 8);
  const auto once = fit(sides, {4, 1, 1});
  const auto again = fit(sides, {4, 1, 1});
  EXPECT_EQ(once.correlations, again.correlations);
  EXPECT_EQ(once.first.directions, again.first.directions);
  EXPECT_EQ(once.second.offsets, again.second.offsets);
}

TEST(CanonicalCorrelations, NameTheRidgeThatIsTooSmall) {
  // The second column is the first one again.
  const Matrix x = matrix_of(3, 2, {1, 1, 2, 2, 4, 4});
  const Matrix y = matrix_of(3, 1, {1, 3, 2});
  EXPECT_EQ(message_of<DataError>([&] {
              fit(x, {0, 1, 2}, y, {0, 1, 2}, {1, 0, 0});
            }),
            "first_ridge = 0: columns of the features depend on each other: expected a larger "
            "first_ridge");
}

TEST(CanonicalCorrelations, NeedAPair) {
  const Matrix x = matrix_of(2, 1, {1, 2});
  EXPECT_EQ(message_of<DataError>([&] {
              fit(x, {0, 1}, x, {2, 3}, {1, 1, 1});
            }),
            "no pairs: the two modalities share no groups");
}

}  // namespace
}  // namespace alignlab
