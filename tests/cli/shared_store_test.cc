// Data sets that share a store: what differs between them must be in the keys.

#include <fmt/format.h>

#include <fstream>

#include "core/matrix.h"
#include "core/rng.h"
#include "data/npy.h"
#include "tests/cli/lab.h"

namespace alignlab {
namespace {

using tests::alignlab;
using tests::contains;
using tests::Outcome;
using tests::output_of;
using tests::records_of;
using tests::ScratchFolder;

constexpr int kImages = 40;

/// 40 images of two captions, one half in train and the other in dev (`swapped`: the other way),
/// imported to `name`.h5 with the same stored features whatever the split.
void make_dataset(const ScratchFolder& folder, const std::string& name, bool swapped) {
  const auto source = folder / name;
  std::filesystem::create_directories(source);
  std::ofstream captions(source / "captions.token.txt");
  std::ofstream train(source / "Flickr_8k.trainImages.txt");
  std::ofstream dev(source / "Flickr_8k.devImages.txt");
  for (int i = 0; i < kImages; ++i) {
    for (int c = 0; c < 2; ++c)
      captions << fmt::format("{}.jpg#{}\tcaption {} of {}\n", i, c, c, i);
    ((i < kImages / 2) != swapped ? train : dev) << i << ".jpg\n";
  }
  captions.close();
  train.close();
  dev.close();
  output_of(folder.path(), {"import", "flickr8k", name, "--out", name + ".h5"});
  for (const auto& [modality, rows] :
       {std::pair("image", kImages), std::pair("text", 2 * kImages)}) {
    Rng rng(1, modality);
    Matrix matrix(static_cast<std::size_t>(rows), 6);
    for (float& value : matrix.values()) value = static_cast<float>(rng.normal());
    write_npy(folder / "m.npy", matrix);
    output_of(folder.path(), {"add-features", name + ".h5", "--modality", modality, "--name", "f",
                              "--matrix", "m.npy"});
  }
}

nlohmann::json metrics_of(const ScratchFolder& folder, const std::string& dataset,
                          const std::string& store) {
  const std::string out = dataset + "-" + store;
  const Outcome outcome = alignlab(
      folder.path(),
      {"run", "c.toml", "dataset.file=" + dataset + ".h5", "--out", out, "--store", store});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return records_of(folder / out).begin()->second.at("metrics");
}

TEST(SharedStore, KeepsApartDataSetsThatDifferInTheirSplitsAlone) {
  const ScratchFolder folder;
  make_dataset(folder, "one", false);
  make_dataset(folder, "two", true);
  std::ofstream(folder / "c.toml") << R"([dataset]
file = "one.h5"
[features.image]
kind = "stored"
name = "f"
[features.text]
kind = "stored"
name = "f"
[aligner]
kind = "cluster-matching"
clusters = 4
[eval]
split = "dev"
)";
  const nlohmann::json one = metrics_of(folder, "one", "shared");
  const nlohmann::json two = metrics_of(folder, "two", "shared");
  EXPECT_EQ(two, metrics_of(folder, "two", "fresh"));
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace alignlab
