#include "tests/data/import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::contains;
using tests::import_options;
using tests::ImportTest;
using tests::write_text;

// As in the published files: keys in no fixed order, ids that are integers, tokens that nobody asks
// for, and sentences before what they belong to is named.
constexpr std::string_view kCoco = R"({"images": [
  {"filepath": "val2014", "sentids": [770, 771], "filename": "c9.jpg", "imgid": 0, "split": "test",
   "sentences": [{"tokens": ["a", "dog"], "raw": "A dog.", "imgid": 0, "sentid": 770},
                 {"sentid": 771, "raw": "", "tokens": []}], "cocoid": 9},
  {"sentences": [{"raw": "Zwei \u00c4pfel", "sentid": "s5"}], "filename": "c3.jpg",
   "split": "restval", "filepath": "val2014", "imgid": 1},
  {"filename": "c5.jpg", "filepath": "train2014", "sentences": [], "split": "train"},
  {"filename": "c4.jpg", "sentences": [{"raw": "A cat.", "sentid": 4}], "split": "val"}
], "dataset": "coco"})";

class KarpathyImport : public ImportTest {
 protected:
  KarpathyImport() : ImportTest("karpathy") {
    write_text(json_, kCoco);
    request_.sources = {json_};
  }

  /// Of a file with these images, after its name.
  std::string refusal_of(const std::string& images) {
    write_text(json_, "{\"images\": [" + images + "], \"dataset\": \"coco\"}");
    return after(json_.string() + ": ", refusal());
  }

  fs::path json_ = folder_ / "dataset_coco.json";
};

TEST_F(KarpathyImport, KeepsTheOrderOfTheFile) {
  const ImportSummary summary = import();
  EXPECT_EQ(summary.images, 4U);
  EXPECT_EQ(summary.texts, 4U);
  const Dataset dataset = Dataset::open(request_.out);
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(images.ids[0], "c9.jpg");
  EXPECT_EQ(images.ids[3], "c4.jpg");
  EXPECT_EQ(images.groups, (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTest, Split::kTrain, Split::kTrain, Split::kDev}));
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(texts.ids[0], "770");
  EXPECT_EQ(texts.ids[2], "s5");
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 0, 1, 3}));
  EXPECT_EQ(texts.splits, (std::vector{Split::kTest, Split::kTest, Split::kTrain, Split::kDev}));
  EXPECT_EQ(dataset.raw(Modality::kText)->content(0), "A dog.");
  EXPECT_EQ(dataset.raw(Modality::kText)->content(2), "Zwei Äpfel");
}

TEST_F(KarpathyImport, CanLeaveRestvalOut) {
  request_.options = import_options("karpathy", {{"restval", "none"}});
  import();
  EXPECT_EQ(Dataset::open(request_.out).items(Modality::kImage).splits,
            (std::vector{Split::kTest, Split::kNone, Split::kTrain, Split::kDev}));
}

TEST_F(KarpathyImport, FindsImagesInTheirSubfoldersOrInOneFolder) {
  write_text(folder_ / "pictures/val2014/c9.jpg", "nine");
  write_text(folder_ / "pictures/c3.jpg", "three");
  request_.images = folder_ / "pictures";
  import();
  const Dataset dataset = Dataset::open(request_.out);
  EXPECT_EQ(dataset.raw(Modality::kImage)->content(0), "nine");
  EXPECT_EQ(dataset.raw(Modality::kImage)->content(1), "three");
  EXPECT_EQ(listener_.warnings,
            (std::vector<std::string>{"images not in " + (folder_ / "pictures").string() +
                                          ": 2 of 4 (the first: train2014/c5.jpg)",
                                      "images without a sentence: 1 (the first: c5.jpg)",
                                      "empty sentences: 1 (the first: 771)"}));
}

