// raw, gray, edges, lbp and bag-of-visual-words on pictures whose features follow by hand.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "core/rng.h"
#include "tests/core/testing.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::dense_row;
using tests::extracted;
using tests::image_row;
using tests::Items;
using tests::message_of;
using tests::plain_image;
using tests::png_of;
using tests::spec_of;

FeatureSpec unscaled(const std::string& kind, const std::string& options) {
  return spec_of(kind, Modality::kImage, options + "\nscale = \"none\"");
}

cv::Mat random_grey(std::uint64_t seed, int side, int least, int most) {
  Rng rng(seed, "grey");
  cv::Mat image(side, side, CV_8UC1);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      image.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(rng.between(least, most));
    }
  }
  return image;
}

/// Dark on the left of column `column`, light from there on.
cv::Mat vertical_edge(int side, int column, int dark, int light) {
  cv::Mat image(side, side, CV_8UC1, cv::Scalar(dark));
  image(cv::Rect(column, 0, side - column, side)).setTo(light);
  return image;
}

TEST(Raw, HoldsRedGreenAndBlueOfEachPixelFrom0To1) {
  cv::Mat image = plain_image(16, 0, 0, 0);
  image.at<cv::Vec3b>(0, 1) = {51, 102, 255};
  const auto row = image_row("raw", "size = 16", image);
  std::vector<float> expected(3 * 16 * 16, 0.0F);
  expected[3] = 1.0F;
  expected[4] = 0.4F;
  expected[5] = 0.2F;
  EXPECT_EQ(row, expected);
}

TEST(Gray, WeighsRedGreenAndBlue) {
  // 0.299, 0.587 and 0.114 of 255, rounded: 76, 150, 29.
  const auto grey = [](int blue, int green, int red) {
    return image_row("gray", "size = 16", plain_image(16, blue, green, red));
  };
  EXPECT_EQ(grey(0, 0, 255), std::vector<float>(256, 76.0F / 255.0F));
  EXPECT_EQ(grey(0, 255, 0), std::vector<float>(256, 150.0F / 255.0F));
  EXPECT_EQ(grey(255, 0, 0), std::vector<float>(256, 29.0F / 255.0F));
  EXPECT_EQ(grey(255, 255, 255), std::vector<float>(256, 1.0F));
}

TEST(Gray, GoesRowByRow) {
  cv::Mat image(16, 16, CV_8UC1, cv::Scalar(0));
  image.at<std::uint8_t>(2, 3) = 51;
  std::vector<float> expected(256, 0.0F);
  expected[2 * 16 + 3] = 0.2F;
  EXPECT_EQ(image_row("gray", "size = 16", image), expected);
}

// 32 x 32 in 2 x 2 cells, four directions centred on 0, 45, 90 and 135 degrees.
constexpr const char* kEdges = "size = 32\ngrid = 2\norientations = 4";

TEST(Edges, OfAVerticalEdgeLieInOneDirection) {
  // Between columns 7 and 8, so in the two left cells. Canny thins it to one column of the 16 of a
  // cell; Sobel sees it in two columns, a full step each.
  const std::vector<float> left{1.0F / 16, 2.0F / 16, 1, 0, 0, 0}, right(6, 0.0F);
  std::vector<float> expected;
  for (const auto& cell : {left, right, left, right}) {
    expected.insert(expected.end(), cell.begin(), cell.end());
  }
  EXPECT_EQ(image_row("edges", kEdges, vertical_edge(32, 8, 0, 255)), expected);
  EXPECT_EQ(image_row("edges", kEdges, vertical_edge(32, 8, 255, 0)), expected);
}

TEST(Edges, OfAHorizontalEdgeLieAtRightAnglesToThat) {
  cv::Mat image;
  cv::transpose(vertical_edge(32, 24, 0, 255), image);
  const std::vector<float> below{1.0F / 16, 2.0F / 16, 0, 0, 1, 0}, above(6, 0.0F);
  std::vector<float> expected;
  for (const auto& cell : {above, above, below, below}) {
    expected.insert(expected.end(), cell.begin(), cell.end());
  }
  EXPECT_EQ(image_row("edges", kEdges, image), expected);
}

