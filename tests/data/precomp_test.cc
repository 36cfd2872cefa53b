// precomp: a row of features an image, or a caption, beside the captions.

#include <cmath>

#include "tests/data/vector_import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::all;
using tests::bytes_of;
using tests::header;
using tests::npy;
using tests::values_of;
using tests::VectorImport;
using tests::write_text;
using Texts = std::vector<std::string>;

class Precomp : public VectorImport {
 protected:
  Precomp() : VectorImport("precomp") {
    request_.sources = {folder_ / "p"};
    fs::create_directory(folder_ / "p");
  }
  void write_captions(const std::string& split, int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += split + " caption " + std::to_string(i) + "\n";
    write_text(folder_ / ("p/" + split + "_caps.txt"), lines);
  }
};

TEST_F(Precomp, TakesARowAnImage) {
  write_matrix("p/train_ims.npy", 2, {1, 2, 3, 4});
  write_captions("train", 6);
  write_matrix("p/dev_ims.npy", 1, {5, 6});
  write_captions("dev", 2);
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(all(images.ids), (Texts{"train-0", "train-1", "dev-0"}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kDev}));
  EXPECT_EQ(dataset.items(Modality::kText).groups,
            (std::vector<std::int32_t>{0, 0, 0, 1, 1, 1, 2, 2}));
  EXPECT_EQ(dataset.items(Modality::kText).ids[4], "train-1#1");
  EXPECT_EQ(dataset.raw(Modality::kText)->content(7), "dev caption 1");
  EXPECT_FALSE(dataset.has_content(Modality::kImage));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "precomp")),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Precomp, RefusesUnevenRunsOfEqualRowsUntilItIsToldWhatTheyMean) {
  // Three, one and two captions; the last image has the vector of the first, and is another.
  write_matrix("p/test_ims.npy", 6, {1, 2, 1, 2, 1, 2, 3, 4, 1, 2, 1, 2});
  write_captions("test", 6);
  const std::string uneven = path("p/test_ims.npy") +
                             ": images, told apart by their rows, would have 1 to 3 captions; say "
                             "how many each has with --captions-per-image, or name the image of "
                             "each caption in " +
                             path("p/test_ids.txt");
  EXPECT_EQ(refusal(), uneven);
  write_text(folder_ / "p/test_ids.txt", "a\nb\nc\nd\ne\nf\n");
  EXPECT_EQ(refusal(), uneven);
  request_.options = tests::import_options("precomp", {{"captions_per_image", "1"}});
  EXPECT_EQ(all(imported().items(Modality::kImage).ids), (Texts{"a", "b", "c", "d", "e", "f"}));
  request_.options = tests::import_options("precomp");
  write_text(folder_ / "p/test_ids.txt", "a\na\na\nb\nc\nc\n");
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "precomp")),
            (std::vector<float>{1, 2, 3, 4, 1, 2}));
}

TEST_F(Precomp, TakesAsManyCaptionsAnImageAsItIsTold) {
  write_matrix("p/test_ims.npy", 4, {1, 1, 1, 1});
  write_captions("test", 4);
  write_text(folder_ / "p/test_ids.txt", "a\nb\nc\nd\n");
  const auto told = [&](const char* each) {
    request_.options = tests::import_options("precomp", {{"captions_per_image", each}});
  };
  told("2");
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Texts{"a", "b", "c", "d"}));
  std::filesystem::remove(out_);
  told("3");
  EXPECT_EQ(refusal(), path("p/test_caps.txt") +
                           ": expected a multiple of 3 captions (--captions-per-image), found 4");
  told("2");
  write_matrix("p/test_ims.npy", 4, {1, 1, 1, 2});
  EXPECT_EQ(refusal(), path("p/test_ims.npy") +
                           ": expected 2 equal rows in turn (--captions-per-image), found that "
                           "row 3 differs from row 2");
  std::filesystem::remove(folder_ / "p/test_ids.txt");
  write_matrix("p/test_ims.npy", 1, {1, 1});
  EXPECT_EQ(refusal(), path("p/test_caps.txt") + ": expected 2 captions for each of 1 rows of " +
                           path("p/test_ims.npy") + " (--captions-per-image), found 4");
}

TEST_F(Precomp, TakesIdsOfRowsThatDifferForThoseOfImages) {
  write_text(folder_ / "p/train_ids.txt", "x\ny\n");
  write_captions("train", 2);
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Texts{"x", "y"}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Texts{"x#0", "y#0"}));
}

TEST_F(Precomp, ReadsItsIdsRatherThanWritesOverThem) {
  write_text(folder_ / "p/train_ids.txt", "x\ny\n");
  write_captions("train", 2);
  write_matrix("p/train_ims.npy", 2, {1, 2});
  request_.out = folder_ / "p/train_ids.txt";
  EXPECT_EQ(refusal(), path("p/train_ids.txt") + ": is read by the import; choose another output");
}

