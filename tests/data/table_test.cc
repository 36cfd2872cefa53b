#include <map>

#include "tests/core/real_data.h"
#include "tests/data/import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::all;
using tests::contains;
using tests::import_options;
using tests::ImportTest;
using tests::Listener;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_text;

using Given = std::vector<std::pair<std::string, std::string>>;
using Strings = std::vector<std::string>;

// The layout of Clotho: a file and its captions.
constexpr std::string_view kWide =
    "file_name,caption_1,caption_2\n"
    "rain.wav,\"Rain, falling on \"\"tin\"\".\",It rains.\n"
    "a dog.wav,A dog barks.,\n"
    "wind.wav,,Wind blows.\n";

// The layout of AudioCaps: a caption a row.
constexpr std::string_view kLong =
    "audiocap_id,youtube_id,start_time,caption\n"
    "11,x_1,30,A bell rings\n"
    "12,x_2,0,\"Birds sing, then stop\"\n"
    "13,x_1,30,Someone rings a bell\n";

class TableImport : public ImportTest {
 protected:
  TableImport() : ImportTest("csv") {
    write_text(wide_, kWide);
    write_text(long_, kLong);
  }

  Dataset import(const Given& options, const std::string& format = "csv") {
    request_.options = import_options(format, options);
    import_dataset(format, request_, listener_);
    return Dataset::open(request_.out);
  }
  Dataset import_text(std::string_view text, const Given& options) {
    write_text(table_, text);
    request_.sources = {table_};
    return import(options);
  }
  template <typename Expected = DataError>
  std::string refusal(const Given& options) {
    return refusal_by<Expected>([&] { import(options); });
  }
  /// After the name of the file.
  std::string refusal_of(std::string_view text, const Given& options) {
    write_text(table_, text);
    request_.sources = {table_};
    return after(table_.string(), refusal(options));
  }

  fs::path wide_ = folder_ / "wide.csv";
  fs::path long_ = folder_ / "long.csv";
  fs::path table_ = folder_ / "table.csv";
};

TEST_F(TableImport, GivesAFileEveryCaptionOfItsRow) {
  request_.sources = {{wide_, Split::kTrain}};
  const Dataset dataset =
      import({{"audio_column", "file_name"}, {"text_columns", "caption_1,caption_2"}});
  const Items& sounds = dataset.items(Modality::kAudio);
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(all(sounds.ids), (Strings{"rain.wav", "a dog.wav", "wind.wav"}));
  EXPECT_EQ(sounds.groups, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(sounds.splits, std::vector<Split>(3, Split::kTrain));
  EXPECT_EQ(all(texts.ids), (Strings{"rain.wav#0", "rain.wav#1", "a dog.wav#0", "wind.wav#0"}));
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 0, 1, 2}));
  EXPECT_EQ(texts.splits, std::vector<Split>(4, Split::kTrain));
  EXPECT_EQ(dataset.raw(Modality::kText)->content(0), "Rain, falling on \"tin\".");
  EXPECT_EQ(listener_.warnings,
            (Strings{"no folder of sounds is given: sounds are known by name only",
                     "empty texts, left out: 2 (the first: line 3)"}));
}

TEST_F(TableImport, JoinsRowsThatNameTheSameFile) {
  write_text(folder_ / "sounds/x_1.wav", "RIFF1");
  request_.sources = {{long_, Split::kTest}};
  request_.audio = folder_ / "sounds";
  const Dataset dataset = import({{"audio_column", "youtube_id"},
                                  {"audio_suffix", ".wav"},
                                  {"text_columns", "caption"},
                                  {"id_column", "audiocap_id"}});
  const Items& sounds = dataset.items(Modality::kAudio);
  EXPECT_EQ(all(sounds.ids), (Strings{"x_1", "x_2"}));
  EXPECT_EQ(dataset.stored_files(Modality::kAudio)->paths[1], "../sounds/x_2.wav");
  EXPECT_EQ(dataset.raw(Modality::kAudio)->content(0), "RIFF1");
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(all(texts.ids), (Strings{"11", "12", "13"}));
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(listener_.warnings, (Strings{"sounds not in " + (folder_ / "sounds").string() +
                                         ": 1 of 2 (the first: x_2.wav)"}));
}