TEST(Edges, OfADiagonalRampPointDownwardsAt45Degrees) {
  // Grey grows by 2 a column and 2 a row: the gradient points right and down.
  cv::Mat image(32, 32, CV_8UC1);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      image.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(2 * (x + y));
    }
  }
  const auto row = image_row("edges", "size = 32\ngrid = 1\norientations = 4", image);
  ASSERT_EQ(row.size(), 6U);
  EXPECT_EQ(row[0], 0.0F);
  // Away from the borders 2 a pixel, a Sobel sum of 16 each way: 16 sqrt 2 of 1020.
  EXPECT_NEAR(row[1], 16.0 * std::sqrt(2.0) / 1020.0, 1e-3);
  EXPECT_GT(row[3], 0.9F);
  EXPECT_EQ(row[5], 0.0F);
}

TEST(Edges, BelowTheThresholdsCountAsGradientsOnly) {
  // A step of 20 has a gradient of 4 x 20 = 80.
  const cv::Mat image = vertical_edge(32, 8, 100, 120);
  const auto edge_pixels = [&](const std::string& thresholds) {
    return image_row("edges", "size = 32\ngrid = 1\n" + thresholds, image)[0];
  };
  EXPECT_EQ(edge_pixels("canny_low = 81\ncanny_high = 81"), 0.0F);
  EXPECT_EQ(edge_pixels("canny_low = 40\ncanny_high = 79"), 1.0F / 32);
  EXPECT_NEAR(image_row("edges", "size = 32\ngrid = 1", image)[1], 2.0 / 32 * 20 / 255, 1e-7);
}

TEST(Edges, OfAPlainImageAreNone) {
  EXPECT_EQ(image_row("edges", kEdges, plain_image(20, 1, 2, 3)), std::vector<float>(24, 0.0F));
}

TEST(Edges, OfAMirroredImageAreMirrored) {
  const cv::Mat image = random_grey(1, 32, 0, 255);
  cv::Mat mirrored;
  cv::flip(image, mirrored, 1);
  const auto row = image_row("edges", kEdges, image), other = image_row("edges", kEdges, mirrored);
  for (std::size_t cell = 0; cell < 4; ++cell) {
    const std::size_t a = cell * 6, b = (cell ^ 1) * 6;
    EXPECT_NEAR(row[a + 1], other[b + 1], 1e-6);
    EXPECT_NEAR(row[a + 2], other[b + 2], 0.02);  // a direction on a border of bins changes side
    EXPECT_NEAR(row[a + 3], other[b + 5], 0.02);
    EXPECT_NEAR(row[a + 4], other[b + 4], 0.02);
    EXPECT_NEAR(row[a + 5], other[b + 3], 0.02);
  }
}

constexpr const char* kOneCell = "size = 16\ngrid = 1\nradius = 1\npatterns = \"uniform\"";
constexpr const char* kOneCellInvariant =
    "size = 16\ngrid = 1\nradius = 1\npatterns = \"rotation-invariant\"";

/// All zero but those given.
std::vector<float> shares(std::size_t bins,
                          const std::vector<std::pair<std::size_t, float>>& some) {
  std::vector<float> out(bins, 0.0F);
  for (const auto& [bin, share] : some) out[bin] = share;
  return out;
}

TEST(Lbp, OfAPlainImageIsThePatternOfEqualNeighbours) {
  // 58 uniform patterns in order of their code: all eight bits is the last of them.
  EXPECT_EQ(image_row("lbp", kOneCell, plain_image(16, 50, 60, 70)), shares(59, {{57, 1.0F}}));
  EXPECT_EQ(image_row("lbp", kOneCellInvariant, plain_image(16, 50, 60, 70)),
            shares(10, {{8, 1.0F}}));
}

TEST(Lbp, OfAVerticalEdgeDiffersOnlyOnItsLightSide) {
  // 14 x 14 pixels have patterns; the light column beside the edge has three darker neighbours, to
  // the left: up left (bit 3), left (4) and down left (5). Code 11000111 = 199. Before it stand 29
  // uniform codes below 128 and 128, 129, 131, 135, 143, 159, 191, 192, 193, 195.
  constexpr std::size_t kPlace = 39;
  const float light = 14.0F / 196, rest = 182.0F / 196;
  EXPECT_EQ(image_row("lbp", kOneCell, vertical_edge(16, 8, 10, 200)),
            shares(59, {{kPlace, light}, {57, rest}}));
  EXPECT_EQ(image_row("lbp", kOneCellInvariant, vertical_edge(16, 8, 10, 200)),
            shares(10, {{5, light}, {8, rest}}));
}

