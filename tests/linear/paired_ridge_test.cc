#include "linear/paired_ridge.h"

#include <gtest/gtest.h>

#include "tests/linear/fixtures.h"

namespace alignlab {
namespace {

using tests::as_eigen;
using tests::as_sparse;
using tests::matrix_of;
using tests::message_of;
using tests::TwoSides;

PairedRidge fit(const Features& source, const std::vector<std::int32_t>& source_groups,
                const Features& target, const std::vector<std::int32_t>& target_groups,
                double ridge) {
  Silent silent;
  return paired_ridge(source, source_groups, target, target_groups, ridge, 1, silent);
}

TEST(PairedRidge, ShrinksASlopeByOnePlusTheRidge) {
  // x = 3, 7 and y = 90, 110: the slope is 5, and with a ridge of 1 variance half of it.
  const Matrix x = matrix_of(2, 1, {3, 7}), y = matrix_of(2, 1, {90, 110});
  const PairedRidge found = fit(x, {0, 1}, y, {0, 1}, 1.0);
  EXPECT_EQ(found.map.apply(matrix_of(2, 1, {5, 9})), matrix_of(2, 1, {0, 10}));
  EXPECT_EQ(found.target_mean, std::vector<double>{100});
}

TEST(PairedRidge, IsTheLeastSquaresOfAllPairs) {
  for (const auto& [source, target] : {std::pair(3, 6), std::pair(6, 3)}) {
    const TwoSides sides(static_cast<std::size_t>(source), static_cast<std::size_t>(target), 21);
    const double ridge = 0.2;
    const PairedRidge found =
        fit(sides.first, sides.first_groups, sides.second, sides.second_groups, ridge);
    const auto [x, y] = sides.centred_pairs();
    // Rows below make the penalty part of plain least squares.
    const double mean_variance = x.squaredNorm() / static_cast<double>(x.cols());
    Eigen::MatrixXd inputs(x.rows() + x.cols(), x.cols());
    inputs << x, std::sqrt(ridge * mean_variance) * Eigen::MatrixXd::Identity(x.cols(), x.cols());
    Eigen::MatrixXd outputs = Eigen::MatrixXd::Zero(x.rows() + x.cols(), y.cols());
    outputs.topRows(y.rows()) = y;
    const Eigen::MatrixXd wanted = tests::least_squares(inputs, outputs);
    EXPECT_LT((as_eigen(found.map.directions) - wanted).norm(), 1e-5);
  }
}

TEST(PairedRidge, OfSparseRowsIsThatOfTheSameDenseRows) {
  const TwoSides sides(4, 5, 22);
  const PairedRidge dense =
      fit(sides.first, sides.first_groups, sides.second, sides.second_groups, 1.0);
  const PairedRidge sparse = fit(as_sparse(sides.first), sides.first_groups,
                                 as_sparse(sides.second), sides.second_groups, 1.0);
  EXPECT_LT((as_eigen(sparse.map.directions) - as_eigen(dense.map.directions)).norm(), 1e-5);
  EXPECT_EQ(sparse.map.offsets.size(), 5U);
}

TEST(PairedRidge, SaysThatARidgeOfNothingHasNoSolution) {
  const Matrix x = matrix_of(3, 2, {1, 1, 2, 2, 4, 4}), y = matrix_of(3, 1, {1, 3, 2});
  EXPECT_EQ(message_of<DataError>([&] {
              fit(x, {0, 1, 2}, y, {0, 1, 2}, 0.0);
            }),
            "ridge = 0: columns of the features depend on each other: expected a larger ridge");
}

}  // namespace
}  // namespace alignlab
