#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "run/experiment.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::message_of;
using Lines = std::vector<std::string>;

// Lines 1 to 6 of every config here; what a test adds begins on line 7.
constexpr const char* kData =
    "[dataset]\n"
    "file = \"d.h5\"\n"
    "[features.image]\n"
    "kind = \"colour-histogram\"\n"
    "[features.text]\n"
    "kind = \"tfidf\"\n";

Experiment resolved(const std::string& more, const Lines& overrides = {}) {
  std::vector<Override> given;
  for (const std::string& argument : overrides) given.push_back(parse_override(argument));
  return resolve_experiment(parse_toml(kData + more, "c.toml"), given);
}

std::string refusal(const std::string& more, const Lines& overrides = {}) {
  return message_of<ConfigError>([&] { resolved(more, overrides); });
}

std::string whole_refusal(const std::string& text) {
  return message_of<ConfigError>([&] { resolve_experiment(parse_toml(text, "c.toml"), {}); });
}

/// Each trial as "row seed".
Lines trials_of(const Experiment& experiment) {
  Lines out;
  for (const TrialSpec& spec : experiment.trials) {
    out.push_back(spec.row() + " " + std::to_string(spec.seed));
  }
  return out;
}

constexpr const char* kRandom = "[aligner]\nkind = \"random\"\n";
constexpr const char* kContrastive = "[aligner]\nkind = \"contrastive\"\n";

TEST(ResolveExperiment, FillsInEveryDefault) {
  const Experiment experiment = resolved(kContrastive);
  ASSERT_EQ(experiment.trials.size(), 1U);
  const TrialSpec& spec = experiment.trials.front();
  EXPECT_EQ(experiment.name, "run");
  EXPECT_TRUE(experiment.notices.empty());
  EXPECT_EQ(spec.row(), "contrastive");
  EXPECT_EQ(spec.seed, 0);
  EXPECT_EQ(spec.dataset, "d.h5");
  EXPECT_EQ(spec.first, Modality::kImage);
  EXPECT_EQ(spec.second, Modality::kText);
  EXPECT_EQ(spec.first_features.kind, "colour-histogram");
  EXPECT_EQ(spec.first_features.options.integer("bins"), 8);
  EXPECT_EQ(spec.second_features.kind, "tfidf");
  EXPECT_EQ(spec.second_features.options.integer("min_count"), 2);
  EXPECT_EQ(spec.aligner_options.real("temperature"), 0.07);
  EXPECT_TRUE(spec.aligner_options.flag("learn_temperature"));
  EXPECT_EQ(spec.train.integer("threads"), 1);
  EXPECT_EQ(spec.eval.text("protocol"), "all-pairs");
  EXPECT_EQ(spec.eval.text("ties"), "expected");
  EXPECT_EQ(spec.split(), Split::kTest);
  EXPECT_EQ(experiment.table.columns,
            (Lines{"image_to_text.R@1", "image_to_text.R@5", "image_to_text.R@10",
                   "image_to_text.MedR", "text_to_image.R@1", "text_to_image.R@5",
                   "text_to_image.R@10", "text_to_image.MedR", "both.rsum"}));
}

TEST(ResolveExperiment, KeepsWhatIsWritten) {
  const Experiment experiment = resolved(
      "[experiment]\nname = \"mine\"\n[aligner]\nkind = \"contrastive\"\ntemperature = 1\n"
      "hidden = 32\n[eval]\nsplit = \"dev\"\nties = \"index\"\n");
  const TrialSpec& spec = experiment.trials.front();
  EXPECT_EQ(experiment.name, "mine");
  EXPECT_EQ(spec.aligner_options.real("temperature"), 1.0);
  EXPECT_EQ(spec.aligner_options.integers("hidden"), std::vector<std::int64_t>{32});
  EXPECT_EQ(spec.split(), Split::kDev);
  EXPECT_EQ(spec.eval.text("ties"), "index");
}

