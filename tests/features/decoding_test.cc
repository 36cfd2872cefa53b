#include "features/decoding.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "tests/features/fixtures.h"
#include "tests/features/sounds.h"

namespace alignlab {
namespace {

TEST(Decoding, HasNoFaultForAnImageOfAnySize) {
  for (const int side : {1, 16, 300}) {
    const std::string bytes = tests::png_of(tests::plain_image(side, 1, 2, 3));
    EXPECT_EQ(decoding_fault(Modality::kImage, bytes, "a"), std::nullopt) << side;
  }
}

TEST(Decoding, HasNoFaultForASoundOfAnyLength) {
  for (const std::size_t samples : {1U, 100000U}) {
    const std::string bytes = tests::encoded(tests::sine(440, 16000, samples, 0.5), 16000);
    EXPECT_EQ(decoding_fault(Modality::kAudio, bytes, "a"), std::nullopt) << samples;
  }
}

TEST(Decoding, SaysWhatIsWrongWithoutNamingTheItemAgain) {
  EXPECT_EQ(decoding_fault(Modality::kImage, "abc", "a"),
            "3 bytes that are no JPEG, PNG, BMP or WebP image");
  EXPECT_EQ(decoding_fault(Modality::kImage, "", "it's"),
            "0 bytes that are no JPEG, PNG, BMP or WebP image");
  EXPECT_EQ(decoding_fault(Modality::kAudio, "abc", "a"),
            "3 bytes that no decoder takes for a sound");
  EXPECT_EQ(decoding_fault(Modality::kAudio, tests::encoded({}, 16000), "a"), "it holds no sound");
}

TEST(Decoding, TakesAnyText) {
  EXPECT_EQ(decoding_fault(Modality::kText, "\xff", "a"), std::nullopt);
}

}  // namespace
}  // namespace alignlab
