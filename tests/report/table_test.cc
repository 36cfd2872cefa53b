#include "report/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/report/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::planned;
using tests::planned_on;
using tests::ScratchFolder;
using tests::write_failed;
using tests::write_ok;

using Strings = std::vector<std::string>;

TEST(Cell, HasTheMeanAndTheDeviationOfASample) {
  const Cell cell{{2.0, 4.0, 4.0, 6.0}};
  EXPECT_EQ(cell.mean(), 4.0);
  // (4 + 0 + 0 + 4) / (4 - 1)
  EXPECT_DOUBLE_EQ(*cell.deviation(), std::sqrt(8.0 / 3.0));
}

TEST(Cell, HasNoDeviationOfOneValueAndNoMeanOfNone) {
  EXPECT_EQ(Cell{{3.5}}.mean(), 3.5);
  EXPECT_EQ(Cell{{3.5}}.deviation(), std::nullopt);
  EXPECT_EQ(Cell{}.mean(), std::nullopt);
  EXPECT_EQ(Cell{}.deviation(), std::nullopt);
  EXPECT_EQ((Cell{{3.5, 3.5}}).deviation(), 0.0);
}

TEST(MakeTable, FoldsSeedsIntoRowsInTheOrderOfThePlan) {
  const ScratchFolder run;
  write_manifest(run.path(), {"ablation",
                              {"image_to_text.R@1", "rsum"},
                              {planned("b0", "wide", 0), planned("a0", "narrow", 0),
                               planned("b1", "wide", 1), planned("a1", "narrow", 1)}});
  write_ok(run.path(), "b0", {{"image_to_text", {{"R@1", 10.0}}}, {"both", {{"rsum", 100.0}}}});
  write_ok(run.path(), "b1", {{"image_to_text", {{"R@1", 13.0}}}, {"both", {{"rsum", 110.0}}}});
  write_ok(run.path(), "a0", {{"image_to_text", {{"R@1", 1.0}}}, {"both", {{"rsum", 7.0}}}});
  write_ok(run.path(), "a1", {{"image_to_text", {{"R@1", 2.0}}}, {"both", {{"rsum", 7.5}}}});

  const ResultTable table = make_table({run.path()}, {}, false);
  EXPECT_EQ(table.title, "ablation (protocol all-pairs on test)");
  EXPECT_EQ(table.columns, (Strings{"image_to_text.R@1", "rsum"}));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0].name, "wide");
  EXPECT_EQ(table.rows[0].run, "ablation");
  EXPECT_EQ(table.rows[0].cells[0].values, (std::vector{10.0, 13.0}));
  EXPECT_EQ(table.rows[0].cells[0].mean(), 11.5);
  EXPECT_DOUBLE_EQ(*table.rows[0].cells[0].deviation(), std::sqrt(4.5));
  EXPECT_EQ(table.rows[0].cells[1].mean(), 105.0);
  EXPECT_DOUBLE_EQ(*table.rows[0].cells[1].deviation(), std::sqrt(50.0));
  EXPECT_EQ(table.rows[0].seeds, 2U);
  EXPECT_EQ(table.rows[0].planned, 2U);
  EXPECT_EQ(table.rows[0].failed, 0U);
  EXPECT_EQ(table.rows[1].name, "narrow");
  EXPECT_EQ(table.rows[1].cells[1].mean(), 7.25);
  EXPECT_EQ(table.notes, Strings{"mean ± sample deviation over 2 seeds"});
}

TEST(MakeTable, NotesTrialsThatAreMissingCutOrFailed) {
  const ScratchFolder run;
  write_manifest(run.path(), {"r",
                              {"rsum"},
                              {planned("a0", "A", 0), planned("a1", "A", 1), planned("a2", "A", 2),
                               planned("b0", "B", 0), planned("c0", "C", 0)}});
  write_ok(run.path(), "a0", {{"both", {{"rsum", 5.0}}}});
  write_failed(run.path(), "a1", "the loss is nan in epoch 2");
  std::ofstream(record_path(run.path(), "b0")) << "{\"schema\": 1, \"id\":";

  const ResultTable table = make_table({run.path()}, {}, false);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0].seeds, 1U);
  EXPECT_EQ(table.rows[0].planned, 3U);
  EXPECT_EQ(table.rows[0].failed, 1U);
  EXPECT_EQ(table.rows[0].cells[0].values, std::vector{5.0});
  EXPECT_EQ(table.rows[1].planned, 1U);
  EXPECT_EQ(table.rows[1].cells[0].mean(), std::nullopt);
  EXPECT_EQ(table.notes, (Strings{"mean ± sample deviation over 0 or 1 seeds",
                                  "A, seed 1: failed: the loss is nan in epoch 2",
                                  "3 planned trials are not run yet"}));
}

TEST(MakeTable, SpeaksOfOneSeedAndOneMissingTrialInTheSingular) {
  const ScratchFolder run;
  write_manifest(run.path(), {"r", {"rsum"}, {planned("a0", "A", 0), planned("a1", "A", 1)}});
  write_ok(run.path(), "a0", {{"both", {{"rsum", 5.0}}}});
  EXPECT_EQ(make_table({run.path()}, {}, false).notes,
            (Strings{"mean ± sample deviation over 1 seed", "1 planned trial is not run yet"}));
}

