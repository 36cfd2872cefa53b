#include "geometry/spectrum.h"

#include <gtest/gtest.h>

#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

TEST(EffectiveRank, OfHandWorkedRows) {
  // Centred columns of lengths 2 and 2: both directions alike.
  const Matrix even = tests::matrix_of(4, 2, {1, 1, 1, -1, -1, 1, -1, -1});
  EXPECT_NEAR(*effective_rank({even, "x"}), 2.0, 1e-14);
  EXPECT_NEAR(*participation_ratio({even, "x"}), 2.0, 1e-14);
  // Lengths 6 and 2: shares 3/4 and 1/4 of values; 36 and 4 of variance, 40^2 / (36^2 + 4^2).
  const Matrix uneven = tests::matrix_of(4, 2, {3, 1, 3, -1, -3, 1, -3, -1});
  EXPECT_NEAR(*effective_rank({uneven, "x"}),
              std::exp(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)), 1e-14);
  EXPECT_NEAR(*participation_ratio({uneven, "x"}), 1600.0 / 1312.0, 1e-14);
  const Matrix line = tests::matrix_of(3, 2, {1, 2, 2, 4, 3, 6});
  EXPECT_NEAR(*effective_rank({line, "x"}), 1.0, 1e-12);
  EXPECT_NEAR(*participation_ratio({line, "x"}), 1.0, 1e-14);
}

TEST(EffectiveRank, AgreesWithSingularValues) {
  int defined = 0;
  for (std::uint64_t seed = 0; seed < tests::kCases; ++seed) {
    const auto sides = tests::random_case(seed);
    const auto rank = effective_rank({sides.first, "x"});
    const auto ratio = participation_ratio({sides.first, "x"});
    ASSERT_EQ(rank.has_value(), !tests::all_equal(sides.first)) << sides.name;
    ASSERT_EQ(ratio.has_value(), rank.has_value()) << sides.name;
    if (!rank) continue;
    const Eigen::VectorXd values = tests::singular_triples(tests::centred(sides.first)).values;
    double entropy = 0.0;
    for (const double value : values) {
      if (value > 1e-12 * values[0]) {
        entropy -= value / values.sum() * std::log(value / values.sum());
      }
    }
    ASSERT_NEAR(*rank, std::exp(entropy), 1e-10) << sides.name;
    const double squares = values.squaredNorm();
    ASSERT_NEAR(*ratio, squares * squares / values.cwiseAbs2().squaredNorm(), 1e-11) << sides.name;
    ++defined;
  }
  EXPECT_GT(defined, 200);
}

TEST(EffectiveRank, IsLeftByTurnsAndScales) {
  const Matrix x = tests::normals(20, 6, 1);
  const Matrix exactly = tests::turned_exactly(x, 2), about = tests::turned(x, 3);
  EXPECT_NEAR(*effective_rank({exactly, "x"}), *effective_rank({x, "x"}), 1e-12);
  EXPECT_NEAR(*participation_ratio({exactly, "x"}), *participation_ratio({x, "x"}), 1e-12);
  EXPECT_NEAR(*effective_rank({about, "x"}), *effective_rank({x, "x"}), 1e-5);
  EXPECT_NEAR(*participation_ratio({about, "x"}), *participation_ratio({x, "x"}), 1e-5);
}

}  // namespace
}  // namespace alignlab
