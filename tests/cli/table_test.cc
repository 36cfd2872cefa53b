// `alignlab table` on records with numbers worked by hand.

#include <fstream>
#include <sstream>

#include "core/files.h"
#include "record/manifest.h"
#include "record/trial_record.h"
#include "tests/cli/lab.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::is_plain;
using tests::Outcome;
using tests::output_of;
using tests::refused;
using tests::ScratchFolder;
using tests::Words;

constexpr const char* kStrange = "B & co_1|x";

/// run/: row A with three seeds, and a row of a strange name with one seed, one failure and one
/// trial that has not run.
class Table : public ::testing::Test {
 protected:
  Table() {
    for (const int seed : {0, 1, 2}) {
      add("A", seed, "ok",
          {{"image_to_text", {{"R@1", 10.0 + 10.0 * seed}}},
           {"both", {{"rsum", 100.0 + 100.0 * seed}}}});
    }
    add(kStrange, 0, "ok", {{"image_to_text", {{"R@1", 5.5}}}});
    add(kStrange, 1, "failed", {});
    manifest_.trials.push_back({"missing", kStrange, 2, "all-pairs", "test"});
    write_manifest(folder_ / "run", manifest_);
  }

  void add(const std::string& row, int seed, const std::string& status, const Metrics& metrics) {
    TrialRecord record;
    record.id = "t" + std::to_string(manifest_.trials.size());
    record.case_name = row;
    record.seed = seed;
    record.status = status;
    if (!record.ok()) record.error = "it broke";
    record.spec = json::object();
    record.dataset = json::object();
    record.metrics = metrics;
    write_record(record_path(folder_ / "run", record.id), record);
    manifest_.trials.push_back({record.id, row, seed, "all-pairs", "test"});
  }
  Outcome table(const Words& more) const {
    Words arguments{"table", "run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return tests::alignlab(folder_.path(), arguments);
  }
  std::string shown(const std::string& format) const {
    const Outcome outcome = table({"--format", format});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(is_plain(outcome.out));
    return outcome.out;
  }
  Outcome check(const std::string& expected) const {
    std::ofstream(folder_ / "expected.toml") << expected;
    return table({"--check", "expected.toml"});
  }
  /// The words of the line that begins with `start`.
  static Words words_of_line(const std::string& text, const std::string& start) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(start)) continue;
      std::istringstream words(line.substr(start.size()));
      return {std::istream_iterator<std::string>(words), {}};
    }
    return {};
  }

  const ScratchFolder folder_;
  Manifest manifest_{"ablation", {"image_to_text.R@1", "rsum"}, {}};
};

TEST_F(Table, ShowsMeanAndSampleDeviationAsText) {
  const std::string text = shown("text");
  EXPECT_TRUE(text.starts_with("ablation (protocol all-pairs on test)\n")) << text;
  EXPECT_EQ(words_of_line(text, "A "), (Words{"20.0", "±", "10.0", "200.0", "±", "100.0"}));
  EXPECT_EQ(words_of_line(text, kStrange), (Words{"5.5", "n/a"}));
  EXPECT_EQ(output_of(folder_.path(), {"table", "run"}), text);
}

TEST_F(Table, TellsFailedAndMissingTrials) {
  for (const char* format : {"text", "markdown", "latex"}) {
    const std::string text = shown(format);
    EXPECT_TRUE(contains(text, "seed 1: failed: it broke")) << format;
    EXPECT_TRUE(contains(text, "1 planned trial is not run yet")) << format;
  }
}

TEST_F(Table, ShowsMarkdownWithEscapedBars) {
  const std::string text = shown("markdown");
  EXPECT_TRUE(contains(text, "\n| | image to text R@1 | rsum |\n|---|---:|---:|\n"));
  EXPECT_TRUE(contains(text, "\n| A | 20.0 ± 10.0 | 200.0 ± 100.0 |\n"));
  EXPECT_TRUE(contains(text, "\n| B & co_1\\|x | 5.5 | n/a |\n"));
}

