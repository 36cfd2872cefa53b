// Judgements of a data set in trials: what they make relevant, and what is measured against them.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/cli/sweep.h"

namespace alignlab::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class JudgedTrials : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new ScratchFolder;
    write_sweep(folder_->path());
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  /// The record of the contrastive case of a sweep into a folder of its own.
  static json record_of(const std::string& out, const Words& settings) {
    Words words = sweep_command({"seed=0", "--out", out});
    words.insert(words.end(), settings.begin(), settings.end());
    output_of(folder_->path(), words);
    for (const auto& [id, record] : records_of(*folder_ / out)) {
      if (record.at("case") == "contrastive") return record;
    }
    return {};
  }
  static ScratchFolder* folder_;
};
ScratchFolder* JudgedTrials::folder_ = nullptr;

/// nDCG@k with linear gains of rankings and judgements as other programs read them.
double ndcg_of(const fs::path& run, const fs::path& qrels, std::size_t k) {
  std::map<std::string, std::map<std::string, double>> grades;
  std::ifstream judged(qrels);
  std::string query, word, candidate;
  for (double grade; judged >> query >> word >> candidate >> grade;) {
    grades[query][candidate] = grade;
  }
  std::map<std::string, double> gains;
  std::ifstream ranked(run);
  for (std::string line; std::getline(ranked, line);) {
    std::istringstream fields(line);
    std::size_t rank = 0;
    fields >> query >> word >> candidate >> rank;
    if (rank > k || !grades.contains(query) || !grades[query].contains(candidate)) continue;
    gains[query] += grades[query][candidate] / std::log2(static_cast<double>(rank) + 1.0);
  }
  double sum = 0.0;
  for (const auto& [own, of_query] : grades) {
    std::vector<double> best;
    for (const auto& [id, grade] : of_query) best.push_back(grade);
    std::ranges::sort(best, std::greater<>());
    double ideal = 0.0;
    for (std::size_t i = 0; i < std::min(k, best.size()); ++i) {
      ideal += best[i] / std::log2(static_cast<double>(i) + 2.0);
    }
    sum += gains[own] / ideal;
  }
  return 100.0 * sum / static_cast<double>(grades.size());
}

TEST_F(JudgedTrials, HaveGradedMetricsAsTheirExportedRankingsHave) {
  const json record =
      record_of("judged", {"eval.positives=judgements", "eval.metrics=[\"nDCG@5\"]"});
  output_of(folder_->path(), {"export", "judged", "trec", "--out", "trec", "--store", "store",
                              "row=contrastive", "seed=0"});
  for (const std::string direction : {"text_to_image", "image_to_text"}) {
    const fs::path run = *folder_ / "trec" / (direction + ".run");
    const fs::path qrels = *folder_ / "trec" / (direction + ".qrels");
    EXPECT_NEAR(record.at("metrics").at(direction).at("nDCG@5").get<double>(),
                ndcg_of(run, qrels, 5), 1e-9)
        << direction;
  }
}

TEST_F(JudgedTrials, FindNoLessWhereMoreIsRelevant) {
  const std::string metrics = "eval.metrics=[\"mAP\"]";
  const json pairs = record_of("pairs", {metrics}).at("metrics");
  const json both = record_of("both", {metrics, "eval.positives=both"}).at("metrics");
  EXPECT_GE(both.at("both").at("rsum").get<double>(), pairs.at("both").at("rsum").get<double>());
  EXPECT_NE(both.at("text_to_image").at("mAP"), pairs.at("text_to_image").at("mAP"));
  // They are not evaluated on the same, so they stand in no table together.
  const Outcome table = alignlab(folder_->path(), {"table", "pairs", "both"});
  EXPECT_TRUE(refused(table, 4, {"--mix-protocols"})) << table.err;
}

TEST_F(JudgedTrials, MeasureEmbeddingsBesideRetrieval) {
  const Words measures{"eval.measures=[\"geometry\", \"judgements\", \"classes\"]"};
  const json record = record_of("measured", measures);
  const json& found = record.at("measures");
  EXPECT_GT(found.at("judgements").at("kendall_tau_c").get<double>(), 0.0);
  EXPECT_GT(found.at("geometry").at("linear_CKA").get<double>(), 0.0);
  EXPECT_GT(found.at("classes").at("image_to_text.knn_accuracy").get<double>(), 0.0);
  const std::string table =
      output_of(folder_->path(), {"table", "measured", "--columns",
                                  "judgements.spearman,geometry.modality_gap", "--format", "csv"});
  EXPECT_NE(table.find("judgements.spearman"), std::string::npos);
  EXPECT_EQ(table.find("n/a"), std::string::npos) << table;
  // Asked for again they come from the store, and nothing is searched anew.
  for (const json& stage : record_of("again", measures).at("stages")) {
    EXPECT_TRUE(stage.at("cached").get<bool>()) << stage;
  }
}

TEST_F(JudgedTrials, RefuseMeasuresThatThereAreNot) {
  EXPECT_TRUE(refused(alignlab(folder_->path(), sweep_command({"eval.measures=[\"geometri\"]"})), 2,
                      {"unknown measure 'geometri' (did you mean 'geometry'?)"}));
}

}  // namespace
}  // namespace alignlab::tests
