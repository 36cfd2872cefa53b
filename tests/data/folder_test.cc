#include "tests/data/import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::all;
using tests::import_options;
using tests::ImportTest;
using tests::write_text;

using Strings = std::vector<std::string>;

class FolderImport : public ImportTest {
 protected:
  FolderImport() : ImportTest("folder") { request_.sources = {source_}; }

  fs::path source_ = folder_ / "things";
};

TEST_F(FolderImport, TakesTheLinesBesideAnImageAsItsCaptions) {
  write_text(source_ / "b.jpg", "B");
  write_text(source_ / "a-2.PNG", "A2");
  write_text(source_ / "a.jpg", "A");
  write_text(source_ / "a.txt", "\xef\xbb\xbf  A dog. \r\n\n \t\nIt runs.");
  write_text(source_ / "b.txt", "A cat.\n");
  write_text(source_ / "notes.md", "no item");
  write_text(source_ / ".hidden.jpg", "no item");
  write_text(source_ / ".cache/c.jpg", "no item");
  const Dataset dataset = imported();
  // Byte by byte: '-' comes before '.'.
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Strings{"a-2.PNG", "a.jpg", "b.jpg"}));
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(all(texts.ids), (Strings{"a.txt#0", "a.txt#1", "b.txt#0"}));
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{1, 1, 2}));
  EXPECT_EQ(dataset.raw(Modality::kText)->content(0), "A dog.");
  EXPECT_EQ(dataset.raw(Modality::kText)->content(1), "It runs.");
  EXPECT_EQ(dataset.raw(Modality::kImage)->content(2), "B");
  EXPECT_EQ(listener_.warnings, (Strings{"files without a caption: 1 (the first: a-2.PNG)",
                                         "files in no folder of a split, so of no split: 3"}));
}

TEST_F(FolderImport, TakesImagesOrSoundsAlone) {
  write_text(source_ / "0_george_1.wav", "RIFF");
  write_text(source_ / "1_george_1.flac", "fLaC");
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.modalities(), std::vector{Modality::kAudio});
  EXPECT_EQ(dataset.items(Modality::kAudio).groups, (std::vector<std::int32_t>{0, 1}));
}

TEST_F(FolderImport, PairsFilesOfOneName) {
  write_text(source_ / "x/1.wav", "RIFF");
  write_text(source_ / "x/1.png", "PNG");
  write_text(source_ / "x/1.txt", "Rain.");
  write_text(source_ / "y/1.png", "PNG");
  const Dataset dataset = imported();
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Strings{"x/1.png", "y/1.png"}));
  EXPECT_EQ(dataset.items(Modality::kImage).groups, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(dataset.items(Modality::kAudio).groups, (std::vector<std::int32_t>{0}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0}));
}

TEST_F(FolderImport, TakesSplitsAndLabelsFromFolders) {
  write_text(source_ / "train/dog/1.jpg", "1");
  write_text(source_ / "val/dog/1.jpg", "2");
  write_text(source_ / "val/2.jpg", "3");
  write_text(source_ / "Test/wild/cat/1.jpg", "4");
  write_text(source_ / "Test/wild/cat/1.txt", "A cat.");
  write_text(source_ / "other/1.jpg", "5");
  EXPECT_TRUE(imported().items(Modality::kImage).labels.empty());
  request_.options = import_options("folder", {{"labels", "folders"}});
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(all(images.ids), (Strings{"Test/wild/cat/1.jpg", "other/1.jpg", "train/dog/1.jpg",
                                      "val/2.jpg", "val/dog/1.jpg"}));
  EXPECT_EQ(images.splits,
            (std::vector{Split::kTest, Split::kNone, Split::kTrain, Split::kDev, Split::kDev}));
  EXPECT_EQ(all(dataset.label_names()), (Strings{"wild/cat", "other", "dog"}));
  EXPECT_EQ(images.labels, (std::vector<std::int32_t>{0, 1, 2, -1, 2}));
  EXPECT_EQ(dataset.items(Modality::kText).splits, std::vector{Split::kTest});
  EXPECT_EQ(dataset.items(Modality::kText).labels, (std::vector<std::int32_t>{0}));
}

TEST_F(FolderImport, TakesAFolderASplit) {
  write_text(source_ / "1.jpg", "1");
  write_text(source_ / "test/2.jpg", "2");
  write_text(folder_ / "more/1.jpg", "3");
  request_.sources = {{source_, Split::kTrain}, {folder_ / "more", Split::kTest}};
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(all(images.ids), (Strings{"train/1.jpg", "train/test/2.jpg", "test/1.jpg"}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kTest}));
  EXPECT_EQ(dataset.raw(Modality::kImage)->content(2), "3");
}

