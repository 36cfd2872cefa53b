#include "data/formats/coco_json.h"
#include "tests/data/import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::contains;
using tests::ImportTest;
using tests::names_in;
using tests::ScratchFolder;
using tests::write_text;

// Integer and string ids, keys that nobody asked for, names of lists where they mean nothing.
constexpr std::string_view kTrain = R"({
"info": {"images": 2, "annotations": [1, {"id": 3}], "description": "x"},
"licenses": [{"id": 1, "name": "by"}],
"images": [
  {"id": 42, "file_name": "000042.jpg", "height": 5, "urls": ["a", {"id": 9}], "label": "beach"},
  {"license": 1, "file_name": "000007.jpg", "id": "7", "label": null}
],
"annotations": [
  {"id": 1, "image_id": 42, "caption": "A dog."},
  {"image_id": "7", "caption": "Zwei \"Hunde\" \u2013 \ud83d\udc36", "id": "two", "bbox": [[1, 2], {}]},
  {"id": -3, "image_id": 42, "caption": ""}
]})";

// The lists the other way round.
constexpr std::string_view kVal = R"({
"annotations": [{"id": 10, "image_id": 99, "caption": "A cat."},
                {"id": 11, "image_id": 98, "caption": "A cow."}],
"images": [{"id": 98, "file_name": "98.jpg", "label": 3}, {"id": 99, "file_name": "99.jpg"}]})";

class CocoImport : public ImportTest {
 protected:
  CocoImport() : ImportTest("coco") {
    write_text(train_, kTrain);
    write_text(val_, kVal);
    request_.sources = {source_};
  }

  /// What is wrong with a training file, after its name.
  std::string refusal_of(std::string_view json) {
    write_text(train_, json);
    return after(train_.string() + ": ", refusal());
  }
  static std::string json(const std::string& images, const std::string& annotations) {
    return "{\"images\": [" + images + "], \"annotations\": [" + annotations + "]}";
  }

  fs::path source_ = folder_ / "coco";
  fs::path train_ = source_ / "annotations/captions_train2014.json";
  fs::path val_ = source_ / "annotations/captions_val2014.json";
};

TEST_F(CocoImport, PairsCaptionsWithImagesWhateverTheOrderOfTheLists) {
  const ImportSummary summary = import();
  EXPECT_EQ(summary.images, 4U);
  EXPECT_EQ(summary.texts, 5U);
  EXPECT_EQ(summary.audio, 0U);

  const Dataset dataset = Dataset::open(out_);
  EXPECT_EQ(dataset.content_hash(), summary.content_hash);
  const Items& images = dataset.items(Modality::kImage);
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(images.ids[0], "42");
  EXPECT_EQ(images.ids[1], "7");
  EXPECT_EQ(images.ids[2], "98");
  EXPECT_EQ(images.ids[3], "99");
  EXPECT_EQ(texts.ids[1], "two");
  EXPECT_EQ(texts.ids[2], "-3");
  EXPECT_EQ(texts.groups[0], images.groups[0]);
  EXPECT_EQ(texts.groups[1], images.groups[1]);
  EXPECT_EQ(texts.groups[2], images.groups[0]);
  EXPECT_EQ(texts.groups[3], images.groups[3]);
  EXPECT_EQ(texts.groups[4], images.groups[2]);
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kDev, Split::kDev}));
  EXPECT_EQ(texts.splits[3], Split::kDev);
  const auto raw = dataset.raw(Modality::kText);
  EXPECT_EQ(raw->content(1), "Zwei \"Hunde\" – 🐶");
  EXPECT_EQ(raw->content(2), "");
  EXPECT_FALSE(dataset.judgements().has_value());
}

TEST_F(CocoImport, GivesTheLabelOfAnImageToItsCaptionsToo) {
  import();
  const Dataset dataset = Dataset::open(out_);
  ASSERT_EQ(dataset.label_names().size(), 2U);
  EXPECT_EQ(dataset.label_names()[0], "beach");
  EXPECT_EQ(dataset.label_names()[1], "3");
  EXPECT_EQ(dataset.items(Modality::kImage).labels, (std::vector<std::int32_t>{0, -1, 1, -1}));
  EXPECT_EQ(dataset.items(Modality::kText).labels, (std::vector<std::int32_t>{0, -1, 0, -1, 1}));
}