TEST_F(TableImport, FindsFilesInTheFoldersOfTheirSplits) {
  write_text(folder_ / "sounds/Train/a.wav", "train a");
  write_text(folder_ / "sounds/val/a.wav", "val a");
  write_text(folder_ / "sounds/b.wav", "b");
  write_text(table_, "f,s\na.wav,train\na.wav,dev\nb.wav,dev\n");
  request_.sources = {table_};
  request_.audio = folder_ / "sounds";
  const Dataset dataset =
      import({{"audio_column", "f"}, {"split_column", "s"}, {"across_splits", "apart"}});
  const auto raw = dataset.raw(Modality::kAudio);
  EXPECT_EQ(all(dataset.items(Modality::kAudio).ids), (Strings{"a.wav", "dev/a.wav", "b.wav"}));
  EXPECT_EQ(raw->content(0), "train a");
  EXPECT_EQ(raw->content(1), "val a");
  EXPECT_EQ(raw->content(2), "b");
}

TEST_F(TableImport, EmbedsFilesWhereAsked) {
  write_text(folder_ / "sounds/x_1.flac", "fLaC");
  request_.sources = {long_};
  request_.audio = folder_ / "sounds";
  request_.embed = true;
  const Given options{{"audio_column", "youtube_id"}, {"audio_suffix", ".flac"}};
  const Dataset dataset = import(options);
  fs::remove_all(folder_ / "sounds");
  EXPECT_EQ(dataset.raw(Modality::kAudio)->content(0), "fLaC");
  EXPECT_FALSE(dataset.has(Modality::kText));
}

TEST_F(TableImport, PairsImagesWithSoundsOfARow) {
  const Dataset dataset =
      import_text("i,s,t\na.png,a.wav,one\na.png,,two\n,b.wav,three\n",
                  {{"image_column", "i"}, {"audio_column", "s"}, {"text_columns", "t"}});
  EXPECT_EQ(dataset.items(Modality::kImage).groups, (std::vector<std::int32_t>{0}));
  EXPECT_EQ(dataset.items(Modality::kAudio).groups, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Strings{"a.png#0", "a.png#1", "b.wav#0"}));
}

TEST_F(TableImport, TakesGroupsSplitsAndLabelsFromColumns) {
  const Dataset dataset = import_text(
      "scene,file,words,part,class\n"
      "7,a.png,one,train,beach\n"
      "8,b.png,two,Validation,town\n"
      "7,c.png,three,train,\n"
      "9,d.png,four,,\n",
      {{"group_column", "scene"},
       {"image_column", "file"},
       {"text_columns", "words"},
       {"split_column", "part"},
       {"label_column", "class"}});
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(images.groups, (std::vector<std::int32_t>{0, 1, 0, 2}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kDev, Split::kTrain, Split::kNone}));
  EXPECT_EQ(images.labels, (std::vector<std::int32_t>{0, 1, 0, -1}));
  EXPECT_EQ(all(dataset.label_names()), (Strings{"beach", "town"}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Strings{"7#0", "8#0", "7#1", "9#0"}));
  EXPECT_EQ(listener_.warnings.back(), "rows of no split: 1");
}

TEST_F(TableImport, NumbersColumnsWhereThereIsNoHeader) {
  const Dataset dataset =
      import_text("a.png,one\nb.png,two\n",
                  {{"header", "false"}, {"image_column", "1"}, {"text_columns", "2"}});
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Strings{"a.png", "b.png"}));
  EXPECT_EQ(dataset.raw(Modality::kText)->content(1), "two");
}

TEST_F(TableImport, NumbersTheTextsOfAnIdWithSeveralColumns) {
  const Dataset dataset = import_text("n,en,de\n4,dog,Hund\n5,,Katze\n",
                                      {{"id_column", "n"}, {"text_columns", "en,de"}});
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Strings{"4#0", "4#1", "5#0"}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1}));
}

