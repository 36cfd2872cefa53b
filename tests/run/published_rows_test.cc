#include "run/published_rows.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;

const std::vector<std::string> kDirections{"image_to_text", "text_to_image"};

std::vector<PublishedRow> read(const std::string& toml) {
  return read_published(parse_toml(toml, "c.toml"), kDirections);
}

std::string refusal(const std::string& toml) {
  return message_of<ConfigError>([&] { read(toml); });
}

TEST(PublishedRows, AddTheSumOfTheSixRatesWhereAllAreGiven) {
  const auto rows = read(
      "[[published]]\nname = \"A\"\nsource = \"s\"\n"
      "values = { \"image_to_text.R@1\" = 1, \"image_to_text.R@5\" = 2.5, \"image_to_text.R@10\" = "
      "4, \"text_to_image.R@1\" = 8, \"text_to_image.R@5\" = 16, \"text_to_image.R@10\" = 32 }\n"
      "[[published]]\nname = \"B\"\nsource = \"s\"\nvalues = { \"image_to_text.R@5\" = 2 }\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].values.at("rsum"), 63.5);
  EXPECT_EQ(rows[0].values.at("image_to_text.R@5"), 2.5);
  EXPECT_FALSE(rows[1].values.contains("rsum"));
}

TEST(PublishedRows, RefuseWhatIsNoRow) {
  EXPECT_EQ(refusal("published = 3\n"),
            "c.toml:1:1: expected [[published]] entries, found an integer");
  EXPECT_EQ(refusal("[[published]]\nname = \"A\"\nsource = \"s\"\n"),
            "c.toml:1:1: published 'A' must have a table 'values'");
  EXPECT_EQ(refusal("[[published]]\nname = \"A\"\nsource = \"s\"\nvalues = { rsum = \"high\" }\n"),
            "c.toml:4:12: published 'rsum': expected a finite number, found a string");
  EXPECT_EQ(refusal("[[published]]\nname = \"A\"\nsource = \"s\"\nvalues = {}\n"
                    "[[published]]\nname = \"A\"\nsource = \"s\"\nvalues = {}\n"),
            "c.toml:5:1: a second published row is named 'A'");
  EXPECT_TRUE(tests::contains(
      refusal(
          "[[published]]\nname = \"A\"\nsource = \"s\"\nvalues = { \"image_to_text.R@\" = 1 }\n"),
      "c.toml:4:"));
  EXPECT_TRUE(tests::contains(refusal("[[published]]\nname = \"A\"\nvalues = {}\n"), "source"));
}

}  // namespace
}  // namespace alignlab
