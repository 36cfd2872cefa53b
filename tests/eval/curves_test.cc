#include "eval/curves.h"

#include <gtest/gtest.h>

namespace alignlab {
namespace {

TEST(Curve, IsPrecisionRecallAndFalsePositiveRateAtEachThreshold) {
  // Relevant pairs score 0.9, 0.5, 0.5; others 0.7, 0.5, 0.1, 0.1, 0.1.
  const ThresholdCurve curve{{0.9, 0.5}, {1, 3}, {0, 2}, {0, 1}, 8};
  const auto points = curve_points(curve);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].threshold, 0.9);
  EXPECT_EQ(points[0].precision, 100.0);
  EXPECT_DOUBLE_EQ(points[0].recall, 100.0 / 3.0);
  EXPECT_EQ(points[0].false_positive_rate, 0.0);
  EXPECT_EQ(points[1].precision, 60.0);
  EXPECT_EQ(points[1].recall, 100.0);
  EXPECT_EQ(points[1].false_positive_rate, 40.0);
}

TEST(Curve, WithoutAWrongPairHasNoFalsePositiveRate) {
  const ThresholdCurve curve{{0.25}, {2}, {0}, {0}, 2};
  EXPECT_EQ(curve_points(curve).at(0).false_positive_rate, std::nullopt);
  EXPECT_EQ(csv_of(curve), "threshold,precision,recall,false_positive_rate\n0.25,100,100,\n");
}

TEST(Curve, OfNothingRelevantIsEmpty) {
  EXPECT_TRUE(curve_points({{}, {}, {}, {}, 6}).empty());
  EXPECT_EQ(csv_of({{}, {}, {}, {}, 6}), "threshold,precision,recall,false_positive_rate\n");
}

}  // namespace
}  // namespace alignlab