TEST_F(TableImport, ReadsTheSameFromTabsAndFromOtherDelimiters) {
  const Given options{{"image_column", "f"}, {"text_columns", "t"}};
  const std::string commas = import_text("f,t\na.png,one\n", options).content_hash();
  write_text(table_, "f\tt\na.png\tone\n");
  EXPECT_EQ(import(options, "tsv").content_hash(), commas);
  EXPECT_EQ(
      import({{"image_column", "f"}, {"text_columns", "t"}, {"delimiter", "tab"}}).content_hash(),
      commas);
  write_text(table_, "f;t\na.png;one\n");
  EXPECT_EQ(
      import({{"image_column", "f"}, {"text_columns", "t"}, {"delimiter", ";"}}).content_hash(),
      commas);
}

TEST_F(TableImport, FindsTheColumnsOfEachFileByThemselves) {
  write_text(folder_ / "b.csv", "caption,n,youtube_id\nA cat purrs,1,x_9\n");
  request_.sources = {{long_, Split::kTrain}, {folder_ / "b.csv", Split::kTest}};
  const Dataset dataset = import({{"audio_column", "youtube_id"}, {"text_columns", "caption"}});
  EXPECT_EQ(all(dataset.items(Modality::kAudio).ids), (Strings{"x_1", "x_2", "x_9"}));
  EXPECT_EQ(dataset.raw(Modality::kText)->content(3), "A cat purrs");
  EXPECT_EQ(dataset.items(Modality::kText).splits[3], Split::kTest);
}

class AcrossSplits : public TableImport {
 protected:
  AcrossSplits() {
    write_text(table_, "f,t\nb.wav,three\na.wav,four\na.wav,five\n");
    write_text(wide_, "f,t\na.wav,one\na.wav,two\n");
    request_.sources = {{wide_, Split::kTrain}, {table_, Split::kTest}};
  }
  static Given how(const std::string& word) {
    return {{"audio_column", "f"}, {"text_columns", "t"}, {"across_splits", word}};
  }
};

TEST_F(AcrossSplits, StaysInTheFirst) {
  const Dataset dataset = import(how("first"));
  EXPECT_EQ(all(dataset.items(Modality::kAudio).ids), (Strings{"a.wav", "b.wav"}));
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 0, 1, 0, 0}));
  EXPECT_EQ(texts.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kTest, Split::kTrain,
                                       Split::kTrain}));
  EXPECT_EQ(listener_.warnings.back(),
            "items of two splits, kept in the first: 1 (the first: a.wav)");
}

TEST_F(AcrossSplits, IsTwoItems) {
  const Dataset dataset = import(how("apart"));
  EXPECT_EQ(all(dataset.items(Modality::kAudio).ids), (Strings{"a.wav", "b.wav", "test/a.wav"}));
  EXPECT_EQ(dataset.stored_files(Modality::kAudio)->paths[2], "a.wav");
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 0, 1, 2, 2}));
  EXPECT_EQ(texts.splits[4], Split::kTest);
  EXPECT_EQ(texts.ids[4], "test/a.wav#1");
  EXPECT_EQ(listener_.warnings.back(),
            "names of two splits, taken for different items: 1 (the first: a.wav)");
}

TEST_F(AcrossSplits, IsRefused) {
  EXPECT_EQ(
      refusal(how("error")),
      table_.string() + ":3: 'a.wav' is of test, and of train on line 2 of " + wide_.string());
  EXPECT_TRUE(contains(message_of<ConfigError>([&] { import(how("fist")); }),
                       "'fist' is not one of its values (did you mean 'first'?)"));
}

TEST_F(AcrossSplits, IsNoMatterWhereSplitsAreDrawn) {
  request_.split = SplitPlan{1, 0, 0, 0};
  EXPECT_EQ(import(how("error")).items(Modality::kText).splits,
            std::vector<Split>(5, Split::kTrain));
  EXPECT_EQ(listener_.warnings.size(), 2U);
  EXPECT_EQ(listener_.warnings.back(),
            "the splits of the sources are not kept: --split draws all anew");
}