TEST_F(FolderImport, WarnsOfCaptionsWithoutAFile) {
  write_text(source_ / "a.jpg", "A");
  write_text(source_ / "a.txt", "A dog.");
  write_text(source_ / "README.txt", "Read me.");
  EXPECT_EQ(imported().items(Modality::kText).size(), 1U);
  EXPECT_EQ(listener_.warnings[0],
            "captions without a file of their name, left out: 1 (the first: README.txt)");
}

TEST_F(FolderImport, LeavesOutWhatNothingDecodesAndSaysSo) {
  for (const char* name : {"a.gif", "b.tif", "c.pbm", "d.m4a", "train/e.PPM"}) {
    write_text(source_ / name, "?");
  }
  EXPECT_EQ(refusal(), source_.string() +
                           ": expected images or sounds, found none of a format that is read here, "
                           "but 5 (the first: a.gif)");
  write_text(source_ / "a.jpg", "A");
  EXPECT_EQ(all(imported().items(Modality::kImage).ids), Strings{"a.jpg"});
  EXPECT_EQ(listener_.warnings[0],
            "files of formats that are not read here, left out: 5 (the first: a.gif)");
}

TEST_F(FolderImport, NeverReplacesWhatItReads) {
  write_text(source_ / "a.jpg", "A");
  write_text(source_ / "a.txt", "A dog.");
  for (const char* name : {"a.txt", "a.jpg"}) {
    request_.out = source_ / name;
    EXPECT_EQ(refusal(), (source_ / name).string() +
                             ": is there already and is no data set; choose another output");
  }
  EXPECT_EQ(read_file(source_ / "a.txt"), "A dog.");
  EXPECT_EQ(tests::names_in(source_), (Strings{"a.jpg", "a.txt"}));
}

TEST_F(FolderImport, GivesTheSameWhateverTheOrderOfTheFolder) {
  const Strings names{"c", "a", "b", "e", "d"};
  for (const std::string& name : names) write_text(source_ / (name + ".jpg"), name);
  const std::string forth = imported().content_hash();
  fs::remove_all(source_);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    write_text(source_ / (*name + ".jpg"), *name);
  }
  EXPECT_EQ(imported().content_hash(), forth);
}

TEST_F(FolderImport, DoesNotFollowLinksRoundInCircles) {
  write_text(source_ / "x/1.jpg", "1");
  fs::create_directory_symlink(source_, source_ / "x/up");
  fs::create_symlink(source_ / "x/1.jpg", source_ / "2.jpg");
  EXPECT_EQ(all(imported().items(Modality::kImage).ids), (Strings{"2.jpg", "x/1.jpg"}));
}

TEST_F(FolderImport, RefusesWhatHoldsNothing) {
  EXPECT_EQ(refusal(),
            source_.string() + ": expected a folder for the import, found nothing of that name");
  write_text(source_ / "a.txt", "A dog.");
  EXPECT_EQ(refusal(), source_.string() + ": expected images or sounds, found none");
  request_.sources = {source_ / "a.txt"};
  EXPECT_EQ(refusal(), (source_ / "a.txt").string() +
                           ": expected a folder for the import, found something else");
}

TEST_F(FolderImport, RefusesAFileOfTwoSourcesUnderOneName) {
  write_text(source_ / "a.jpg", "A");
  write_text(folder_ / "more/a.png", "A");
  request_.sources = {source_, folder_ / "more"};
  EXPECT_EQ(refusal(), (folder_ / "more").string() + ": 'a' is already the name of a file in " +
                           source_.string());
}

TEST_F(FolderImport, NamesTheLineOfACaptionThatIsNotUtf8) {
  write_text(source_ / "a.jpg", "A");
  write_text(source_ / "a.txt", "A dog.\n\xff\n");
  EXPECT_EQ(refusal(),
            (source_ / "a.txt").string() + ":2: expected UTF-8, found byte 0xff at column 1");
  write_text(source_ / "a.txt", "A dog.\n");
  write_text(source_ / "caf\xe9.jpg", "A");
  EXPECT_EQ(refusal(), source_.string() + ": expected names in UTF-8, found 'caf\\xe9.jpg'");
}

TEST_F(FolderImport, LeavesNothingWhenInterrupted) {
  write_text(source_ / "a.jpg", "A");
  EXPECT_EQ(interruption(), "interrupted");
}

TEST_F(FolderImport, SurvivesDamagedCaptions) {
  write_text(source_ / "a.jpg", "A");
  const int refused = refused_imports("A dog.\r\nÄpfel, \"rot\"\n", source_ / "a.txt", 60);
  EXPECT_GT(refused, 6);
}

}  // namespace
}  // namespace alignlab
