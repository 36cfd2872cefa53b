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
  const auto folds =
      protocol_folds("class-labels", dataset, Modality::kImage, Modality::kText, Split::kTest);
  ASSERT_EQ(folds.size(), 1U);
  EXPECT_EQ(folds[0].first, (std::vector<std::size_t>{0, 1, 2, 3}));
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
      message_of<DataError>([&] {
        protocol_folds("class-labels", dataset, Modality::kImage, Modality::kText, Split::kTest);
      }),
      dataset.path().string() +
          ": protocol 'class-labels' is defined on class labels; the image items of split test "
          "have none");
}

using Groups = std::vector<std::int32_t>;

/// `images` groups, with `captions` of each that come in rounds over the images.
Groups captions_of(std::int32_t images, std::int32_t captions) {
  Groups out;
  for (std::int32_t c = 0; c < captions; ++c) {
    for (std::int32_t i = 0; i < images; ++i) out.push_back(i);
  }
  return out;
}

TEST(CocoProtocols, TakeTheFirstFiveCaptionsOfEachImage) {
  const Groups images = captions_of(5000, 1);
  const Groups captions = captions_of(5000, 6);
  const auto folds = protocol_folds("coco-5k", images, captions, "x");
  ASSERT_EQ(folds.size(), 1U);
  EXPECT_EQ(folds[0].first.size(), 5000U);
  ASSERT_EQ(folds[0].second.size(), 25000U);
  EXPECT_EQ(folds[0].second.back(), 24999U);
}

TEST(CocoProtocols, HaveFoldsOfConsecutiveThousandsOfImages) {
  Groups images = captions_of(5000, 1);
  std::ranges::reverse(images);
  const auto folds = protocol_folds("coco-1k-5fold", images, captions_of(5000, 5), "x");
  ASSERT_EQ(folds.size(), 5U);
  EXPECT_EQ(folds[1].first.front(), 1000U);
  EXPECT_EQ(folds[1].first.back(), 1999U);
  // Groups 3000 to 3999 are those of the second thousand of images.
  ASSERT_EQ(folds[1].second.size(), 5000U);
  EXPECT_EQ(folds[1].second.front(), 3000U);
  EXPECT_EQ(folds[1].second.back(), 4U * 5000U + 3999U);
}

TEST(CaptionProtocols, RefuseOtherItemsThanTheyAreDefinedOn) {
  const auto refusal = [](const std::string& protocol, Groups images, Groups captions) {
    return message_of<DataError>([&] { protocol_folds(protocol, images, captions, "set.h5"); });
  };
  EXPECT_EQ(refusal("coco-5k", captions_of(10, 1), captions_of(10, 5)),
            "set.h5: protocol 'coco-5k' is defined on 5000 images with 5 captions each or more, "
            "found 10 images");
  EXPECT_EQ(refusal("flickr8k-1k", captions_of(1000, 1), captions_of(1000, 6)),
            "set.h5: protocol 'flickr8k-1k' is defined on 1000 images with 5 captions each, found "
            "an image with more than 5 captions");
  EXPECT_EQ(refusal("flickr30k-1k", captions_of(1000, 1), captions_of(1000, 4)),
            "set.h5: protocol 'flickr30k-1k' is defined on 1000 images with 5 captions each, found "
            "an image with 4 captions");
  EXPECT_TRUE(refusal("flickr8k-1k", captions_of(500, 2), captions_of(1000, 5))
                  .ends_with("found two images of a group"));
  EXPECT_TRUE(refusal("flickr8k-1k", captions_of(1000, 1), captions_of(1001, 5))
                  .ends_with("found a caption without its image"));
  EXPECT_EQ(protocol_folds("all-pairs", {7}, {}, "x").size(), 1U);
}

}  // namespace
}  // namespace alignlab