TEST_F(CocoImport, HasNoLabelsWhereNoImageHasOne) {
  request_.sources = {train_};
  write_text(train_, json(R"({"id": 1, "file_name": "a"})", ""));
  import();
  EXPECT_TRUE(Dataset::open(out_).items(Modality::kImage).labels.empty());
}

TEST_F(CocoImport, TakesTheSplitFromTheNameOfTheFile) {
  const std::vector<std::pair<std::string, Split>> names{{"captions_train2017.json", Split::kTrain},
                                                         {"captions_VAL.json", Split::kDev},
                                                         {"captions_dev.json", Split::kDev},
                                                         {"captions_test.json", Split::kTest},
                                                         {"captions_other.json", Split::kNone}};
  for (const auto& [name, split] : names) {
    write_text(folder_ / name, json(R"({"id": 1, "file_name": "a.jpg"})", ""));
    request_.sources = {folder_ / name};
    import();
    EXPECT_EQ(Dataset::open(out_).items(Modality::kImage).splits[0], split) << name;
  }
  EXPECT_EQ(listener_.warnings[listener_.warnings.size() - 2],
            "captions_other.json: no train, val, dev or test in its name, so its images are of no "
            "split: 1");
}

TEST_F(CocoImport, FindsFilesInTheFolderItselfWhereThereIsNoFolderOfAnnotations) {
  fs::rename(train_, source_ / "captions_train2014.json");
  fs::remove_all(source_ / "annotations");
  EXPECT_EQ(import().images, 2U);
}

TEST_F(CocoImport, FindsImagesInTheFoldersPeopleHave) {
  const auto found = [&](const fs::path& folder) {
    write_text(folder / "000042.jpg", "42");
    import();
    const Dataset dataset = Dataset::open(out_);
    EXPECT_EQ(dataset.raw(Modality::kImage)->content(0), "42") << folder;
    fs::remove_all(folder);
  };
  found(source_ / "images");
  found(source_ / "train2014");
  found(source_ / "images/train2014");
  request_.images = folder_ / "elsewhere";
  found(folder_ / "elsewhere");
  found(folder_ / "elsewhere/train2014");
}

TEST_F(CocoImport, WarnsOfMissingImagesOnceAFile) {
  write_text(source_ / "images/000042.jpg", "42");
  import();
  const std::string folder = (source_ / "images").string();
  EXPECT_EQ(
      listener_.warnings,
      (std::vector<std::string>{
          "captions_train2014.json: images not in " + folder + ": 1 of 2 (the first: 000007.jpg)",
          "captions_train2014.json: empty captions: 1 (the first: -3)",
          "captions_val2014.json: images not in " + folder + ": 2 of 2 (the first: 98.jpg)"}));
}

TEST_F(CocoImport, MakesItemsOfTheSoundsThatAreThere) {
  write_text(source_ / "audio/000007.wav", "RIFF7");
  write_text(source_ / "audio/99.wav", "RIFF99");
  EXPECT_EQ(import().audio, 2U);
  const Dataset dataset = Dataset::open(out_);
  const Items& sounds = dataset.items(Modality::kAudio);
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(sounds.ids[0], "7");
  EXPECT_EQ(sounds.groups, (std::vector<std::int32_t>{images.groups[1], images.groups[3]}));
  EXPECT_EQ(sounds.splits, (std::vector{Split::kTrain, Split::kDev}));
  EXPECT_EQ(dataset.raw(Modality::kAudio)->content(1), "RIFF99");
  EXPECT_TRUE(contains(listener_.warnings[1], "images without a sound in "));
}

TEST_F(CocoImport, ReadsGradedJudgements) {
  write_text(source_ / "relevance.qrels",
             "two 0 42 2\n1 0 42 1.5\r\n10\t0  98\t0\n1 0 7 1\n5 0 42 1\n");
  import();
  EXPECT_EQ(listener_.warnings.back(),
            "relevance.qrels: judgements of what is not imported, left out: 1");
  const auto judgements = Dataset::open(out_).judgements();
  ASSERT_TRUE(judgements.has_value());
  EXPECT_EQ(judgements->query_modality, Modality::kText);
  EXPECT_EQ(judgements->candidate_modality, Modality::kImage);
  EXPECT_EQ(judgements->queries, (std::vector<std::int64_t>{0, 0, 1, 3}));
  EXPECT_EQ(judgements->candidates, (std::vector<std::int64_t>{0, 1, 0, 2}));
  EXPECT_EQ(judgements->grades, (std::vector<float>{1.5F, 1, 2, 0}));
}