TEST_F(KarpathyImport, NamesTheEntryThatIsWrong) {
  const std::string fine =
      R"({"filename": "a", "split": "train", "sentences": [{"raw": "x", "sentid": 1}]}, )";
  EXPECT_EQ(refusal_of(fine + R"({"split": "train", "sentences": []})"),
            "images[1]: 'filename' is missing");
  EXPECT_EQ(refusal_of(fine + R"({"filename": "b", "sentences": []})"),
            "images[1]: 'split' is missing");
  EXPECT_EQ(refusal_of(fine + R"({"filename": "b", "split": "train"})"),
            "images[1]: 'sentences' is missing");
  EXPECT_EQ(refusal_of(fine + R"({"filename": "b", "split": "train", "sentences": {}})"),
            "images[1]: 'sentences': expected an array, found an object");
  EXPECT_EQ(refusal_of(fine + R"({"filename": "b", "split": "trian", "sentences": []})"),
            "images[1]: 'split': expected train, restval, val or test, found 'trian'");
  EXPECT_EQ(refusal_of(fine + R"({"filename": "a", "split": "train", "sentences": []})"),
            "images[1]: filename 'a' is already that of images[0]");
  EXPECT_EQ(refusal_of(fine + R"({"filename": "", "split": "train", "sentences": []})"),
            "images[1]: 'filename' is empty");
  EXPECT_EQ(refusal_of("7"), "images[0]: expected an object, found the number 7");
  EXPECT_EQ(refusal_of(""), "expected images, found none");
  EXPECT_EQ(refusal_of(R"({"filename": "../a", "split": "train", "sentences": []})"),
            "images[0]: 'filename': expected a file name inside the folder, found '../a'");
}

TEST_F(KarpathyImport, NamesTheSentenceThatIsWrong) {
  const std::string begin =
      R"({"filename": "a", "split": "train", "sentences": [{"raw": "x", "sentid": 1}, )";
  EXPECT_EQ(refusal_of(begin + R"({"sentid": 2}]})"), "images[0].sentences[1]: 'raw' is missing");
  EXPECT_EQ(refusal_of(begin + R"({"raw": "y"}]})"), "images[0].sentences[1]: 'sentid' is missing");
  EXPECT_EQ(refusal_of(begin + R"({"raw": 3, "sentid": 2}]})"),
            "images[0].sentences[1]: 'raw': expected a string, found the number 3");
  EXPECT_EQ(refusal_of(begin + R"([]]})"),
            "images[0].sentences[1]: expected an object, found an array");
  EXPECT_EQ(refusal_of(begin + R"({"raw": "y", "sentid": "1"}]})"),
            "images[0].sentences[1]: sentid '1' is already that of images[0]");
  EXPECT_EQ(refusal_of(begin + R"({"raw": "y", "sentid": 2}], "sentences": []})"),
            "images[0]: 'sentences': is there twice");
}

TEST_F(KarpathyImport, RefusesOtherFiles) {
  write_text(json_, R"({"annotations": []})");
  EXPECT_EQ(refusal(), json_.string() + ": expected 'images', found no 'images'");
  write_text(json_, "[]");
  EXPECT_EQ(refusal(), json_.string() + ": expected an object with 'images', found an array");
  write_text(json_, kCoco.substr(0, 300));
  EXPECT_TRUE(contains(refusal(), ":5:27: "));
  request_.sources = {folder_.path()};
  EXPECT_EQ(refusal(),
            folder_.path().string() + ": expected a file dataset_*.json, found a folder");
  write_text(folder_ / "other.json", kCoco);
  request_.sources = {json_, folder_ / "other.json"};
  EXPECT_EQ(refusal<UsageError>(), "karpathy: expected one file dataset_*.json, found 2");
}

TEST_F(KarpathyImport, LeavesNothingWhenInterrupted) {
  std::string images;
  for (int i = 0; i < 1500; ++i) {
    images += (i == 0 ? "" : ", ") + std::string("{\"filename\": \"") + std::to_string(i) +
              "\", \"split\": \"train\", \"sentences\": []}";
  }
  write_text(json_, "{\"images\": [" + images + "]}");
  EXPECT_EQ(interruption(), "interrupted");
}

TEST_F(KarpathyImport, SurvivesDamage) {
  EXPECT_GT(refused_imports(std::string(kCoco), json_, 300), 100);
}

}  // namespace
}  // namespace alignlab
