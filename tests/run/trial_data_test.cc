#include "run/trial_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset_writer.h"
#include "data/store_features.h"
#include "run/experiment.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;

/// Four images with a caption and a sound each, and what a test changes of them.
struct Contents {
  std::string caption = "a dog";
  std::string sound = "woof";
  Split train = Split::kTrain;
  Split split = Split::kTest;
};

class TrialData : public ::testing::Test {
 protected:
  TrialData() { write({}); }

  void write(const Contents& contents) const {
    write_file_atomically(folder_ / "x.png", "x");
    write_file_atomically(folder_ / "x.wav", contents.sound);
    DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {.contents = ContentKind::kBytes});
    for (std::int32_t i = 0; i < 4; ++i) {
      const Split split = i < 2 ? contents.train : contents.split;
      writer.add_file(Modality::kImage, {std::to_string(i), i, split}, folder_.path(), "x.png");
      writer.add_file(Modality::kAudio, {std::to_string(i), i, split}, folder_.path(), "x.wav");
      writer.add_text({std::to_string(i), i, split}, contents.caption);
    }
    writer.commit();
  }
  void add_feature(Modality modality, const std::string& name, float value) const {
    FeatureMatrix matrix;
    matrix.modality = modality;
    matrix.name = name;
    matrix.width = 2;
    matrix.read_rows = [&](std::size_t, std::span<float> out) { std::ranges::fill(out, value); };
    Silent silent;
    store_features(
        folder_ / "d.h5", [&](const Dataset&) { return matrix; }, silent);
  }
  static TrialSpec spec(const std::string& image) {
    return resolve_experiment(parse_toml("[dataset]\nfile = \"d.h5\"\n[features.image]\n" + image +
                                             "[features.text]\nkind = \"bow\"\n[aligner]\n"
                                             "kind = \"random\"\n",
                                         "c.toml"),
                              {})
        .trials.front();
  }
  std::string read(const std::string& image = "kind = \"hog\"\n") const {
    return content_read(Dataset::open(folder_ / "d.h5"), spec(image));
  }

  const ScratchFolder folder_;
};

TEST_F(TrialData, IsNotChangedByWhatATrialDoesNotRead) {
  const std::string before = read();
  add_feature(Modality::kImage, "net", 1.0F);
  add_feature(Modality::kText, "net", 1.0F);
  EXPECT_EQ(read(), before);
  const std::string stored = read("kind = \"stored\"\nname = \"net\"\n");
  EXPECT_NE(stored, before);
  add_feature(Modality::kImage, "other", 2.0F);
  EXPECT_EQ(read("kind = \"stored\"\nname = \"net\"\n"), stored);
  EXPECT_NE(read("kind = \"stored\"\nname = \"other\"\n"), stored);
  write({.sound = "miaow"});
  EXPECT_EQ(read(), before);
}

TEST_F(TrialData, ChangesWithItemsRawContentAndTheNamedFeature) {
  std::set<std::string> seen{read()};
  write({.caption = "a cat"});
  EXPECT_TRUE(seen.insert(read()).second);
  write({.split = Split::kDev});
  EXPECT_TRUE(seen.insert(read()).second);
  for (const float value : {1.0F, 2.0F}) {
    write({});
    add_feature(Modality::kImage, "net", value);
    EXPECT_TRUE(seen.insert(read("kind = \"stored\"\nname = \"net\"\n")).second);
  }
}

class SplitsOfATrial : public TrialData {
 protected:
  std::string refusal(const std::string& aligner, const std::string& split) const {
    return message_of<DataError>([&] { require(aligner, split); });
  }
  void require(const std::string& aligner, const std::string& split) const {
    TrialSpec wanted = spec("kind = \"hog\"\n");
    wanted.aligner = aligner;
    wanted.eval.set("split", split);
    require_data(Dataset::open(folder_ / "d.h5"), wanted);
  }
};

TEST_F(SplitsOfATrial, HaveToBeThereAndTheOthersAreNamed) {
  EXPECT_NO_THROW(require("mlp-mse", "test"));
  EXPECT_EQ(refusal("mlp-mse", "dev"),
            "d.h5: split dev has no image items (train 2, test 2); [eval] split = \"test\" "
            "evaluates on test");
  write({.split = Split::kDev});
  EXPECT_EQ(refusal("mlp-mse", "test"),
            "d.h5: split test has no image items (train 2, dev 2); [eval] split = \"dev\" "
            "evaluates on dev");
  write({.split = Split::kNone});
  EXPECT_EQ(refusal("mlp-mse", "test"), "d.h5: split test has no image items (train 2, none 2)");
}