TEST(Lbp, CountsPatternsOfManyChangesTogether) {
  // A chequerboard of single pixels: a light pixel's four nearest neighbours are darker; those
  // between (interpolated of itself, two dark and the light diagonal one) are darker too: no bit.
  // A dark pixel has all eight.
  cv::Mat board(16, 16, CV_8UC1);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) board.at<std::uint8_t>(y, x) = (x + y) % 2 == 0 ? 255 : 0;
  }
  EXPECT_EQ(image_row("lbp", kOneCellInvariant, board), shares(10, {{0, 0.5F}, {8, 0.5F}}));
  // Columns light, dark, light ...: a light pixel sees 90 and 270 degrees as light as itself, and
  // nothing between: two separate bits, four changes. A dark one has all eight.
  cv::Mat stripes(16, 16, CV_8UC1);
  for (int x = 0; x < 16; ++x) stripes.col(x).setTo(x % 2 == 0 ? 255 : 0);
  EXPECT_EQ(image_row("lbp", kOneCellInvariant, stripes), shares(10, {{8, 0.5F}, {9, 0.5F}}));
  EXPECT_EQ(image_row("lbp", kOneCell, stripes), shares(59, {{57, 0.5F}, {58, 0.5F}}));
}

TEST(Lbp, DoesNotChangeWhenAllBecomesLighter) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const cv::Mat image = random_grey(seed, 32, 0, 200);
    for (const int radius : {1, 2, 3, 7}) {
      const std::string options = "size = 32\ngrid = 3\nradius = " + std::to_string(radius);
      EXPECT_EQ(image_row("lbp", options, image), image_row("lbp", options, image + 55));
    }
  }
}

TEST(Lbp, RotationInvariantPatternsOfOneCellDoNotChangeByQuarterTurns) {
  const cv::Mat image = random_grey(3, 16, 0, 255);
  cv::Mat turned;
  cv::rotate(image, turned, cv::ROTATE_90_CLOCKWISE);
  EXPECT_EQ(image_row("lbp", kOneCellInvariant, image),
            image_row("lbp", kOneCellInvariant, turned));
  EXPECT_NE(image_row("lbp", kOneCell, image), image_row("lbp", kOneCell, turned));
}

TEST(Lbp, SharesOfEachCellAddUpToOne) {
  const auto row = image_row("lbp", "size = 19\ngrid = 5\nradius = 7", random_grey(4, 19, 0, 255));
  ASSERT_EQ(row.size(), 25U * 59);
  for (std::size_t cell = 0; cell < 25; ++cell) {
    const auto first = row.begin() + static_cast<std::ptrdiff_t>(cell * 59);
    EXPECT_NEAR(std::accumulate(first, first + 59, 0.0), 1.0, 1e-6);
  }
}

/// Squares on grey, as many as `corners` asks for; their corners are ORB keypoints.
std::string squares(std::uint64_t seed, int count) {
  Rng rng(seed, "squares");
  cv::Mat image = plain_image(256, 128, 128, 128);
  for (int i = 0; i < count; ++i) {
    const cv::Rect where(rng.between(32, 190), rng.between(32, 190), rng.between(8, 40),
                         rng.between(8, 40));
    image(where).setTo(cv::Scalar::all(rng.chance(0.5) ? 255 : 0));
  }
  return png_of(image);
}

Items pictures(std::uint64_t seed, int count) {
  std::vector<std::string> contents;
  for (int i = 0; i < count; ++i) {
    contents.push_back(squares(seed * 100 + static_cast<std::uint64_t>(i), 2 + i % 5));
  }
  return Items(contents);
}

double sum_of(const std::vector<float>& row) {
  return std::accumulate(row.begin(), row.end(), 0.0);
}

TEST(BagOfVisualWords, HoldsSharesOfTheWords) {
  const Features rows =
      extracted(unscaled("bag-of-visual-words", "words = 12\nweighting = \"none\""),
                pictures(1, 10), pictures(2, 5));
  ASSERT_EQ(rows.cols(), 12U);
  for (std::size_t i = 0; i < rows.rows(); ++i) EXPECT_NEAR(sum_of(dense_row(rows, i)), 1.0, 1e-6);
}

