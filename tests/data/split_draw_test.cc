// `import --split`, whatever the format.

#include <map>
#include <set>

#include "data/dataset.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::import_options;
using tests::Listener;
using tests::ScratchFolder;
using tests::write_text;

/// Writes `groups` images (or sounds), image i with 1 + i % 3 captions, as a format has them.
struct Form {
  std::string format;
  std::vector<std::pair<std::string, std::string>> options;
  ImportSource (*write)(const fs::path& folder, int groups);
  bool has_splits = false;
};

int captions_of(int group) { return 1 + group % 3; }
std::string name_of_group(int group) { return std::to_string(1000 + group) + ".jpg"; }

/// A line a caption.
ImportSource write_lines(const fs::path& path, int groups, const std::string& header,
                         const std::string& before, const std::string& between) {
  std::string text = header;
  for (int group = 0; group < groups; ++group) {
    for (int i = 0; i < captions_of(group); ++i) {
      text += name_of_group(group) + before + std::to_string(i) + between + "A thing.\n";
    }
  }
  write_text(path, text);
  return path;
}

ImportSource write_flickr8k(const fs::path& folder, int groups) {
  return write_lines(folder / "a.token.txt", groups, "", "#", "\t");
}

ImportSource write_flickr30k(const fs::path& folder, int groups) {
  return write_lines(folder / "results.csv", groups, "", "| ", "| ");
}

ImportSource write_csv(const fs::path& folder, int groups) {
  return write_lines(folder / "a.csv", groups, "file,n,text\n", ",", ",");
}

ImportSource write_tsv(const fs::path& folder, int groups) {
  return write_lines(folder / "a.tsv", groups, "file\tn\ttext\n", "\t", "\t");
}

ImportSource write_coco(const fs::path& folder, int groups) {
  std::string images;
  std::string annotations;
  for (int group = 0; group < groups; ++group) {
    const std::string id = std::to_string(group);
    images += (group == 0 ? "" : ", ") + ("{\"id\": " + id) + ", \"file_name\": \"" +
              name_of_group(group) + "\"}";
    for (int i = 0; i < captions_of(group); ++i) {
      annotations += (annotations.empty() ? "" : ", ") + ("{\"id\": \"" + id) + "-" +
                     std::to_string(i) + "\", \"image_id\": " + id + ", \"caption\": \"A thing.\"}";
    }
  }
  write_text(folder / "captions_train.json",
             "{\"images\": [" + images + "], \"annotations\": [" + annotations + "]}");
  return folder / "captions_train.json";
}

ImportSource write_karpathy(const fs::path& folder, int groups) {
  std::string images;
  for (int group = 0; group < groups; ++group) {
    std::string sentences;
    for (int i = 0; i < captions_of(group); ++i) {
      sentences += (i == 0 ? "" : ", ") +
                   ("{\"raw\": \"A thing.\", \"sentid\": \"" + std::to_string(group) + "-" +
                    std::to_string(i)) +
                   "\"}";
    }
    images += (group == 0 ? "" : ", ") + ("{\"filename\": \"" + name_of_group(group)) +
              "\", \"split\": \"train\", \"sentences\": [" + sentences + "]}";
  }
  write_text(folder / "dataset_coco.json", "{\"images\": [" + images + "]}");
  return folder / "dataset_coco.json";
}

ImportSource write_folder(const fs::path& folder, int groups) {
  for (int group = 0; group < groups; ++group) {
    const std::string name = name_of_group(group);
    write_text(folder / "train" / name, "x");
    std::string text;
    for (int i = 0; i < captions_of(group); ++i) text += "A thing.\n";
    write_text((folder / "train" / name).replace_extension(".txt"), text);
  }
  return folder;
}

