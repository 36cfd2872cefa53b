// Numbers that must never change without anyone noticing: the content of the built-in scenes and
// what two trials on them find. After a change that is meant, write them anew with
//
//   ALIGNLAB_UPDATE_GOLDEN=1 build/release/golden_test
//
// and say in the commit what changed them.
//
// What is compared is exact by construction on every x86-64, whatever its instruction set: ranks
// come from canonical scores, k-means and its seeding add doubles in a fixed order, and metrics are
// fractions of counts. Both trials therefore read features made here of small integers: HOG, colour
// histograms and TF-IDF with its projection go through libraries that choose their kernels by the
// machine. Only std::log, cos and exp may differ by the last bit of a double between machines; what
// they give is rounded to float32 before it is compared, so that a rank could change only where two
// scores agree to some 1e-9. The threshold is such a score itself and is left out.

#include <array>
#include <cstdlib>
#include <fstream>

#include "core/files.h"
#include "data/dataset.h"
#include "data/npy.h"
#include "tests/cli/lab.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::output_of;
using tests::ScratchFolder;

constexpr double kTolerance = 1e-9;
constexpr std::size_t kWidth = 12;

fs::path golden_file() { return fs::path(ALIGNLAB_SOURCE_DIR) / "tests/golden/scenes60.json"; }

/// Small integers that tell something of an item's group, and something of the item alone.
Matrix integers_of(const Items& items, std::uint32_t modality) {
  Matrix out(items.size(), kWidth);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const auto group = static_cast<std::uint32_t>(items.groups[i]);
    for (std::uint32_t e = 0; e < kWidth; ++e) {
      // Multiplicative hashing (Knuth); the upper bits are the good ones.
      const std::uint32_t of_group = (group % 7U * 97U + e + 1U) * 2654435761U >> 28U;
      const std::uint32_t of_item =
          ((static_cast<std::uint32_t>(i) * 131U + e) * 2U + modality + 1U) * 2246822519U >> 29U;
      out.row(i)[e] = static_cast<float>(of_group + of_item);
    }
  }
  return out;
}

constexpr const char* kConfig = R"([experiment]
name = "golden"
[dataset]
file = "scenes.h5"
[features.image]
kind = "stored"
name = "integers"
[features.text]
kind = "stored"
name = "integers"
[aligner]
kind = "random"
[eval]
timing_repeats = 1
[[sweep.case]]
name = "random"
set = { "aligner.width" = 16 }
[[sweep.case]]
name = "cluster-matching"
set = { "aligner.kind" = "cluster-matching", "aligner.clusters" = 6 }
)";

json measured() {
  const ScratchFolder folder;
  fs::copy(tests::scenes(), folder.path(), fs::copy_options::recursive);
  json out;
  {
    const Dataset dataset = Dataset::open(folder / "scenes.h5");
    out["content_hash"] = dataset.content_hash();
    write_npy(folder / "image.npy", integers_of(dataset.items(Modality::kImage), 0));
    write_npy(folder / "text.npy", integers_of(dataset.items(Modality::kText), 1));
  }
  for (const std::string modality : {"image", "text"}) {
    output_of(folder.path(), {"add-features", "scenes.h5", "--modality", modality, "--name",
                              "integers", "--matrix", modality + ".npy"});
  }
  std::ofstream(folder / "c.toml") << kConfig;
  output_of(folder.path(), {"run", "c.toml", "--out", "run", "--store", "store"});
  for (const auto& [id, record] : tests::records_of(folder / "run")) {
    json metrics = record.at("metrics");
    for (json& direction : metrics) direction.erase("threshold");
    out["metrics"][record.at("case").get<std::string>()] = metrics;
  }
  return out;
}

TEST(Golden, ScenesAndWhatTwoTrialsFindOnThemAreAsTheyWere) {
  const json found = measured();
  if (std::getenv("ALIGNLAB_UPDATE_GOLDEN") != nullptr) {
    write_file_atomically(golden_file(), found.dump(1) + "\n");
    GTEST_SKIP() << golden_file() << " written";
  }
  const json expected = json::parse(read_file(golden_file()));
  EXPECT_EQ(found.at("content_hash"), expected.at("content_hash"));
  const json flat_expected = expected.at("metrics").flatten();
  const json flat_found = found.at("metrics").flatten();
  EXPECT_GT(flat_expected.size(), 60U);
  EXPECT_EQ(flat_found.size(), flat_expected.size());
  for (const auto& [name, value] : flat_expected.items()) {
    ASSERT_TRUE(flat_found.contains(name)) << name;
    EXPECT_NEAR(flat_found.at(name).get<double>(), value.get<double>(), kTolerance) << name;
  }
}

}  // namespace
}  // namespace alignlab