TEST(ResolveExperiment, MultipliesCasesGridAndSeedsInTheOrderOfTheFile) {
  const std::string sweep =
      "[aligner]\nkind = \"random\"\n[sweep.grid]\n\"aligner.width\" = [4, 8]\nseed = [5, 6]\n"
      "[[sweep.case]]\nname = \"B\"\n[[sweep.case]]\nname = \"A\"\n"
      "set = { \"eval.similarity\" = \"euclidean\" }\n";
  const Experiment experiment = resolved(sweep);
  EXPECT_EQ(trials_of(experiment),
            (Lines{"B (aligner.width=4) 5", "B (aligner.width=4) 6", "B (aligner.width=8) 5",
                   "B (aligner.width=8) 6", "A (aligner.width=4) 5", "A (aligner.width=4) 6",
                   "A (aligner.width=8) 5", "A (aligner.width=8) 6"}));
  EXPECT_EQ(experiment.trials[2].aligner_options.integer("width"), 8);
  EXPECT_EQ(experiment.trials[2].eval.text("similarity"), "cosine");
  EXPECT_EQ(experiment.trials[4].eval.text("similarity"), "euclidean");
  EXPECT_TRUE(experiment.notices.empty());
}

TEST(ResolveExperiment, NamesRowsOfAGridWithoutCasesByTheirAxes) {
  EXPECT_EQ(
      trials_of(resolved(std::string(kRandom) + "[sweep.grid]\n\"aligner.width\" = [4, 8]\n")),
      (Lines{"aligner.width=4 0", "aligner.width=8 0"}));
}

TEST(ResolveExperiment, AnAxisOfOneValueNamesNoRow) {
  EXPECT_EQ(trials_of(resolved(std::string(kRandom) + "[sweep.grid]\n\"aligner.width\" = [4]\n")),
            Lines{"random 0"});
}

TEST(ResolveExperiment, LeavesAnAxisOutWhereTheAlignerHasNoSuchOptionAndSaysSo) {
  const Experiment experiment =
      resolved(std::string(kRandom) +
               "[sweep.grid]\n\"aligner.temperature\" = [0.03, 0.07]\n"
               "[[sweep.case]]\nname = \"floor\"\n[[sweep.case]]\nname = \"InfoNCE\"\n"
               "set = { \"aligner.kind\" = \"contrastive\" }\n");
  EXPECT_EQ(trials_of(experiment), (Lines{"floor 0", "InfoNCE (aligner.temperature=0.03) 0",
                                          "InfoNCE (aligner.temperature=0.07) 0"}));
  EXPECT_EQ(experiment.notices,
            (Lines{"'aligner.temperature' does not apply to floor and is left out there",
                   "1 of 4 trials are equal to others and run once"}));
}

TEST(ResolveExperiment, RefusesAnAxisThatNoTrialHas) {
  EXPECT_EQ(refusal(std::string(kContrastive) + "[sweep.grid]\n\"aligner.temprature\" = [0.1]\n"),
            "c.toml:10:25: no trial has an option 'aligner.temprature' (did you mean "
            "'aligner.temperature'?)");
  EXPECT_EQ(refusal(kContrastive, {"aligner.temprature=0.1"}),
            "override 'aligner.temprature=0.1': no trial has an option 'aligner.temprature' (did "
            "you mean 'aligner.temperature'?)");
}

TEST(ResolveExperiment, RefusesUnknownSectionsAndKeysWhereTheyStand) {
  EXPECT_TRUE(contains(refusal(std::string(kRandom) + "[trian]\nthreads = 2\n"),
                       "unknown key 'trian' (did you mean 'train'?)"));
  EXPECT_EQ(refusal("[aligner]\nkind = \"contrastive\"\ntemprature = 0.1\n"),
            "c.toml:9:1: unknown key 'aligner.temprature' (did you mean 'temperature'?)");
  EXPECT_EQ(refusal(std::string(kRandom) + "[eval]\nspilt = \"dev\"\n"),
            "c.toml:10:1: unknown key 'eval.spilt' (did you mean 'split'?)");
  EXPECT_EQ(refusal(std::string(kRandom) + "[experiment]\nnam = \"x\"\n"),
            "c.toml:10:1: unknown key 'experiment.nam' (did you mean 'name'?)");
  EXPECT_EQ(refusal(std::string(kRandom) + "[table]\ncolumn = [\"rsum\"]\n"),
            "c.toml:10:1: unknown key 'table.column' (did you mean 'columns'?)");
}