TEST_F(CocoImport, NamesTheLineOfAMalformedJudgement) {
  const fs::path file = folder_ / "my.qrels";
  request_.judgements = file;
  const std::string expected =
      file.string() + ":2: expected 'caption_id 0 image_id grade', found '";
  for (const std::string wrong : {"1 0 42", "1 0 42 x", "1 0 42 1 1", "1 0 42 1x"}) {
    write_text(file, "two 0 42 2\n" + wrong + "\n");
    EXPECT_EQ(refusal(), expected + wrong + "'");
  }
  for (const std::string wrong : {"1 0 42 nan", "1 0 42 inf", "1 0 42 -1"}) {
    write_text(file, wrong + "\n");
    EXPECT_EQ(refusal(),
              file.string() + ":1: expected a grade of 0 or more, found '" + wrong + "'");
  }
  write_text(file, "1 0 42 1\ntwo 0 42 2\n1 0 42 2\n");
  EXPECT_EQ(refusal(), file.string() + ":3: its caption and image are already judged on line 1");
  write_text(file, "5 0 5 1\n");
  EXPECT_EQ(refusal(), file.string() +
                           ": expected judgements of the imported captions and images, found none");
}

TEST_F(CocoImport, SaysWhereTheJsonIsCut) {
  const std::string half(kTrain.substr(0, kTrain.find("\"caption\": \"A dog")));
  const std::string message = refusal_of(half);
  EXPECT_TRUE(message.starts_with("line 9, column ")) << message;
  EXPECT_TRUE(contains(message, "unexpected end of input"));
}

