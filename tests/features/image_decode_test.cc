// What of an image file reaches a feature: checked on the kind `pixels`, which leaves it as it is.

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <random>

#include "features/image/header.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using features::ImageHeader;
using features::read_image_header;
using tests::contains;
using tests::damaged;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::plain_image;
using tests::png_of;
using tests::spec_of;

std::string encoded(const std::string& extension, const cv::Mat& image,
                    const std::vector<int>& parameters = {}) {
  std::vector<unsigned char> bytes;
  cv::imencode(extension, image, bytes, parameters);
  return {bytes.begin(), bytes.end()};
}

/// As the kind `pixels` gives it: red, green and blue of each pixel.
std::vector<std::uint8_t> pixels_of(const std::string& bytes, const std::string& options) {
  const Features out = extracted(spec_of("pixels", Modality::kImage, options), {}, Items({bytes}));
  const auto row = out.pixels().row(0);
  return {row.begin(), row.end()};
}

std::vector<std::uint8_t> repeated(int times, std::vector<std::uint8_t> pixel) {
  std::vector<std::uint8_t> out;
  for (int i = 0; i < times; ++i) out.insert(out.end(), pixel.begin(), pixel.end());
  return out;
}

constexpr const char* k16 = "size = 16";
constexpr int k16Pixels = 16 * 16;

TEST(Pixels, AreRedGreenBlueRowByRow) {
  cv::Mat image = plain_image(16, 3, 2, 1);
  image.at<cv::Vec3b>(0, 1) = {30, 20, 10};
  image.at<cv::Vec3b>(1, 0) = {33, 22, 11};
  const Features out = extracted(spec_of("pixels", Modality::kImage, k16), {},
                                 Items({png_of(plain_image(16, 0, 0, 0)), png_of(image)}));
  ASSERT_EQ(out.form(), FeatureForm::kPixels);
  EXPECT_EQ(out.pixels().height, 16U);
  EXPECT_EQ(out.pixels().width, 16U);
  EXPECT_EQ(out.pixels().channels, 3U);
  ASSERT_EQ(out.rows(), 2U);
  const auto row = out.pixels().row(1);
  EXPECT_EQ(std::vector(row.begin(), row.begin() + 9),
            (std::vector<std::uint8_t>{1, 2, 3, 10, 20, 30, 1, 2, 3}));
  EXPECT_EQ(std::vector(row.begin() + 48, row.begin() + 54),
            (std::vector<std::uint8_t>{11, 22, 33, 1, 2, 3}));
}

TEST(Decoding, GivesGreyThreeEqualChannels) {
  const cv::Mat grey(16, 16, CV_8UC1, cv::Scalar(77));
  for (const char* format : {".png", ".jpg", ".bmp"}) {
    EXPECT_EQ(pixels_of(encoded(format, grey), k16), repeated(k16Pixels, {77, 77, 77})) << format;
  }
}

TEST(Decoding, KeepsTheUpperHalfOf16Bits) {
  const cv::Mat image(16, 16, CV_16UC3, cv::Scalar(0x0180, 0x7FFF, 0xFF00));
  EXPECT_EQ(pixels_of(png_of(image), k16), repeated(k16Pixels, {0xFF, 0x7F, 0x01}));
  const cv::Mat grey(16, 16, CV_16UC1, cv::Scalar(0x40FF));
  EXPECT_EQ(pixels_of(png_of(grey), k16), repeated(k16Pixels, {0x40, 0x40, 0x40}));
}

TEST(Decoding, DropsAlphaAndKeepsTheColourBeneath) {
  for (const int alpha : {0, 10, 255}) {
    const cv::Mat image(16, 16, CV_8UC4, cv::Scalar(30, 20, 10, alpha));
    EXPECT_EQ(pixels_of(png_of(image), k16), repeated(k16Pixels, {10, 20, 30})) << alpha;
  }
}

TEST(Decoding, ReadsWebP) {
  const std::string bytes =
      encoded(".webp", plain_image(16, 30, 20, 10), {cv::IMWRITE_WEBP_QUALITY, 101});  // lossless
  EXPECT_EQ(pixels_of(bytes, k16), repeated(k16Pixels, {10, 20, 30}));
}

