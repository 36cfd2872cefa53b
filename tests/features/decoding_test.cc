#include "features/decoding.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

TEST(Decoding, HasNoFaultForAnImageOfAnySize) {
  for (const int side : {1, 16, 300}) {
    const std::string bytes = tests::png_of(tests::plain_image(side, 1, 2, 3));
    EXPECT_EQ(decoding_fault(Modality::kImage, bytes, "a"), std::nullopt) << side;
  }
}

TEST(Decoding, SaysWhatIsWrongWithoutNamingTheItemAgain) {
  EXPECT_EQ(decoding_fault(Modality::kImage, "abc", "a"),
            "3 bytes that no decoder takes for an image");
  EXPECT_EQ(decoding_fault(Modality::kImage, "", "it's"),
            "0 bytes that no decoder takes for an image");
}

TEST(Decoding, TakesAnyText) {
  EXPECT_EQ(decoding_fault(Modality::kText, "\xff", "a"), std::nullopt);
}

}  // namespace
}  // namespace alignlab
