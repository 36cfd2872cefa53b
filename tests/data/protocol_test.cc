#include "data/protocol.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "data/dataset_writer.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;

class ClassLabels : public ::testing::Test {
 protected:
  /// Images and texts of four groups in test; the groups' labels, "" for none.
  Dataset labelled(const std::vector<std::string>& labels) {
    {
      DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
      for (std::int32_t g = 0; g < 4; ++g) {
        const std::string id = std::to_string(g);
        writer.add_file(Modality::kImage, {id, g, Split::kTest}, std::nullopt, id);
        writer.add_text({id, g, Split::kTest}, "text");
        const std::string& label = labels[static_cast<std::size_t>(g)];
        if (!label.empty()) writer.set_label(g, label);
      }
      writer.commit();
    }
    return Dataset::open(folder_ / "d.h5");
  }
  ScratchFolder folder_;
};

TEST_F(ClassLabels, MakeItemsOfOneClassRelevantToEachOther) {
  const Dataset dataset = labelled({"art", "war", "art", "war"});
  check_protocol("class-labels", dataset, Split::kTest);
  const auto keys = [&](Modality modality) {
    return relevance_keys("class-labels", dataset, modality, Split::kTest);
  };
  EXPECT_EQ(keys(Modality::kImage), (std::vector<std::int32_t>{0, 1, 0, 1}));
  EXPECT_EQ(keys(Modality::kText), keys(Modality::kImage));
  EXPECT_EQ(relevance_keys("all-pairs", dataset, Modality::kImage, Split::kTest),
            (std::vector<std::int32_t>{0, 1, 2, 3}));
}

TEST_F(ClassLabels, MakeAnItemWithoutOneRelevantToNone) {
  const Dataset dataset = labelled({"art", "", "art", ""});
  const auto images = relevance_keys("class-labels", dataset, Modality::kImage, Split::kTest);
  const auto texts = relevance_keys("class-labels", dataset, Modality::kText, Split::kTest);
  EXPECT_EQ(images[0], texts[2]);
  EXPECT_NE(images[1], images[3]);
  for (const std::size_t i : {1U, 3U}) {
    EXPECT_EQ(std::ranges::count(texts, images[i]), 0);
    EXPECT_EQ(std::ranges::count(images, texts[i]), 0);
  }
}

TEST_F(ClassLabels, AreRequiredByTheirProtocol) {
  const Dataset dataset = labelled({"", "", "", ""});
  EXPECT_EQ(
      message_of<DataError>([&] { check_protocol("class-labels", dataset, Split::kTest); }),
      dataset.path().string() +
          ": protocol 'class-labels' is defined on class labels; the image items of split test "
          "have none");
}

}  // namespace
}  // namespace alignlab
