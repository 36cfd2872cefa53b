#include "linear/ridge.h"

#include <gtest/gtest.h>

#include "tests/linear/fixtures.h"

namespace alignlab {
namespace {

using tests::as_eigen;
using tests::matrix_of;
using tests::normals;

TEST(Ridge, ShrinksASlopeByThePenaltyOverOneMoreThanIt) {
  // x has mean 5 and deviation 2, so it is -1, 1 once standardised, X'X = 2 and lambda = 2 *
  // penalty: the slope of y, 10 a deviation, becomes 10 * 2 / (2 + 2 * penalty).
  const Matrix x = matrix_of(2, 1, {3, 7});
  const Matrix y = matrix_of(2, 1, {90, 110});
  const Matrix at_one = matrix_of(3, 1, {3, 5, 9});
  EXPECT_EQ(Ridge::fit(x, y, 1.0).predict(at_one), matrix_of(3, 1, {95, 100, 110}));
  EXPECT_EQ(Ridge::fit(x, y, 4.0).predict(at_one), matrix_of(3, 1, {98, 100, 104}));
}

TEST(Ridge, GivesEachOfTwoUncorrelatedColumnsItsOwnSlope) {
  // Standardised columns (-1,-1,1,1) and (-1,1,-1,1): X'X = 4 I, lambda = penalty * 8 / 2 = 4 *
  // penalty. y = 3 a + 5 b, so with penalty 1 each weight is halved.
  const Matrix x = matrix_of(4, 2, {-1, -10, -1, 10, 1, -10, 1, 10});
  const Matrix y = matrix_of(4, 1, {-8, 2, -2, 8});
  EXPECT_EQ(Ridge::fit(x, y, 1.0).predict(x), matrix_of(4, 1, {-4, 1, -1, 4}));
}

TEST(Ridge, GivesAColumnThatDoesNotVaryNoWeight) {
  const Matrix x = matrix_of(2, 2, {3, 0.1F, 7, 0.1F});
  const Matrix y = matrix_of(2, 1, {90, 110});
  const Ridge fit = Ridge::fit(x, y, 0.5);
  EXPECT_EQ(fit.predict(matrix_of(1, 2, {3, 0.1F})), fit.predict(matrix_of(1, 2, {3, 1000.0F})));
  // Where none varies, all that is left is the mean.
  EXPECT_EQ(Ridge::fit(matrix_of(2, 1, {4, 4}), y, 0.5).predict(matrix_of(1, 1, {9})),
            matrix_of(1, 1, {100}));
}

/// The stationary point of the penalised squares, by a decomposition that the code does not use, in
/// the larger of the two systems.
Eigen::MatrixXd by_least_squares(const Matrix& x, const Matrix& y, double penalty) {
  Eigen::MatrixXd inputs = as_eigen(x);
  const Eigen::MatrixXd outputs = as_eigen(y);
  for (Eigen::Index j = 0; j < inputs.cols(); ++j) {
    inputs.col(j).array() -= inputs.col(j).mean();
    inputs.col(j) /= std::sqrt(inputs.col(j).squaredNorm() / static_cast<double>(inputs.rows()));
  }
  const Eigen::RowVectorXd means = outputs.colwise().mean();
  const Eigen::Index d = inputs.cols();
  const double lambda =
      penalty * inputs.squaredNorm() / static_cast<double>(std::min(inputs.rows(), d));
  // Rows sqrt(lambda) I below make the penalty part of plain least squares.
  Eigen::MatrixXd stacked(inputs.rows() + d, d);
  stacked << inputs, std::sqrt(lambda) * Eigen::MatrixXd::Identity(d, d);
  Eigen::MatrixXd wanted = Eigen::MatrixXd::Zero(inputs.rows() + d, outputs.cols());
  wanted.topRows(inputs.rows()) = outputs.rowwise() - means;
  const Eigen::MatrixXd weights = tests::least_squares(stacked, wanted);
  return (inputs * weights).rowwise() + means;
}

TEST(Ridge, MinimisesThePenalisedSquaresWithMoreRowsOrMoreColumns) {
  const std::vector<std::pair<std::size_t, std::size_t>> shapes{{40, 6}, {6, 40}, {12, 12}, {2, 1}};
  std::uint64_t seed = 0;
  for (const auto& [rows, cols] : shapes) {
    const Matrix x = normals(rows, cols, ++seed);
    const Matrix y = normals(rows, 3, ++seed);
    const Matrix predicted = Ridge::fit(x, y, 0.3).predict(x);
    const Eigen::MatrixXd wanted = by_least_squares(x, y, 0.3);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        EXPECT_NEAR(predicted.row(i)[j],
                    wanted(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)), 1e-5)
            << rows << " x " << cols;
      }
    }
  }
}

TEST(Ridge, DoesNotDependOnTheScaleOfAColumn) {
  const Matrix x = normals(30, 4, 1);
  const Matrix y = normals(30, 2, 2);
  Matrix scaled = x;
  for (std::size_t i = 0; i < x.rows(); ++i) scaled.row(i)[1] = x.row(i)[1] * 4096.0F;
  EXPECT_EQ(Ridge::fit(x, y, 0.3).predict(x), Ridge::fit(scaled, y, 0.3).predict(scaled));
}

}  // namespace
}  // namespace alignlab
