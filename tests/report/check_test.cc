#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "report/table.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;

using Strings = std::vector<std::string>;

ResultTable sample() {
  ResultTable table;
  table.title = "loss (protocol all-pairs on test)";
  table.columns = {"image_to_text.R@1", "rsum"};
  table.rows = {{"plain", "loss", {{{10.0, 13.0}}, {{100.0 / 3.0}}}, 2, 2, 0},
                {"with \"quotes\" \\ and é", "loss", {{{50.04}}, {}}, 1, 1, 0}};
  return table;
}

Strings differences_from(const std::string& expected) {
  return differences(sample(), parse_toml(expected, "expected.toml"));
}

TEST(Differences, AreNoneWhereEveryMeanIsWithinItsMargin) {
  EXPECT_EQ(differences_from("[rows.plain]\n"
                             "'image_to_text.R@1' = { mean = 12.0, within = 0.5 }\n"
                             "rsum = { mean = 33, within = 0.5 }\n"),
            Strings{});
}

TEST(Differences, NameRowColumnAndBothNumbers) {
  EXPECT_EQ(differences_from("[rows.plain]\n"
                             "'image_to_text.R@1' = { mean = 12.0, within = 0.25 }\n"
                             "rsum = { mean = 33.25, within = 0.25 }\n"),
            Strings{"row 'plain', image_to_text.R@1: expected 12 within 0.25, found 11.5"});
}

TEST(Differences, TakeAPlainNumberExactly) {
  EXPECT_EQ(differences_from("[rows.plain]\n'image_to_text.R@1' = 11.5\n"), Strings{});
  EXPECT_EQ(differences_from("[rows.plain]\n'image_to_text.R@1' = 11.500001\n").size(), 1U);
}

TEST(Differences, AreShownUnroundedSoThatTheyCanBeSeen) {
  EXPECT_EQ(differences_from("[rows.'with \"quotes\" \\ and é']\n"
                             "'image_to_text.R@1' = { mean = 50.0, within = 0.01 }\n"),
            Strings{"row 'with \"quotes\" \\ and é', image_to_text.R@1: expected 50 within 0.01, "
                    "found 50.04"});
}

TEST(Differences, SayWhichRowsAndColumnsAreNotInTheTable) {
  EXPECT_EQ(differences_from("[rows.gone]\nrsum = 1\n[rows.plain]\n'R@5' = 1\n"),
            (Strings{"row 'gone': expected, not in the table",
                     "row 'plain': column 'R@5' is not in the table"}));
}

TEST(Differences, FindAMeanThatTheTableDoesNotHave) {
  EXPECT_EQ(differences_from("[rows.'with \"quotes\" \\ and é']\n"
                             "rsum = { mean = 1, within = 1000 }\n"),
            Strings{"row 'with \"quotes\" \\ and é', rsum: expected 1 within 1000, found n/a"});
}

TEST(Differences, NeverTakeNotANumberForEqual) {
  EXPECT_EQ(differences_from("[rows.plain]\nrsum = { mean = nan, within = 1 }\n").size(), 1U);
  EXPECT_EQ(differences_from("[rows.plain]\n"
                             "'image_to_text.R@1' = { mean = 11.5, within = nan }\n")
                .size(),
            1U);
  ResultTable table = sample();
  table.rows[0].cells[1].values = {std::nan("")};
  EXPECT_EQ(
      differences(table, parse_toml("[rows.plain]\nrsum = { mean = 3, within = 1 }", "e")).size(),
      1U);
}

TEST(Differences, RefuseAFileThatExpectsNoRows) {
  EXPECT_EQ(message_of<ConfigError>([] { differences_from("row = 1\n"); }),
            "expected.toml:1:1: expected [rows.\"<name>\"] tables");
  EXPECT_EQ(message_of<ConfigError>([] { differences_from("rows = 3\n"); }),
            "expected.toml:1:1: expected [rows.\"<name>\"] tables");
}

TEST(Differences, RefuseARowThatIsNoTable) {
  EXPECT_EQ(message_of<ConfigError>([] { differences_from("[rows]\nplain = 11.5\n"); }),
            "expected.toml:2:1: rows.\"plain\": expected a table, found a number");
}

TEST(Differences, RefuseWhatIsNoNumber) {
  EXPECT_EQ(message_of<ConfigError>([] { differences_from("[rows.plain]\nrsum = \"33\"\n"); }),
            "expected.toml:2:1: rsum: expected a number, found a string");
  EXPECT_EQ(message_of<ConfigError>(
                [] { differences_from("[rows.plain]\nrsum = { mean = 33, within = true }\n"); }),
            "expected.toml:2:21: rsum.within: expected a number, found a boolean");
  EXPECT_EQ(
      message_of<ConfigError>([] { differences_from("[rows.plain]\nrsum = { mean = 33 }\n"); }),
      "expected.toml:2:8: rsum: expected a number or { mean, within }");
}

TEST(AsExpected, IsAFileThatAReaderCanEdit) {
  // The deviation of 10 and 13 is 3 / sqrt(2); a single seed has none.
  EXPECT_EQ(as_expected(sample(), 0.5),
            "# Means over seeds of: loss (protocol all-pairs on test)\n"
            "\n"
            "[rows.\"plain\"]\n"
            "\"image_to_text.R@1\" = { mean = 11.5, within = 6.363961030678928 }\n"
            "\"rsum\" = { mean = 33.333333333333336, within = 0.5 }\n"
            "\n"
            "[rows.\"with \\\"quotes\\\" \\\\ and é\"]\n"
            "\"image_to_text.R@1\" = { mean = 50.04, within = 0.5 }\n");
}

TEST(AsExpected, HoldsForItsOwnTableWithoutAMargin) {
  const Node expected = parse_toml(as_expected(sample(), 0.0), "expected.toml");
  EXPECT_EQ(differences(sample(), expected), Strings{});
  ResultTable other = sample();
  other.rows[0].cells[1].values[0] = 33.333333333333343;  // the next double
  EXPECT_EQ(differences(other, expected).size(), 1U);
}

TEST(AsExpected, KeepsNumbersOfAnySize) {
  ResultTable table = sample();
  table.rows[0].cells[0].values = {1e-300};
  table.rows[0].cells[1].values = {-2.5e20};
  EXPECT_EQ(differences(table, parse_toml(as_expected(table, 0.0), "e")), Strings{});
}

}  // namespace
}  // namespace alignlab
