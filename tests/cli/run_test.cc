// Sweeps from the command line: what they leave behind, what they share, how they repair.

#include <algorithm>
#include <fstream>
#include <set>

#include "core/files.h"
#include "core/hdf5.h"
#include "tests/cli/lab.h"
#include "tests/cli/sweep.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::alignlab;
using tests::contains;
using tests::is_plain;
using tests::kTrials;
using tests::Outcome;
using tests::output_of;
using tests::records_of;
using tests::ScratchFolder;
using tests::sweep_command;
using tests::Words;

using Records = std::map<std::string, json>;

/// A whole sweep, run once: run/ and store/.
const fs::path& reference() {
  static const ScratchFolder folder;
  static const Outcome outcome = [] {
    tests::write_sweep(folder.path());
    return alignlab(folder.path(), sweep_command({"-j", "2"}));
  }();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "run\n");
  EXPECT_TRUE(is_plain(outcome.err)) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "[6/6]")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "fitted in ")) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, "from the store")) << outcome.err;
  return folder.path();
}

/// A copy of it, to be changed.
class Sweep : public ::testing::Test {
 protected:
  Sweep() {
    fs::copy(reference(), folder_.path(), fs::copy_options::recursive);
    before_ = records_of(folder_ / "run");
    EXPECT_EQ(before_.size(), kTrials);
  }
  Outcome again(const Words& more = {}) const {
    return alignlab(folder_.path(), sweep_command(more));
  }
  Records records() const { return records_of(folder_ / "run"); }
  /// A trial of the case, and where its artifact of a stage is.
  const json& record_of(const std::string& case_name) const {
    for (const auto& [id, record] : before_) {
      if (record.at("case") == case_name) return record;
    }
    throw std::runtime_error("no such case");
  }
  fs::path record_path(const json& record) const {
    return folder_ / ("run/trials/" + record.at("id").get<std::string>() + ".json");
  }
  fs::path artifact_of(const json& record, const std::string& stage) const {
    for (const json& entry : record.at("stages")) {
      if (entry.at("name") != stage) continue;
      return folder_ / ("store/" + stage + "/" + entry.at("key").get<std::string>() + ".h5");
    }
    throw std::runtime_error("no such stage");
  }
  static std::map<std::string, std::string> checksums(const json& record) {
    std::map<std::string, std::string> out;
    for (const json& stage : record.at("stages")) {
      const std::string name =
          stage.at("name").get<std::string>() + " " + stage.at("key").get<std::string>();
      out[name] = stage.at("checksum");
    }
    return out;
  }

  const ScratchFolder folder_;
  Records before_;
};

/// What must not depend on how the trials were run.
std::string results(const json& record) {
  return record.at("metrics").dump() + record.at("tie_rate").dump() + record.at("counts").dump();
}

TEST_F(Sweep, WritesOneRecordATrialWithEverythingATableNeeds) {
  std::set<std::string> seen;
  for (const auto& [id, record] : before_) {
    EXPECT_EQ(record.at("schema"), 3);
    EXPECT_EQ(record.at("id"), id);
    EXPECT_EQ(record.at("status"), "ok");
    EXPECT_EQ(record.at("error"), "");
    seen.insert(record.at("case").get<std::string>() +
                std::to_string(record.at("seed").get<int>()));
    EXPECT_EQ(record.at("spec").at("aligner").at("kind"), record.at("case"));
    EXPECT_EQ(record.at("dataset").at("content_hash").get<std::string>().size(), 32U);
    for (const char* direction : {"image_to_text", "text_to_image"}) {
      for (const char* metric : {"R@1", "R@5", "R@10", "MedR", "micro_F1@t", "R@3"}) {
        EXPECT_TRUE(record.at("metrics").at(direction).at(metric).is_number()) << metric;
      }
      EXPECT_TRUE(record.at("tie_rate").at(direction).is_number());
      EXPECT_EQ(record.at("timing").at("search_s").size(), 3U);
    }
    EXPECT_EQ(record.at("counts").at("image_to_text").at("queries"), 12);
    EXPECT_EQ(record.at("counts").at("image_to_text").at("candidates"), 60);
    EXPECT_EQ(record.at("timing").at("fit_s").size(), 1U);
    EXPECT_GT(record.at("peak_memory_bytes"), 0);
    for (const char* key : {"commit", "compiler", "libraries", "blas", "cpu", "isa", "device"}) {
      EXPECT_FALSE(record.at("provenance").at(key).empty()) << key;
    }
    EXPECT_TRUE(fs::exists(folder_ / ("run/ranks/" + id + ".h5")));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"random0", "random1", "contrastive0", "contrastive1",
                                         "cluster-matching0", "cluster-matching1"}));
}

