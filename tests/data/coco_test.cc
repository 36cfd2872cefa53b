// Folders of COCO captions: images, captions, sounds and judgements that belong together.

#include "tests/data/coco_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::CocoImport;
using tests::contains;
using tests::kCocoTrain;
using tests::names_in;
using tests::write_text;

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

TEST_F(CocoImport, RefusesFilesWithoutAnyImage) {
  request_.sources = {train_};
  EXPECT_EQ(refusal_of(json("", "")), "expected images, found none");
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
  EXPECT_EQ(read_file(train_), kCocoTrain);
}

TEST_F(CocoImport, DropsWhatHasNoFileWithItsCaptionsJudgementsAndLabelsWhereItIsTold) {
  write_text(source_ / "images/000042.jpg", "42");
  write_text(source_ / "images/99.jpg", "99");
  write_text(source_ / "relevance.qrels", "1 0 42 2\ntwo 0 42 1\n10 0 98 1\n10 0 99 3\n");
  request_.drop_missing = true;
  for (const bool embed : {false, true}) {
    request_.embed = embed;
    const ImportSummary summary = import();
    EXPECT_EQ(summary.images, 2U);
    EXPECT_EQ(summary.texts, 3U);
    EXPECT_EQ(listener_.warnings.back(), "left out, as their files are missing: 2 images, 2 texts");
    const Dataset dataset = Dataset::open(out_);
    dataset.file().verify();
    EXPECT_EQ(tests::all(dataset.items(Modality::kImage).ids),
              (std::vector<std::string>{"42", "99"}));
    EXPECT_EQ(dataset.raw(Modality::kImage)->content(1), "99");
    EXPECT_EQ(tests::all(dataset.items(Modality::kText).ids),
              (std::vector<std::string>{"1", "-3", "10"}));
    EXPECT_EQ(dataset.raw(Modality::kText)->content(2), "A cat.");
    EXPECT_EQ(dataset.items(Modality::kText).groups[2], dataset.items(Modality::kImage).groups[1]);
    // The label of 98, a dropped one, is gone.
    EXPECT_EQ(tests::all(dataset.label_names()), std::vector<std::string>{"beach"});
    EXPECT_EQ(dataset.items(Modality::kImage).labels, (std::vector<std::int32_t>{0, -1}));
    const auto judgements = dataset.judgements();
    ASSERT_TRUE(judgements.has_value());
    EXPECT_EQ(judgements->queries, (std::vector<std::int64_t>{0, 2}));
    EXPECT_EQ(judgements->candidates, (std::vector<std::int64_t>{0, 1}));
    EXPECT_EQ(judgements->grades, (std::vector<float>{2, 3}));
  }
}

TEST_F(CocoImport, WantsAFolderOfImagesToEmbedOrDrop) {
  request_.drop_missing = true;
  EXPECT_EQ(refusal<UsageError>(),
            "coco: --missing drop needs the folder of the images (--images)");
  request_.images = folder_ / "empty";
  fs::create_directory(folder_ / "empty");
  EXPECT_EQ(refusal(), out_.string() +
                           ": not one file of the sources is there, so nothing would be left "
                           "(--missing drop)");
  request_.images = std::nullopt;
  request_.drop_missing = false;
  request_.embed = true;
  EXPECT_EQ(refusal<UsageError>(), "coco: --embed needs the folder of the images (--images)");
}

TEST_F(CocoImport, NamesTheEntryWhoseFileLiesOutside) {
  EXPECT_EQ(refusal_of(json(R"({"id": 1, "file_name": "../a.jpg"})", "")),
            "images[0]: 'file_name': expected a file name inside the folder, found '../a.jpg'");
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

TEST_F(CocoImport, SurvivesDamagedJudgements) {
  const fs::path file = source_ / "relevance.qrels";
  tests::refused_copies("two 0 42 2\n1 0 42 1.5\n10\t0  98\t0\n", file, 200, [&] { import(); });
  EXPECT_LE(names_in(folder_ / "out").size(), 1U);
}

}  // namespace
}  // namespace alignlab