TEST(ResolveExperiment, RefusesAnUnknownKeyOfOneCaseBeforeAnyTrialStarts) {
  EXPECT_EQ(refusal(std::string(kRandom) + "[[sweep.case]]\nname = \"good\"\n[[sweep.case]]\n"
                                           "name = \"bad\"\nset = { \"aligner.widht\" = 3 }\n"),
            "c.toml:13:9: unknown key 'aligner.widht' (did you mean 'width'?)");
}

TEST(ResolveExperiment, RefusesUnknownVariantsWithASuggestion) {
  EXPECT_EQ(refusal("[aligner]\nkind = \"contrastve\"\n"),
            "c.toml:8:1: unknown aligner 'contrastve' (did you mean 'contrastive'?)");
  EXPECT_EQ(refusal(kRandom, {"aligner.kind=contrastve"}),
            "override 'aligner.kind=contrastve': unknown aligner 'contrastve' (did you mean "
            "'contrastive'?)");
  EXPECT_EQ(refusal(kRandom, {"features.text.kind=tfdif"}),
            "override 'features.text.kind=tfdif': unknown feature kind 'tfdif' (did you mean "
            "'tfidf'?)");
  EXPECT_EQ(refusal(kRandom, {"features.text.kind=hog"}),
            "override 'features.text.kind=hog': feature kind 'hog' is not for text");
  EXPECT_TRUE(contains(refusal(kRandom, {"eval.protocol=flickr8k-1"}),
                       "eval.protocol: 'flickr8k-1' is not one of its values (did you mean "
                       "'flickr8k-1k'?)"));
}

TEST(ResolveExperiment, RefusesValuesOutOfRange) {
  EXPECT_EQ(refusal("[aligner]\nkind = \"random\"\nwidth = 0\n"),
            "c.toml:9:1: aligner.width: expected a value 1 to 65536, found 0");
  EXPECT_EQ(refusal("[aligner]\nkind = \"contrastive\"\ndropout = 1.5\n"),
            "c.toml:9:1: aligner.dropout: expected a value 0 to 0.95, found 1.5");
  EXPECT_EQ(refusal(kRandom, {"seed=-1"}),
            "override 'seed=-1': seed: expected a value >= 0, found -1");
  EXPECT_EQ(
      refusal(kContrastive, {"aligner.temperature=nan"}),
      "override 'aligner.temperature=nan': aligner.temperature: expected a value 0.01 to 100, "
      "found nan");
}

TEST(ResolveExperiment, RefusesValuesOfTheWrongType) {
  EXPECT_EQ(refusal("[aligner]\nkind = \"random\"\nwidth = \"8\"\n"),
            "c.toml:9:1: aligner.width: expected an integer, found a string 8");
  EXPECT_EQ(refusal("[aligner]\nkind = \"random\"\nwidth = 8.5\n"),
            "c.toml:9:1: aligner.width: expected an integer, found a number 8.5");
  EXPECT_EQ(refusal("[aligner]\nkind = 3\n"),
            "c.toml:8:1: aligner.kind: expected a string, found an integer");
  EXPECT_EQ(refusal("[aligner]\nkind = \"contrastive\"\nlearn_temperature = 1\n"),
            "c.toml:9:1: aligner.learn_temperature: expected true or false, found an integer 1");
  EXPECT_TRUE(contains(whole_refusal(std::string("eval = 1\n") + kData + kRandom),
                       "c.toml:1:1: eval: expected a table, found an integer 1"));
}

