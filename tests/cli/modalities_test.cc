// A data set of three modalities trains any of its three pairs, and pixels end to end.

#include <gtest/gtest.h>

#include <fstream>

#include "data/dataset.h"
#include "data/npy.h"
#include "tests/cli/lab.h"

namespace alignlab::tests {
namespace {

nlohmann::json trial_of(const std::string& features, const std::string& aligner) {
  const ScratchFolder folder;
  std::ofstream(folder / "c.toml") << "[experiment]\nname = \"pair\"\n[dataset]\nfile = \""
                                   << (scenes() / "scenes.h5").string() << "\"\n"
                                   << features << "[aligner]\nkind = \"contrastive\"\n"
                                   << aligner;
  output_of(folder.path(), {"run", "c.toml", "--out", "run", "--store", "store"});
  return records_of(folder / "run").begin()->second;
}

constexpr const char* kImages = "[features.image]\nkind = \"hog\"\n";
constexpr const char* kSounds = "[features.audio]\nkind = \"log-mel\"\nrate = 8000\n";
constexpr const char* kTexts = "[features.text]\nkind = \"tfidf\"\n";
constexpr const char* kSmall = "epochs = 2\nhidden = [16]\nwidth = 8\n";

TEST(Modalities, AreTrainedInAnyPair) {
  for (const auto& [features, first, second] :
       {std::tuple(std::string(kImages) + kTexts, "image", "text"),
        std::tuple(std::string(kSounds) + kTexts, "audio", "text"),
        std::tuple(std::string(kImages) + kSounds, "image", "audio")}) {
    const nlohmann::json record = trial_of(features, kSmall);
    EXPECT_EQ(record.at("status"), "ok");
    for (const std::string& direction :
         {std::string(first) + "_to_" + second, std::string(second) + "_to_" + first}) {
      ASSERT_TRUE(record.at("metrics").contains(direction)) << direction;
      EXPECT_EQ(record.at("counts").at(direction).at("judged_queries"),
                record.at("counts").at(direction).at("queries"));
    }
    EXPECT_EQ(record.at("metrics").size(), 3U);  // two directions, and both
  }
}

TEST(Modalities, OfPixelsAreTrainedEndToEnd) {
  const nlohmann::json record =
      trial_of(std::string("[features.image]\nkind = \"pixels\"\nsize = 32\n") + kTexts,
               std::string(kSmall) + "channels = [4, 8]\n");
  EXPECT_EQ(record.at("status"), "ok");
}

TEST(Modalities, WhoseFeaturesNoAlignerTakesAreRefusedBeforeTheRun) {
  const ScratchFolder folder;
  std::ofstream(folder / "c.toml") << "[experiment]\nname = \"x\"\n[dataset]\nfile = \""
                                   << (scenes() / "scenes.h5").string() << "\"\n"
                                   << kImages << "[features.text]\nkind = \"tokens\"\n"
                                   << "[aligner]\nkind = \"mlp-mse\"\n";
  EXPECT_TRUE(refused(alignlab(folder.path(), {"run", "c.toml"}), 2,
                      {"c.toml:8:1",
                       "aligner 'mlp-mse' takes features that are dense, sparse; "
                       "'tokens' is tokens"}));
}

TEST(Modalities, WithoutTrainingItemsAreEvaluatedByAnAlignerThatLearnsNothing) {
  const ScratchFolder folder;
  write_npy(folder / "a.npy", Matrix(6, 3));
  write_npy(folder / "b.npy", Matrix(6, 5));
  output_of(folder.path(), {"import", "embeddings", "a.npy", "b.npy", "--out", "e.h5"});
  const Dataset dataset = Dataset::open(folder / "e.h5");
  std::ofstream config(folder / "c.toml");
  config << "[dataset]\nfile = \"e.h5\"\n[aligner]\nkind = \"random\"\n";
  for (const Modality modality : dataset.modalities()) {
    config << "[features." << name_of(modality) << "]\nkind = \"stored\"\nname = \""
           << dataset.feature_names(modality).at(0) << "\"\n";
  }
  config.close();
  output_of(folder.path(), {"run", "c.toml", "--out", "run", "--store", "store"});
  EXPECT_EQ(records_of(folder / "run").begin()->second.at("status"), "ok");
  EXPECT_TRUE(
      refused(alignlab(folder.path(), {"run", "c.toml", "--out", "x", "aligner.kind=mlp-mse"}), 3,
              {"e.h5: split train has no image items (test 6); 'mlp-mse' learns from train"}));
}

}  // namespace
}  // namespace alignlab::tests