TEST_F(Table, ShowsLatexWithEscapedNames) {
  const std::string text = shown("latex");
  EXPECT_TRUE(contains(text, "\\begin{tabular}{lrr}\n\\toprule\n"));
  EXPECT_TRUE(contains(text, "\nA & $20.0 \\pm 10.0$ & $200.0 \\pm 100.0$ \\\\\n"));
  EXPECT_TRUE(contains(text, "\nB \\& co\\_1|x & $5.5$ & -- \\\\\n"));
  EXPECT_TRUE(contains(text, "\\bottomrule\n\\end{tabular}\n"));
}

TEST_F(Table, ShowsUnroundedNumbersAsCsvOneLineACell) {
  EXPECT_EQ(shown("csv"),
            "run,row,column,mean,deviation,seeds\n"
            "ablation,A,image_to_text.R@1,20,10,3\n"
            "ablation,A,rsum,200,100,3\n"
            "ablation,B & co_1|x,image_to_text.R@1,5.5,,1\n"
            "ablation,B & co_1|x,rsum,,,0\n");
}

TEST_F(Table, ShowsEveryValueAsJson) {
  const json table = json::parse(shown("json"));
  EXPECT_EQ(table.at("columns"), json(manifest_.columns));
  ASSERT_EQ(table.at("rows").size(), 2U);
  const json& first = table.at("rows").at(0);
  EXPECT_EQ(first.at("name"), "A");
  EXPECT_EQ(first.at("planned"), 3);
  EXPECT_EQ(first.at("failed"), 0);
  EXPECT_EQ(first.at("cells").at("image_to_text.R@1"),
            (json{{"values", {10.0, 20.0, 30.0}}, {"mean", 20.0}, {"deviation", 10.0}}));
  const json& second = table.at("rows").at(1);
  EXPECT_EQ(second.at("name"), kStrange);
  EXPECT_EQ(second.at("seeds"), 1);
  EXPECT_EQ(second.at("planned"), 3);
  EXPECT_EQ(second.at("failed"), 1);
  EXPECT_EQ(second.at("cells").at("rsum"), (json{{"values", json::array()}}));
}