/// A JPEG with an APP1 segment that holds nothing but an orientation (TIFF tag 0x0112, a SHORT).
std::string with_orientation(const std::string& jpeg, int orientation) {
  const std::string tiff{'I',
                         'I',
                         42,
                         0,
                         8,
                         0,
                         0,
                         0,
                         1,
                         0,
                         0x12,
                         0x01,
                         3,
                         0,
                         1,
                         0,
                         0,
                         0,
                         static_cast<char>(orientation),
                         0,
                         0,
                         0,
                         0,
                         0,
                         0,
                         0};
  const std::string exif = std::string("Exif\0\0", 6) + tiff;
  const std::string length{0, static_cast<char>(exif.size() + 2)};
  return jpeg.substr(0, 2) + "\xFF\xE1" + length + exif + jpeg.substr(2);
}

std::vector<std::uint8_t> reds(const std::vector<std::uint8_t>& pixels) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < pixels.size(); i += 3) out.push_back(pixels[i]);
  return out;
}

TEST(Decoding, TurnsAndMirrorsAsTheExifOrientationSays) {
  // A picture whose quarters are 0 80 / 160 240, stored so that an orientation brings it about.
  const auto quarters = [](int top_left, int top_right, int bottom_left, int bottom_right) {
    cv::Mat image(16, 16, CV_8UC1);
    image(cv::Rect(0, 0, 8, 8)).setTo(top_left);
    image(cv::Rect(8, 0, 8, 8)).setTo(top_right);
    image(cv::Rect(0, 8, 8, 8)).setTo(bottom_left);
    image(cv::Rect(8, 8, 8, 8)).setTo(bottom_right);
    return encoded(".jpg", image, {cv::IMWRITE_JPEG_QUALITY, 100});
  };
  const auto upright = reds(pixels_of(quarters(0, 80, 160, 240), k16));
  EXPECT_EQ(upright[0], 0);
  EXPECT_EQ(upright[15], 80);
  EXPECT_EQ(upright[240], 160);
  EXPECT_EQ(upright[255], 240);
  // Which side of the stored rows and columns is up: JEITA CP-3451, table of Orientation.
  const std::vector<std::string> stored{
      quarters(0, 80, 160, 240),  // 1: row 0 top, column 0 left
      quarters(80, 0, 240, 160),  // 2: top, right
      quarters(240, 160, 80, 0),  // 3: bottom, right
      quarters(160, 240, 0, 80),  // 4: bottom, left
      quarters(0, 160, 80, 240),  // 5: row 0 left, column 0 top
      quarters(80, 240, 0, 160),  // 6: right, top
      quarters(240, 80, 160, 0),  // 7: right, bottom
      quarters(160, 0, 240, 80),  // 8: left, bottom
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto& bytes = stored[static_cast<std::size_t>(orientation - 1)];
    EXPECT_EQ(reds(pixels_of(with_orientation(bytes, orientation), k16)), upright) << orientation;
  }
  // Values that mean nothing.
  EXPECT_EQ(reds(pixels_of(with_orientation(stored[0], 0), k16)), upright);
  EXPECT_EQ(reds(pixels_of(with_orientation(stored[0], 9), k16)), upright);
}

/// 64 x 32, in four columns of 16: 0, 80, 160, 240.
std::string four_columns() {
  cv::Mat image(32, 64, CV_8UC1);
  for (int c = 0; c < 4; ++c) image(cv::Rect(16 * c, 0, 16, 32)).setTo(80 * c);
  return png_of(image);
}

std::vector<std::uint8_t> rows_of(int rows, const std::vector<int>& runs, int length) {
  std::vector<std::uint8_t> out;
  for (int y = 0; y < rows; ++y) {
    for (const int value : runs) out.insert(out.end(), length, static_cast<std::uint8_t>(value));
  }
  return out;
}

TEST(Resize, SquashesBothSides) {
  EXPECT_EQ(reds(pixels_of(four_columns(), k16)), rows_of(16, {0, 80, 160, 240}, 4));
  EXPECT_EQ(reds(pixels_of(four_columns(), "size = 16\nresize = \"squash\"")),
            rows_of(16, {0, 80, 160, 240}, 4));
}