TEST_F(CocoImport, SaysWhereTheJsonIsMalformed) {
  EXPECT_TRUE(refusal_of("{\"images\": [}").starts_with("line 1, column 13: "));
  EXPECT_TRUE(refusal_of(json("", "") + "x").starts_with("line 1, column 34: "));
  EXPECT_TRUE(refusal_of("").starts_with("line 1, column 1: "));
  EXPECT_EQ(refusal_of("{\"x\": 1e999, \"images\": [], \"annotations\": []}"),
            "byte 11: number overflow parsing '1e999'");
  const std::string latin1 = json("{\"id\": 1, \"file_name\": \"caf\xe9.jpg\"}", "");
  EXPECT_TRUE(contains(refusal_of(latin1), "invalid string: ill-formed UTF-8 byte"));
  EXPECT_LT(refusal_of("{\"" + std::string(1 << 20, 'x')).size(), 250U);
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
  EXPECT_TRUE(contains(refusal_of(whole + "{}"), "expected end of input"));
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

TEST_F(CocoImport, LeavesOtherAnnotationsInTheFolderAlone) {
  write_text(source_ / "annotations/instances_train2014.json", "{");
  write_text(source_ / "annotations/person_keypoints_val2014.json", "{");
  EXPECT_EQ(import().images, 4U);
}

TEST_F(CocoImport, TakesFiveToSevenCaptionsAnImage) {
  std::string captions;
  for (int i = 0; i < 18; ++i) {
    const int image = i < 5 ? 1 : i < 11 ? 2 : 3;
    captions += (i == 0 ? "" : ", ") + std::string("{\"id\": ") + std::to_string(i) +
                ", \"image_id\": " + std::to_string(image) + ", \"caption\": \"A dog.\"}";
  }
  request_.sources = {folder_ / "captions_val2017.json"};
  write_text(folder_ / "captions_val2017.json",
             json(R"({"id": 1, "file_name": "1"}, {"id": 2, "file_name": "2"},
                     {"id": 3, "file_name": "3"})",
                  captions));
  EXPECT_EQ(import().texts, 18U);
  const Dataset dataset = Dataset::open(out_);
  const std::vector<std::int32_t>& groups = dataset.items(Modality::kText).groups;
  EXPECT_EQ(std::ranges::count(groups, dataset.items(Modality::kImage).groups[0]), 5);
  EXPECT_EQ(std::ranges::count(groups, dataset.items(Modality::kImage).groups[1]), 6);
  EXPECT_EQ(std::ranges::count(groups, dataset.items(Modality::kImage).groups[2]), 7);
  EXPECT_EQ(dataset.items(Modality::kImage).splits[2], Split::kDev);
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

TEST_F(CocoImport, RefusesFilesWithoutAnyImage) {
  request_.sources = {train_};
  EXPECT_EQ(refusal_of(json("", "")), "expected images, found none");
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

TEST_F(CocoImport, NamesBothFilesOfAnIdThatComesTwice) {
  write_text(val_, json(R"({"id": 42, "file_name": "a.jpg"})", ""));
  EXPECT_EQ(refusal(), val_.string() +
                           ": images[0]: image id '42' is already that of images[0] of " +
                           train_.string());
  write_text(val_, json(R"({"id": 1, "file_name": "a.jpg"})",
                        R"({"id": "two", "image_id": 1, "caption": ""})"));
  EXPECT_EQ(refusal(),
            val_.string() +
                ": annotations[0]: caption id 'two' is already that of annotations[1] of " +
                train_.string());
}

TEST_F(CocoImport, NamesTheFirstCaptionOfAnUnknownImage) {
  EXPECT_EQ(refusal_of(json(R"({"id": 1, "file_name": "a.jpg"})",
                            R"({"id": 1, "image_id": 1, "caption": ""},
                               {"id": 2, "image_id": 8, "caption": ""},
                               {"id": 3, "image_id": 9, "caption": ""})")),
            "annotations[1]: image_id '8': no entry of 'images' has this id");
}

TEST_F(CocoImport, RefusesACaptionOfAnImageOfAnotherSplit) {
  write_text(val_, json("", R"({"id": 10, "image_id": 42, "caption": "A cat."})"));
  EXPECT_EQ(refusal(), val_.string() +
                           ": annotations[0]: image_id '42': expected an image of this file, found "
                           "one of " +
                           train_.string());
}

TEST_F(CocoImport, SaysWhatItLookedForInAFolder) {
  fs::remove_all(source_ / "annotations");
  EXPECT_EQ(refusal(), source_.string() +
                           ": expected annotations/captions_*.json or "
                           "captions_*.json, found neither");
}

TEST_F(CocoImport, RefusesSourcesThatAreNoFilesOrOneFolder) {
  request_.sources = {source_, train_};
  EXPECT_EQ(refusal<UsageError>(), "coco: expected one folder, or JSON files of captions");
  request_.sources = {folder_ / "none.json"};
  EXPECT_EQ(refusal(), (folder_ / "none.json").string() + ": no such file");
}

TEST_F(CocoImport, DoesNotWriteOverItsSources) {
  request_.out = train_;
  EXPECT_EQ(refusal(), train_.string() + ": is read by the import; choose another output");
  EXPECT_EQ(read_file(train_), kTrain);
}

TEST_F(CocoImport, LeavesNothingWhenInterrupted) {
  std::string images;
  for (int i = 0; i < 2000; ++i) {
    images += (i == 0 ? "" : ", ") + std::string("{\"id\": ") + std::to_string(i) +
              ", \"file_name\": \"x\"}";
  }
  write_text(train_, json(images, ""));
  EXPECT_EQ(interruption(), "interrupted");
}

TEST_F(CocoImport, SurvivesDamagedJson) {
  EXPECT_GT(refused_imports(std::string(kTrain), train_, 300), 100);
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
  for (const std::string_view whole : {kTrain, kVal}) {
    EXPECT_GT(tests::refused_copies(std::string(whole), path, 1500,
                                    [&] { read_coco_json(path, ignore, silent); }),
              400);
  }
}

TEST_F(CocoImport, SurvivesDamagedJudgements) {
  const fs::path file = source_ / "relevance.qrels";
  tests::refused_copies("two 0 42 2\n1 0 42 1.5\n10\t0  98\t0\n", file, 200, [&] { import(); });
  EXPECT_LE(names_in(folder_ / "out").size(), 1U);
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
