// From the files of Flickr8k to a table, as a user would: import, features, training, evaluation.

#include <fstream>

#include "tests/cli/lab.h"
#include "tests/core/real_data.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::output_of;
using tests::ScratchFolder;

// Seeds 0 to 2 gave 51.9 to 53.8 from images and 46.3 to 47.5 from texts; chance is about 1.
constexpr double kLeastRate = 35.0;

constexpr const char* kConfig = R"([experiment]
name = "flickr8k"
[dataset]
file = "flickr8k.h5"
[features.image]
kind = "stored"
name = "mobilenet_v2"
scale = "standardize"
[features.text]
kind = "tfidf"
[aligner]
kind = "contrastive"
hidden = [256]
width = 256
epochs = 3
[eval]
protocol = "flickr8k-1k"
split = "dev"
timing_repeats = 1
[table]
columns = ["image_to_text.R@10", "text_to_image.R@10"]
)";

TEST(Flickr8k, TrainsATowerThatRetrievesOnDev) {
  ALIGNLAB_NEEDS_REAL_DATA("flickr8k/captions.token.txt");
  const fs::path data = fs::absolute(tests::real_data()) / "flickr8k";
  const ScratchFolder folder;
  EXPECT_TRUE(contains(
      output_of(folder.path(), {"import", "flickr8k", data.string(), "--out", "flickr8k.h5"}),
      "flickr8k.h5: 7000 images, 0 sounds, 35000 texts, content "));
  EXPECT_EQ(output_of(folder.path(),
                      {"add-features", "flickr8k.h5", "--modality", "image", "--name",
                       "mobilenet_v2", "--matrix", (data / "mobilenet_v2_1280.npy").string(),
                       "--ids", (data / "mobilenet_v2_1280.names.txt").string()}),
            "flickr8k.h5: image feature 'mobilenet_v2' added\n");
  std::ofstream(folder / "c.toml") << kConfig;
  output_of(folder.path(), {"run", "c.toml", "--out", "run", "--store", "store"});

  const json table = json::parse(output_of(folder.path(), {"table", "run", "--format", "json"}));
  for (const auto& [column, cell] : table.at("rows").at(0).at("cells").items()) {
    EXPECT_GT(cell.at("mean"), kLeastRate) << column;
  }
  for (const auto& [id, record] : tests::records_of(folder / "run")) {
    EXPECT_EQ(record.at("counts").at("image_to_text").at("queries"), 1000);
    EXPECT_EQ(record.at("counts").at("image_to_text").at("candidates"), 5000);
    EXPECT_EQ(record.at("counts").at("text_to_image").at("queries"), 5000);
  }
}

}  // namespace
}  // namespace alignlab