TEST_F(Precomp, ComparesRowsBitForBit) {
  write_matrix("p/test_ims.npy", 4, {0.0F, -0.0F, 1.0F, std::nextafter(1.0F, 2.0F)});
  write_captions("test", 4);
  EXPECT_EQ(imported().items(Modality::kImage).size(), 4U);
}

TEST_F(Precomp, ComparesRowsAcrossBlocks) {
  std::vector<float> rows;
  for (int image = 0; image < 400; ++image) rows.insert(rows.end(), 3, static_cast<float>(image));
  write_matrix("p/train_ims.npy", 1200, rows);
  write_captions("train", 1200);
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).size(), 400U);
  EXPECT_EQ(dataset.features(Modality::kImage, "precomp").row(399)[0], 399.0F);
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(Precomp, GroupsCaptionsByIdsThatNameImages) {
  write_text(folder_ / "p/train_ids.txt", "77\n77\n8\n77\n8\n");
  write_captions("train", 5);
  // A row a caption.
  write_matrix("p/train_ims.npy", 5, {1, 1, 2, 1, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Texts{"77", "8"}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 0, 1}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Texts{"77#0", "77#1", "8#0", "77#2", "8#1"}));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "precomp")), (std::vector<float>{1, 2}));
  // A row an image, in the order of their first captions.
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset other = imported();
  EXPECT_EQ(other.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 0, 1}));
  EXPECT_EQ(values_of(other.features(Modality::kImage, "precomp")), (std::vector<float>{1, 2}));
}

TEST_F(Precomp, TakesIdsThatDifferForThoseOfCaptions) {
  write_text(folder_ / "p/train_ids.txt", "c1\nc2\nc3\nc4\n");
  write_captions("train", 4);
  write_matrix("p/train_ims.npy", 4, {1, 1, 2, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Texts{"c1", "c2", "c3", "c4"}));
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Texts{"train-0", "train-1"}));
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset other = imported();
  EXPECT_EQ(other.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(all(other.items(Modality::kText).ids), (Texts{"c1", "c2", "c3", "c4"}));
}

TEST_F(Precomp, TakesAnIdARow) {
  write_text(folder_ / "p/train_ids.txt", "x\ny\n");
  write_captions("train", 4);
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Texts{"x", "y"}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Texts{"x#0", "x#1", "y#0", "y#1"}));
}

TEST_F(Precomp, NamesFilesAndCountsThatDoNotFit) {
  const std::string caps = path("p/train_caps.txt");
  const std::string rows = path("p/train_ims.npy");
  const std::string ids = path("p/train_ids.txt");
  write_matrix("p/train_ims.npy", 2, {1, 2});
  write_captions("train", 5);
  EXPECT_EQ(refusal(), caps + ": expected as many captions as rows of " + rows +
                           ", or a multiple; found 5 captions and 2 rows");
  write_captions("train", 1);
  EXPECT_EQ(refusal(), caps + ": expected as many captions as rows of " + rows +
                           ", or a multiple; found 1 captions and 2 rows");
  write_captions("train", 4);
  write_text(ids, "1\n2\n3\n");
  EXPECT_EQ(refusal(), ids + ": expected an id for each of 4 captions of " + caps +
                           " or 2 rows of " + rows + ", found 3");
  write_text(ids, "1\n2\n3\n3\n");
  EXPECT_EQ(refusal(), ids + ": expected 2 different ids, one a row of " + rows + ", found 3");
  write_matrix("p/train_ims.npy", 4, {1, 2, 3, 4});
  EXPECT_EQ(refusal(), ids + ":4: '3' is also on line 3, but their rows of " + rows + " differ");
}

TEST_F(Precomp, RefusesAnImageInTwoSplits) {
  for (const std::string split : {"train", "test"}) {
    write_matrix("p/" + split + "_ims.npy", 1, {1, 2});
    write_captions(split, 2);
    write_text(folder_ / ("p/" + split + "_ids.txt"), "9\n9\n");
  }
  EXPECT_EQ(refusal(), path("p/test_ids.txt") +
                           ": '9' is already in train_ids.txt; where each split numbers its own, "
                           "leave the ids files out");
}

TEST_F(Precomp, WantsRowsAndCaptionsOfASplit) {
  EXPECT_EQ(refusal(), path("p") + ": expected {train,dev,test}_ims.npy and _caps.txt, found none");
  write_captions("dev", 2);
  EXPECT_EQ(refusal(), path("p/dev_ims.npy") + ": expected it beside " + path("p/dev_caps.txt") +
                           ", found none");
  request_.sources = {folder_ / "p/dev_caps.txt"};
  EXPECT_EQ(refusal(), path("p/dev_caps.txt") + ": expected a folder, found something else");
}

TEST_F(Precomp, RefusesVectorsOfRegions) {
  write_text(folder_ / "p/test_ims.npy",
             npy(header("<f4", "(1, 2, 2)"), bytes_of<float>({1, 2, 3, 4})));
  write_captions("test", 1);
  EXPECT_EQ(refusal(), path("p/test_ims.npy") + ": expected 2 dimensions, found 3");
}

}  // namespace
}  // namespace alignlab
