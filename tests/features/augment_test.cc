#include "features/image/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace alignlab {
namespace {

using features::augment;
using features::AugmentOptions;
using features::ImageSize;

using Image = std::vector<int>;  // of bytes

Image augmented(const Image& image, const ImageSize& size, const AugmentOptions& options,
                Rng& rng) {
  const std::vector<std::uint8_t> in(image.begin(), image.end());
  std::vector<std::uint8_t> out(in.size());
  augment(in, size, options, rng, out);
  return {out.begin(), out.end()};
}

Image augmented(const Image& image, const ImageSize& size, const AugmentOptions& options,
                std::uint64_t seed, std::string_view stream = "augment") {
  Rng rng(seed, stream);
  return augmented(image, size, options, rng);
}

/// What 200 streams make of the image.
std::set<Image> outcomes(const Image& image, const ImageSize& size, const AugmentOptions& options) {
  std::set<Image> out;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    out.insert(augmented(image, size, options, seed));
  }
  return out;
}

Image random_image(const ImageSize& size, std::uint64_t seed) {
  Rng rng(seed, "image");
  Image out(size.height * size.width * size.channels);
  for (int& value : out) value = rng.between(0, 255);
  return out;
}

TEST(Augment, ChangesNothingWhenAllIsOff) {
  for (const std::size_t channels : {1, 3}) {
    const ImageSize size{5, 7, channels};
    const Image image = random_image(size, 1);
    EXPECT_EQ(outcomes(image, size, {}), std::set<Image>{image});
  }
}

TEST(Augment, MirrorsAboutHalfOfTheImages) {
  const Image image{1, 2, 3, 4};
  EXPECT_EQ(outcomes(image, {2, 2, 1}, {.flip = true}), (std::set<Image>{image, {2, 1, 4, 3}}));
  int mirrored = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    mirrored += augmented(image, {2, 2, 1}, {.flip = true}, seed) != image;
  }
  EXPECT_GT(mirrored, 160);  // 4 standard deviations below 200
  EXPECT_LT(mirrored, 240);
}

TEST(Augment, MirrorsPixelsNotChannels) {
  const Image image{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(outcomes(image, {1, 2, 3}, {.flip = true}),
            (std::set<Image>{image, {4, 5, 6, 1, 2, 3}}));
}

TEST(Augment, ShiftsEachWayAndRepeatsTheBorder) {
  EXPECT_EQ(outcomes({1, 2, 3}, {1, 3, 1}, {.crop = 1}),
            (std::set<Image>{{1, 1, 2}, {1, 2, 3}, {2, 3, 3}}));
  EXPECT_EQ(outcomes({1, 2, 3}, {3, 1, 1}, {.crop = 1}),
            (std::set<Image>{{1, 1, 2}, {1, 2, 3}, {2, 3, 3}}));
  EXPECT_EQ(outcomes({1, 2, 3, 4}, {2, 2, 1}, {.crop = 1}).size(), 9U);
}

TEST(Augment, ShiftsByMoreThanTheImageIsWide) {
  for (const Image& out : outcomes({1, 2}, {1, 2, 1}, {.crop = 50})) {
    EXPECT_TRUE(out == (Image{1, 2}) || out == (Image{1, 1}) || out == (Image{2, 2}));
  }
}

TEST(Augment, MakesBrighterOrDarkerByAFactor) {
  bool brighter = false, darker = false;
  for (const Image& out : outcomes({0, 100, 200}, {1, 3, 1}, {.brightness = 0.2})) {
    EXPECT_EQ(out[0], 0);
    EXPECT_GE(out[1], 80);
    EXPECT_LE(out[1], 120);
    EXPECT_NEAR(out[2], 2 * out[1], 1);
    brighter |= out[1] > 110;
    darker |= out[1] < 90;
  }
  EXPECT_TRUE(brighter && darker);
}

TEST(Augment, ClampsRatherThanWrapsAround) {
  // Factors up to 6, cut off at 0 below.
  const std::set<Image> out = outcomes({0, 250}, {1, 2, 1}, {.brightness = 5.0});
  EXPECT_TRUE(out.contains({0, 255}));
  EXPECT_TRUE(out.contains({0, 0}));
  EXPECT_GT(out.size(), 3U);
}

TEST(Augment, StretchesContrastAboutTheMean) {
  // The mean of 80 and 120 is 100, and stays so.
  for (const Image& out : outcomes({80, 120}, {1, 2, 1}, {.contrast = 0.5})) {
    EXPECT_EQ(out[0] + out[1], 200);
    EXPECT_GE(out[1], 110);
    EXPECT_LE(out[1], 130);
  }
}

TEST(Augment, SaturatesAboutThePixelsOwnGrey) {
  // Grey is 0.299 x 150 + 0.587 x 100 + 0.114 x 50 = 109.25; blue lies 59.25 below it.
  for (const Image& out : outcomes({150, 100, 50}, {1, 1, 3}, {.saturation = 0.5})) {
    const double factor = (109.25 - out[2]) / 59.25;
    EXPECT_GE(factor, 0.49);
    EXPECT_LE(factor, 1.51);
    EXPECT_NEAR(out[0], 109.25 + factor * 40.75, 1.0);
    EXPECT_NEAR(out[1], 109.25 - factor * 9.25, 1.0);
  }
  const Image grey{90, 90, 90};
  EXPECT_EQ(outcomes(grey, {1, 1, 3}, {.saturation = 0.9}), std::set<Image>{grey});
}

TEST(Augment, OfTheSameStreamGivesTheSameBits) {
  const ImageSize size{6, 9, 3};
  const AugmentOptions all{
      .flip = true, .crop = 2, .brightness = 0.4, .contrast = 0.4, .saturation = 0.4};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Image image = random_image(size, seed);
    EXPECT_EQ(augmented(image, size, all, seed, "epoch 1"),
              augmented(image, size, all, seed, "epoch 1"));
    EXPECT_NE(augmented(image, size, all, seed, "epoch 1"),
              augmented(image, size, all, seed, "epoch 2"));
  }
}

TEST(Augment, TakesTheSameDrawsWhateverIsSwitchedOn) {
  const ImageSize size{4, 4, 3};
  const Image image = random_image(size, 3);
  const std::vector<AugmentOptions> some{
      {}, {.flip = true}, {.crop = 3}, {.crop = 1, .contrast = 0.5}, {.saturation = 0.1}};
  std::set<std::uint64_t> next;
  for (const AugmentOptions& options : some) {
    Rng rng(7, "augment");
    augmented(image, size, options, rng);
    next.insert(rng.next_u64());
  }
  EXPECT_EQ(next.size(), 1U);
}

}  // namespace
}  // namespace alignlab