TEST(Resize, CropsTheCentreSquare) {
  EXPECT_EQ(reds(pixels_of(four_columns(), "size = 16\nresize = \"crop\"")),
            rows_of(16, {80, 160}, 8));
  EXPECT_EQ(reds(pixels_of(four_columns(), "size = 32\nresize = \"crop\"")),
            rows_of(32, {80, 160}, 16));
}

TEST(Resize, PadsTheShortSideWithGreyOnBothSides) {
  std::vector<std::uint8_t> expected = rows_of(4, {128}, 16);
  const auto inner = rows_of(8, {0, 80, 160, 240}, 4), below = rows_of(4, {128}, 16);
  expected.insert(expected.end(), inner.begin(), inner.end());
  expected.insert(expected.end(), below.begin(), below.end());
  EXPECT_EQ(reds(pixels_of(four_columns(), "size = 16\nresize = \"pad\"")), expected);
}

TEST(Resize, LeavesASquareImageOfTheRightSizeAlone) {
  cv::Mat image(16, 16, CV_8UC3);
  cv::randu(image, 0, 256);
  const auto squashed = pixels_of(png_of(image), k16);
  EXPECT_EQ(squashed[0], image.at<cv::Vec3b>(0, 0)[2]);
  EXPECT_EQ(pixels_of(png_of(image), "size = 16\nresize = \"crop\""), squashed);
  EXPECT_EQ(pixels_of(png_of(image), "size = 16\nresize = \"pad\""), squashed);
}

TEST(Resize, TakesSliversOfImages) {
  // Blown up before it is cut, the second one would have 10^9 pixels.
  const std::vector<std::string> slivers{png_of(cv::Mat(1, 4000, CV_8UC1, cv::Scalar(9))),
                                         png_of(cv::Mat(1000000, 1, CV_8UC1, cv::Scalar(9))),
                                         png_of(cv::Mat(1, 1, CV_8UC1, cv::Scalar(9)))};
  for (const std::string& bytes : slivers) {
    for (const char* resize : {"squash", "crop"}) {
      EXPECT_EQ(pixels_of(bytes, std::string("size = 32\nresize = \"") + resize + "\""),
                repeated(32 * 32, {9, 9, 9}));
    }
  }
  std::vector<std::uint8_t> line = rows_of(15, {128}, 32);
  const auto middle = rows_of(1, {9}, 32), below = rows_of(16, {128}, 32);
  line.insert(line.end(), middle.begin(), middle.end());
  line.insert(line.end(), below.begin(), below.end());
  EXPECT_EQ(reds(pixels_of(slivers[0], "size = 32\nresize = \"pad\"")), line);
}

TEST(ImageHeader, SaysFormatAndSizeOfWhatOpenCvWrites) {
  const cv::Mat image(7, 300, CV_8UC3, cv::Scalar(1, 2, 3));
  const std::vector<std::pair<std::string, std::string>> formats{
      {".jpg", "JPEG"}, {".png", "PNG"}, {".bmp", "BMP"}, {".webp", "WebP"}};
  for (const auto& [extension, name] : formats) {
    const ImageHeader header = read_image_header(encoded(extension, image), "x");
    EXPECT_EQ(header.format, name);
    EXPECT_EQ(header.width, 300U) << name;
    EXPECT_EQ(header.height, 7U) << name;
  }
  const ImageHeader progressive =
      read_image_header(encoded(".jpg", image, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}), "x");
  EXPECT_EQ(progressive.width, 300U);
  EXPECT_EQ(progressive.height, 7U);
  const ImageHeader lossless =
      read_image_header(encoded(".webp", image, {cv::IMWRITE_WEBP_QUALITY, 101}), "x");
  EXPECT_EQ(lossless.width, 300U);
  EXPECT_EQ(lossless.height, 7U);
}

