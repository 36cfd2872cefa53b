#include "geometry/procrustes_distance.h"

#include <gtest/gtest.h>

#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::normals;
using tests::random_case;

/// ||X - Y Q||_F^2 of sides as they are compared, padded to one width.
double distance_after(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y,
                      const Eigen::MatrixXd& turn) {
  return (x - y * turn).squaredNorm();
}

Eigen::MatrixXd normalised(MatrixView rows, Eigen::Index width) {
  const Eigen::MatrixXd own = tests::centred(rows);
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(own.rows(), width);
  out.leftCols(own.cols()) = own / own.norm();
  return out;
}

TEST(ProcrustesDistance, OfHandWorkedRows) {
  // Unit columns (-1, 0, 1) / sqrt 2 and (-1, 1, 0) / sqrt 2: X'Y = 1/2.
  const Matrix x = tests::matrix_of(3, 1, {1, 2, 3}), y = tests::matrix_of(3, 1, {5, 7, 6});
  EXPECT_NEAR(*procrustes_distance({{x, "x"}, {y, "y"}}), 1.0, 1e-14);
  // A plane and a line of it: the plane's variances are halves, so the norm of X'Y is sqrt(1/2).
  const Matrix plane = tests::matrix_of(4, 2, {1, 0, -1, 0, 0, 1, 0, -1});
  const Matrix line = tests::matrix_of(4, 1, {1, -1, 0, 0});
  EXPECT_NEAR(*procrustes_distance({{plane, "x"}, {line, "y"}}), 2.0 - std::sqrt(2.0), 1e-14);
}

TEST(ProcrustesDistance, IsTheLeastOverTurns) {
  int defined = 0;
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = random_case(seed);
    const auto found = procrustes_distance(sides.pairs());
    ASSERT_EQ(found.has_value(), !tests::all_equal(sides.first) && !tests::all_equal(sides.second))
        << sides.name;
    if (!found) continue;
    const auto width = static_cast<Eigen::Index>(std::max(sides.first.cols(), sides.second.cols()));
    const Eigen::MatrixXd x = normalised(sides.first, width), y = normalised(sides.second, width);
    const tests::SingularTriples of = tests::singular_triples(y.transpose() * x);
    const Eigen::MatrixXd best = of.u * of.v.transpose();
    ASSERT_NEAR(*found, distance_after(x, y, best), 1e-12) << sides.name;
    const auto square = static_cast<std::size_t>(width);
    const Eigen::MatrixXd other =
        tests::orthonormal(tests::as_eigen(normals(square, square, seed)));
    ASSERT_LE(*found, distance_after(x, y, other) + 1e-12) << sides.name;
    ++defined;
  }
  EXPECT_GT(defined, 200);
}

TEST(ProcrustesDistance, IsZeroForATurnedScaledAndMovedCopy) {
  const Matrix x = normals(30, 6, 1), y = normals(30, 6, 2);
  const Matrix exactly = tests::turned_exactly(x, 3);
  EXPECT_NEAR(*procrustes_distance({{x, "x"}, {exactly, "y"}}), 0.0, 1e-12);
  Matrix moved = tests::turned(x, 4);
  for (float& value : moved.values()) value -= 5.0F;
  EXPECT_NEAR(*procrustes_distance({{x, "x"}, {moved, "y"}}), 0.0, 1e-5);
  const double before = *procrustes_distance({{x, "x"}, {y, "y"}});
  EXPECT_NEAR(*procrustes_distance({{exactly, "x"}, {y, "y"}}), before, 1e-12);
  EXPECT_NEAR(*procrustes_distance({{moved, "x"}, {y, "y"}}), before, 1e-5);
}

}  // namespace
}  // namespace alignlab