class DrawnSplits : public ::testing::TestWithParam<Form> {
 protected:
  Dataset import(int groups, const SplitPlan& plan) {
    ImportRequest request;
    request.sources = {GetParam().write(folder_ / std::to_string(groups), groups)};
    request.options = import_options(GetParam().format, GetParam().options);
    request.out = folder_ / "out.h5";
    request.split = plan;
    import_dataset(GetParam().format, request, listener_);
    return Dataset::open(request.out);
  }
  /// How many images each split has.
  static std::vector<std::size_t> sizes(const Dataset& dataset) {
    const Items& images = dataset.items(Modality::kImage);
    std::vector<std::size_t> out;
    for (const Split split : {Split::kTrain, Split::kDev, Split::kTest, Split::kNone}) {
      out.push_back(images.of_split(split).size());
    }
    return out;
  }

  ScratchFolder folder_;
  Listener listener_;
};

TEST_P(DrawnSplits, HaveExactlyTheSizesThatWereAskedFor) {
  using Sizes = std::vector<std::size_t>;
  EXPECT_EQ(sizes(import(20, {0.8, 0.1, 0.1, 0})), (Sizes{16, 2, 2, 0}));
  // Shares add up before they are rounded: 3.5, 5.25 and 7 of 7 images.
  EXPECT_EQ(sizes(import(7, {0.5, 0.25, 0.25, 0})), (Sizes{4, 1, 2, 0}));
  EXPECT_EQ(sizes(import(10, {0.5, 0, 0.2, 3})), (Sizes{5, 0, 2, 3}));
  EXPECT_EQ(sizes(import(1, {0, 0, 1, 3})), (Sizes{0, 0, 1, 0}));
}

TEST_P(DrawnSplits, KeepGroupsTogether) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const Dataset dataset = import(20, {0.5, 0.2, 0.2, seed});
    std::map<std::int32_t, std::set<Split>> splits;
    for (const Modality modality : dataset.modalities()) {
      const Items& items = dataset.items(modality);
      for (std::size_t i = 0; i < items.size(); ++i) {
        splits[items.groups[i]].insert(items.splits[i]);
      }
    }
    EXPECT_EQ(splits.size(), 20U);
    for (const auto& [group, found] : splits) EXPECT_EQ(found.size(), 1U) << group;
  }
}

TEST_P(DrawnSplits, AreTheSameForASeedAndOthersForAnother) {
  const SplitPlan plan{0.5, 0.25, 0.25, 11};
  SplitPlan other = plan;
  other.seed = 12;
  const std::vector<Split> once = import(20, plan).items(Modality::kImage).splits;
  EXPECT_EQ(import(20, plan).items(Modality::kImage).splits, once);
  EXPECT_NE(import(20, other).items(Modality::kImage).splits, once);
}

TEST_P(DrawnSplits, AreNotThoseOfTheSourceNorTheFirstGroups) {
  const std::vector<Split> splits = import(20, {0.5, 0, 0.5, 1}).items(Modality::kImage).splits;
  EXPECT_FALSE(std::ranges::is_sorted(splits));
  std::vector<std::string> of_splits;
  for (const std::string& warning : listener_.warnings) {
    if (warning.find("split") != std::string::npos) of_splits.push_back(warning);
  }
  const std::vector<std::string> note{
      "the splits of the sources are not kept: --split draws all anew"};
  EXPECT_EQ(of_splits, GetParam().has_splits ? note : std::vector<std::string>{});
}

TEST(SplitPlan, GivesSomethingToSomeSplit) {
  EXPECT_EQ(parse_split_plan("0,0,1", 3).test, 1.0);
  EXPECT_EQ(tests::message_of<UsageError>([] { parse_split_plan("0,0,0", 0); }),
            "--split: expected shares of train, dev and test such as 0.8,0.1,0.1, found '0,0,0'");
}

INSTANTIATE_TEST_SUITE_P(
    Formats, DrawnSplits,
    ::testing::Values(Form{"coco", {}, write_coco, true}, Form{"flickr8k", {}, write_flickr8k},
                      Form{"flickr30k", {}, write_flickr30k},
                      Form{"karpathy", {}, write_karpathy, true},
                      Form{"folder", {}, write_folder, true},
                      Form{"csv", {{"image_column", "file"}, {"text_columns", "text"}}, write_csv},
                      Form{"tsv", {{"image_column", "file"}, {"text_columns", "text"}}, write_tsv}),
    [](const auto& form) { return form.param.format; });

}  // namespace
}  // namespace alignlab
