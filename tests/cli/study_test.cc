// What is told of finished runs beyond their tables: `alignlab study`, `alignlab compare`, and the
// marks and intervals of `alignlab table`, on a sweep that has been run.

#include <cmath>
#include <numbers>
#include <sstream>

#include "record/manifest.h"
#include "tests/cli/sweep.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::is_plain;
using tests::Outcome;
using tests::refused;
using tests::ScratchFolder;
using tests::Words;

constexpr const char* kHits = "image_to_text.R@1";
constexpr const char* kMedian = "text_to_image.MedR";

/// A folder with run/: three rows of two seeds; and one_row/, which shows one of them.
const fs::path& swept() {
  static const ScratchFolder folder;
  static const bool made = [] {
    tests::write_sweep(folder.path());
    tests::output_of(folder.path(), tests::sweep_command({}));
    fs::copy(folder / "run", folder / "one_row", fs::copy_options::recursive);
    Manifest manifest = read_manifest(folder / "run");
    std::erase_if(manifest.trials, [](const PlannedTrial& t) { return t.row != "contrastive"; });
    write_manifest(folder / "one_row", manifest);
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

Outcome told(const Words& arguments) { return tests::alignlab(swept(), arguments); }
json json_of(const Words& arguments) {
  const Outcome outcome = told(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return json::parse(outcome.out, nullptr, false);
}

/// Of each row a number of the records, by seed.
using Recorded = std::map<std::string, std::vector<double>>;
Recorded recorded(const std::string& place, const std::string& metric) {
  const auto records = tests::records_of(swept() / "run");
  Recorded out;
  for (const PlannedTrial& trial : read_manifest(swept() / "run").trials) {
    out[trial.row].push_back(records.at(trial.id).at("metrics").at(place).at(metric));
  }
  return out;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// The words of the first line that begins with `start`.
Words words_of_line(const std::string& text, const std::string& start) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(start)) continue;
    std::istringstream words(line.substr(start.size()));
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

TEST(StudyCommand, TellsMeansOverSeedsWithStudentsIntervals) {
  const json found = json_of({"study", "run", "--json"});
  EXPECT_EQ(found.at("schema"), 1);
  EXPECT_EQ(found.at("level"), 0.95);
  ASSERT_EQ(found.at("rows").size(), 3U);
  const Recorded sums = recorded("both", "rsum");
  for (const json& row : found.at("rows")) {
    const std::vector<double>& expected = sums.at(row.at("row"));
    const json& cell = row.at("metrics").at("rsum");
    EXPECT_EQ(row.at("run"), "sweep");
    EXPECT_EQ(row.at("seeds"), json({0, 1}));
    EXPECT_NEAR(cell.at("mean"), mean(expected), 1e-9);
    const double spread = std::abs(expected[0] - expected[1]);
    EXPECT_NEAR(cell.at("deviation"), spread / std::numbers::sqrt2, 1e-9);
    // With one degree of freedom Student's t is Cauchy's.
    const double reach = std::tan(std::numbers::pi * 0.475) * spread / 2.0;
    EXPECT_NEAR(cell.at("interval").at(0), mean(expected) - reach, 1e-7);
    EXPECT_NEAR(cell.at("interval").at(1), mean(expected) + reach, 1e-7);
    for (std::size_t s = 0; s < 2; ++s) EXPECT_NEAR(cell.at("values").at(s), expected[s], 1e-9);
    for (const char* source : {"seeds", "queries", "residual"}) {
      EXPECT_GE(cell.at("standard_errors").at(source), 0.0) << source;
    }
  }
}

TEST(StudyCommand, TellsRanksOverSeeds) {
  const json ranks = json_of({"study", "run", "--json"}).at("ranks").at("rsum");
  const Recorded sums = recorded("both", "rsum");
  EXPECT_EQ(ranks.at("blocks"), 2);
  double gaps = 0.0;
  for (const json& row : ranks.at("rows")) {
    double rank = 0.0;
    for (std::size_t seed = 0; seed < 2; ++seed) {
      for (const auto& [name, values] : sums) {
        const double own = sums.at(row.at("row"))[seed];
        rank += name == row.at("row") || values[seed] > own ? 1.0 : 0.0;
      }
    }
    EXPECT_DOUBLE_EQ(row.at("mean"), rank / 2.0);
    gaps += (rank - 4.0) * (rank - 4.0);
  }
  // Without ties: 12 / (blocks rows (rows + 1)) times the squared gaps of the rank sums.
  EXPECT_NEAR(ranks.at("friedman").at("statistic"), gaps / 2.0, 1e-12);
  EXPECT_NEAR(ranks.at("friedman").at("p"), std::exp(-gaps / 4.0), 1e-12);
}

TEST(StudyCommand, TellsWhichMetricsOrderTrialsOtherwise) {
  const json two = json_of({"study", "run", "--json", "--metric", "rsum,image_to_text.R@1"});
  const json& found = two.at("agreement");
  EXPECT_EQ(found.at("trials"), tests::kTrials);
  EXPECT_EQ(found.at("metrics"), json({"rsum", kHits}));
  std::vector<std::pair<double, double>> trials;
  const Recorded sums = recorded("both", "rsum");
  const Recorded hits = recorded("image_to_text", "R@1");
  for (const auto& [row, values] : sums) {
    for (std::size_t s = 0; s < 2; ++s) trials.emplace_back(values[s], hits.at(row)[s]);
  }
  double agreeing = 0.0, first_untied = 0.0, second_untied = 0.0;
  for (const auto& a : trials) {
    for (const auto& b : trials) {
      const double first = (a.first > b.first) - (a.first < b.first);
      const double second = (a.second > b.second) - (a.second < b.second);
      agreeing += first * second;
      first_untied += first * first;
      second_untied += second * second;
    }
  }
  EXPECT_NEAR(found.at("tau").at(0).at(1), agreeing / std::sqrt(first_untied * second_untied),
              1e-12);
  const json all = json_of({"study", "run", "--json"}).at("agreement");
  EXPECT_GT(all.at("metrics").size(), 20U);
  EXPECT_EQ(all.at("tau").size(), all.at("metrics").size());
  EXPECT_EQ(all.at("best").at("rsum"), found.at("best").at("rsum"));
}

TEST(StudyCommand, AnswersThreeQuestionsAsText) {
  const Outcome outcome = told({"study", "run", "--metric", "rsum,text_to_image.MedR"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(is_plain(outcome.out));
  for (const char* part :
       {"Where does the variance come from?\n\nrsum\n", "\n\ntext_to_image.MedR\n",
        "\nHow do the rows rank?\n\nrsum, 2 blocks (a seed of a run), ", "  95 % interval\n",
        "\nWhich metric changes the ranking?\n\n", "\nKendall's tau-b over 6 trials, "}) {
    EXPECT_TRUE(contains(outcome.out, part));
  }
  const Words row = words_of_line(outcome.out, "  contrastive ");
  ASSERT_EQ(row.size(), 8U) << outcome.out;
  EXPECT_EQ(row[0], "2");
  EXPECT_NEAR(std::stod(row[1]), mean(recorded("both", "rsum").at("contrastive")), 0.006);
  EXPECT_TRUE(contains(outcome.err,
                       "note: text_to_image.MedR: no standard errors, as it is no sum "
                       "over queries"));
  EXPECT_EQ(tests::lines_in(outcome.err), 1U);
}

TEST(StudyCommand, LevelIsThatOfAllIntervals) {
  const auto width = [](const std::string& level) {
    const json found = json_of({"study", "run", "--json", "--level", level, "--seed", "3"});
    const json interval = found.at("rows").at(0).at("metrics").at("rsum").at("interval");
    return interval.at(1).get<double>() - interval.at(0).get<double>();
  };
  EXPECT_NEAR(width("0.99") / width("0.5"),
              std::tan(std::numbers::pi * 0.495) / std::tan(std::numbers::pi * 0.25), 1e-6);
  EXPECT_TRUE(contains(told({"study", "run", "--level", "0.9"}).out, "  90 % interval"));
}

TEST(StudyCommand, OfOneRowSaysWhatIsAbsent) {
  const Outcome outcome = told({"study", "one_row"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  const std::string ranks = "expected two or more rows that all runs have, found 1";
  const std::string agreement = "expected two or more rows and 3 or more trials, found 1 and 2";
  EXPECT_TRUE(contains(outcome.out, "\nHow do the rows rank?\n\nn/a: " + ranks + "\n"));
  EXPECT_TRUE(contains(outcome.out, "\nWhich metric changes the ranking?\n\nn/a: " + agreement));
  const json found = json_of({"study", "one_row", "--json"});
  EXPECT_TRUE(found.at("ranks").is_null());
  EXPECT_TRUE(found.at("agreement").is_null());
  EXPECT_EQ(found.at("absent"), (json{{"ranks", ranks}, {"agreement", agreement}}));
}

TEST(StudyCommand, TakesSeveralRuns) {
  const json found = json_of({"study", "run", "one_row", "--json"});
  EXPECT_EQ(found.at("rows").size(), 4U);
  EXPECT_EQ(found.at("rows").at(3).at("run"), "one_row");
  EXPECT_EQ(found.at("absent").at("ranks"),
            "expected two or more rows that all runs have, found 1");
  EXPECT_EQ(found.at("agreement").at("trials"), tests::kTrials + 2);
  EXPECT_TRUE(contains(told({"study", "run", "one_row"}).out, "  one_row: contrastive "));
}

TEST(StudyCommand, RefusesInOneLine) {
  EXPECT_TRUE(refused(told({"study"}), 2, {"alignlab study: ", "at least one run folder"}));
  EXPECT_TRUE(refused(told({"study", "run", "--metric", "rsun"}), 2,
                      {"alignlab study: unknown column 'rsun' (did you mean 'rsum'?)"}));
  EXPECT_TRUE(refused(told({"study", "run", "./run"}), 2, {"./run: given twice"}));
  EXPECT_TRUE(refused(told({"study", "store"}), 3, {"store: not a run"}));
  EXPECT_TRUE(refused(told({"study", "run", "--level", "1"}), 2, {"0.5 to 0.9999, found 1"}));
  EXPECT_TRUE(refused(told({"study", "run", "--resamples", "9"}), 2, {"--resamples", "found 9"}));
  EXPECT_TRUE(refused(told({"study", "run", "--seed", "-1"}), 2, {"--seed from 0 on"}));
}

TEST(CompareCommand, TellsTheDifferencesOfTheRecords) {
  const json found = json_of(
      {"compare", "run", "--a", "contrastive", "--json", "--metric", "rsum", "--metric", kHits});
  EXPECT_EQ(found.at("schema"), 1);
  EXPECT_EQ(found.at("a"), "contrastive");
  ASSERT_EQ(found.at("rows").size(), 2U);
  const std::map<std::string, Recorded> all{{"rsum", recorded("both", "rsum")},
                                            {kHits, recorded("image_to_text", "R@1")}};
  for (const json& row : found.at("rows")) {
    EXPECT_EQ(row.at("seeds"), 2);
    for (const auto& [metric, values] : all) {
      const json& cell = row.at("metrics").at(metric);
      const double a = mean(values.at("contrastive"));
      const double b = mean(values.at(row.at("b")));
      EXPECT_NEAR(cell.at("a"), a, 1e-9);
      EXPECT_NEAR(cell.at("b"), b, 1e-9);
      EXPECT_NEAR(cell.at("difference"), a - b, 1e-9);
      EXPECT_LE(cell.at("interval").at(0), a - b + 1e-9);
      EXPECT_GE(cell.at("interval").at(1), a - b - 1e-9);
      EXPECT_GT(cell.at("p"), 0.0);
      EXPECT_GE(cell.at("adjusted_p"), cell.at("p"));
    }
  }
}

TEST(CompareCommand, ShowsThemAsText) {
  const Outcome outcome = told({"compare", "run", "--a", "contrastive", "--b", "random"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(is_plain(outcome.out));
  EXPECT_TRUE(outcome.out.starts_with("rsum: 'contrastive' ")) << outcome.out;
  EXPECT_FALSE(contains(outcome.out, "cluster-matching"));
  const Words row = words_of_line(outcome.out, "  random ");
  ASSERT_GE(row.size(), 6U) << outcome.out;
  EXPECT_NEAR(std::stod(row[0]), mean(recorded("both", "rsum").at("random")), 0.006);
  EXPECT_TRUE(contains(outcome.err, " groups of queries; p of a randomisation test over groups"));
}

TEST(CompareCommand, RefusesInOneLine) {
  EXPECT_TRUE(refused(told({"compare", "run"}), 2, {"expected --a, a row of the run's table"}));
  EXPECT_TRUE(refused(told({"compare", "run", "--a", "contrastiv"}), 2,
                      {"unknown row 'contrastiv' (did you mean 'contrastive'?)"}));
  EXPECT_TRUE(refused(told({"compare", "run", "--a", "random", "--metric", "rsun"}), 2,
                      {"unknown column 'rsun' (did you mean 'rsum'?)"}));
}

TEST(MarkedTableCommand, MarksTheBestAndWhatIsNotWorse) {
  const json found = json_of({"table", "run", "--mark-best", "--columns", "rsum", "--columns",
                              kMedian, "--format", "json"});
  const std::map<std::string, Recorded> all{{"rsum", recorded("both", "rsum")},
                                            {kMedian, recorded("text_to_image", "MedR")}};
  for (const auto& [column, values] : all) {
    const double sign = column == "rsum" ? 1.0 : -1.0;
    double best = -1e9;
    for (const auto& [row, own] : values) best = std::max(best, sign * mean(own));
    for (const json& row : found.at("rows")) {
      const json& cell = row.at("cells").at(column);
      const bool is_best = sign * cell.at("mean").get<double>() >= best;
      EXPECT_TRUE(!is_best || cell.value("marked", false)) << column << row.at("name");
    }
  }
  EXPECT_TRUE(contains(told({"table", "run", "--mark-best"}).out,
                       "\n^ best of a column, or not significantly worse: "));
  EXPECT_FALSE(contains(told({"table", "run"}).out, "^"));
}

TEST(MarkedTableCommand, AgreesWithWhatCompareTells) {
  const json table = json_of(
      {"table", "run", "--mark-best", "--columns", "text_to_image.R@3", "--format", "json"});
  std::map<std::string, json> cells;
  std::string best;
  for (const json& row : table.at("rows")) {
    const std::string name = row.at("name");
    cells[name] = row.at("cells").at("text_to_image.R@3");
    if (best.empty() || cells[name].at("mean") > cells[best].at("mean")) best = name;
  }
  const json compared =
      json_of({"compare", "run", "--a", best, "--json", "--metric", "text_to_image.R@3"});
  for (const json& row : compared.at("rows")) {
    const double p = row.at("metrics").at("text_to_image.R@3").at("adjusted_p");
    EXPECT_EQ(cells.at(row.at("b")).value("marked", false), p > 0.05) << row.at("b");
  }
}

TEST(MarkedTableCommand, HasIntervalsOfItsMeans) {
  const json found = json_of({"table", "run", "--intervals", "--format", "json"});
  for (const json& row : found.at("rows")) {
    for (const auto& [column, cell] : row.at("cells").items()) {
      EXPECT_LE(cell.at("interval").at(0), cell.at("mean")) << column;
      EXPECT_GE(cell.at("interval").at(1), cell.at("mean")) << column;
    }
  }
  const std::string text = told({"table", "run", "--intervals"}).out;
  EXPECT_TRUE(contains(text, "\n[95 % interval] of the mean over seeds, queries drawn anew"));
  EXPECT_TRUE(contains(told({"table", "run", "--mark-best", "--intervals"}).out, "]^"));
}

TEST(MarkedTableCommand, IsOfOneRun) {
  for (const char* option : {"--mark-best", "--intervals"}) {
    EXPECT_TRUE(refused(told({"table", "run", "one_row", option}), 2,
                        {"--mark-best and --metric-compat: expected one run"}));
  }
}

}  // namespace
}  // namespace alignlab
