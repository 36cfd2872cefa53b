// Ensembles, corrected scores, oracles and label budgets, from a config to what other programs
// compute from the exported rankings.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <ranges>
#include <set>
#include <sstream>

#include "tests/cli/lab.h"

namespace alignlab::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Records = std::map<std::string, json>;

constexpr std::array kDirections{"image_to_text", "text_to_image"};

/// Each trial a blink of work.
void write_config(const fs::path& folder) {
  std::ofstream(folder / "c.toml") << "[experiment]\nname = \"fusion\"\n[dataset]\nfile = \""
                                   << (scenes() / "scenes.h5").string() << "\"\n"
                                   << R"([features.image]
kind = "colour-histogram"
[features.text]
kind = "tfidf"
[aligner]
kind = "contrastive"
epochs = 2
hidden = [16]
width = 8
[table]
columns = ["image_to_text.R@1", "text_to_image.MeanR", "rsum"]
[[sweep.case]]
name = "towers"
[[sweep.case]]
name = "cca"
set = { "aligner.kind" = "cca", "aligner.width" = 6 }
[[sweep.case]]
name = "csls"
set = { "eval.correction" = "csls", "eval.correction_neighbours" = 4 }
[[sweep.case]]
name = "softmax"
set = { "eval.correction" = "inverted-softmax", "eval.correction_bank" = "evaluated" }
[[sweep.case]]
name = "oracle"
set = { "eval.control" = "oracle" }
[[sweep.case]]
name = "few"
set = { "train.label_budget" = 6 }
[[ensemble]]
name = "all of them"
members = ["towers", "cca"]
weights = [1, 0.5]
seeds = 2
set = { "eval.correction" = "csls", "eval.correction_bank" = "evaluated" }
)";
}

constexpr std::size_t kTrials = 7;