TEST_F(TableImport, SuggestsTheColumnThatWasMeant) {
  request_.sources = {wide_};
  EXPECT_EQ(refusal<UsageError>({{"audio_column", "filename"}}),
            "csv: audio_column: " + wide_.string() +
                " has no column 'filename' (did you mean 'file_name'?)");
  EXPECT_EQ(refusal<UsageError>({{"text_columns", "caption_1,text"}}),
            "csv: text_columns: " + wide_.string() +
                " has no column 'text' (known: file_name, caption_1, caption_2)");
  EXPECT_EQ(refusal<UsageError>({{"text_columns", "4"}, {"header", "false"}}),
            "csv: text_columns: expected the number of a column of " + wide_.string() +
                ", 1 to 3, found '4'");
  EXPECT_EQ(refusal<UsageError>({{"image_column", "0"}, {"header", "false"}}),
            "csv: image_column: expected the number of a column of " + wide_.string() +
                ", 1 to 3, found '0'");
}

TEST_F(TableImport, RefusesOptionsThatCannotBe) {
  request_.sources = {wide_};
  EXPECT_EQ(refusal<UsageError>({}),
            "csv: expected text_columns, image_column or audio_column, found none of them");
  EXPECT_EQ(refusal<UsageError>({{"text_columns", "caption_1,caption_2,caption_1"}}),
            "csv: text_columns: 'caption_1' is there twice");
  for (const std::string wrong : {"", "ab", "\"", "\n", "é"}) {
    EXPECT_TRUE(refusal<UsageError>({{"text_columns", "caption_1"}, {"delimiter", wrong}})
                    .starts_with("csv: delimiter: expected one ASCII character or 'tab', found '"));
  }
  request_.images = folder_.path();
  EXPECT_EQ(refusal<UsageError>({{"text_columns", "caption_1"}}),
            "csv: --images is of no use without image_column");
  request_.images.reset();
  request_.sources = {{wide_, Split::kTrain}};
  EXPECT_EQ(refusal<UsageError>({{"text_columns", "caption_1"}, {"split_column", "file_name"}}),
            "csv: " + wide_.string() + " is given a split, and split_column too");
}

TEST_F(TableImport, NamesTheLineThatIsWrong) {
  const Given options{{"image_column", "f"}, {"text_columns", "t"}};
  EXPECT_EQ(refusal_of("f,t\na,b\nc\n", options), ":3: expected 2 fields, found 1");
  EXPECT_EQ(refusal_of("f,t\n,b\n", options), ":2: expected a file name, found an empty field");
  EXPECT_EQ(refusal_of("f,t\n../a,b\n", options),
            ":2: expected a file name inside the folder, found '../a'");
  EXPECT_EQ(refusal_of("f,t\n/a,b\n", options),
            ":2: expected a file name inside the folder, found '/a'");
  EXPECT_EQ(refusal_of("f,t,t\na,b,c\n", options), ":1: expected one column 't', found several");
  EXPECT_EQ(refusal_of("f,t,s\na,b,tset\n", {{"text_columns", "t"}, {"split_column", "s"}}),
            ":2: 'tset' is no split (did you mean 'test'?)");
  EXPECT_EQ(refusal_of("f,t,g\na,b,1\nc,d,\n", {{"text_columns", "t"}, {"group_column", "g"}}),
            ":3: expected a group, found an empty field");
  EXPECT_EQ(refusal_of("f,t\n1,b\n1,c\n", {{"text_columns", "t"}, {"id_column", "f"}}),
            ":3: id '1' is already on line 2");
  EXPECT_EQ(refusal_of("f,t\n,b\n", {{"text_columns", "t"}, {"id_column", "f"}}),
            ":2: expected an id, found an empty field");
  EXPECT_EQ(refusal_of("f,t,g\na,b,1\na,d,2\n", {{"image_column", "f"}, {"group_column", "g"}}),
            ":3: image 'a' is of another group on line 2");
  EXPECT_EQ(refusal_of("f,t,g\na,b,x\na,d,y\n", {{"image_column", "f"}, {"label_column", "g"}}),
            ":3: expected one label of 'a', found 'y' after another one");
}

TEST_F(TableImport, NamesTheFileOfAnIdThatCameBefore) {
  write_text(table_, "audiocap_id,caption\n12,x\n");
  request_.sources = {long_, table_};
  EXPECT_EQ(refusal({{"text_columns", "caption"}, {"id_column", "audiocap_id"}}),
            table_.string() + ":2: id '12' is already on line 3 of " + long_.string());
}

