#include "report/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/report/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::message_of;
using tests::planned;
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

TEST(MakeTable, SaysThatAFolderIsNoRun) {
  const ScratchFolder folder;
  EXPECT_EQ(message_of<DataError>([&] { make_table({folder.path()}, {}, false); }),
            folder.path().string() + ": not a run (it has no run.json)");
}

}  // namespace
}  // namespace alignlab