TEST(ResolveExperiment, RefusesAConfigThatLacksASectionOrAKind) {
  EXPECT_EQ(refusal(""), "c.toml: [aligner] is missing: it must say 'kind'");
  EXPECT_EQ(refusal("[aligner]\nwidth = 3\n"), "c.toml:7:1: [aligner] must say 'kind'");
  EXPECT_EQ(whole_refusal(""), "c.toml: [dataset] is missing: it must say 'file'");
  EXPECT_EQ(whole_refusal("[dataset]\nfile = \"d.h5\"\n"),
            "c.toml: expected [features.<modality>] for two modalities, found 0");
  EXPECT_EQ(whole_refusal("[dataset]\nfile = \"d.h5\"\n[features.image]\nkind = \"hog\"\n"),
            "c.toml:3:1: expected [features.<modality>] for two modalities, found 1");
  EXPECT_TRUE(contains(whole_refusal("[dataset]\nfile = \"d.h5\"\n[features.image]\n"
                                     "kind = \"hog\"\n[features.texts]\nkind = \"bow\"\n"),
                       "unknown modality 'texts' (did you mean 'text'?)"));
  EXPECT_TRUE(contains(refusal(kRandom, {"features.image.kind=stored"}),
                       "[features.image] must say 'name'"));
}

TEST(ResolveExperiment, RefusesTableColumnsThatNoRecordHas) {
  const auto column = [](const std::string& name) {
    return refusal(std::string(kRandom) + "[table]\ncolumns = [\"rsum\", \"" + name + "\"]\n");
  };
  EXPECT_EQ(column("image_to_txt.R@1"),
            "c.toml:10:1: unknown direction 'image_to_txt' (did you mean 'image_to_text'?)");
  EXPECT_EQ(column("image_to_audio.R@1"),
            "c.toml:10:1: unknown direction 'image_to_audio' (known: image_to_text, "
            "text_to_image)");
  EXPECT_EQ(column("image_to_text.MedianR"),
            "c.toml:10:1: unknown metric 'MedianR' (did you mean 'MeanR'?)");
  EXPECT_TRUE(contains(column("text_to_image.R@0"), "c.toml:10:1: unknown metric 'R@0'"));
  EXPECT_EQ(column("rsumm"), "c.toml:10:1: unknown column 'rsumm' (did you mean 'rsum'?)");
  EXPECT_TRUE(contains(column("R@1"), "c.toml:10:1: unknown column 'R@1'"));
  EXPECT_EQ(column("both.R@1"),
            "c.toml:10:1: unknown column 'both.R@1': of both directions there are only "
            "'both.rsum' and 'both.r_mean'");
  EXPECT_EQ(column("timing.fits_s"),
            "c.toml:10:1: unknown column 'timing.fits_s' (did you mean 'timing.fit_s'?)");
}

TEST(ResolveExperiment, TakesEveryColumnThatARecordCanHave) {
  const Lines columns{"rsum",         "both.rsum",      "image_to_text.R@3",
                      "timing.fit_s", "timing.embed_s", "timing.search_s"};
  const Experiment experiment = resolved(
      std::string(kRandom) + "[table]\ncolumns = " + nlohmann::json(columns).dump() + "\n");
  EXPECT_EQ(experiment.table.columns, columns);
}

TEST(ResolveExperiment, RefusesAFileThatIsNotThereWhereItIsNamed) {
  const tests::ScratchFolder folder;
  const std::string missing = (folder / "stop.txt").string();
  EXPECT_EQ(refusal(kRandom, {"features.text.stop_words_file=" + missing}),
            "override 'features.text.stop_words_file=" + missing +
                "': features.text.stop_words_file: expected a file, found none at '" + missing +
                "'");
  EXPECT_EQ(whole_refusal("[dataset]\nfile = \"d.h5\"\n[features.image]\nkind = \"torchscript\"\n"
                          "file = \"no-such.pt\"\n[features.text]\nkind = \"bow\"\n" +
                          std::string(kRandom)),
            "c.toml:5:1: features.image.file: expected a file, found none at 'no-such.pt' (looked "
            "for in " +
                std::filesystem::current_path().string() + ")");
  write_file_atomically(missing, "dog");
  EXPECT_EQ(resolved(kRandom, {"features.text.stop_words_file=" + missing}).trials.size(), 1U);
}