TEST(MakeTable, LeavesOutAMetricThatARecordDoesNotHave) {
  const ScratchFolder run;
  write_manifest(
      run.path(),
      {"r", {"rsum", "image_to_text.MRR"}, {planned("a0", "A", 0), planned("a1", "A", 1)}});
  write_ok(run.path(), "a0", {{"both", {{"rsum", 5.0}}}});
  write_ok(run.path(), "a1", {{"both", {{"rsum", 7.0}}}, {"image_to_text", {{"MRR", 0.5}}}});
  const ResultTable table = make_table({run.path()}, {}, false);
  EXPECT_EQ(table.rows[0].cells[0].values, (std::vector{5.0, 7.0}));
  EXPECT_EQ(table.rows[0].cells[1].values, std::vector{0.5});
}

TEST(MakeTable, ShowsTheColumnsItIsToldToInPlaceOfTheRuns) {
  const ScratchFolder run;
  write_manifest(run.path(), {"r", {"rsum"}, {planned("a0", "A", 0)}});
  TrialRecord record;
  record.id = "a0";
  record.status = "ok";
  record.metrics = {{"both", {{"rsum", 5.0}}}, {"text_to_image", {{"MedR", 3.0}}}};
  record.timing = {{"fit_s", {1.0, 2.0}}};
  write_record(record_path(run.path(), "a0"), record);
  const ResultTable table = make_table({run.path()}, {"text_to_image.MedR", "timing.fit_s"}, false);
  EXPECT_EQ(table.columns, (Strings{"text_to_image.MedR", "timing.fit_s"}));
  ASSERT_EQ(table.rows[0].cells.size(), 2U);
  EXPECT_EQ(table.rows[0].cells[0].mean(), 3.0);
  EXPECT_EQ(table.rows[0].cells[1].mean(), 1.5);
}

TEST(MakeTable, PutsRowsOfSeveralRunsBelowEachOther) {
  const ScratchFolder one, two;
  write_manifest(one.path(), {"one", {"rsum"}, {planned("a0", "A", 0)}});
  write_manifest(two.path(), {"two", {"other"}, {planned("a0", "A", 0)}});
  write_ok(one.path(), "a0", {{"both", {{"rsum", 5.0}}}});
  write_ok(two.path(), "a0", {{"both", {{"rsum", 6.0}}}});
  const ResultTable table = make_table({one.path(), two.path()}, {}, false);
  EXPECT_EQ(table.title, "one, two (protocol all-pairs on test)");
  EXPECT_EQ(table.columns, Strings{"rsum"});
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0].run, "one");
  EXPECT_EQ(table.rows[0].name, "one: A");
  EXPECT_EQ(table.rows[0].cells[0].mean(), 5.0);
  EXPECT_EQ(table.rows[1].run, "two");
  EXPECT_EQ(table.rows[1].cells[0].mean(), 6.0);
}

TEST(MakeTable, RefusesToMixProtocolsOrSplitsUnlessToldTo) {
  const ScratchFolder one, two;
  write_manifest(one.path(), {"one", {"rsum"}, {{"a0", "A", 0, "coco-5k", "test"}}});
  write_manifest(two.path(), {"two", {"rsum"}, {{"b0", "B", 0, "coco-5k", "dev"}}});
  EXPECT_EQ(message_of<CheckError>([&] {
              make_table({one.path(), two.path()}, {}, false);
            }),
            "the trials differ in what they are evaluated on (protocol coco-5k on dev; protocol "
            "coco-5k on test); --mix-protocols shows them in one table all the same");
  const ResultTable mixed = make_table({one.path(), two.path()}, {}, true);
  EXPECT_EQ(mixed.rows.size(), 2U);
  EXPECT_EQ(mixed.title, "one, two (protocol coco-5k on dev; protocol coco-5k on test)");

  write_manifest(two.path(), {"two", {"rsum"}, {{"b0", "B", 0, "all-pairs", "test"}}});
  EXPECT_EQ(message_of<CheckError>([&] {
              make_table({one.path(), two.path()}, {}, false);
            }),
            "the trials differ in what they are evaluated on (protocol all-pairs on test; protocol "
            "coco-5k on test); --mix-protocols shows them in one table all the same");
}

class MixedTable : public ::testing::Test {
 protected:
  MixedTable() {
    one({"image", "text"}, "a.h5", "aaaaaaaaaa");
    two({"image", "text"}, "elsewhere/a.h5", "aaaaaaaaaa");
    write_ok(one_.path(), "t0", {{"both", {{"rsum", 5.0}}}});
    write_ok(two_.path(), "t1", {{"both", {{"rsum", 6.0}}}});
  }
  void one(const Strings& modalities, const std::string& dataset, const std::string& data) const {
    write_manifest(one_.path(), {"one", {"rsum"}, {planned_on("t0", modalities, dataset, data)}});
  }
  void two(const Strings& modalities, const std::string& dataset, const std::string& data) const {
    write_manifest(two_.path(), {"two", {"rsum"}, {planned_on("t1", modalities, dataset, data)}});
  }
  ResultTable table(bool mix = false) const {
    return make_table({one_.path(), two_.path()}, {}, mix);
  }
  std::string refusal() const {
    return message_of<CheckError>([&] { table(); });
  }
  Strings rows_mixed() const {
    Strings names;
    for (const TableRow& row : table(true).rows) names.push_back(row.name);
    return names;
  }

