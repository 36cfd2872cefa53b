// `alignlab export RUN`: what other programs compute from it must be what the records say.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "data/matrix_file.h"
#include "data/npy.h"
#include "tests/cli/sweep.h"

namespace alignlab::tests {
namespace {

namespace fs = std::filesystem;

class RunExport : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new ScratchFolder;
    write_sweep(folder_->path());
    output_of(folder_->path(), sweep_command({"seed=0"}));
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static Words command(const Words& more) {
    Words words{"export", "run", "--store", "store"};
    words.insert(words.begin() + 2, more.begin(), more.end());
    return words;
  }
  static nlohmann::json record_of(const std::string& row) {
    for (const auto& [id, record] : records_of(*folder_ / "run")) {
      if (record.at("case") == row) return record;
    }
    return {};
  }
  static ScratchFolder* folder_;
};
ScratchFolder* RunExport::folder_ = nullptr;

TEST_F(RunExport, WritesRankingsThatGiveTheRecordsHitRate) {
  output_of(folder_->path(), command({"trec", "--out", "trec", "row=contrastive", "k=5"}));
  std::map<std::string, std::set<std::string>> relevant;
  std::ifstream qrels(*folder_ / "trec/text_to_image.qrels");
  for (std::string query, zero, candidate, grade; qrels >> query >> zero >> candidate >> grade;) {
    relevant[query].insert(candidate);
  }
  std::set<std::string> hit;
  std::size_t lines = 0;
  std::ifstream run(*folder_ / "trec/text_to_image.run");
  double before = INFINITY;
  for (std::string line; std::getline(run, line); ++lines) {
    std::istringstream fields(line);
    std::string query, q0, candidate, tag;
    int rank = 0;
    double score = 0.0;
    ASSERT_TRUE(fields >> query >> q0 >> candidate >> rank >> score >> tag) << line;
    EXPECT_EQ(q0, "Q0");
    EXPECT_EQ(rank, static_cast<int>(lines % 5) + 1);
    if (rank > 1) {
      EXPECT_LE(score, before);
    }
    before = score;
    if (rank <= 3 && relevant[query].contains(candidate)) hit.insert(query);
  }
  EXPECT_EQ(lines, 5 * relevant.size());
  const double rate =
      100.0 * static_cast<double>(hit.size()) / static_cast<double>(relevant.size());
  const nlohmann::json record = record_of("contrastive");
  EXPECT_NEAR(record.at("metrics").at("text_to_image").at("R@3").get<double>(), rate, 1e-9);
}

TEST_F(RunExport, WritesEmbeddingsWithTheirIds) {
  output_of(folder_->path(), command({"npy", "--out", "npy", "row=contrastive", "seed=0"}));
  const Matrix images = read_matrix(*folder_ / "npy/image.npy");
  const Matrix texts = read_matrix(*folder_ / "npy/text.npy");
  EXPECT_EQ(images.cols(), 8U);
  EXPECT_EQ(texts.rows(), 5 * images.rows());
  std::ifstream ids(*folder_ / "npy/text.ids.txt");
  std::stringstream content;
  content << ids.rdbuf();
  EXPECT_EQ(lines_in(content.str()), texts.rows());
}

TEST_F(RunExport, WritesTheCurvesOfATrialThatKeptThem) {
  const Words sweep = sweep_command(
      {"seed=0", "eval.metrics=[\"micro_AP\"]", "eval.threshold_from=value", "--out", "curved"});
  output_of(folder_->path(), sweep);
  output_of(folder_->path(),
            {"export", "curved", "curves", "--out", "curves", "row=contrastive", "seed=0"});
  for (const char* direction : {"image_to_text", "text_to_image"}) {
    std::ifstream csv(*folder_ / "curves" / (std::string(direction) + ".csv"));
    std::string header;
    ASSERT_TRUE(std::getline(csv, header));
    EXPECT_EQ(header, "threshold,precision,recall,false_positive_rate");
    double threshold = INFINITY, recall = 0.0, false_positives = 0.0;
    char comma = 0;
    for (double t, p, r, f; csv >> t >> comma >> p >> comma >> r >> comma >> f;) {
      EXPECT_LT(t, threshold);
      EXPECT_GT(r, recall);
      EXPECT_GE(f, false_positives);
      threshold = t, recall = r, false_positives = f;
    }
    EXPECT_EQ(recall, 100.0);
  }
  EXPECT_TRUE(refused(
      alignlab(folder_->path(), command({"curves", "--out", "none", "row=contrastive", "seed=0"})),
      2, {"export curves: expected a trial with a metric of all thresholds"}));
  EXPECT_FALSE(fs::exists(*folder_ / "none"));
}

TEST_F(RunExport, RefusesRankingsOfATrialThatCorrectsSomeQueriesAlone) {
  output_of(folder_->path(),
            sweep_command({"seed=0", "eval.correction=qb-norm", "--out", "gated"}));
  EXPECT_TRUE(refused(alignlab(folder_->path(), {"export", "gated", "trec", "--out", "none",
                                                 "--store", "store", "row=contrastive", "seed=0"}),
                      2, {"found correction 'qb-norm', which corrects some queries alone"}));
  EXPECT_FALSE(fs::exists(*folder_ / "none"));
}

TEST_F(RunExport, AndRunningAgainDoNotMindAFeatureThatTheTrialDoesNotRead) {
  const ScratchFolder folder;
  fs::copy(scenes(), folder.path(), fs::copy_options::recursive);
  write_sweep(folder.path());
  const auto swept = [&](const Words& more) {
    Words words = sweep_command({"dataset.file=scenes.h5", "seed=0", "aligner.kind=random"});
    words.insert(words.end(), more.begin(), more.end());
    return output_of(folder.path(), words);
  };
  swept({});
  write_npy(folder / "net.npy", Matrix(60, 4));
  output_of(folder.path(), {"add-features", "scenes.h5", "--modality", "image", "--name", "net",
                            "--matrix", "net.npy"});
  const std::string plan = swept({"--dry-run"});
  EXPECT_EQ(plan.find("to run"), std::string::npos) << plan;
  output_of(folder.path(), command({"npy", "--out", "npy", "row=random"}));
  EXPECT_EQ(read_matrix(folder / "npy/image.npy").rows(), 12U);

  // Captions are read: these are of other scenes.
  output_of(folder.path(), {"generate", "scenes", "--out", "others", "--images", "60"});
  fs::remove(folder / "scenes.h5");
  output_of(folder.path(), {"import", "coco", "others", "--out", "scenes.h5"});
  EXPECT_TRUE(refused(alignlab(folder.path(), command({"npy", "--out", "x", "row=random"})), 3,
                      {"scenes.h5: what trial ", " is no longer what it was run on"}));
}

TEST_F(RunExport, WantsOneTrialAndWhatItNeeds) {
  EXPECT_TRUE(refused(alignlab(folder_->path(), command({"npy", "--out", "x"})), 2,
                      {"expected row and seed of one trial, found 3", "contrastive, 0"}));
  EXPECT_TRUE(refused(alignlab(folder_->path(), {"export", "run", "npy", "--out", "x", "row=random",
                                                 "--store", "y"}),
                      3, {"no ranks of trial"}));
  EXPECT_TRUE(refused(alignlab(folder_->path(), command({"coco", "--out", "x"})), 2,
                      {"unknown format for a run 'coco'"}));
  EXPECT_FALSE(fs::exists(*folder_ / "x"));
}

}  // namespace
}  // namespace alignlab::tests
