#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>

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

/// Hue, saturation and value bins of one cell, all zero but those given.
std::vector<float> histogram(int bins, const std::vector<std::pair<int, float>>& filled) {
  std::vector<float> out(static_cast<std::size_t>(3 * bins), 0.0F);
  for (const auto& [bin, value] : filled) out[static_cast<std::size_t>(bin)] = value;
  return out;
}

constexpr const char* kOneCell = "size = 16\nbins = 8\ngrid = 1";

TEST(ColourHistogram, OfAPlainColourFillsOneBinOfEachChannel) {
  // Full saturation and value are bin 7. Hue: red 0 of 256, green 85, blue 171.
  EXPECT_EQ(image_row("colour-histogram", kOneCell, plain_image(16, 0, 0, 255)),
            histogram(8, {{0, 1.0F}, {8 + 7, 1.0F}, {16 + 7, 1.0F}}));
  EXPECT_EQ(image_row("colour-histogram", kOneCell, plain_image(16, 0, 255, 0)),
            histogram(8, {{2, 1.0F}, {8 + 7, 1.0F}, {16 + 7, 1.0F}}));
  EXPECT_EQ(image_row("colour-histogram", kOneCell, plain_image(16, 255, 0, 0)),
            histogram(8, {{5, 1.0F}, {8 + 7, 1.0F}, {16 + 7, 1.0F}}));
}

TEST(ColourHistogram, GivesGreyNoHue) {
  EXPECT_EQ(image_row("colour-histogram", kOneCell, plain_image(16, 128, 128, 128)),
            histogram(8, {{8 + 0, 1.0F}, {16 + 4, 1.0F}}));
  EXPECT_EQ(image_row("colour-histogram", kOneCell, plain_image(16, 0, 0, 0)),
            histogram(8, {{8 + 0, 1.0F}, {16 + 0, 1.0F}}));
}

TEST(ColourHistogram, CountsHueInProportionToSaturation) {
  // (255 - 128) / 255 of full saturation: bin 127 * 8 / 256 = 3.
  EXPECT_EQ(
      image_row("colour-histogram", kOneCell, plain_image(16, 128, 128, 255)),
      histogram(
          8, {{0, static_cast<float>(std::sqrt(127.0 / 255.0))}, {8 + 3, 1.0F}, {16 + 7, 1.0F}}));
}

TEST(ColourHistogram, TakesTheRootOfEachShare) {
  cv::Mat image = plain_image(16, 0, 0, 255);
  image(cv::Rect(0, 0, 4, 16)).setTo(cv::Scalar(0, 255, 0));  // a quarter green
  const auto three_quarters = static_cast<float>(std::sqrt(0.75));
  EXPECT_EQ(image_row("colour-histogram", kOneCell, image),
            histogram(8, {{0, three_quarters}, {2, 0.5F}, {8 + 7, 1.0F}, {16 + 7, 1.0F}}));
}

TEST(ColourHistogram, HoldsTheSharesWhereNoWeightingIsAskedFor) {
  cv::Mat image = plain_image(16, 0, 0, 255);
  image(cv::Rect(0, 0, 4, 16)).setTo(cv::Scalar(0, 255, 0));  // a quarter green
  EXPECT_EQ(image_row("colour-histogram", std::string(kOneCell) + "\nweighting = \"none\"", image),
            histogram(8, {{0, 0.75F}, {2, 0.25F}, {8 + 7, 1.0F}, {16 + 7, 1.0F}}));
}

TEST(ColourHistogram, KeepsTheCellsOfTheGridApartRowByRow) {
  cv::Mat image = plain_image(16, 0, 0, 255);
  image(cv::Rect(8, 0, 8, 8)).setTo(cv::Scalar(0, 255, 0));  // top right
  const auto red = histogram(4, {{0, 1.0F}, {4 + 3, 1.0F}, {8 + 3, 1.0F}});
  const auto green = histogram(4, {{1, 1.0F}, {4 + 3, 1.0F}, {8 + 3, 1.0F}});
  std::vector<float> expected;
  for (const auto& cell : {red, green, red, red}) {
    expected.insert(expected.end(), cell.begin(), cell.end());
  }
  EXPECT_EQ(image_row("colour-histogram", "size = 16\nbins = 4\ngrid = 2", image), expected);
}

