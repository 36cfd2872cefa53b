// The configs of the repository: each must resolve as it stands.

#include <gtest/gtest.h>

#include <filesystem>

#include "run/experiment.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> configs() {
  std::vector<fs::path> out;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(ALIGNLAB_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() == ".toml") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

TEST(Configs, AllResolveToTrialsOfDevOrOfGeneratedData) {
  std::size_t found = 0;
  for (const fs::path& config : configs()) {
    SCOPED_TRACE(config.string());
    const Experiment experiment = resolve_experiment(load_toml(config), {});
    EXPECT_FALSE(experiment.trials.empty());
    for (const TrialSpec& trial : experiment.trials) {
      EXPECT_TRUE(trial.split() == Split::kDev || experiment.name == "quickstart") << trial.row();
    }
    ++found;
  }
  EXPECT_GE(found, 11U);
}

TEST(Configs, TheFlickr8kPaperShowsPublishedFiguresWithTheirSources) {
  const Experiment experiment = resolve_experiment(
      load_toml(fs::path(ALIGNLAB_SOURCE_DIR) / "configs/paper/flickr8k.toml"), {});
  ASSERT_EQ(experiment.published.size(), 13U);
  const auto spe = std::ranges::find_if(
      experiment.published, [](const PublishedRow& row) { return row.name.starts_with("SPE"); });
  ASSERT_NE(spe, experiment.published.end());
  EXPECT_FALSE(spe->source.empty());
  // 30.1 + 60.4 + 73.7 + 23.0 + 51.3 + 64.8
  EXPECT_NEAR(spe->values.at("rsum"), 303.3, 1e-9);
}

}  // namespace
}  // namespace alignlab
