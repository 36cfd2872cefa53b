// Aligners that are solved rather than trained, on numbers worked by hand.

#include <gtest/gtest.h>

#include "tests/align/fixtures.h"

namespace alignlab {
namespace {

using tests::aligner_of;
using tests::matrix_of;
using tests::message_of;
using tests::no_dev;

TrainSplit pairs(Matrix first, Matrix second) {
  SplitItems items;
  for (std::size_t i = 0; i < first.rows(); ++i) {
    items.first.groups.push_back(static_cast<std::int32_t>(i));
    items.second.groups.push_back(static_cast<std::int32_t>(i));
  }
  items.first.modality = Modality::kImage;
  items.first.features = std::move(first);
  items.second.modality = Modality::kText;
  items.second.features = std::move(second);
  return TrainSplit(std::move(items));
}

std::unique_ptr<Encoder> fit(const std::string& name, const std::string& options,
                             const TrainSplit& train) {
  Silent silent;
  return aligner_of(name, options)->fit(train, no_dev(), 1, silent);
}

void expect_near(const Matrix& found, const Matrix& expected) {
  ASSERT_EQ(found.rows(), expected.rows());
  ASSERT_EQ(found.cols(), expected.cols());
  for (std::size_t i = 0; i < found.values().size(); ++i) {
    EXPECT_NEAR(found.values()[i], expected.values()[i], 1e-5) << "value " << i;
  }
}

/// Two uncorrelated columns a side, of variance 1: the first pair of columns is the same, the
/// second correlates with 1/2.
TrainSplit crossed_pairs() {
  return pairs(matrix_of(8, 2, {1, 1, 1, 1, 1, -1, 1, -1, -1, 1, -1, 1, -1, -1, -1, -1}),
               matrix_of(8, 2, {1, -1, 1, 1, 1, 1, 1, -1, -1, 1, -1, 1, -1, -1, -1, -1}));
}

TEST(Cca, WeighsDirectionsByThePowerOfTheirCorrelations) {
  // Correlations 1 and 1/2, each direction a column.
  const TrainSplit train = crossed_pairs();
  const Matrix item = matrix_of(1, 2, {3, 5});
  const std::string ridges = "first_ridge = 0\nsecond_ridge = 0\n";
  const auto magnitudes = [&](const std::string& weighting) {
    Matrix rows = fit("cca", ridges + weighting, train)->embed(Modality::kImage, item);
    for (float& value : rows.values()) value = std::abs(value);
    return rows;
  };
  expect_near(magnitudes("weighting = 0"), matrix_of(1, 2, {3, 5}));
  expect_near(magnitudes("weighting = 1"), matrix_of(1, 2, {3, 2.5}));
  expect_near(magnitudes("weighting = 2"), matrix_of(1, 2, {3, 1.25}));
}

TEST(Csa, IsAProductWeighedByTheCorrelationsOfRowsOfUnitLength) {
  // S(x, y) = (1 x1 y1 + 1/2 x2 y2) / (|x| |y|).
  const auto encoder = fit("csa", "first_ridge = 0\nsecond_ridge = 0\nwidth = 2", crossed_pairs());
  const Matrix x = encoder->embed(Modality::kImage, matrix_of(1, 2, {3, 4}));
  const Matrix y = encoder->embed(Modality::kText, matrix_of(1, 2, {0, 2}));
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t j = 0; j < x.cols(); ++j) {
    xy += double{x.row(0)[j]} * y.row(0)[j];
    xx += double{x.row(0)[j]} * x.row(0)[j];
    yy += double{y.row(0)[j]} * y.row(0)[j];
  }
  EXPECT_NEAR(xx, 1.0, 1e-6);
  EXPECT_NEAR(yy, 1.0, 1e-6);
  EXPECT_NEAR(xy, 0.5 * 4 * 2 / (5.0 * 2.0), 1e-6);
  // The mean of the training items is like nothing.
  EXPECT_EQ(encoder->embed(Modality::kImage, matrix_of(1, 2, {0, 0})), Matrix(1, x.cols()));
}

TEST(Ridge, MapsToTheSecondModalityOrTheFirstOrBoth) {
  // y = 2 x + 1, so without a ridge the maps have slopes 2 and 1/2; means are 0 and 1.
  const TrainSplit train = pairs(matrix_of(2, 1, {-1, 1}), matrix_of(2, 1, {-1, 3}));
  const Matrix x = matrix_of(2, 1, {2, 0}), y = matrix_of(2, 1, {4, 1});
  const auto to_second = fit("ridge", "ridge = 0\ndirection = \"to-second\"", train);
  expect_near(to_second->embed(Modality::kImage, x), matrix_of(2, 1, {1, 0}));  // of unit length
  expect_near(to_second->embed(Modality::kText, y), matrix_of(2, 1, {1, 0}));
  const auto both = fit("ridge", "ridge = 0\ndirection = \"both\"", train);
  expect_near(both->embed(Modality::kImage, x), matrix_of(2, 2, {1, 1, 0, 0}));
  expect_near(both->embed(Modality::kText, y), matrix_of(2, 2, {1, 1, 0, 0}));
}

TEST(Asif, KeepsTheNearestAnchorsAndRaisesThemToAPower) {
  // Cosines of (1, 0) with the anchors' images (1,0), (1,1), (0,1), (-1,0): 1, 0.707, 0, -1.
  const TrainSplit train =
      pairs(matrix_of(4, 2, {1, 0, 1, 1, 0, 1, -1, 0}), matrix_of(4, 1, {1, 1, 1, 1}));
  const auto sorted = [&](const std::string& options) {
    const Matrix row =
        fit("asif", options, train)->embed(Modality::kImage, matrix_of(1, 2, {2, 0}));
    std::vector<float> values(row.values().begin(), row.values().end());
    std::ranges::sort(values, std::greater<>());
    return values;
  };
  const std::vector<float> all = sorted("power = 2");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_NEAR(all[0], 1.0, 1e-6);
  EXPECT_NEAR(all[1], 0.5, 1e-6);  // the square of 0.707
  EXPECT_NEAR(all[2], 0.0, 1e-6);
  EXPECT_EQ(all[3], 0.0F);  // what is opposite is clipped
  EXPECT_EQ(sorted("power = 2\nneighbours = 1"), (std::vector<float>{1, 0, 0, 0}));
  EXPECT_EQ(sorted("anchors = 3").size(), 3U);
}

TEST(Identity, EmbedsFeaturesAsTheyAre) {
  const TrainSplit train = pairs(matrix_of(2, 2, {1, 2, 3, 4}), matrix_of(2, 2, {5, 6, 7, 8}));
  const Matrix item = matrix_of(1, 2, {9, 10});
  EXPECT_EQ(fit("identity", "", train)->embed(Modality::kText, item), item);
  // Less the means (2, 3) and (6, 7).
  const auto centred = fit("mean-centre", "", train);
  EXPECT_EQ(centred->embed(Modality::kImage, item), matrix_of(1, 2, {7, 7}));
  EXPECT_EQ(centred->embed(Modality::kText, item), matrix_of(1, 2, {3, 3}));
}

TEST(Identity, NeedsFeaturesOfOneWidth) {
  const TrainSplit train = pairs(matrix_of(1, 2, {1, 2}), matrix_of(1, 3, {1, 2, 3}));
  for (const std::string name : {"identity", "mean-centre"}) {
    EXPECT_EQ(message_of<DataError>([&] { fit(name, "", train); }),
              "features that are embeddings already: expected image and text features of one "
              "width, found 2 and 3");
  }
}

TEST(ClosedForms, SayThatACovarianceWouldNotFitInMemory) {
  SparseRows wide;
  wide.cols = 20001;
  wide.offsets = {0, 0, 0};
  SplitItems items;
  items.first.features = matrix_of(2, 1, {1, 2});
  items.first.groups = {0, 1};
  items.second.modality = Modality::kText;
  items.second.features = wide;
  items.second.groups = {0, 1};
  EXPECT_EQ(
      message_of<DataError>([&] { fit("cca", "", TrainSplit(items)); }),
      "the second modality has 20001 columns, and a covariance is as wide: expected at most 20000 "
      "(max_features, min_count or lsa make them fewer)");
}

}  // namespace
}  // namespace alignlab