TEST(ResolveExperiment, TellsAnApproximateKernelItsOwnOptionsAndRefusesOthers) {
  const auto eval = [](const std::string& lines) {
    return refusal(std::string(kRandom) + "[eval]\n" + lines);
  };
  EXPECT_EQ(resolved(kRandom, {"eval.kernel=hnswlib", "eval.kernel_links=8"})
                .trials.front()
                .eval.integer("kernel_links"),
            8);
  EXPECT_EQ(eval("kernel_probes = 3\n"),
            "c.toml:10:1: eval.kernel_probes has an effect only with eval.kernel = \"faiss-ivf\"; "
            "it is \"certified\"");
  EXPECT_EQ(
      eval("kernel = \"hamming\"\nkernel_links = 3\n"),
      "c.toml:11:1: eval.kernel_links has an effect only with eval.kernel = \"faiss-hnsw\" or "
      "\"hnswlib\"; it is \"hamming\"");
  EXPECT_EQ(eval("kernel = \"faiss-ivf\"\nkernel_probes = 0\n"),
            "c.toml:11:1: eval.kernel_probes: expected a value >= 1, found 0");
  EXPECT_EQ(
      eval("kernel = \"faiss-ivf\"\nmetrics = [\"R@5\", \"MedR\"]\n"),
      "c.toml:11:1: metric 'MedR' needs every rank; kernel 'faiss-ivf' finds lists, which tell "
      "metrics of the first k, such as R@10");
}

TEST(ResolveExperiment, RefusesAThresholdThatNothingReads) {
  EXPECT_EQ(refusal(std::string(kRandom) + "[eval]\nthreshold = 0.5\n"),
            "c.toml:10:1: eval.threshold has an effect only with eval.threshold_from = \"value\"; "
            "it is \"dev\"");
  EXPECT_EQ(resolved(kRandom, {"eval.threshold=0.5", "eval.threshold_from=value"})
                .trials.front()
                .eval.real("threshold"),
            0.5);
}

TEST(ResolveExperiment, RefusesUnknownMetricsOfTheEvaluation) {
  EXPECT_TRUE(contains(refusal(std::string(kRandom) + "[eval]\nmetrics = [\"R@1\", \"Rat5\"]\n"),
                       "c.toml:10:1: unknown metric 'Rat5'"));
}

TEST(ResolveExperiment, AddsTheMetricsThatTheTableShows) {
  const Experiment experiment =
      resolved(std::string(kRandom) +
               "[eval]\nmetrics = [\"MRR\"]\n[table]\ncolumns = [\"image_to_text.R@3\", "
               "\"text_to_image.R@3\", \"text_to_image.MRR\", \"rsum\", \"timing.fit_s\"]\n");
  EXPECT_EQ(experiment.trials.front().eval.texts("metrics"), (Lines{"MRR", "R@3"}));
}

TEST(ResolveExperiment, OverridesReplaceTheAxisOfTheirKey) {
  const std::string sweep = std::string(kRandom) + "[sweep.grid]\nseed = [5, 6, 7]\n";
  EXPECT_EQ(trials_of(resolved(sweep)), (Lines{"random 5", "random 6", "random 7"}));
  EXPECT_EQ(trials_of(resolved(sweep, {"seed=0,1"})), (Lines{"random 0", "random 1"}));
  EXPECT_EQ(trials_of(resolved(sweep, {"seed=9"})), Lines{"random 9"});
}

TEST(ResolveExperiment, OverridesWinOverBaseAndCases) {
  const Experiment experiment = resolved(
      "[aligner]\nkind = \"contrastive\"\ntemperature = 0.5\n[[sweep.case]]\nname = \"A\"\n"
      "[[sweep.case]]\nname = \"B\"\nset = { \"aligner.temperature\" = 0.7 }\n",
      {"aligner.temperature=0.05"});
  ASSERT_EQ(trials_of(experiment), (Lines{"A 0", "B 0"}));
  EXPECT_EQ(experiment.trials[0].aligner_options.real("temperature"), 0.05);
  EXPECT_EQ(experiment.trials[1].aligner_options.real("temperature"), 0.05);
}