TEST_F(SplitsOfATrial, NeedTrainOnlyForAnAlignerThatLearns) {
  write({.train = Split::kTest});
  EXPECT_NO_THROW(require("random", "test"));
  EXPECT_EQ(refusal("contrastive", "test"),
            "d.h5: split train has no image items (test 4); 'contrastive' learns from train");
}

TEST_F(SplitsOfATrial, NeedAsManyPairedGroupsInTrainAsTheLabelBudgetAsks) {
  TrialSpec wanted = spec("kind = \"hog\"\n");
  const auto require_budget = [&](std::int64_t groups) {
    wanted.train.set("label_budget", groups);
    require_data(Dataset::open(folder_ / "d.h5"), wanted);
  };
  EXPECT_NO_THROW(require_budget(0));
  EXPECT_NO_THROW(require_budget(2));
  EXPECT_EQ(message_of<DataError>([&] { require_budget(3); }),
            "d.h5: train.label_budget: expected at most 2, the groups of train that have image and "
            "text items, found 3");
}

TEST_F(SplitsOfATrial, NeedTrainForTheBankOfACorrectionUnlessItIsTheEvaluatedOne) {
  TrialSpec wanted = spec("kind = \"hog\"\n");
  wanted.eval.set("correction", std::string("csls"));
  const auto require_bank = [&](const std::string& bank) {
    wanted.eval.set("correction_bank", bank);
    require_data(Dataset::open(folder_ / "d.h5"), wanted);
  };
  EXPECT_NO_THROW(require_bank("train"));
  write({.train = Split::kTest});
  EXPECT_NO_THROW(require_bank("evaluated"));
  EXPECT_EQ(message_of<DataError>([&] { require_bank("train"); }),
            "d.h5: split train has no image items (test 4); eval.correction takes its bank from "
            "there unless eval.correction_bank says otherwise");
}

TEST_F(SplitsOfATrial, OfAnEnsembleAreThoseOfItsMembersAndDev) {
  TrialSpec ensemble = spec("kind = \"hog\"\n");
  ensemble.members = {ensemble, ensemble};
  ensemble.weights = {1.0, 1.0};
  const auto require_it = [&] { require_data(Dataset::open(folder_ / "d.h5"), ensemble); };
  EXPECT_EQ(message_of<DataError>(require_it),
            "d.h5: split dev has no image items (train 2, test 2); an ensemble takes the scales of "
            "scores from dev");
  write({.split = Split::kDev});
  ensemble.eval.set("split", std::string("dev"));
  EXPECT_NO_THROW(require_it());
  ensemble.members[1].train.set("label_budget", std::int64_t{3});
  EXPECT_EQ(message_of<DataError>(require_it),
            "d.h5: train.label_budget: expected at most 2, the groups of train that have image and "
            "text items, found 3");
}

TEST_F(TrialData, OfAnEnsembleIsWhatItsMembersRead) {
  add_feature(Modality::kImage, "net", 1.0F);
  const auto read_by = [&](const std::vector<std::string>& members) {
    TrialSpec ensemble = spec("kind = \"hog\"\n");
    for (const std::string& image : members) ensemble.members.push_back(spec(image));
    return content_read(Dataset::open(folder_ / "d.h5"), ensemble);
  };
  const std::string hog = "kind = \"hog\"\n", net = "kind = \"stored\"\nname = \"net\"\n";
  const std::string raw = read_by({hog, hog}), both = read_by({hog, net});
  EXPECT_NE(raw, both);
  write({});
  add_feature(Modality::kImage, "net", 2.0F);
  EXPECT_EQ(read_by({hog, hog}), raw);
  EXPECT_NE(read_by({hog, net}), both);
}

TEST_F(TrialData, SaysWhichStoredFeatureIsNotThere) {
  add_feature(Modality::kImage, "net", 1.0F);
  EXPECT_EQ(message_of<DataError>([&] { read("kind = \"stored\"\nname = \"nett\"\n"); }),
            (folder_ / "d.h5").string() + ": no image features 'nett' (did you mean 'net'?)");
}

}  // namespace
}  // namespace alignlab
