#include <gtest/gtest.h>

#include "tests/align/fixtures.h"

namespace alignlab {
namespace {

using tests::aligner_of;
using tests::in_form;
using tests::no_dev;

Matrix column_of(const std::vector<float>& values) {
  Matrix out(values.size(), 1);
  std::ranges::copy(values, out.values().begin());
  return out;
}

/// Images about 0.5 and 10.5, texts about 6 and -6. All pairs but one join 0.5 with 6 and 10.5 with
/// -6, whatever numbers the clusters happen to have.
SplitItems two_clusters() {
  SplitItems items;
  items.first = {Modality::kImage, column_of({0, 1, 10, 11, 10, 11}), {0, 1, 2, 3, 4, 5}};
  items.second = {Modality::kText, column_of({5, 7, -7, -5, 5, -7}), {0, 1, 2, 3, 4, 5}};
  return items;
}

TEST(ClusterMatching, EmbedsItemsAsRootsOfTheirSoftAssignmentToMatchedClusters) {
  const SplitItems items = two_clusters();
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Silent silent;
    const auto encoder = aligner_of("cluster-matching", "clusters = 2\nsoftness = [400.0]")
                             ->fit(TrainSplit(items), no_dev(), seed, silent);
    // Images: centroids 0.5 and 10.5, every item 0.5 away, so v = 0.25 and the width 100.
    const Matrix image = encoder->embed(Modality::kImage, column_of({0.5F}));
    const double near_image = std::sqrt(1.0 / (1.0 + std::exp(-100.0 / 100.0)));
    const double far_image = std::sqrt(1.0 - near_image * near_image);
    const std::size_t column = image.row(0)[0] > image.row(0)[1] ? 0 : 1;
    EXPECT_NEAR(image.row(0)[column], near_image, 1e-6);
    EXPECT_NEAR(image.row(0)[1 - column], far_image, 1e-6);
    // Texts: centroids 17/3 and -19/3, 12 apart; the distances are 2/3, 4/3, 2/3 on either side, so
    // v = 8/9 and the width 3200/9.
    const Matrix text = encoder->embed(Modality::kText, column_of({17.0F / 3.0F}));
    const double near_text = std::sqrt(1.0 / (1.0 + std::exp(-144.0 * 9.0 / 3200.0)));
    EXPECT_NEAR(text.row(0)[column], near_text, 1e-6) << "seed " << seed;
    EXPECT_NEAR(text.row(0)[1 - column], std::sqrt(1.0 - near_text * near_text), 1e-6);
  }
}

TEST(ClusterMatching, ChoosesTheSoftnessThatIsBestOnDev) {
  // At a softness of 1e-4 every item is wholly in its cluster and ties with all others there; at 10
  // the soft assignment still tells the items of a cluster apart.
  const SplitItems items = two_clusters();
  SplitItems dev;
  dev.first = {Modality::kImage, column_of({0, 2, 9, 11}), {0, 1, 2, 3}};
  dev.second = {Modality::kText, column_of({8, 3, -3, -8}), {0, 1, 2, 3}};
  Silent silent;
  const auto embed = [&](const std::string& softness, const DevSplit& choosing) {
    return aligner_of("cluster-matching", "clusters = 2\nsoftness = " + softness)
        ->fit(TrainSplit(items), choosing, 1, silent)
        ->embed(Modality::kImage, items.first.features);
  };
  EXPECT_EQ(embed("[1e-4, 100.0]", DevSplit(dev)), embed("[100.0]", no_dev()));
  EXPECT_EQ(embed("[100.0, 1e-4]", DevSplit(dev)), embed("[100.0]", no_dev()));
  EXPECT_NE(embed("[1e-4]", no_dev()), embed("[100.0]", no_dev()));
  // With nothing to choose on, the middle one.
  EXPECT_EQ(embed("[1e-4, 100.0, 5.0]", no_dev()), embed("[100.0]", no_dev()));
}

TEST(ClusterMatching, GivesRowsOfUnitLength) {
  const tests::Forms forms{FeatureForm::kDense, FeatureForm::kSparse};
  const SplitItems train = tests::LatentPairs(48, forms, "train").items;
  Silent silent;
  const auto encoder = aligner_of("cluster-matching", "clusters = 8\nreduce = 6")
                           ->fit(TrainSplit(train), no_dev(), 1, silent);
  for (const ModalityItems* items : {&train.first, &train.second}) {
    const Matrix rows = encoder->embed(items->modality, items->features);
    EXPECT_EQ(rows.cols(), 8U);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      double squares = 0.0;
      for (const float value : rows.row(i)) squares += static_cast<double>(value) * value;
      EXPECT_NEAR(squares, 1.0, 1e-5);
    }
  }
}

TEST(ClusterMatching, EmbedsASparseItemWithoutAnyEntry) {
  const tests::Forms forms{FeatureForm::kDense, FeatureForm::kSparse};
  const SplitItems train = tests::LatentPairs(48, forms, "train").items;
  SparseRows empty;
  empty.cols = train.second.features.cols();
  empty.offsets = {0, 0};
  Silent silent;
  const Matrix row = aligner_of("cluster-matching", "clusters = 8\nreduce = 6")
                         ->fit(TrainSplit(train), no_dev(), 1, silent)
                         ->embed(Modality::kText, empty);
  ASSERT_EQ(row.rows(), 1U);
  EXPECT_TRUE(std::ranges::all_of(row.values(), [](float v) { return std::isfinite(v); }));
}

}  // namespace
}  // namespace alignlab