TEST(ColourHistogram, OfAGridThatDoesNotDivideTheSizeStillSharesEachCellOut) {
  const auto row =
      image_row("colour-histogram", "size = 16\nbins = 4\ngrid = 3", plain_image(16, 0, 0, 255));
  const auto cell = histogram(4, {{0, 1.0F}, {4 + 3, 1.0F}, {8 + 3, 1.0F}});
  ASSERT_EQ(row.size(), 9 * cell.size());
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_EQ(row[i], cell[i % cell.size()]);
}

TEST(ImageFeatures, DoNotDependOnTheSizeOfAPlainImage) {
  for (const char* kind : {"colour-histogram", "hog"}) {
    const auto expected = image_row(kind, "size = 16", plain_image(16, 30, 60, 200));
    EXPECT_EQ(image_row(kind, "size = 16", plain_image(3, 30, 60, 200)), expected) << kind;
    EXPECT_EQ(image_row(kind, "size = 16", plain_image(100, 30, 60, 200)), expected) << kind;
  }
}

TEST(ImageFeatures, TakeGreyAndTransparentImages) {
  const auto grey =
      image_row("colour-histogram", kOneCell, cv::Mat(16, 16, CV_8UC1, cv::Scalar(128)));
  EXPECT_EQ(grey, image_row("colour-histogram", kOneCell, plain_image(16, 128, 128, 128)));
  const auto clear =
      image_row("colour-histogram", kOneCell, cv::Mat(16, 16, CV_8UC4, cv::Scalar(0, 0, 255, 10)));
  EXPECT_EQ(clear, image_row("colour-histogram", kOneCell, plain_image(16, 0, 0, 255)));
}

constexpr const char* kFourCells = "size = 32\ncell = 8\norientations = 9";

/// 32 x 32 of 3 x 3 blocks of 2 x 2 cells of 9 bins; `expected(block row, block column, cell,
/// bin)`.
template <typename Expected>
void expect_hog(const cv::Mat& image, Expected expected) {
  const auto row = image_row("hog", kFourCells, image);
  ASSERT_EQ(row.size(), 3U * 3 * 4 * 9);
  std::size_t at = 0;
  for (int by = 0; by < 3; ++by) {
    for (int bx = 0; bx < 3; ++bx) {
      for (int cell = 0; cell < 4; ++cell) {
        for (int bin = 0; bin < 9; ++bin, ++at) {
          EXPECT_NEAR(row[at], expected(by, bx, cell, bin), 1e-6)
              << "block " << by << " " << bx << ", cell " << cell << ", bin " << bin;
        }
      }
    }
  }
}

cv::Mat vertical_edge(int left, int right) {
  cv::Mat image = plain_image(32, left, left, left);
  image(cv::Rect(16, 0, 16, 32)).setTo(cv::Scalar(right, right, right));
  return image;
}

TEST(Hog, SharesAVerticalEdgeBetweenTheFirstAndTheLastBin) {
  // The gradient points along 0 degrees, the border of bins 0 and 8, in columns 15 and 16: the
  // second and third column of cells. A block that sees one of them holds four equal values (1/2
  // each), the middle one eight (1/sqrt 8 each).
  expect_hog(vertical_edge(0, 255), [](int, int bx, int cell, int bin) {
    const int column = bx + cell % 2;
    const bool filled = (column == 1 || column == 2) && (bin == 0 || bin == 8);
    return filled ? (bx == 1 ? std::sqrt(1.0 / 8.0) : 0.5) : 0.0;
  });
}

TEST(Hog, PutsAHorizontalEdgeIntoTheMiddleBin) {
  // 90 degrees is the centre of bin 4 of 9: two equal values in a block, four in the middle ones.
  cv::Mat image = plain_image(32, 0, 0, 0);
  image(cv::Rect(0, 16, 32, 16)).setTo(cv::Scalar(200, 200, 200));
  expect_hog(image, [](int by, int, int cell, int bin) {
    const int row = by + cell / 2;
    const bool filled = (row == 1 || row == 2) && bin == 4;
    return filled ? (by == 1 ? 0.5 : std::sqrt(0.5)) : 0.0;
  });
}

TEST(Hog, DoesNotTellDarkToLightFromLightToDark) {
  const auto up = image_row("hog", kFourCells, vertical_edge(0, 255));
  const auto down = image_row("hog", kFourCells, vertical_edge(255, 0));
  ASSERT_EQ(up.size(), down.size());
  for (std::size_t i = 0; i < up.size(); ++i) EXPECT_NEAR(up[i], down[i], 1e-6);
}

