// Figures of others beside those of a run.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/table.h"
#include "tests/report/fixtures.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::planned;
using tests::ScratchFolder;
using tests::write_ok;

/// A run of one trial, and two systems read in one place and one in another.
class PublishedFigures : public ::testing::Test {
 protected:
  PublishedFigures() {
    Manifest manifest{"paper", {"image_to_text.R@1", "rsum"}, {planned("a0", "ours", 0)}};
    manifest.published = {
        {"UVS", "a list", "test", {{"image_to_text.R@1", 22.3}, {"rsum", 235.6}}},
        {"SPE", "a list", "test", {{"image_to_text.R@1", 30.1}}},
        {"NAA", "a page", "dev", {{"rsum", 343.5}}},
    };
    write_manifest(run_.path(), manifest);
    write_ok(run_.path(), "a0", {{"image_to_text", {{"R@1", 31.0}}}, {"both", {{"rsum", 300.0}}}});
  }
  ResultTable table() const { return make_table({run_.path()}, {}, false); }

  ScratchFolder run_;
};

TEST_F(PublishedFigures, StandAboveTheRowsOfTheRunAndAreMarked) {
  const ResultTable found = table();
  ASSERT_EQ(found.rows.size(), 4U);
  EXPECT_EQ(found.rows[0].name, "UVS *");
  EXPECT_EQ(found.rows[0].source, "a list, on test");
  EXPECT_EQ(found.rows[0].cells[0].mean(), 22.3);
  EXPECT_EQ(found.rows[0].cells[1].mean(), 235.6);
  EXPECT_EQ(found.rows[1].cells[1].mean(), std::nullopt);
  EXPECT_EQ(found.rows[2].name, "NAA *");
  EXPECT_EQ(found.rows[3].name, "ours");
  EXPECT_FALSE(found.rows[3].is_published());
}

TEST_F(PublishedFigures, AreFollowedByWhereTheyWereRead) {
  const std::string text = render(table(), "text");
  EXPECT_TRUE(contains(text, "* published, as read in a list, on test: UVS, SPE\n"));
  EXPECT_TRUE(contains(text, "* published, as read in a page, on dev: NAA\n"));
  // They have no seeds, and take no part in what is said of these.
  EXPECT_TRUE(contains(text, "mean ± sample deviation over 1 seed\n"));
}

TEST_F(PublishedFigures, SayTheirSourceInJson) {
  const auto json = nlohmann::json::parse(render(table(), "json"));
  EXPECT_EQ(json["rows"][0]["source"], "a list, on test");
  EXPECT_FALSE(json["rows"][3].contains("source"));
}

TEST_F(PublishedFigures, AreNothingThatARunIsCheckedAgainst) {
  const std::string expected = as_expected(table(), 0.5);
  EXPECT_TRUE(contains(expected, "[rows.\"ours\"]"));
  EXPECT_FALSE(contains(expected, "UVS"));
}

TEST_F(PublishedFigures, ComeBackFromTheRunAsTheyWereWritten) {
  const Manifest read = read_manifest(run_.path());
  ASSERT_EQ(read.published.size(), 3U);
  EXPECT_EQ(read.published[2].name, "NAA");
  EXPECT_EQ(read.published[2].source, "a page");
  EXPECT_EQ(read.published[2].values, (std::map<std::string, double>{{"rsum", 343.5}}));
}

TEST(TransductiveRows, AreNamedBelowTheTable) {
  const ScratchFolder run;
  write_manifest(run.path(), {"t",
                              {"rsum"},
                              {planned("a", "inductive", 0), planned("b", "transductive", 0),
                               planned("c", "uncorrected", 0)}});
  const auto write = [&](const std::string& id, const std::string& correction,
                         const std::string& bank) {
    TrialRecord record;
    record.id = id;
    record.status = "ok";
    record.spec["eval"] = {{"correction", correction},
                           {"correction_bank", bank},
                           {"metrics", nlohmann::json::array()}};
    record.metrics["both"]["rsum"] = 1.0;
    write_record(record_path(run.path(), id), record);
  };
  write("a", "csls", "train");
  write("b", "csls", "evaluated");
  write("c", "none", "evaluated");
  const ResultTable table = make_table({run.path()}, {}, false);
  EXPECT_TRUE(contains(render(table, "text"),
                       "transductive, candidates being corrected by all evaluated queries: "
                       "transductive\n"));
}

}  // namespace
}  // namespace alignlab