TEST_F(TableImport, RefusesAFileThatIsGivenTwice) {
  request_.sources = {{wide_, Split::kTrain}, {folder_ / "out/../wide.csv", Split::kTest}};
  EXPECT_EQ(refusal<UsageError>({{"text_columns", "caption_1"}}),
            "import csv: " + (folder_ / "out/../wide.csv").string() + " is given twice");
}

TEST_F(TableImport, RefusesTablesWithoutRows) {
  EXPECT_EQ(refusal_of("", {{"text_columns", "t"}}), ": expected a header, found an empty file");
  EXPECT_EQ(refusal_of("f,t\n", {{"text_columns", "t"}}), ": expected rows, found none");
  EXPECT_EQ(refusal_of("", {{"text_columns", "1"}, {"header", "false"}}),
            ": expected rows, found an empty file");
}

TEST_F(TableImport, DoesNotWriteOverItsSources) {
  request_.sources = {wide_};
  request_.out = wide_;
  EXPECT_EQ(refusal({{"text_columns", "caption_1"}}),
            wide_.string() + ": is read by the import; choose another output");
  EXPECT_EQ(read_file(wide_), kWide);
}

TEST_F(TableImport, LeavesNothingWhenInterrupted) {
  std::string many = "f,t\n";
  for (int i = 0; i < 1500; ++i) many += "a,b\n";
  write_text(table_, many);
  request_.sources = {table_};
  request_.options = import_options("csv", {{"image_column", "f"}, {"text_columns", "t"}});
  EXPECT_EQ(interruption(), "interrupted");
}

TEST_F(TableImport, SurvivesDamage) {
  request_.sources = {table_};
  request_.options = import_options("csv", {{"image_column", "f"},
                                            {"text_columns", "t"},
                                            {"id_column", "n"},
                                            {"split_column", "s"},
                                            {"label_column", "l"}});
  const std::string whole =
      "n,f,t,s,l\n1,a.jpg,\"A dog, here\",train,x\n2,b.jpg,A "
      "cat,test,y\n3,a.jpg,\"a\nb\",train,x\n";
  EXPECT_GT(refused_imports(whole, table_, 200), 80);
}

TEST(RealClotho, ImportsFiveCaptionsASound) {
  ALIGNLAB_NEEDS_REAL_DATA("captions/clotho_train_xinhaomei.csv");
  const fs::path data = tests::real_data() / "captions";
  const ScratchFolder folder;
  Listener listener;
  ImportRequest request;
  request.sources = {{data / "clotho_train_xinhaomei.csv", Split::kTrain},
                     {data / "clotho_val_xinhaomei.csv", Split::kDev}};
  request.out = folder / "clotho.h5";
  Given options{{"audio_column", "file_name"},
                {"text_columns", "caption_1,caption_2,caption_3,caption_4,caption_5"}};
  request.options = import_options("csv", options);
  // One sound is published in both parts (sound_id 86163), so it is one item with ten captions.
  const ImportSummary joined = import_dataset("csv", request, listener);
  EXPECT_EQ(joined.audio, 3839U + 1045U - 1U);
  EXPECT_EQ(joined.texts, 5U * (3839U + 1045U));
  EXPECT_TRUE(contains(listener.warnings.back(), "items of two splits, kept in the first: 1 "));

  options.emplace_back("across_splits", "apart");
  request.options = import_options("csv", options);
  import_dataset("csv", request, listener);
  const Dataset dataset = Dataset::open(request.out);
  EXPECT_EQ(dataset.items(Modality::kAudio).of_split(Split::kTrain).size(), 3839U);
  EXPECT_EQ(dataset.items(Modality::kAudio).of_split(Split::kDev).size(), 1045U);
  std::map<std::int32_t, int> captions;
  for (const std::int32_t group : dataset.items(Modality::kText).groups) ++captions[group];
  for (const auto& [group, count] : captions) ASSERT_EQ(count, 5) << group;
}

}  // namespace
}  // namespace alignlab