TEST(Hog, DoesNotTellAFaintEdgeFromAStrongOne) {
  const auto strong = image_row("hog", kFourCells, vertical_edge(0, 255));
  const auto faint = image_row("hog", kFourCells, vertical_edge(100, 102));
  for (std::size_t i = 0; i < strong.size(); ++i) EXPECT_NEAR(strong[i], faint[i], 1e-5);
}

TEST(Hog, ClipsWhatDominatesABlock) {
  // A ramp along x whose slope jumps: columns of cells with gradients 2 and 20, all along 0
  // degrees. In the block of both, before clipping: 8 values 2:20; after: the larger at 0.2.
  cv::Mat image(16, 16, CV_8UC3);
  int level = 0;
  for (int x = 0; x < 16; ++x) {
    image(cv::Rect(x, 0, 1, 16)).setTo(cv::Scalar(level, level, level));
    level += x < 8 ? 1 : 10;
  }
  // Differences over two columns, by x: 1 (border), 2 x 7, 11, 20 x 6, 10 (border). Sums by cell,
  // halved between bins 0 and 8: (1 + 14) / 2 over x = 0..7, (11 + 120 + 10) / 2 over x = 8..15.
  const double small = 15.0 / 2, large = 141.0 / 2;
  const double norm = std::sqrt(4 * small * small + 4 * large * large);
  const double kept = small / norm, clipped = 0.2;
  ASSERT_GT(large / norm, 0.2);
  const double again = std::sqrt(4 * kept * kept + 4 * clipped * clipped);
  const auto row = image_row("hog", "size = 16\ncell = 8\norientations = 9", image);
  ASSERT_EQ(row.size(), 36U);
  for (std::size_t cell = 0; cell < 4; ++cell) {
    const double expected = (cell % 2 == 0 ? kept : clipped) / again;
    EXPECT_NEAR(row[cell * 9], expected, 1e-6);
    EXPECT_NEAR(row[cell * 9 + 8], expected, 1e-6);
    EXPECT_EQ(row[cell * 9 + 4], 0.0F);
  }
}

TEST(Hog, OfAPlainImageIsZeroAndStaysSoWhenScaled) {
  const Items items({png_of(plain_image(32, 9, 99, 199))});
  for (const char* scale : {"none", "l2"}) {
    const auto row = dense_row(
        extracted(spec_of("hog", Modality::kImage, std::string("scale = \"") + scale + "\""), {},
                  items),
        0);
    EXPECT_EQ(row, std::vector<float>(row.size(), 0.0F));
  }
}

TEST(Hog, RefusesASizeThatHoldsNoBlock) {
  EXPECT_EQ(message_of<ConfigError>([] {
              make_feature_kind(spec_of("hog", Modality::kImage, "size = 64\ncell = 33"));
            }),
            "hog: size 64 holds 1 cells of 33 pixels a side, and a block needs two");
}

TEST(ImageFeatures, NameTheItemWhoseBytesAreNoImage) {
  const std::string good = png_of(plain_image(16, 0, 0, 0));
  for (const FeatureRow& row : feature_catalog()) {
    if (row.modalities != std::vector{Modality::kImage}) continue;
    if (std::ranges::any_of(row.options, &Option::required)) continue;
    for (const std::string& bytes : {std::string(), std::string("abc"), std::string(1000, '\0')}) {
      const Items items({good, bytes});
      EXPECT_EQ(message_of<DataError>(
                    [&] { extracted(spec_of(row.name, Modality::kImage), items, items); }),
                "image 'item-1': " + std::to_string(bytes.size()) +
                    " bytes that are no JPEG, PNG, BMP or WebP image")
          << row.name;
    }
  }
}

TEST(ImageFeatures, StopWhenAskedTo) {
  class Cancelled : public Silent {
   public:
    bool cancelled() const override { return true; }
  };
  const Items items({png_of(plain_image(16, 0, 0, 0))});
  Cancelled progress;
  const auto extractor =
      make_feature_kind(spec_of("hog", Modality::kImage))->fit(items, 1, progress);
  EXPECT_EQ(message_of<Interrupted>([&] { extractor->extract(items, 1, progress); }),
            "interrupted");
}

}  // namespace
}  // namespace alignlab