TEST_F(Table, ShowsOtherColumnsWhenAsked) {
  const Outcome outcome = table({"--columns", "rsum", "--format", "csv"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "run,row,column,mean,deviation,seeds\nablation,A,rsum,200,100,3\n"
            "ablation,B & co_1|x,rsum,,,0\n");
}

TEST_F(Table, SplitsColumnsAtCommasAndRefusesThoseThatCannotBe) {
  EXPECT_EQ(table({"--columns", "rsum,image_to_text.R@1", "--format", "csv"}).out,
            table({"--columns", "rsum", "--columns", "image_to_text.R@1", "--format", "csv"}).out);
  EXPECT_EQ(table({"--columns", "rsum,image_to_text.R@1"}).code, 0);
  EXPECT_TRUE(refused(table({"--columns", "rsum,both.R@1"}), 2, {"only 'both.rsum' and 'both.r_mean'"}));
  EXPECT_TRUE(
      refused(table({"--columns", "image_to_text.R1"}), 2, {"unknown metric 'R1' (known: R@k, "}));
}

TEST_F(Table, ACheckThatHoldsExitsWithSuccess) {
  const Outcome outcome = check(
      "[rows.A]\n\"image_to_text.R@1\" = { mean = 20.4, within = 0.5 }\nrsum = 200\n"
      "[rows.\"B & co_1|x\"]\n\"image_to_text.R@1\" = { mean = 5, within = 0.5 }\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, shown("text"));
}

TEST_F(Table, ACheckThatDoesNotHoldExitsWithFourAndNamesEachDifference) {
  const Outcome outcome = check(
      "[rows.A]\n\"image_to_text.R@1\" = { mean = 20.6, within = 0.5 }\nrsum = 200\n"
      "[rows.\"B & co_1|x\"]\nrsum = 3\n[rows.C]\nrsum = 1\n");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_EQ(outcome.out, shown("text"));
  EXPECT_EQ(tests::lines_in(outcome.err), 3U) << outcome.err;
  for (const char* part : {"row 'A', image_to_text.R@1", "row 'B & co_1|x', rsum", "row 'C'"}) {
    EXPECT_TRUE(contains(outcome.err, std::string("error: expected.toml: ") + part));
  }
}

TEST_F(Table, ACheckOfABareNumberIsExact) {
  EXPECT_EQ(check("[rows.A]\nrsum = 200\n").code, 0);
  EXPECT_EQ(check("[rows.A]\nrsum = 200.0000001\n").code, 4);
}

TEST_F(Table, WritesNoExpectedValuesOfAnUnfinishedRun) {
  const Outcome outcome = table({"--write-expected", "expected.toml"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_TRUE(contains(outcome.err, "row 'B & co_1|x' has 1 of 3 trials")) << outcome.err;
  EXPECT_FALSE(fs::exists(folder_ / "expected.toml"));
}

TEST_F(Table, WritesExpectedValuesThatItThenHolds) {
  std::erase_if(manifest_.trials, [](const PlannedTrial& trial) { return trial.row == kStrange; });
  write_manifest(folder_ / "run", manifest_);
  EXPECT_EQ(table({"--write-expected", "expected.toml"}).code, 0);
  EXPECT_EQ(table({"--check", "expected.toml"}).code, 0);
  add("A", 7, "ok", {{"image_to_text", {{"R@1", 10000.0}}}, {"both", {{"rsum", 100.0}}}});
  write_manifest(folder_ / "run", manifest_);
  EXPECT_EQ(table({"--check", "expected.toml"}).code, 4);
}

TEST_F(Table, CountsNoRunTwice) {
  EXPECT_TRUE(refused(table({"./run"}), 2, {"./run: given twice"}));
}

TEST_F(Table, ACheckOfNothingIsAnError) {
  const Outcome outcome = check("[rows]\n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "expects no value at all")) << outcome.err;
}

TEST_F(Table, ABrokenFileOfExpectedValuesIsAnErrorOfUsage) {
  const Outcome outcome = check("[rows.A\n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "error: expected.toml:1:")) << outcome.err;
}

TEST_F(Table, AMissingFileOfExpectedValuesIsMissingData) {
  EXPECT_TRUE(refused(table({"--check", "nope.toml"}), 3, {"nope.toml: no such file"}));
}

TEST_F(Table, WarnsThatExpectedValuesOfOneSeedHaveNoMargin) {
  const std::string note = "note: e.toml: one seed has no deviation, so its margins are 0";
  std::erase_if(manifest_.trials, [](const PlannedTrial& trial) { return trial.row == kStrange; });
  write_manifest(folder_ / "run", manifest_);
  EXPECT_EQ(table({"--write-expected", "e.toml"}).err, "");
  manifest_.trials.resize(1);
  write_manifest(folder_ / "run", manifest_);
  EXPECT_TRUE(contains(table({"--write-expected", "e.toml"}).err, note));
  EXPECT_EQ(table({"--write-expected", "e.toml", "--least-margin", "0.5"}).err, "");
}

TEST_F(Table, RefusesToMixProtocolsUnlessTold) {
  Manifest other = manifest_;
  other.name = "other";
  for (PlannedTrial& trial : other.trials) trial.split = "dev";
  fs::copy(folder_ / "run", folder_ / "other", fs::copy_options::recursive);
  write_manifest(folder_ / "other", other);
  EXPECT_TRUE(
      refused(table({"other"}), 4,
              {"protocol all-pairs on dev", "protocol all-pairs on test", "--mix-protocols"}));
  const Outcome mixed = table({"other", "--mix-protocols", "--format", "json"});
  EXPECT_EQ(mixed.code, 0) << mixed.err;
  EXPECT_EQ(json::parse(mixed.out).at("rows").size(), 4U);
}

}  // namespace
}  // namespace alignlab
