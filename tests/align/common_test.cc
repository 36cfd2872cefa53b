#include "align/common.h"

#include <gtest/gtest.h>

#include "tests/core/testing.h"

namespace alignlab::align {
namespace {

using tests::message_of;

Matrix matrix_of(const std::vector<std::vector<float>>& rows) {
  Matrix out(rows.size(), rows.front().size());
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(rows[i], out.row(i).begin());
  return out;
}

TrainSplit train_of(std::vector<std::int32_t> first, std::vector<std::int32_t> second) {
  SplitItems items;
  items.first = {Modality::kImage, Matrix(first.size(), 1), std::move(first)};
  items.second = {Modality::kText, Matrix(second.size(), 1), std::move(second)};
  return TrainSplit(items);
}

TEST(PairsOf, JoinsEveryItemWithEveryOtherOfItsGroup) {
  const auto pairs = pairs_of(train_of({7, 9, 7, 1}, {9, 7, 3, 7}));
  std::vector<std::array<std::int32_t, 3>> found;
  for (const Pair& pair : pairs) found.push_back({pair.first, pair.second, pair.group});
  EXPECT_EQ(found, (std::vector<std::array<std::int32_t, 3>>{
                       {0, 1, 7}, {0, 3, 7}, {1, 0, 9}, {2, 1, 7}, {2, 3, 7}}));
}

TEST(PairsOf, SaysThatATrainingSplitHasNoPair) {
  EXPECT_EQ(message_of<DataError>([] {
              pairs_of(train_of({1, 2}, {3, 4, 5}));
            }),
            "the training split has 2 image and 3 text items, but no pair of them");
  EXPECT_EQ(message_of<DataError>([] { pairs_of(train_of({}, {})); }),
            "the training split has 0 image and 0 text items, but no pair of them");
}

TEST(DevScore, AddsTheHitRatesAtOneFiveAndTenOfBothDirections) {
  // Images point along the axes. Image 0 is nearest to text 0 (its own); image 1's own text 1 comes
  // second to text 2; image 2's own text 2 comes first.
  const Matrix images = matrix_of({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
  const Matrix texts = matrix_of({{1, 0, 0}, {0.6F, 0.5F, 0}, {0, 0.9F, 1}});
  const std::vector<std::int32_t> groups{0, 1, 2};
  // Image to text: two of three at 1, all at 5 and 10. Text to image: text 0 and text 2 first, text
  // 1 second to image 0: the same.
  EXPECT_NEAR(dev_score(images, groups, texts, groups, 1), 2 * (200.0 / 3.0 + 100.0 + 100.0), 1e-9);
}

TEST(DevScore, TakesTheBestRankedOfSeveralRelevantItems) {
  const Matrix images = matrix_of({{1, 0}, {0, 1}});
  const Matrix texts = matrix_of({{0.2F, 1}, {1, 0}, {0.1F, 1}});
  // Image 0 has text 1, ranked first, and text 0, ranked second; text 0 is nearer to image 1.
  EXPECT_NEAR(dev_score(images, {0, 1}, texts, {0, 0, 1}, 1), 300.0 + 100.0 * (2.0 / 3.0 + 2.0),
              1e-9);
}

TEST(DevScore, LeavesOutItemsThatHaveNoPartner) {
  const Matrix images = matrix_of({{1, 0}, {0, 1}});
  const Matrix texts = matrix_of({{1, 0}, {0.5F, 1}});
  EXPECT_EQ(dev_score(images, {0, 5}, texts, {0, 6}, 1), 600.0);
  EXPECT_EQ(dev_score(images, {0, 5}, texts, {1, 6}, 1), 0.0);
}

TEST(DevScore, CountsTiesAgainstTheMethod) {
  const std::vector<std::int32_t> groups{0, 1, 2, 3, 4, 5, 6};
  Matrix equal(7, 2);
  std::ranges::fill(equal.values(), 1.0F);
  // Every right item comes seventh: a hit at 10 only.
  EXPECT_EQ(dev_score(equal, groups, equal, groups, 1), 200.0);
}

TEST(DevScore, DoesNotDependOnTheLengthOfEmbeddings) {
  const Matrix images = matrix_of({{1, 0}, {0, 0.01F}});
  const Matrix texts = matrix_of({{50, 1}, {0, 1}});
  EXPECT_EQ(dev_score(images, {0, 1}, texts, {0, 1}, 1), 600.0);
}

TEST(RequireWidth, NamesModalityExpectedAndFound) {
  EXPECT_NO_THROW(require_width(Modality::kText, Matrix(2, 5), 5));
  EXPECT_EQ(message_of<DataError>([] { require_width(Modality::kText, Matrix(2, 4), 5); }),
            "text features: expected 5 columns, as in training, found 4");
  EXPECT_EQ(message_of<DataError>([] { require_width(Modality::kImage, Matrix(2, 6), 5); }),
            "image features: expected 5 columns, as in training, found 6");
}

/// Embeds everything as its own features.
class AsItIs : public Encoder {
 public:
  Matrix embed(Modality, const Features& features) const override { return features.to_dense(); }
  void save(H5File&, const std::string&) const override {}
};

TEST(ScoreOn, IsTheDevScoreOfWhatTheEncoderMakes) {
  SplitItems items;
  items.first = {Modality::kImage, matrix_of({{1, 0}, {0, 1}}), {0, 1}};
  items.second = {Modality::kText, matrix_of({{1, 0}, {0, 1}}), {0, 1}};
  EXPECT_EQ(score_on(DevSplit(items), AsItIs(), 1), 600.0);
}

TEST(ScoreOn, IsNothingForADevSplitThatLacksEitherSide) {
  SplitItems items;
  EXPECT_EQ(score_on(DevSplit(items), AsItIs(), 1), std::nullopt);
  items.first = {Modality::kImage, matrix_of({{1, 0}}), {0}};
  EXPECT_EQ(score_on(DevSplit(items), AsItIs(), 1), std::nullopt);
}

}  // namespace
}  // namespace alignlab::align
