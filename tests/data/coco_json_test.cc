// What can be wrong with one JSON file of COCO captions.

#include "data/formats/coco_json.h"

#include "tests/data/coco_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::CocoImport;
using tests::contains;
using tests::kCocoTrain;
using tests::kCocoVal;
using tests::ScratchFolder;
using tests::write_text;

TEST_F(CocoImport, SaysWhereTheJsonIsCut) {
  const std::string half(kCocoTrain.substr(0, kCocoTrain.find("\"caption\": \"A dog")));
  EXPECT_EQ(refusal_at(half), "9:29: expected JSON, found the end of the file");
  EXPECT_EQ(refusal_at("{\"images"),
            "1:9: expected JSON, found the end of the file inside a string");
}

TEST_F(CocoImport, SaysWhereTheJsonIsMalformed) {
  EXPECT_EQ(refusal_at("{\"images\": [}"), "1:13: expected a value, found '}'");
  EXPECT_EQ(refusal_at("{\"images\" []}"), "1:11: expected ':', found '['");
  EXPECT_EQ(refusal_at(json("", "") + "x"),
            "1:34: expected JSON, found an invalid literal at the end of '\"annotations\": []}x'");
  EXPECT_EQ(refusal_at(json("", "") + "{}"), "1:34: expected the end of the file, found '{'");
  EXPECT_EQ(refusal_at(""), "1:1: expected JSON, found the end of the file");
  EXPECT_EQ(refusal_at("{\"images\": [tru]"),
            "1:16: expected JSON, found an invalid literal at the end of '\"images\": [tru]'");
  EXPECT_EQ(refusal_of("{\"x\": 1e999, \"images\": [], \"annotations\": []}"),
            "byte 11: expected a number that a double can hold, found 1e999");
  const std::string latin1 = json("{\"id\": 1, \"file_name\": \"caf\xe9.jpg\"}", "");
  EXPECT_EQ(refusal_at(latin1),
            "1:41: expected JSON, found an invalid string: ill-formed UTF-8 byte at the end of "
            "'\"caf\\xe9.'");
  EXPECT_LT(refusal_at("{\"" + std::string(1 << 20, 'x')).size(), 250U);
}

TEST_F(CocoImport, RefusesWhatFollowsTheJson) {
  using namespace std::string_literals;
  const std::string whole = json(R"({"id": 1, "file_name": "a.jpg"})", "");
  write_text(train_, whole + " \n");
  EXPECT_EQ(import().images, 3U);
  fs::remove(out_);
  const std::string expected = "expected nothing after the JSON, found a byte of zero";
  EXPECT_EQ(refusal_of(whole + "\0"s), expected);
  EXPECT_EQ(refusal_of(whole + "\n\0\0\0"s), expected);
  EXPECT_EQ(refusal_of(whole + "\0{}"s), expected);
  EXPECT_TRUE(contains(refusal_at(whole + "{}"), "expected the end of the file, found '{'"));
}

TEST_F(CocoImport, RefusesListsThatComeTwice) {
  EXPECT_EQ(refusal_of("{\"images\": [], \"annotations\": [], \"images\": []}"),
            "'images': is there twice");
}

TEST_F(CocoImport, SaysWhereAFileOfInstancesIsGivenForCaptions) {
  EXPECT_EQ(refusal_of(json(R"({"id": 1, "file_name": "a.jpg"})",
                            R"({"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]})")),
            "annotations[0]: 'caption' is missing; a file of captions is expected, not one of "
            "instances or keypoints");
}

TEST_F(CocoImport, NamesTheEntryThatLacksAKey) {
  const std::string image = R"({"id": 1, "file_name": "a.jpg"})";
  const std::string caption = R"({"id": 1, "image_id": 1, "caption": "A dog."})";
  EXPECT_EQ(refusal_of(json(image + R"(, {"id": 2})", "")), "images[1]: 'file_name' is missing");
  EXPECT_EQ(refusal_of(json(R"({"file_name": "a.jpg"})", "")), "images[0]: 'id' is missing");
  EXPECT_EQ(refusal_of(json(image, caption + R"(, {"id": 2, "caption": "x"})")),
            "annotations[1]: 'image_id' is missing");
  EXPECT_EQ(refusal_of(json(image, caption + R"(, {"id": 2, "image_id": 1})")),
            "annotations[1]: 'caption' is missing");
  EXPECT_EQ(refusal_of(json(image, R"({"image_id": 1, "caption": ""})")),
            "annotations[0]: 'id' is missing");
  EXPECT_EQ(refusal_of(json(R"({"id": "", "file_name": "a.jpg"})", "")),
            "images[0]: 'id' is empty");
  EXPECT_EQ(refusal_of(json(R"({"id": 1, "file_name": ""})", "")),
            "images[0]: 'file_name' is empty");
}