TEST(ImageHeader, ReadsTheOtherKindsOfBmpAndWebP) {
  const std::string core = std::string("BM") + std::string(12, '\0') +
                           std::string("\x0C\0\0\0\x2C\x01\x07\0\x01\0\x18\0", 12);
  EXPECT_EQ(read_image_header(core, "x").width, 300U);
  EXPECT_EQ(read_image_header(core, "x").height, 7U);
  const std::string downwards = std::string("BM") + std::string(12, '\0') +
                                std::string("\x28\0\0\0\x2C\x01\0\0\xF9\xFF\xFF\xFF", 12);
  EXPECT_EQ(read_image_header(downwards, "x").height, 7U);
  const std::string extended = std::string("RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0", 20) +
                               std::string("\x10\0\0\0\x2B\x01\0\x06\0\0", 10);
  EXPECT_EQ(read_image_header(extended, "x").width, 300U);
  EXPECT_EQ(read_image_header(extended, "x").height, 7U);
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string png_that_claims(std::uint32_t width, std::uint32_t height) {
  std::string bytes = png_of(plain_image(16, 0, 0, 0));
  return bytes.replace(16, 8, big_endian(width) + big_endian(height));
}

TEST(Decoding, RefusesAnImageOfTooManyPixelsBeforeItTakesMemoryForThem) {
  const auto refusal = [](std::uint32_t width, std::uint32_t height) {
    return message_of<DataError>([&] { pixels_of(png_that_claims(width, height), k16); });
  };
  EXPECT_EQ(refusal(1U << 20, 1U << 20),
            "image 'item-0': expected 1 to 134217728 pixels, found a PNG of 1048576 x 1048576");
  EXPECT_EQ(refusal(134217729, 1),
            "image 'item-0': expected 1 to 134217728 pixels, found a PNG of 134217729 x 1");
  EXPECT_EQ(refusal(0x80000000U, 0x80000000U),  // 2^62 pixels
            "image 'item-0': expected 1 to 134217728 pixels, found a PNG of 2147483648 x "
            "2147483648");
  EXPECT_EQ(refusal(0, 5), "image 'item-0': expected 1 to 134217728 pixels, found a PNG of 0 x 5");
}

TEST(Decoding, RefusesAJpegOfTooManyPixels) {
  std::string bytes = encoded(".jpg", plain_image(16, 0, 0, 0));
  const std::size_t frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(message_of<DataError>([&] { pixels_of(bytes, k16); }),
            "image 'item-0': expected 1 to 134217728 pixels, found a JPEG of 65535 x 65535");
}

TEST(Decoding, RefusesAnImageThatWasCutOff) {
  cv::Mat image(64, 64, CV_8UC3);
  cv::randu(image, 0, 256);
  for (const auto& [extension, name] : {std::pair{".jpg", "JPEG"}, std::pair{".png", "PNG"}}) {
    const std::string whole = encoded(extension, image);
    for (const std::size_t left : {std::size_t{30}, whole.size() / 2, whole.size() - 1}) {
      EXPECT_EQ(message_of<DataError>([&] { pixels_of(whole.substr(0, left), k16); }),
                "image 'item-0': " + std::to_string(left) + " bytes of a " + name +
                    " that breaks off before its end");
    }
  }
  for (const char* extension : {".bmp", ".webp"}) {
    const std::string whole = encoded(extension, image);
    EXPECT_EQ(message_of<DataError>([&] { pixels_of(whole.substr(0, whole.size() / 2), k16); }),
              "image 'item-0': " + std::to_string(whole.size() / 2) +
                  " bytes that are no JPEG, PNG, BMP or WebP image");
  }
}

TEST(Decoding, TakesBytesAfterTheEndOfAnImage) {
  const std::string jpeg = encoded(".jpg", plain_image(16, 90, 90, 90));
  EXPECT_EQ(pixels_of(jpeg + "more", k16), pixels_of(jpeg, k16));
}

TEST(Decoding, OfDamagedFilesGivesPixelsOrADataErrorAndAlwaysTheSame) {
  cv::Mat image(24, 20, CV_8UC3);
  cv::randu(image, 0, 256);
  std::mt19937_64 random(20240607);
  const auto outcome = [](const std::string& bytes) {
    try {
      const auto pixels = pixels_of(bytes, k16);
      return std::string(pixels.begin(), pixels.end());
    } catch (const DataError& error) {
      EXPECT_TRUE(contains(error.what(), "image 'item-0': "));
      EXPECT_FALSE(contains(error.what(), "\n"));
      return std::string(error.what());
    }
  };
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp"}) {
    const std::string whole = encoded(extension, image);
    for (int i = 0; i < 150; ++i) {
      const std::string copy = damaged(whole, random);
      EXPECT_EQ(outcome(copy), outcome(copy)) << extension << " " << i;
    }
  }
}

}  // namespace
}  // namespace alignlab