  const ScratchFolder one_, two_;
};

TEST_F(MixedTable, TakesOneDataSetWhereverItLies) {
  EXPECT_EQ(table().rows.size(), 2U);
  EXPECT_EQ(table().title, "one, two (protocol all-pairs on test)");
}

TEST_F(MixedTable, RefusesTwoDataSetsUnlessToldTo) {
  two({"image", "text"}, "b.h5", "bbbbbbbbbb");
  EXPECT_EQ(refusal(),
            "the trials differ in what they are evaluated on (data set a.h5; data set b.h5); "
            "--mix-protocols shows them in one table all the same");
  EXPECT_EQ(table(true).title,
            "one, two (protocol all-pairs on test; data set a.h5; data set b.h5)");
  EXPECT_EQ(rows_mixed(), (Strings{"one: A [data set a.h5]", "two: A [data set b.h5]"}));
}

TEST_F(MixedTable, TellsDataSetsOfOneNameApartByTheirContent) {
  two({"image", "text"}, "a.h5", "bbbbbbbbbb");
  EXPECT_EQ(refusal(),
            "the trials differ in what they are evaluated on (data set a.h5 of content aaaaaaaa; "
            "data set a.h5 of content bbbbbbbb); --mix-protocols shows them in one table all the "
            "same");
}

TEST_F(MixedTable, RefusesTwoPairsOfModalitiesUnlessToldTo) {
  two({"image", "audio"}, "a.h5", "cccccccccc");
  EXPECT_TRUE(contains(refusal(), "(image and audio; image and text; data set a.h5 of"));
  EXPECT_EQ(rows_mixed().front(), "one: A [image and text, data set a.h5 of content aaaaaaaa]");
}

TEST_F(MixedTable, AsksNothingOfRunsThatDoNotSay) {
  two({}, "", "");
  EXPECT_EQ(table().rows.size(), 2U);
}

TEST(TableColumns, AreThoseThatARecordCouldHave) {
  const ScratchFolder run;
  write_manifest(run.path(), {"r", {"rsum"}, {planned_on("t0", {"image", "text"}, "a.h5", "aa")}});
  write_ok(run.path(), "t0", {{"both", {{"rsum", 5.0}}}, {"image_to_text", {{"R@1", 1.0}}}});
  const auto refusal = [&](const std::string& column) {
    return message_of<ConfigError>([&] { make_table({run.path()}, {column}, false); });
  };
  EXPECT_EQ(refusal("image_to_text.Q@1").substr(0, 53),
            "alignlab table --columns: unknown metric 'Q@1' (did y");
  EXPECT_EQ(refusal("timing.fits_s"),
            "alignlab table --columns: unknown column 'timing.fits_s' (did you mean "
            "'timing.fit_s'?)");
  EXPECT_EQ(
      refusal("both.R@1"),
      "alignlab table --columns: unknown column 'both.R@1': of both directions there are only "
      "'both.rsum' and 'both.r_mean'");
  EXPECT_EQ(refusal("image_to_audio.R@1"),
            "alignlab table --columns: unknown direction 'image_to_audio' (known: image_to_text, "
            "text_to_image)");
}

TEST(TableColumns, ThatNoRecordHasAreNotedUnlessTheyWereAskedFor) {
  const ScratchFolder run;
  write_manifest(run.path(), {"r", {"rsum"}, {planned("t0", "A", 0), planned("t1", "A", 1)}});
  TrialRecord record;
  record.id = "t0";
  record.status = "ok";
  record.spec = {{"eval", {{"metrics", {"micro_F1@t"}}}}};
  record.metrics = {{"both", {{"rsum", 5.0}}}};
  write_record(record_path(run.path(), "t0"), record);
  const auto notes = [&](const Strings& columns) {
    Strings all = make_table({run.path()}, columns, false).notes;
    return Strings(all.begin() + 2, all.end());  // after those of seeds and missing trials
  };
  EXPECT_EQ(notes({"rsum", "image_to_text.R@3", "timing.fit_s"}),
            Strings{"no record has image_to_text.R@3: name it in [table] columns and run again, "
                    "which trains nothing"});
  EXPECT_EQ(notes({"image_to_text.micro_F1@t"}), Strings{});
}

TEST(MakeTable, SaysThatAFolderIsNoRun) {
  const ScratchFolder folder;
  EXPECT_EQ(message_of<DataError>([&] { make_table({folder.path()}, {}, false); }),
            folder.path().string() + ": not a run (it has no run.json)");
}

}  // namespace
}  // namespace alignlab
