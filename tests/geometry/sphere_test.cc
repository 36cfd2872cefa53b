#include "geometry/sphere.h"

#include <gtest/gtest.h>

#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::matrix_of;
using tests::random_case;

using Vector = std::vector<double>;

/// The unit vector of a row; empty for a row of zeros.
Vector unit(std::span<const float> row) {
  double square = 0.0;
  for (const float value : row) square += static_cast<double>(value) * static_cast<double>(value);
  Vector out;
  for (const float value : row) {
    if (square > 0.0) out.push_back(static_cast<double>(value) / std::sqrt(square));
  }
  return out;
}

double squared_distance(const Vector& u, const Vector& v) {
  double sum = 0.0;
  for (std::size_t e = 0; e < u.size(); ++e) sum += (u[e] - v[e]) * (u[e] - v[e]);
  return sum;
}

std::optional<double> uniformity_of(MatrixView rows) {
  double sum = 0.0, count = 0.0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Vector u = unit(rows.row(i)), v = unit(rows.row(j));
      if (u.empty() || v.empty()) continue;
      sum += std::exp(-2.0 * squared_distance(u, v));
      count += 1.0;
    }
  }
  if (count == 0.0) return std::nullopt;
  return std::log(sum / count);
}

std::optional<double> alignment_of(MatrixView first, MatrixView second) {
  double sum = 0.0, count = 0.0;
  for (std::size_t i = 0; i < first.rows(); ++i) {
    const Vector u = unit(first.row(i)), v = unit(second.row(i));
    if (u.empty() || v.empty()) continue;
    sum += squared_distance(u, v);
    count += 1.0;
  }
  if (count == 0.0) return std::nullopt;
  return sum / count;
}

std::optional<double> gap_of(MatrixView first, MatrixView second) {
  Vector difference(first.cols(), 0.0);
  for (const auto& [rows, sign] : {std::pair(first, 1.0), std::pair(second, -1.0)}) {
    Vector sum(rows.cols(), 0.0);
    double count = 0.0;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const Vector u = unit(rows.row(i));
      for (std::size_t e = 0; e < u.size(); ++e) sum[e] += u[e];
      count += u.empty() ? 0.0 : 1.0;
    }
    if (count == 0.0) return std::nullopt;
    for (std::size_t e = 0; e < sum.size(); ++e) difference[e] += sign * sum[e] / count;
  }
  return std::sqrt(squared_distance(difference, Vector(first.cols(), 0.0)));
}

void expect_near(const std::optional<double>& found, const std::optional<double>& expected,
                 const std::string& name) {
  ASSERT_EQ(found.has_value(), expected.has_value()) << name;
  if (found) {
    EXPECT_NEAR(*found, *expected, 1e-12) << name;
  }
}

TEST(ModalityGap, IsBetweenTheMeansOfUnitVectors) {
  // Means (1/2, 1/2) and (0, -1); a row of zeros counts for nothing.
  const Matrix first = matrix_of(3, 2, {5, 0, 0, 0.5F, 0, 0}), second = matrix_of(1, 2, {0, -9});
  EXPECT_NEAR(*modality_gap({first, "x"}, {second, "y"}), std::sqrt(0.25 + 2.25), 1e-15);
  EXPECT_EQ(modality_gap({first, "x"}, {Matrix(2, 3), "y"}), std::nullopt);
  EXPECT_EQ(modality_gap({first, "x"}, {Matrix(2, 2), "y"}), std::nullopt);
}

TEST(Alignment, IsTheMeanSquaredDistanceOfUnitPairs) {
  // Equal, at right angles, opposite; the last pair has no direction on one side.
  const Matrix first = matrix_of(4, 2, {2, 0, 2, 0, 2, 0, 2, 0});
  const Matrix second = matrix_of(4, 2, {3, 0, 0, 3, -3, 0, 0, 0});
  EXPECT_NEAR(*alignment({{first, "x"}, {second, "y"}}), (0.0 + 2.0 + 4.0) / 3.0, 1e-15);
  EXPECT_EQ(alignment({{first, "x"}, {Matrix(4, 3), "y"}}), std::nullopt);
}

TEST(Uniformity, IsTheLogOfTheMeanPotential) {
  // Squared distances 2, 4 and 2.
  const Matrix rows = matrix_of(4, 2, {1, 0, 0, 7, 0, 0, -2, 0});
  EXPECT_NEAR(*uniformity({rows, "x"}), std::log((2.0 * std::exp(-4.0) + std::exp(-8.0)) / 3.0),
              1e-14);
  EXPECT_NEAR(*uniformity({matrix_of(3, 2, {1, 2, 2, 4, 3, 6}), "x"}), 0.0, 1e-14);
  EXPECT_EQ(uniformity({matrix_of(2, 2, {1, 2, 0, 0}), "x"}), std::nullopt);
}

TEST(Sphere, AgreesWithPairsTakenOneByOne) {
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = random_case(seed);
    expect_near(uniformity({sides.first, "x"}), uniformity_of(sides.first), sides.name);
    Matrix second(sides.second.rows(), sides.first.cols());  // of equal width
    for (std::size_t i = 0; i < second.rows(); ++i) {
      for (std::size_t e = 0; e < second.cols(); ++e) {
        second.row(i)[e] = sides.second.row(i)[e % sides.second.cols()];
      }
    }
    const PairedRows pairs{{sides.first, "x"}, {second, "y"}};
    expect_near(alignment(pairs), alignment_of(sides.first, second), sides.name);
    expect_near(modality_gap(pairs.first, pairs.second), gap_of(sides.first, second), sides.name);
  }
}

TEST(Uniformity, OfManyRowsCountsEveryPairOnce) {
  const Matrix rows = tests::normals(1100, 3, 1);  // more than two blocks
  EXPECT_NEAR(*uniformity({rows, "x"}), *uniformity_of(rows), 1e-12);
}

}  // namespace
}  // namespace alignlab