TEST_F(CocoImport, NamesTheEntryWithAValueOfAnotherType) {
  EXPECT_EQ(refusal_of(json(R"({"id": 1.5, "file_name": "a"})", "")),
            "images[0]: 'id': expected an integer or a string, found the number 1.5");
  EXPECT_EQ(refusal_of(json(R"({"id": null, "file_name": "a"})", "")),
            "images[0]: 'id': expected an integer or a string, found null");
  EXPECT_EQ(refusal_of(json(R"({"id": [1], "file_name": "a"})", "")),
            "images[0]: 'id': expected an integer or a string, found an array");
  EXPECT_EQ(refusal_of(json(R"({"id": 1, "file_name": 7})", "")),
            "images[0]: 'file_name': expected a string, found the number 7");
  EXPECT_EQ(refusal_of(json("", R"({"id": 1, "image_id": 1, "caption": {"en": "x"}})")),
            "annotations[0]: 'caption': expected a string, found an object");
  EXPECT_EQ(refusal_of(json("5", "")), "images[0]: expected an object, found the number 5");
  EXPECT_EQ(refusal_of(json("[]", "")), "images[0]: expected an object, found an array");
}

TEST_F(CocoImport, WantsBothLists) {
  EXPECT_EQ(refusal_of("{\"images\": []}"),
            "expected 'images' and 'annotations', found no 'annotations'");
  EXPECT_EQ(refusal_of("{\"annotations\": []}"),
            "expected 'images' and 'annotations', found no 'images'");
  EXPECT_EQ(refusal_of("{\"images\": {}}"), "'images': expected an array, found an object");
  EXPECT_EQ(refusal_of("[1, 2]"),
            "expected an object with 'images' and 'annotations', found an array");
  EXPECT_EQ(refusal_of("true"), "expected an object with 'images' and 'annotations', found true");
}

TEST_F(CocoImport, NamesBothPlacesOfAnIdThatComesTwice) {
  const std::string image = R"({"id": 1, "file_name": "a.jpg"})";
  const std::string caption = R"({"id": 5, "image_id": 1, "caption": "A dog."})";
  EXPECT_EQ(refusal_of(json(image + "," + image, "")),
            "images[1]: image id '1' is already that of images[0] of " + train_.string());
  EXPECT_EQ(
      refusal_of(json(image, caption + "," + caption)),
      "annotations[1]: caption id '5' is already that of annotations[0] of " + train_.string());
  // An integer and a string of the same digits are one id.
  EXPECT_EQ(refusal_of(json(image + R"(, {"id": "1", "file_name": "b.jpg"})", "")),
            "images[1]: image id '1' is already that of images[0] of " + train_.string());
}

TEST_F(CocoImport, NamesTheFirstCaptionOfAnUnknownImage) {
  EXPECT_EQ(refusal_of(json(R"({"id": 1, "file_name": "a.jpg"})",
                            R"({"id": 1, "image_id": 1, "caption": ""},
                               {"id": 2, "image_id": 8, "caption": ""},
                               {"id": 3, "image_id": 9, "caption": ""})")),
            "annotations[1]: image_id '8': no entry of 'images' has this id");
}

TEST_F(CocoImport, SurvivesDamagedJson) {
  EXPECT_GT(refused_imports(std::string(kCocoTrain), train_, 300), 100);
}

TEST(CocoJson, SurvivesDamage) {
  // Without the writing behind it, many more copies can be tried.
  struct Ignore : CocoListener {
    void on_image(const CocoImage&) override {}
    void on_caption(const CocoCaption&) override {}
  } ignore;
  const ScratchFolder folder;
  const fs::path path = folder / "captions.json";
  Silent silent;
  for (const std::string_view whole : {kCocoTrain, kCocoVal}) {
    EXPECT_GT(tests::refused_copies(std::string(whole), path, 1500,
                                    [&] { read_coco_json(path, ignore, silent); }),
              400);
  }
}

TEST(CocoJson, SkipsDeeplyNestedValues) {
  struct Count : CocoListener {
    void on_image(const CocoImage&) override { ++images; }
    void on_caption(const CocoCaption&) override {}
    int images = 0;
  } count;
  const ScratchFolder folder;
  const fs::path path = folder / "captions.json";
  Silent silent;
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  write_text(path, "{\"x\": " + deep + ", \"images\": [{\"id\": 1, \"y\": " + deep +
                       ", \"file_name\": \"a\"}], \"annotations\": []}");
  read_coco_json(path, count, silent);
  EXPECT_EQ(count.images, 1);
}

}  // namespace
}  // namespace alignlab