TEST(ResolveExperiment, OverridesOfExperimentAndTableAreNoAxes) {
  const Experiment experiment =
      resolved(kRandom, {"experiment.name=other", "table.columns=rsum,image_to_text.R@1"});
  EXPECT_EQ(experiment.name, "other");
  EXPECT_EQ(experiment.table.columns, (Lines{"rsum", "image_to_text.R@1"}));
  EXPECT_EQ(trials_of(experiment), Lines{"random 0"});
}

TEST(ResolveExperiment, ACaseOfAnotherKindDropsTheKeysOfTheBase) {
  const std::string base =
      "[aligner]\nkind = \"contrastive\"\ntemperature = 0.5\nepochs = 3\n[[sweep.case]]\n";
  const auto epochs = [&](const std::string& sweep_case) {
    return resolved(base + sweep_case).trials.front().aligner_options.integer("epochs");
  };
  EXPECT_EQ(epochs("name = \"same\"\nset = { \"aligner.kind\" = \"contrastive\" }\n"), 3);
  // 60 is mlp-mse's own default; it has no temperature, so keeping that would be refused.
  EXPECT_EQ(epochs("name = \"other\"\nset = { \"aligner.kind\" = \"mlp-mse\" }\n"), 60);
  EXPECT_EQ(epochs("name = \"own\"\nset = { \"aligner.epochs\" = 7, \"aligner.kind\" = "
                   "\"mlp-mse\" }\n"),
            7);
}

TEST(ResolveExperiment, RunsEqualTrialsOnceAndSaysSo) {
  const Experiment experiment = resolved(kRandom, {"seed=4,4,5"});
  EXPECT_EQ(trials_of(experiment), (Lines{"random 4", "random 5"}));
  EXPECT_EQ(experiment.notices, Lines{"1 of 3 trials are equal to others and run once"});
}

TEST(ResolveExperiment, OrdersModalitiesAlikeHoweverTheyAreWritten) {
  const Experiment experiment = resolve_experiment(
      parse_toml(
          "[dataset]\nfile = \"d.h5\"\n[features.text]\nkind = \"bow\"\n"
          "[features.image]\nkind = \"hog+colour-histogram\"\n[aligner]\nkind = \"random\"\n",
          "c.toml"),
      {});
  const TrialSpec& spec = experiment.trials.front();
  EXPECT_EQ(spec.first, Modality::kImage);
  EXPECT_EQ(spec.first_features.kind, "hog+colour-histogram");
  EXPECT_EQ(spec.second_features.kind, "bow");
}

TEST(TrialSpecJson, ComesBackAsItWas) {
  const Experiment experiment = resolved(
      "[aligner]\nkind = \"random\"\n[eval]\nthreshold_from = \"value\"\nthreshold = 0.1\n"
      "[sweep.grid]\n"
      "\"features.text.min_count\" = [1, 3]\n[[sweep.case]]\nname = \"A \\\"quoted\\\" é\"\n"
      "set = { \"aligner.kind\" = \"contrastive\", \"aligner.hidden\" = [], "
      "\"aligner.learning_rate\" = 3e-5 }\n[[sweep.case]]\nname = \"B\"\n"
      "set = { \"aligner.kind\" = \"cluster-matching\", \"aligner.softness\" = [0.1, 0.3] }\n",
      {"seed=9007199254740993"});
  ASSERT_EQ(experiment.trials.size(), 4U);
  for (const TrialSpec& spec : experiment.trials) {
    const std::string text = to_json(spec).dump();
    EXPECT_EQ(spec_from_json(nlohmann::json::parse(text)), spec) << text;
    EXPECT_EQ(to_json(spec_from_json(nlohmann::json::parse(text))).dump(), text);
  }
}

