#include <nlohmann/json.hpp>

#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

Inspection full_inspection() {
  Inspection inspection;
  inspection.name = "set";
  inspection.content_hash = "0123";
  ModalityReport& images = inspection.modalities["image"];
  images.items = 7000;
  images.splits = {{"none", 91}, {"train", 6000}, {"dev", 909}, {"test", 0}};
  images.features = {{"a", 5}, {"net", 1280}};
  images.groups.total = 6999;
  images.groups.splits = {{"none", 90}, {"train", 6000}, {"dev", 909}, {"test", 0}};
  images.labels = {{"cat", 12}, {"dog", 6988}};
  ModalityReport& texts = inspection.modalities["text"];
  texts.items = 35000;
  texts.splits = {{"none", 0}, {"train", 30000}, {"dev", 5000}, {"test", 0}};
  texts.groups.total = 7000;
  texts.groups.splits = {{"none", 0}, {"train", 6000}, {"dev", 1000}, {"test", 0}};
  inspection.captions_per_image = {{4, 1}, {5, 6999}};
  inspection.captions_per_sound = {{1, 3}};
  inspection.judgements = JudgementCounts{70000, 35000, "text", "image"};
  inspection.unchecked = {{"audio", "captions", 180, 200}};
  inspection.pairing = {{"image/a", "captions", 1000, -0.25},
                        {"image/net", "captions", 1000, 63.125}};
  inspection.findings = {{"leak-between-splits", Severity::kError, 1, {"'a'"}, "A hint."},
                         {"zero-rows", Severity::kWarning, 2, {"'a'", "'b'"}, "Another hint."},
                         {"no-dev-split", Severity::kNote, 1200, {"'b'", "'c'"}, "Another."}};
  return inspection;
}

TEST(Inspection, ReadsAlignedForPeople) {
  Inspection inspection = full_inspection();
  EXPECT_EQ(to_text(inspection), R"(set  0123

        items  groups   train    dev  test  no split  features
image   7,000   6,999   6,000    909     0        91  a [5], net [1280]
text   35,000   7,000  30,000  5,000     0         0  -

captions per image: 4 (1 image), 5 (6,999 images)

captions per sound: 1 (3 sounds)

labels: 2 of image items (12 to 6,988 each)

judgements: 70,000 image candidates of 35,000 text queries

pairing, in deviations from a random one (below 3 it looks random):
  image/a    captions  z -0.2  over 1,000 groups
  image/net  captions  z 63.1  over 1,000 groups

pairing: not checked, 180 train groups, 200 are needed

error    leak-between-splits: 1
         'a'
         A hint.

warning  zero-rows: 2
         'a', 'b'
         Another hint.

note     no-dev-split: 1,200
         'b', 'c', ...
         Another.
)");
  inspection.findings.clear();
  EXPECT_TRUE(tests::contains(to_text(inspection), "\nno findings\n"));
}

TEST(Inspection, IsTheJsonThatScriptsRelyOn) {
  Inspection inspection = full_inspection();
  inspection.modalities.erase("text");
  inspection.findings.resize(1);
  EXPECT_EQ(to_json(inspection), Json::parse(R"({
    "name": "set",
    "content_hash": "0123",
    "modalities": {"image": {
      "items": 7000,
      "splits": {"none": 91, "train": 6000, "dev": 909, "test": 0},
      "features": {"a": 5, "net": 1280},
      "groups": {"total": 6999, "splits": {"none": 90, "train": 6000, "dev": 909, "test": 0}},
      "labels": {"cat": 12, "dog": 6988}}},
    "captions_per_image": {"4": 1, "5": 6999},
    "captions_per_sound": {"1": 3},
    "judgements": {"count": 70000, "queries": 35000, "query_modality": "text",
                   "candidate_modality": "image"},
    "pairing_unchecked": [
      {"features": "audio", "against": "captions", "train_groups": 180, "needed": 200}],
    "pairing": [
      {"features": "image/a", "against": "captions", "held_out": 1000, "z": -0.25},
      {"features": "image/net", "against": "captions", "held_out": 1000, "z": 63.125}],
    "findings": [{"code": "leak-between-splits", "severity": "error", "count": 1,
                  "examples": ["'a'"], "hint": "A hint."}]})"));
}

TEST(Inspection, ComesBackFromItsJsonAsItWas) {
  const Inspection inspection = full_inspection();
  EXPECT_EQ(inspection_from(Json::parse(to_json(inspection).dump())), inspection);
  EXPECT_EQ(inspection_from(to_json(Inspection{})), Inspection{});
}

using InspectionOfAFile = tests::DoctorTest;

TEST_F(InspectionOfAFile, IsValidJsonWhateverBytesAnIdHas) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.add_text({"bad \xff\n", 0, Split::kTrain}, ".");
    writer.set_label(0, "\xfe");
    writer.set_label(1, "ok");
  });
  EXPECT_EQ(find(inspection, "nearly-empty-texts").examples, Examples{"'bad \\xff\\x0a'"});
  EXPECT_EQ(inspection_from(Json::parse(to_json(inspection).dump())), inspection);
}

}  // namespace
}  // namespace alignlab
