#include "linear/truncated_svd.h"

#include <gtest/gtest.h>

#include "tests/linear/fixtures.h"

namespace alignlab {
namespace {

using tests::as_eigen;
using tests::in_form;
using tests::matrix_of;
using tests::normals;

Matrix directions_of(const Features& features, std::size_t wanted, Rng rng) {
  return leading_directions(features, wanted, rng).directions;
}

/// Singular values 10, 9, 8 and little else: three directions carry nearly everything.
Matrix three_directions_and_noise(std::size_t rows, std::size_t cols, double noise) {
  const auto basis = [](std::size_t n, std::uint64_t seed) {
    return tests::orthonormal(as_eigen(normals(n, 3, seed)));
  };
  const Eigen::MatrixXd values = Eigen::Vector3d(10.0, 9.0, 8.0).asDiagonal();
  const Eigen::MatrixXd sum = basis(rows, 1) * values * basis(cols, 2).transpose() +
                              noise * as_eigen(normals(rows, cols, 3));
  Matrix out(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      out.row(i)[j] =
          static_cast<float>(sum(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)));
    }
  }
  return out;
}

double off_orthonormal(const Matrix& directions) {
  const Eigen::MatrixXd v = as_eigen(directions);
  return (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).cwiseAbs().maxCoeff();
}

TEST(LeadingDirections, AreOrthonormal) {
  const Matrix directions = directions_of(normals(80, 50, 1), 12, Rng(1, "test"));
  EXPECT_EQ(directions.rows(), 50U);
  EXPECT_EQ(directions.cols(), 12U);
  EXPECT_LT(off_orthonormal(directions), 1e-5);
}

TEST(LeadingDirections, AreAsManyAsTheSmallerSideAllows) {
  EXPECT_EQ(directions_of(normals(5, 30, 1), 12, Rng(1, "test")).cols(), 5U);
  EXPECT_EQ(directions_of(normals(30, 4, 1), 12, Rng(1, "test")).cols(), 4U);
  EXPECT_LT(off_orthonormal(directions_of(normals(30, 4, 1), 12, Rng(1, "test"))), 1e-5);
}

TEST(LeadingDirections, StayOrthonormalWhereTheFeaturesHaveFewerDirections) {
  Matrix features(40, 25);
  for (std::size_t i = 0; i < features.rows(); ++i) {
    features.row(i)[3] = static_cast<float>(i);
    features.row(i)[7] = 1.0F;
  }
  const Matrix directions = directions_of(features, 6, Rng(1, "test"));
  EXPECT_LT(off_orthonormal(directions), 1e-5);
  // What the features do not have, they do not show.
  const Matrix image = project(features, directions);
  for (std::size_t i = 0; i < image.rows(); ++i) {
    for (std::size_t j = 2; j < 6; ++j) EXPECT_NEAR(image.row(i)[j], 0.0F, 1e-3);
  }
  EXPECT_LT(off_orthonormal(directions_of(Matrix(20, 15), 4, Rng(1, "test"))), 1e-5);
}

TEST(LeadingDirections, CaptureAPlantedSubspace) {
  const Matrix features = three_directions_and_noise(120, 70, 0.001);
  const Eigen::MatrixXd a = as_eigen(features);
  const Eigen::MatrixXd v = as_eigen(directions_of(features, 3, Rng(1, "test")));
  EXPECT_LT((a - a * v * v.transpose()).norm(), 0.01 * a.norm());
}

TEST(LeadingDirections, AreThoseOfTheFullDecompositionInItsOrder) {
  const Matrix features = three_directions_and_noise(90, 60, 0.02);
  const tests::SingularTriples expected = tests::singular_triples(as_eigen(features));
  const LeadingDirections found = leading_directions(features, 3, Rng(1, "test"));
  const Eigen::MatrixXd v = as_eigen(found.directions);
  const Eigen::MatrixXd image = as_eigen(features) * v;
  for (Eigen::Index j = 0; j < 3; ++j) {
    EXPECT_NEAR(std::abs(v.col(j).dot(expected.v.col(j))), 1.0, 1e-4) << j;
    EXPECT_NEAR(image.col(j).norm(), expected.values(j), 1e-3) << j;
    EXPECT_NEAR(found.singular_values.at(static_cast<std::size_t>(j)), expected.values(j), 1e-3)
        << j;
  }
}