TEST_F(Sweep, SumsTheSixRatesOfEachRecord) {
  for (const auto& [id, record] : before_) {
    double sum = 0.0;
    for (const char* direction : {"image_to_text", "text_to_image"}) {
      for (const char* metric : {"R@1", "R@5", "R@10"}) {
        sum += record.at("metrics").at(direction).at(metric).get<double>();
      }
    }
    EXPECT_NEAR(record.at("metrics").at("both").at("rsum").get<double>(), sum, 1e-9);
  }
}

TEST_F(Sweep, GivesTheSameBitsWhateverTheNumberOfJobs) {
  const ScratchFolder other;
  tests::write_sweep(other.path());
  output_of(other.path(), sweep_command({"-j", "1"}));
  const Records after = records_of(other / "run");
  ASSERT_EQ(after.size(), before_.size());
  for (const auto& [id, record] : before_) {
    ASSERT_TRUE(after.contains(id));
    EXPECT_EQ(results(after.at(id)), results(record)) << record.at("case");
    EXPECT_EQ(checksums(after.at(id)), checksums(record)) << record.at("case");
  }
  EXPECT_EQ(output_of(other.path(), {"table", "run"}), output_of(folder_.path(), {"table", "run"}));
}

TEST_F(Sweep, FindsEverythingDoneTheSecondTime) {
  const tests::Tree tree = tests::tree_of(folder_.path());
  const Outcome outcome = again();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "run\n");
  EXPECT_TRUE(contains(outcome.err, "0 trials run")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "6 were there already")) << outcome.err;
  EXPECT_EQ(tests::changes(tree, tests::tree_of(folder_.path())), Words{});
}

TEST_F(Sweep, ADryRunPrintsThePlanAndWritesNothing) {
  const ScratchFolder fresh;
  tests::write_sweep(fresh.path());
  const tests::Tree tree = tests::tree_of(fresh.path());
  const std::string plan = output_of(fresh.path(), sweep_command({"--dry-run"}));
  EXPECT_EQ(tests::tree_of(fresh.path()), tree);
  EXPECT_EQ(tests::lines_in(plan), kTrials);
  for (const auto& [id, record] : before_) EXPECT_TRUE(contains(plan, id + "  to run  "));

  fs::remove(record_path(record_of("random")));
  const std::string partly = output_of(folder_.path(), sweep_command({"--dry-run"}));
  for (const auto& [id, record] : before_) {
    const bool missing = id == record_of("random").at("id");
    EXPECT_TRUE(contains(partly, id + (missing ? "  to run  " : "  done"))) << partly;
  }
}

TEST_F(Sweep, MakesADeletedRecordAgainFromWhatTheStoreHolds) {
  const json gone = record_of("contrastive");
  fs::remove(record_path(gone));
  const Outcome outcome = again();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(contains(outcome.err, "1 trials run")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "5 were there already")) << outcome.err;
  const json made = records().at(gone.at("id"));
  EXPECT_EQ(results(made), results(gone));
  // Timings are those of the work when it was done, not of finding it.
  EXPECT_EQ(made.at("timing"), gone.at("timing"));
  for (const json& stage : made.at("stages")) EXPECT_TRUE(stage.at("cached")) << stage;
}

TEST_F(Sweep, TakesARecordThatIsNotWholeForMissing) {
  const json cut = record_of("random");
  const std::string text = read_file(record_path(cut));
  std::ofstream(record_path(cut)) << text.substr(0, text.size() / 2);
  EXPECT_EQ(again().code, 0);
  EXPECT_EQ(results(records().at(cut.at("id"))), results(cut));
}

TEST_F(Sweep, MakesDamagedArtifactsAgain) {
  const json trial = record_of("contrastive");
  fs::remove(record_path(trial));
  const fs::path model = artifact_of(trial, "model");
  const fs::path embeddings = artifact_of(trial, "embeddings");
  const fs::path ranks = artifact_of(trial, "ranks");
  std::string bytes = read_file(model);
  for (std::size_t i = bytes.size() / 3; i < bytes.size() / 3 * 2; ++i) bytes[i] ^= 0x55;
  std::ofstream(model, std::ios::binary) << bytes;
  fs::resize_file(embeddings, fs::file_size(embeddings) / 2);
  std::ofstream(ranks, std::ios::binary) << "not an artifact";

  const Outcome outcome = again();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(is_plain(outcome.err));
  for (const fs::path& path : {model, embeddings, ranks}) {
    EXPECT_TRUE(contains(outcome.err, path.filename().string())) << path;
    EXPECT_NO_THROW(H5File::open(path).verify()) << path;
  }
  const json made = records().at(trial.at("id"));
  EXPECT_EQ(results(made), results(trial));
  EXPECT_EQ(checksums(made), checksums(trial));
}