Words command(const Words& more = {}) {
  Words out{"run", "c.toml", "--store", "store", "--out", "run"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// The whole config, run once with two jobs: run/ and store/.
const fs::path& reference() {
  static const ScratchFolder folder;
  static const Outcome outcome = [] {
    write_config(folder.path());
    return alignlab(folder.path(), command({"-j", "2"}));
  }();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return folder.path();
}

json record_of(const fs::path& folder, const std::string& case_name) {
  for (const auto& [id, record] : records_of(folder / "run")) {
    if (record.at("case") == case_name) return record;
  }
  ADD_FAILURE() << "no record of " << case_name;
  return {};
}

/// Keys of a record's artifacts of a stage.
std::set<std::string> keys_of(const json& record, const std::string& stage) {
  std::set<std::string> out;
  for (const json& entry : record.at("stages")) {
    if (entry.at("name") == stage) out.insert(entry.at("key").get<std::string>());
  }
  return out;
}

/// What must not depend on how the trials were run.
std::string results(const json& record) {
  return record.at("metrics").dump() + record.at("tie_rate").dump() + record.at("counts").dump();
}

TEST(EnsembleRun, LeavesARecordOfEachCaseAndOfTheEnsemble) {
  std::set<std::string> cases;
  for (const auto& [id, record] : records_of(reference() / "run")) {
    EXPECT_EQ(record.at("status"), "ok") << record.at("error");
    cases.insert(record.at("case").get<std::string>());
  }
  EXPECT_EQ(cases, (std::set<std::string>{"towers", "cca", "csls", "softmax", "oracle", "few",
                                          "all of them"}));
  const std::string table = output_of(reference(), {"table", "run"});
  for (const std::string& name : cases) EXPECT_TRUE(contains(table, name));
}

TEST(EnsembleRun, TakesTwoSeedsOfTheTowersAndOneOfCca) {
  const json ensemble = record_of(reference(), "all of them");
  EXPECT_EQ(ensemble.at("spec").at("members").size(), 3U);
  EXPECT_EQ(ensemble.at("spec").at("weights"), json({0.5, 0.5, 0.5}));
  const std::set<std::string> models = keys_of(ensemble, "model");
  EXPECT_EQ(models.size(), 3U);
  for (const char* member : {"towers", "cca"}) {
    EXPECT_TRUE(models.contains(*keys_of(record_of(reference(), member), "model").begin()));
  }
  EXPECT_EQ(keys_of(ensemble, "fusion").size(), 1U);
}

TEST(EnsembleRun, CorrectsScoresOfTheModelThatIsThere) {
  const json plain = record_of(reference(), "towers");
  for (const char* name : {"csls", "softmax"}) {
    const json corrected = record_of(reference(), name);
    EXPECT_EQ(keys_of(corrected, "model"), keys_of(plain, "model"));
    EXPECT_NE(keys_of(corrected, "ranks"), keys_of(plain, "ranks"));
    EXPECT_NE(results(corrected), results(plain)) << name;
  }
  // The bank of the one is train, embedded for it; that of the other is the evaluated split.
  EXPECT_EQ(keys_of(record_of(reference(), "csls"), "embeddings").size(),
            keys_of(record_of(reference(), "softmax"), "embeddings").size() + 1);
}

TEST(EnsembleRun, RecordsWhatCorrectingTakes) {
  for (const char* direction : kDirections) {
    const std::string key = "correct_" + std::string(direction) + "_s";
    for (const char* name : {"csls", "softmax", "all of them"}) {
      const json samples = record_of(reference(), name).at("timing").at(key);
      ASSERT_EQ(samples.size(), 1U) << name;
      EXPECT_GE(samples.at(0).get<double>(), 0.0);
    }
    for (const char* name : {"towers", "oracle", "few"}) {
      EXPECT_FALSE(record_of(reference(), name).at("timing").contains(key)) << name;
    }
  }
}

TEST(EnsembleRun, GivesAnOracleEveryFirstPlace) {
  const json oracle = record_of(reference(), "oracle");
  for (const char* direction : kDirections) {
    EXPECT_EQ(oracle.at("metrics").at(direction).at("R@1"), 100.0);
  }
  EXPECT_EQ(oracle.at("metrics").at("both").at("rsum"), 600.0);
  EXPECT_TRUE(keys_of(oracle, "model").empty());
}

TEST(EnsembleRun, GivesAnOracleEveryDecisionByItsThresholdOfDev) {
  const json oracle = record_of(reference(), "oracle");
  for (const char* direction : kDirections) {
    EXPECT_EQ(oracle.at("metrics").at(direction).at("micro_F1@t"), 100.0);
    EXPECT_EQ(oracle.at("metrics").at(direction).at("macro_recall@t"), 100.0);
  }
}

TEST(EnsembleRun, LearnsAnotherModelFromAFewLabelsButTheSameFeatures) {
  const json few = record_of(reference(), "few"), towers = record_of(reference(), "towers");
  EXPECT_NE(keys_of(few, "model"), keys_of(towers, "model"));
  EXPECT_EQ(keys_of(few, "extractor"), keys_of(towers, "extractor"));
  EXPECT_EQ(keys_of(few, "features"), keys_of(towers, "features"));
}

TEST(EnsembleRun, FindsEverythingDoneTheSecondTime) {
  const ScratchFolder folder;
  fs::copy(reference(), folder.path(), fs::copy_options::recursive);
  const Tree before = tree_of(folder.path());
  const Outcome again = alignlab(folder.path(), command());
  EXPECT_EQ(again.code, 0);
  EXPECT_TRUE(contains(again.err, "0 trials run")) << again.err;
  EXPECT_TRUE(contains(again.err, "7 were there already")) << again.err;
  EXPECT_EQ(changes(before, tree_of(folder.path())), Words{});
}

TEST(EnsembleRun, MakesADeletedRecordAgainFromWhatTheStoreHolds) {
  const ScratchFolder folder;
  fs::copy(reference(), folder.path(), fs::copy_options::recursive);
  for (const char* name : {"all of them", "oracle"}) {
    const json gone = record_of(folder.path(), name);
    fs::remove(folder / ("run/trials/" + gone.at("id").get<std::string>() + ".json"));
    EXPECT_EQ(alignlab(folder.path(), command()).code, 0);
    const json made = record_of(folder.path(), name);
    EXPECT_EQ(results(made), results(gone));
    EXPECT_EQ(made.at("timing"), gone.at("timing"));
    for (const json& stage : made.at("stages")) EXPECT_TRUE(stage.at("cached")) << stage;
  }
}

TEST(EnsembleRun, GivesTheSameMetricsWhateverTheNumberOfJobs) {
  const ScratchFolder folder;
  write_config(folder.path());
  output_of(folder.path(), command({"-j", "1"}));
  const Records before = records_of(reference() / "run"), after = records_of(folder / "run");
  ASSERT_EQ(before.size(), kTrials);
  ASSERT_EQ(after.size(), kTrials);
  for (const auto& [id, record] : before) {
    ASSERT_TRUE(after.contains(id)) << record.at("case");
    EXPECT_EQ(results(after.at(id)), results(record)) << record.at("case");
  }
}

TEST(EnsembleRun, RefusesABudgetOfMoreGroupsThanTrainHas) {
  const ScratchFolder folder;
  write_config(folder.path());
  const Outcome outcome =
      alignlab(folder.path(), command({"train.label_budget=1000", "--dry-run"}));
  EXPECT_NE(outcome.code, 0);
  EXPECT_TRUE(contains(outcome.err, "train.label_budget: expected at most "));
  EXPECT_TRUE(contains(outcome.err, "found 1000"));
}

/// Per query the candidates of a .run file, best first, and the relevant ones of a .qrels file.
struct Ranking {
  std::map<std::string, Words> ranked;
  std::map<std::string, std::set<std::string>> relevant;
  Words tags;

  explicit Ranking(const fs::path& base) {
    std::ifstream qrels(base.string() + ".qrels");
    for (std::string query, zero, candidate, grade; qrels >> query >> zero >> candidate >> grade;) {
      relevant[query].insert(candidate);
    }
    std::ifstream run(base.string() + ".run");
    for (std::string line; std::getline(run, line);) {
      std::istringstream fields(line);
      std::string query, q0, candidate, tag;
      int rank = 0;
      double score = 0.0;
      EXPECT_TRUE(fields >> query >> q0 >> candidate >> rank >> score >> tag) << line;
      ranked[query].push_back(candidate);
      EXPECT_EQ(static_cast<int>(ranked[query].size()), rank);
      tags.push_back(tag);
    }
  }
  /// The share of queries with a relevant candidate among the first k.
  double hits(std::size_t k) const {
    double hit = 0.0;
    for (const auto& [query, candidates] : ranked) {
      hit += std::ranges::any_of(candidates | std::views::take(k), [&](const std::string& each) {
        return relevant.at(query).contains(each);
      });
    }
    return 100.0 * hit / static_cast<double>(ranked.size());
  }
};

TEST(EnsembleExport, RanksAsTheRecordSays) {
  const ScratchFolder folder;
  for (const char* name : {"all of them", "csls", "softmax", "oracle", "towers"}) {
    const fs::path out = folder / name;
    output_of(reference(), {"export", "run", "trec", "--store", "store", "--out", out.string(),
                            "row=" + std::string(name)});
    const json record = record_of(reference(), name);
    for (const char* direction : kDirections) {
      const Ranking ranking(out / direction);
      EXPECT_EQ(static_cast<double>(ranking.ranked.size()),
                record.at("counts").at(direction).at("queries").get<double>());
      for (const std::size_t k : {1UL, 5UL, 10UL}) {
        const std::string metric = "R@" + std::to_string(k);
        EXPECT_NEAR(ranking.hits(k), record.at("metrics").at(direction).at(metric).get<double>(),
                    1e-9)
            << name << ", " << direction << ", " << metric;
      }
      EXPECT_EQ(ranking.tags.front() == "all-of-them", std::string(name) == "all of them");
    }
  }
}

TEST(EnsembleExport, WritesRowsAsWideAsAllMembers) {
  const ScratchFolder folder;
  output_of(reference(), {"export", "run", "npy", "--store", "store", "--out",
                          (folder / "npy").string(), "row=all of them"});
  std::ifstream header(folder / "npy/image.npy");
  std::string line;
  std::getline(header, line);
  // 12 images; two towers of 8 and 6 canonical directions.
  EXPECT_TRUE(contains(line, "(12, 22)")) << line;
}

}  // namespace
}  // namespace alignlab::tests
