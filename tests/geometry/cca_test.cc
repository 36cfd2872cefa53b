#include "geometry/cca.h"

#include <gtest/gtest.h>

#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::normals;
using tests::random_case;

// Rows of a rank that rounding hides are in no case, so any threshold between is as good.
constexpr double kRankThreshold = 1e-5;

/// As few singular directions as have 99 % of the variance.
Eigen::MatrixXd cut(const Eigen::MatrixXd& x) {
  const tests::SingularTriples found = tests::singular_triples(x);
  const Eigen::VectorXd variances = found.values.cwiseAbs2();
  Eigen::Index kept = 0;
  double sum = 0.0;
  while (sum < (0.99 - 1e-9) * variances.sum()) sum += variances[kept++];
  return found.u.leftCols(kept) * found.values.head(kept).asDiagonal() *
         found.v.leftCols(kept).transpose();
}

struct Variates {
  Eigen::VectorXd correlations;
  Eigen::MatrixXd of_first;
};

/// The cosines between two spans are the singular values of one projection after the other.
Variates variates(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  const tests::Projection first = tests::projection(x, kRankThreshold);
  const tests::Projection second = tests::projection(y, kRankThreshold);
  const tests::SingularTriples found = tests::singular_triples(first.onto * second.onto);
  const Eigen::Index count = std::min(first.rank, second.rank);
  return {found.values.head(count), found.u.leftCols(count)};
}

double pwcca(const Eigen::MatrixXd& x, const Variates& of) {
  const Eigen::VectorXd weights = (of.of_first.transpose() * x).cwiseAbs().rowwise().sum();
  return weights.dot(of.correlations) / weights.sum();
}

/// Whether each correlation has variates of its own, or all are equal.
bool is_unambiguous(const Eigen::VectorXd& correlations) {
  const Eigen::Index count = correlations.size();
  if (correlations[0] - correlations[count - 1] < 1e-9) return true;
  for (Eigen::Index i = 0; i < count; ++i) {
    if (correlations[i] < 1e-6) return false;
    if (i > 0 && correlations[i - 1] - correlations[i] < 1e-5) return false;
  }
  return true;
}

TEST(Svcca, OfHandWorkedRows) {
  // One column each: the correlation of (-1, 0, 1) and (-1, 1, 0) is 1/2.
  const Matrix x = tests::matrix_of(3, 1, {1, 2, 3}), y = tests::matrix_of(3, 1, {5, 7, 6});
  const CcaSimilarity found = cca_similarity({{x, "x"}, {y, "y"}});
  EXPECT_NEAR(*found.svcca, 0.5, 1e-14);
  EXPECT_NEAR(*found.pwcca_by_first, 0.5, 1e-14);
  EXPECT_NEAR(*found.pwcca_by_second, 0.5, 1e-14);
}

TEST(Pwcca, WeighsVariatesByWhatColumnsHoldOfThem) {
  // x's columns are 3 a and b, y's are a and (3 b + 4 c) / 5, where a, b and c are orthonormal and
  // without mean: correlations 1 and 0.6, weights 3 and 1 by x, 1 and 1 by y.
  const std::vector<float> a{1, -1, 1, -1}, b{1, 1, -1, -1}, c{1, -1, -1, 1};
  Matrix x(4, 2), y(4, 2);
  for (std::size_t i = 0; i < 4; ++i) {
    x.row(i)[0] = 3.0F * a[i];
    x.row(i)[1] = b[i];
    y.row(i)[0] = 5.0F * a[i];
    y.row(i)[1] = 3.0F * b[i] + 4.0F * c[i];
  }
  const CcaSimilarity found = cca_similarity({{x, "x"}, {y, "y"}});
  EXPECT_NEAR(*found.pwcca_by_first, (3 * 1 + 1 * 0.6) / 4, 1e-14);
  EXPECT_NEAR(*found.pwcca_by_second, 0.8, 1e-14);
  EXPECT_NEAR(*found.svcca, 0.8, 1e-14);
}

TEST(Svcca, CutsDirectionsOfLittleVariance) {
  // The second column of x has a hundredth of the first one's deviation, so y's agreement with it
  // alone counts for nothing.
  Matrix x(4, 2), y(4, 1);
  const std::vector<float> a{1, -1, 1, -1}, b{1, 1, -1, -1};
  for (std::size_t i = 0; i < 4; ++i) {
    x.row(i)[0] = 100.0F * a[i];
    x.row(i)[1] = b[i];
    y.row(i)[0] = b[i];
  }
  const CcaSimilarity found = cca_similarity({{x, "x"}, {y, "y"}});
  EXPECT_NEAR(*found.svcca, 0.0, 1e-12);
  EXPECT_NEAR(*found.pwcca_by_first, 1.0, 1e-12);
}