TEST(LeadingDirections, CarryNearlyAsMuchAsThoseOfTheFullDecompositionEvenOfNoise) {
  const Matrix features = normals(100, 80, 5);
  const Eigen::VectorXd values = tests::singular_triples(as_eigen(features)).values;
  const Eigen::MatrixXd image =
      as_eigen(features) * as_eigen(directions_of(features, 10, Rng(1, "test")));
  const double most = values.head(10).squaredNorm();
  EXPECT_GT(image.squaredNorm(), 0.97 * most);
  EXPECT_LT(image.squaredNorm(), (1.0 + 1e-5) * most);
}

TEST(LeadingDirections, HaveSingularValuesThatAreRightBesideMuchLargerOnes) {
  Matrix features(3, 3);
  features.row(0)[0] = 3.0F;
  features.row(1)[1] = 1e-4F;
  const LeadingDirections found = leading_directions(features, 3, Rng(1, "test"));
  ASSERT_EQ(found.singular_values.size(), 3U);
  EXPECT_NEAR(found.singular_values[0], 3.0, 1e-5);
  EXPECT_NEAR(found.singular_values[1], 1e-4, 1e-6);
  EXPECT_NEAR(found.singular_values[2], 0.0, 1e-6);
}

TEST(LeadingDirections, AgreeForDenseAndSparseFeatures) {
  Matrix features = three_directions_and_noise(60, 40, 0.02);
  for (std::size_t i = 0; i < features.rows(); ++i) {
    for (std::size_t j = i % 3; j < features.cols(); j += 3) features.row(i)[j] = 0.0F;
  }
  const Features sparse = in_form(features, FeatureForm::kSparse);
  ASSERT_LT(sparse.sparse().values.size(), 1700U);
  const Matrix from_dense = directions_of(features, 2, Rng(1, "test"));
  const Matrix from_sparse = directions_of(sparse, 2, Rng(1, "test"));
  for (Eigen::Index j = 0; j < 2; ++j) {
    EXPECT_NEAR(std::abs(as_eigen(from_dense).col(j).dot(as_eigen(from_sparse).col(j))), 1.0, 1e-4);
  }
}

TEST(LeadingDirections, AreTheSameBitsForTheSameStream) {
  const Matrix features = normals(50, 30, 1);
  const Matrix once = directions_of(features, 5, Rng(1, "test"));
  EXPECT_EQ(directions_of(features, 5, Rng(1, "test")), once);
  EXPECT_NE(directions_of(features, 5, Rng(2, "test")), once);
}

TEST(Project, IsTheProductWithTheDirectionsForEitherForm) {
  const Matrix features = matrix_of(2, 3, {1, 0, 2, 0, -3, 0.5F});
  const Matrix directions = matrix_of(3, 2, {1, 2, 3, 4, 5, 6});
  const Matrix wanted = matrix_of(2, 2, {11, 14, -6.5F, -9});
  EXPECT_EQ(project(features, directions), wanted);
  EXPECT_EQ(project(in_form(features, FeatureForm::kSparse), directions), wanted);
}

TEST(Project, GivesZerosForAnEmptySparseRow) {
  SparseRows empty;
  empty.cols = 3;
  empty.offsets = {0, 0};
  Matrix directions(3, 2);
  std::ranges::fill(directions.values(), 1.0F);
  EXPECT_EQ(project(empty, directions), Matrix(1, 2));
}

}  // namespace
}  // namespace alignlab