TEST(BagOfVisualWords, TakesTheRootsOfSharesByDefault) {
  const Items train = pictures(1, 10), test = pictures(2, 3);
  const Features shares_of_words =
      extracted(unscaled("bag-of-visual-words", "words = 12\nweighting = \"none\""), train, test);
  const Features roots = extracted(unscaled("bag-of-visual-words", "words = 12"), train, test);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t w = 0; w < 12; ++w) {
      EXPECT_FLOAT_EQ(dense_row(roots, i)[w], std::sqrt(dense_row(shares_of_words, i)[w]));
    }
  }
}

TEST(BagOfVisualWords, WeighsWordsByTheirRarityInTrain) {
  // A training picture is its own test: idf follows from the shares of the training pictures.
  const Items train = pictures(1, 10);
  const Features shares_of_words =
      extracted(unscaled("bag-of-visual-words", "words = 12\nweighting = \"none\""), train, train);
  const Features weighted =
      extracted(unscaled("bag-of-visual-words", "words = 12\nweighting = \"tfidf\""), train, train);
  std::vector<double> images_with(12, 0.0);
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t w = 0; w < 12; ++w) images_with[w] += dense_row(shares_of_words, i)[w] > 0.0F;
  }
  EXPECT_LT(*std::ranges::min_element(images_with), *std::ranges::max_element(images_with));
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t w = 0; w < 12; ++w) {
      const double idf = std::log(11.0 / (1.0 + images_with[w])) + 1.0;
      EXPECT_NEAR(dense_row(weighted, i)[w], dense_row(shares_of_words, i)[w] * idf, 1e-6);
    }
  }
}

TEST(BagOfVisualWords, WithAWordForEachDescriptorFindsEachAgain) {
  // One training picture, more words asked than it has keypoints: its descriptors are the words,
  // and each of them is nearest to itself.
  class Listener : public Silent {
   public:
    void warn(std::string_view message) override { warning = message; }
    std::string warning;
  };
  const Items train({squares(5, 3)});
  Listener listener;
  const auto extractor =
      make_feature_kind(unscaled("bag-of-visual-words", "words = 4000\nweighting = \"none\""))
          ->fit(train, 1, listener);
  const Features rows = extractor->extract(train, 1, listener);
  ASSERT_GT(rows.cols(), 4U);
  EXPECT_EQ(listener.warning, "bag-of-visual-words: 4000 words asked, " +
                                  std::to_string(rows.cols()) +
                                  " different descriptors found in 1 training images: as many "
                                  "words are made");
  const auto row = dense_row(rows, 0);
  EXPECT_GT(*std::ranges::min_element(row), 0.0F);
  EXPECT_NEAR(sum_of(row), 1.0, 1e-5);
}

TEST(BagOfVisualWords, OfAPictureWithoutKeypointsIsZero) {
  const Features rows = extracted(spec_of("bag-of-visual-words", Modality::kImage, "words = 12"),
                                  pictures(1, 10), Items({png_of(plain_image(16, 9, 9, 9))}));
  EXPECT_EQ(dense_row(rows, 0), std::vector<float>(12, 0.0F));
}

TEST(BagOfVisualWords, LearnsFromNoMoreDescriptorsThanAsked) {
  // One descriptor of each of 10 pictures cannot make more than 10 words.
  const Features rows = extracted(unscaled("bag-of-visual-words", "words = 4000\nsample = 10"),
                                  pictures(1, 10), pictures(2, 1));
  EXPECT_LE(rows.cols(), 10U);
  EXPECT_GT(rows.cols(), 1U);
}

/// Counts items, and keeps the last note.
class Counter : public Silent {
 public:
  void advance(std::uint64_t count) override { items += count; }
  void note(std::string_view text) override { last_note = text; }
  std::uint64_t items = 0;
  std::string last_note;
};

TEST(BagOfVisualWords, CountsItemsAndNotesTheStepsOfTheClustering) {
  Counter counter;
  make_feature_kind(unscaled("bag-of-visual-words", "words = 12"))
      ->fit(pictures(1, 10), 1, counter);
  EXPECT_EQ(counter.items, 10U);
  EXPECT_TRUE(counter.last_note.starts_with("visual words: step ")) << counter.last_note;
}

TEST(BagOfVisualWords, RefusesATrainWithoutKeypoints) {
  EXPECT_EQ(message_of<DataError>([] {
              extracted(unscaled("bag-of-visual-words", ""),
                        Items({png_of(plain_image(16, 9, 9, 9))}), {});
            }),
            "bag-of-visual-words: none of 1 training images has a keypoint");
}

}  // namespace
}  // namespace alignlab
