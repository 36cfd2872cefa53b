#include "linear/orthogonal_maps.h"

#include <gtest/gtest.h>

#include "tests/linear/fixtures.h"

namespace alignlab {
namespace {

using tests::as_eigen;
using tests::as_sparse;
using tests::TwoSides;

OrthogonalMaps fit(const TwoSides& sides, std::size_t width) {
  Silent silent;
  return orthogonal_maps(sides.first, sides.first_groups, sides.second, sides.second_groups, width,
                         1, silent);
}

TEST(OrthogonalMaps, FindARotationAgain) {
  // The second side is the first one turned by 30 degrees and moved.
  const double angle = std::acos(-1.0) / 6;
  Eigen::Matrix2d turn;
  turn << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
  const Matrix x = tests::normals(50, 2, 3);
  Matrix y(50, 2);
  std::vector<std::int32_t> groups;
  for (std::size_t i = 0; i < 50; ++i) {
    const Eigen::Vector2d turned = turn * Eigen::Vector2d(x.row(i)[0], x.row(i)[1]);
    y.row(i)[0] = static_cast<float>(turned[0] + 5);
    y.row(i)[1] = static_cast<float>(turned[1] - 3);
    groups.push_back(static_cast<std::int32_t>(i));
  }
  Silent silent;
  const OrthogonalMaps found = orthogonal_maps(x, groups, y, groups, 2, 1, silent);
  EXPECT_LT((as_eigen(found.first.apply(x)) - as_eigen(found.second.apply(y))).norm(), 1e-4);
  const Eigen::MatrixXd from_to =
      as_eigen(found.second.directions) * as_eigen(found.first.directions).transpose();
  EXPECT_LT((from_to - turn).norm(), 1e-5);
}

TEST(OrthogonalMaps, AreOrthonormalAndTheSingularVectorsOfTheCrossCovariance) {
  for (const auto& [first, second] : {std::pair(3, 8), std::pair(8, 3), std::pair(5, 5)}) {
    const TwoSides sides(static_cast<std::size_t>(first), static_cast<std::size_t>(second), 11);
    const OrthogonalMaps found = fit(sides, 3);
    const auto [x, y] = sides.centred_pairs();
    const Eigen::MatrixXd xy = x.transpose() * y / static_cast<double>(x.rows());
    const Eigen::VectorXd values = tests::singular_triples(xy).values;
    const Eigen::MatrixXd a = as_eigen(found.first.directions);
    const Eigen::MatrixXd b = as_eigen(found.second.directions);
    EXPECT_LT((a.transpose() * a - Eigen::Matrix3d::Identity()).norm(), 1e-5);
    EXPECT_LT((b.transpose() * b - Eigen::Matrix3d::Identity()).norm(), 1e-5);
    for (Eigen::Index i = 0; i < 3; ++i) {
      EXPECT_NEAR(found.covariances[static_cast<std::size_t>(i)], values[i], 1e-9);
      EXPECT_NEAR((a.transpose() * xy * b)(i, i), values[i], 1e-5);
    }
  }
}

TEST(OrthogonalMaps, OfSparseRowsAreThoseOfTheSameDenseRows) {
  const TwoSides sides(4, 6, 12);
  const OrthogonalMaps dense = fit(sides, 2);
  Silent silent;
  const OrthogonalMaps sparse =
      orthogonal_maps(as_sparse(sides.first), sides.first_groups, as_sparse(sides.second),
                      sides.second_groups, 2, 1, silent);
  EXPECT_LT((as_eigen(sparse.first.directions) - as_eigen(dense.first.directions)).norm(), 1e-5);
  EXPECT_LT((as_eigen(sparse.second.directions) - as_eigen(dense.second.directions)).norm(), 1e-5);
}

}  // namespace
}  // namespace alignlab