TEST_F(Sweep, ChangingTheMetricsRetrainsNothing) {
  const Outcome outcome = again({"eval.metrics=[\"R@2\", \"MRR\"]"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "6 trials run")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "model from the store")) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, "fitted in")) << outcome.err;
  const Records after = records();
  ASSERT_EQ(after.size(), kTrials);
  for (const auto& [id, record] : after) {
    ASSERT_TRUE(before_.contains(id));
    for (const json& stage : record.at("stages")) EXPECT_TRUE(stage.at("cached")) << stage;
    const json& metrics = record.at("metrics").at("image_to_text");
    EXPECT_TRUE(metrics.contains("R@2"));
    EXPECT_FALSE(metrics.contains("precision@5"));
    EXPECT_EQ(metrics.at("R@1"), before_.at(id).at("metrics").at("image_to_text").at("R@1"));
  }
}

TEST_F(Sweep, AChangeOfSimilarityKeepsTheModels) {
  const Outcome outcome = again({"eval.similarity=euclidean", "--out", "other"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Records after = records_of(folder_ / "other");
  ASSERT_EQ(after.size(), kTrials);
  for (const auto& [id, record] : after) {
    EXPECT_FALSE(before_.contains(id));
    for (const json& stage : record.at("stages")) {
      EXPECT_EQ(stage.at("cached"), stage.at("name") != "ranks") << stage;
    }
  }
}

TEST_F(Sweep, AnApproximateKernelKeepsTheModelsAndTellsItsCostsAndTheFirstK) {
  // Every list is looked at, so nothing is missed.
  const Words ivf{"eval.kernel=faiss-ivf", "eval.kernel_lists=4", "eval.kernel_probes=4"};
  const Words hamming{"eval.kernel=hamming", "eval.kernel_bits=64", "eval.kernel_rescored=1000"};
  std::vector<Words> kernels{hamming};
#ifdef ALIGNLAB_PEERS  // a build without FAISS has hamming alone
  kernels.push_back(ivf);
#endif
  for (const Words& kernel : kernels) {
    Words words = kernel;
    words.insert(words.end(), {"eval.search_costs=true", "--out", "other"});
    const Outcome outcome = again(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_FALSE(contains(outcome.err, "fitted in")) << outcome.err;
    const Records after = records_of(folder_ / "other");
    std::size_t compared = 0;
    for (const auto& [id, record] : after) {
      if (!record.at("spec").at("eval").at("kernel").get<std::string>().starts_with(
              kernel.front().substr(12))) {
        continue;
      }
      ASSERT_EQ(record.at("status"), "ok") << record;
      for (const auto& [other, exact] : before_) {
        if (exact.at("case") != record.at("case") || exact.at("seed") != record.at("seed"))
          continue;
        // Random vectors tie with nothing.
        if (record.at("case") != "random") continue;
        const json& found = record.at("metrics").at("text_to_image");
        for (const char* metric : {"R@1", "R@3", "R@10", "precision@5", "recall@10"}) {
          EXPECT_EQ(found.at(metric), exact.at("metrics").at("text_to_image").at(metric)) << metric;
        }
        EXPECT_FALSE(found.contains("MedR"));
        EXPECT_FALSE(found.contains("micro_F1@t"));
        ++compared;
      }
      const json& costs = record.at("search").at("image_to_text");
      EXPECT_EQ(costs.size(), 7U) << costs;
      for (const auto& [name, value] : costs.items()) EXPECT_GE(value.get<double>(), 0.0) << name;
      EXPECT_GT(costs.at("queries_per_s").get<double>(), 0.0);
      if (record.at("case") == "random") {
        EXPECT_EQ(costs.at("neighbour_recall@10"), 100.0);
      }
    }
    EXPECT_EQ(compared, 2U);
  }
  // Its lists are not kept, and exact rankings are not what its metrics are of.
  EXPECT_TRUE(tests::refused(
      tests::alignlab(folder_.path(), {"export", "other", "trec", "--out", "trec", "--store",
                                       "store", "row=contrastive", "seed=0"}),
      2, {"export trec: expected a trial that was searched exactly, found kernel '"}));
}

TEST_F(Sweep, SaysHowManyFinishedTrialsATableOfFewerNoLongerShows) {
  EXPECT_FALSE(contains(again().err, "other finished"));
  const std::string note = "run holds 3 other finished trials, which its table no longer shows";
  EXPECT_TRUE(contains(again({"seed=0"}).err, note));
  EXPECT_TRUE(contains(again({"seed=0", "--dry-run"}).err, note));
  EXPECT_FALSE(contains(again({"seed=0", "--out", "other"}).err, "other finished"));
  EXPECT_TRUE(contains(again({"seed=0", "aligner.kind=random"}).err, "run holds 5 other finished"));
}

TEST_F(Sweep, RemovesWhatAKilledWriterOfAMissingTrialLeft) {
  const json trial = record_of("contrastive");
  const std::string id = trial.at("id");
  const std::string tail = ".12345-0.tmp";
  const fs::path model = artifact_of(trial, "model");
  const std::vector<fs::path> leftovers{
      folder_ / ("run/trials/." + id + ".json" + tail),
      folder_ / ("run/ranks/." + id + ".h5" + tail), folder_ / ("run/.run.json" + tail),
      model.parent_path() / ("." + model.filename().string() + tail)};
  for (const fs::path& path : leftovers) std::ofstream(path) << "half";
  fs::remove(record_path(trial));
  fs::remove(model);
  EXPECT_EQ(again().code, 0);
  for (const fs::path& path : leftovers) EXPECT_FALSE(fs::exists(path)) << path;
  EXPECT_EQ(results(records().at(id)), results(trial));
}

class FailingSweep : public ::testing::Test {
 protected:
  FailingSweep() {
    tests::write_sweep(folder_.path());
    std::ofstream(folder_ / "c.toml", std::ios::app)
        << "[[sweep.case]]\nname = \"too-many\"\n"
           "set = { \"aligner.kind\" = \"cluster-matching\", \"aligner.clusters\" = 1000 }\n"
           "[[sweep.case]]\nname = \"diverging\"\n"
           "set = { \"aligner.kind\" = \"contrastive\", \"aligner.learning_rate\" = 1e30, "
           "\"aligner.epochs\" = 3, \"aligner.hidden\" = [16], \"aligner.width\" = 8 }\n";
  }
  const ScratchFolder folder_;
};

TEST_F(FailingSweep, RecordsTheFailureAndFinishesTheOthers) {
  const Outcome outcome = alignlab(folder_.path(), sweep_command({"-j", "2", "seed=0"}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "run\n");
  EXPECT_TRUE(is_plain(outcome.err));
  EXPECT_TRUE(contains(outcome.err, "too-many seed 0: k-means: 1000 clusters asked of 36 points"));
  EXPECT_TRUE(contains(outcome.err, "5 trials run"));
  EXPECT_TRUE(contains(outcome.err, "2 failed"));
  std::map<std::string, std::string> errors;
  for (const auto& [id, record] : records_of(folder_ / "run")) {
    const std::string error = record.at("error");
    errors[record.at("case")] = error;
    EXPECT_EQ(record.at("status"), error.empty() ? "ok" : "failed");
    EXPECT_EQ(record.at("metrics").empty(), !error.empty());
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
  ASSERT_EQ(errors.size(), 5U);
  EXPECT_EQ(errors.at("random"), "");
  EXPECT_EQ(errors.at("contrastive"), "");
  EXPECT_EQ(errors.at("cluster-matching"), "");
  EXPECT_EQ(errors.at("too-many"), "k-means: 1000 clusters asked of 36 points");
  EXPECT_TRUE(contains(errors.at("diverging"), "finite"));

  const std::string table = output_of(folder_.path(), {"table", "run"});
  EXPECT_TRUE(
      contains(table, "too-many, seed 0: failed: k-means: 1000 clusters asked of 36 points"));
  EXPECT_TRUE(contains(table, "diverging, seed 0: failed: "));

  // Only what failed is tried again.
  const Outcome second = alignlab(folder_.path(), sweep_command({"seed=0"}));
  EXPECT_EQ(second.code, 1);
  EXPECT_TRUE(contains(second.err, "2 trials run"));
  EXPECT_TRUE(contains(second.err, "3 were there already"));
}

TEST_F(FailingSweep, StartsNoFurtherTrialWithFailFast) {
  // The failing case first: the others of the config follow.
  std::string config = read_file(folder_ / "c.toml");
  const std::size_t cases = config.find("[[sweep.case]]");
  const std::size_t failing = config.find("[[sweep.case]]\nname = \"too-many\"");
  std::rotate(config.begin() + static_cast<std::ptrdiff_t>(cases),
              config.begin() + static_cast<std::ptrdiff_t>(failing), config.end());
  std::ofstream(folder_ / "c.toml") << config;
  const Outcome outcome = alignlab(folder_.path(), sweep_command({"--fail-fast", "seed=0"}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "1 trials run")) << outcome.err;
  const Records records = records_of(folder_ / "run");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records.begin()->second.at("case"), "too-many");
  EXPECT_TRUE(
      contains(output_of(folder_.path(), {"table", "run"}), "4 planned trials are not run yet"));
}

TEST(Inspect, AsJsonHasTheDocumentedShape) {
  const json found = json::parse(output_of(tests::scenes(), {"inspect", "scenes.h5", "--json"}));
  std::set<std::string> keys;
  for (const auto& [key, value] : found.items()) keys.insert(key);
  EXPECT_EQ(keys, (std::set<std::string>{"name", "content_hash", "modalities", "captions_per_image",
                                         "captions_per_sound", "judgements", "pairing",
                                         "pairing_unchecked", "findings"}));
  EXPECT_EQ(found.at("name"), "scenes");
  EXPECT_EQ(found.at("content_hash").get<std::string>().size(), 32U);
  EXPECT_EQ(found.at("modalities").size(), 3U);
  json image = found.at("modalities").at("image");
  EXPECT_EQ(image.at("labels").size(), 10U);
  image.erase("labels");
  const json splits{{"train", 36}, {"dev", 12}, {"test", 12}, {"none", 0}};
  EXPECT_EQ(image, (json{{"items", 60},
                         {"splits", splits},
                         {"groups", {{"total", 60}, {"splits", splits}}},
                         {"features", json::object()}}));
  EXPECT_EQ(found.at("modalities").at("text").at("items"), 300);
  EXPECT_EQ(found.at("captions_per_image"), (json{{"5", 60}}));
  EXPECT_EQ(found.at("pairing"), json::array());
  for (const json& finding : found.at("findings")) EXPECT_EQ(finding.at("severity"), "note");
}

TEST(Inspect, FailsOnAnErrorOnlyWhenStrictAndDecodesOnlyWhenAsked) {
  const ScratchFolder folder;
  const auto import = [&](const std::string& bytes) {
    std::ofstream(folder / "a.png", std::ios::binary) << bytes;
    std::ofstream(folder / "captions_train.json")
        << R"({"images": [{"id": 1, "file_name": "a.png"}],)"
           R"( "annotations": [{"id": 1, "image_id": 1, "caption": "A dog."}]})";
    output_of(folder.path(),
              {"import", "coco", "captions_train.json", "--images", ".", "--out", "d.h5"});
  };
  const auto exit_code = [&](const Words& options) {
    Words command{"inspect", "d.h5"};
    command.insert(command.end(), options.begin(), options.end());
    const Outcome outcome = tests::alignlab(folder.path(), command);
    EXPECT_TRUE(contains(outcome.out, "captions per image: 1 (1 image)")) << outcome.err;
    return outcome.code;
  };
  import("<html>404 Not Found</html>");
  EXPECT_EQ(exit_code({}), 0);
  EXPECT_EQ(exit_code({"--strict"}), 4);

  // A container without a fault around what no decoder takes.
  import(std::string("\x89PNG\r\n\x1A\n nothing \0\0\0\0IEND\xAE\x42\x60\x82", 29));
  EXPECT_EQ(exit_code({"--strict"}), 0);
  EXPECT_EQ(exit_code({"--decode"}), 0);
  EXPECT_EQ(exit_code({"--strict", "--decode"}), 4);

  import(read_file(fs::directory_iterator(tests::scenes() / "scenes/images")->path()));
  EXPECT_EQ(exit_code({"--strict", "--decode"}), 0);
}

TEST(Inspect, TellsFindingsWithExamplesAndHints) {
  const ScratchFolder folder;
  std::ofstream(folder / "captions_train.json")
      << R"({"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],)"
         R"( "annotations": [{"id": 1, "image_id": 1, "caption": "A dog."},)"
         R"( {"id": 2, "image_id": 2, "caption": ""}]})";
  output_of(folder.path(), {"import", "coco", "captions_train.json", "--out", "d.h5"});
  const json found = json::parse(output_of(folder.path(), {"inspect", "d.h5", "--json"}));
  ASSERT_FALSE(found.at("findings").empty());
  const std::set<std::string> severities{"note", "warning", "error"};
  for (const json& finding : found.at("findings")) {
    EXPECT_EQ(finding.size(), 5U) << finding;
    EXPECT_FALSE(finding.at("code").get<std::string>().empty());
    EXPECT_TRUE(severities.contains(finding.at("severity"))) << finding;
    EXPECT_GE(finding.at("count"), finding.at("examples").size());
    EXPECT_FALSE(finding.at("hint").get<std::string>().empty());
  }
}

}  // namespace
}  // namespace alignlab