TEST(Cca, AgreesWithProjections) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = random_case(seed);
    const CcaSimilarity found = cca_similarity(sides.pairs());
    const bool defined = !tests::all_equal(sides.first) && !tests::all_equal(sides.second);
    ASSERT_EQ(found.svcca.has_value(), defined) << sides.name;
    ASSERT_EQ(found.pwcca_by_first.has_value(), defined) << sides.name;
    ASSERT_EQ(found.pwcca_by_second.has_value(), defined) << sides.name;
    if (!defined) continue;
    const Eigen::MatrixXd x = tests::centred(sides.first), y = tests::centred(sides.second);
    ASSERT_NEAR(*found.svcca, variates(cut(x), cut(y)).correlations.mean(), 1e-9) << sides.name;
    const Variates of_first = variates(x, y);
    if (!is_unambiguous(of_first.correlations)) continue;
    ASSERT_NEAR(*found.pwcca_by_first, pwcca(x, of_first), 1e-7) << sides.name;
    ASSERT_NEAR(*found.pwcca_by_second, pwcca(y, variates(y, x)), 1e-7) << sides.name;
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

TEST(Cca, IsLeftByTurnsAndScales) {
  const Matrix x = normals(40, 6, 1), y = normals(40, 5, 2);
  const CcaSimilarity before = cca_similarity({{x, "x"}, {y, "y"}});
  const Matrix exactly = tests::turned_exactly(x, 3), about = tests::turned(x, 3);
  const CcaSimilarity exact = cca_similarity({{exactly, "x"}, {y, "y"}});
  EXPECT_NEAR(*exact.svcca, *before.svcca, 1e-12);
  EXPECT_NEAR(*exact.pwcca_by_first, *before.pwcca_by_first, 1e-12);
  const CcaSimilarity after = cca_similarity({{about, "x"}, {y, "y"}});
  EXPECT_NEAR(*after.svcca, *before.svcca, 1e-5);
  EXPECT_NEAR(*after.pwcca_by_second, *before.pwcca_by_second, 1e-5);
}

TEST(Pwcca, IsLeftByInvertibleMapsOfTheSideThatDoesNotWeigh) {
  Rng rng(1, "rows");
  const Matrix x = tests::random_rows(30, 4, tests::Rows::kNormal, rng);
  const Matrix y = tests::random_rows(30, 5, tests::Rows::kSmallIntegers, rng);
  Matrix mapped = y;  // each column and twice the one before it: exact in float32
  for (std::size_t i = 0; i < 30; ++i) {
    for (std::size_t e = 1; e < 5; ++e) mapped.row(i)[e] += 2.0F * y.row(i)[e - 1];
  }
  EXPECT_NEAR(*cca_similarity({{x, "x"}, {mapped, "y"}}).pwcca_by_first,
              *cca_similarity({{x, "x"}, {y, "y"}}).pwcca_by_first, 1e-11);
}

TEST(Cca, IsOneWhereDirectionsAreAsManyAsRows) {
  const CcaSimilarity found = cca_similarity({{normals(9, 20, 1), "x"}, {normals(9, 30, 2), "y"}});
  EXPECT_NEAR(*found.pwcca_by_first, 1.0, 1e-12);
  EXPECT_NEAR(*found.pwcca_by_second, 1.0, 1e-12);
}

TEST(CcaPairings, AreCcaOfRowsPairedAnew) {
  const Matrix x = normals(30, 5, 1), y = normals(30, 4, 2);
  const CcaPairings pairings({{x, "x"}, {y, "y"}});
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto pairing = tests::random_pairing(30, seed);
    const Matrix anew = rows_at(y, pairing);
    const CcaSimilarity found = pairings(pairing);
    const CcaSimilarity expected = cca_similarity({{x, "x"}, {anew, "y"}});
    EXPECT_NEAR(*found.svcca, *expected.svcca, 1e-12);
    EXPECT_NEAR(*found.pwcca_by_first, *expected.pwcca_by_first, 1e-12);
    EXPECT_NEAR(*found.pwcca_by_second, *expected.pwcca_by_second, 1e-12);
  }
}

}  // namespace
}  // namespace alignlab