class TrialId : public ::testing::Test {
 protected:
  static TrialSpec only(const Lines& overrides = {}, const std::string& more = kContrastive) {
    const Experiment experiment = resolved(more, overrides);
    EXPECT_EQ(experiment.trials.size(), 1U);
    return experiment.trials.front();
  }
  static std::string id(const Lines& overrides = {}) { return trial_id(only(overrides), "hash"); }
};

TEST_F(TrialId, IsSixteenHexadecimalDigitsAndTheSameEachTime) {
  EXPECT_EQ(id().size(), 16U);
  EXPECT_EQ(id().find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(id(), id());
}

TEST_F(TrialId, IgnoresCaseRowMetricsAndTheNameOfTheFile) {
  EXPECT_EQ(id({"eval.metrics=[\"R@7\"]"}), id());
  EXPECT_EQ(id({"dataset.file=elsewhere/d.h5"}), id());
  TrialSpec renamed = only();
  renamed.case_name = "another";
  renamed.axes = {{"aligner.temperature", "0.07"}};
  EXPECT_EQ(trial_id(renamed, "hash"), id());
}

TEST_F(TrialId, IgnoresWhetherADefaultIsWritten) {
  EXPECT_EQ(id({"aligner.temperature=0.07", "train.threads=1", "seed=0"}), id());
}

TEST_F(TrialId, DependsOnEverythingThatChangesTheResult) {
  const std::vector<Lines> changes{{"seed=1"},
                                   {"features.image.bins=4"},
                                   {"features.text.kind=bow"},
                                   {"features.text.min_count=1"},
                                   {"aligner.kind=mlp-mse"},
                                   {"aligner.temperature=0.05"},
                                   {"aligner.hidden=[]"},
                                   {"train.threads=2"},
                                   {"eval.split=dev"},
                                   {"eval.protocol=flickr8k-1k"},
                                   {"eval.similarity=dot"},
                                   {"eval.ties=index"},
                                   {"eval.threshold_from=value"}};
  std::set<std::string> ids{id(), trial_id(only(), "other data")};
  for (const Lines& change : changes) {
    EXPECT_TRUE(ids.insert(id(change)).second) << change.front() << " does not change the id";
  }
  EXPECT_EQ(ids.size(), changes.size() + 2);
}

TEST(SpecHash, TellsRecordsApartThatShareATrial) {
  const TrialSpec plain = resolved(kRandom).trials.front();
  const TrialSpec more = resolved(kRandom, {"eval.metrics=[\"R@7\"]"}).trials.front();
  TrialSpec renamed = plain;
  renamed.case_name = "another";
  EXPECT_EQ(trial_id(plain, "hash"), trial_id(more, "hash"));
  EXPECT_NE(spec_hash(plain, "hash"), spec_hash(more, "hash"));
  EXPECT_NE(spec_hash(plain, "hash"), spec_hash(renamed, "hash"));
  EXPECT_NE(spec_hash(plain, "hash"), spec_hash(plain, "other data"));
  EXPECT_EQ(spec_hash(plain, "hash"), spec_hash(resolved(kRandom).trials.front(), "hash"));
}

TEST(SpecHash, ChangesWithTheFilesThatOptionsName) {
  const tests::ScratchFolder folder;
  const std::string path = (folder / "stop.txt").string();
  write_file_atomically(path, "dog");
  const auto file = "features.text.stop_words_file=\"" + path + "\"";
  const TrialSpec spec = resolved(kRandom, {file}).trials.front();
  const auto hash = [&] { return spec_hash(spec, "hash"); };
  const std::string dog = hash();
  std::filesystem::remove(path);
  const std::string missing = hash();
  write_file_atomically(path, "cat");
  const std::string cat = hash();
  EXPECT_EQ((std::set<std::string>{missing, dog, cat}).size(), 3U);
  write_file_atomically(path, "dog");
  EXPECT_EQ(hash(), dog);
}

}  // namespace
}  // namespace alignlab
