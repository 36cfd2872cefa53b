#include <map>

#include "tests/core/real_data.h"
#include "tests/data/import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::contains;
using tests::ImportTest;
using tests::Listener;
using tests::message_of;
using tests::names_in;
using tests::ScratchFolder;
using tests::write_text;

constexpr std::string_view kCaptions =
    "b.jpg#0\tA dog runs .\n"
    "b.jpg#1\tA brown dog\tis running .\n"
    "a.jpg#0\tEin Hund – \"Rex\" .\n"
    "c.jpg.1#0\t\n"
    "b.jpg#2\t.\n";

class Flickr8kImport : public ImportTest {
 protected:
  Flickr8kImport() : ImportTest("flickr8k") {
    write_text(source_ / "captions.token.txt", kCaptions);
    write_text(source_ / "Flickr_8k.trainImages.txt", "b.jpg\n");
    write_text(source_ / "Flickr_8k.devImages.txt", "a.jpg\r\n");
    request_.sources = {source_};
  }

  std::string refusal_of_captions(std::string_view captions) {
    write_text(source_ / "captions.token.txt", captions);
    return after((source_ / "captions.token.txt").string(), refusal());
  }

  fs::path source_ = folder_ / "flickr";
};

TEST_F(Flickr8kImport, KeepsEveryCaptionWithItsImageAndSplit) {
  const ImportSummary summary = import();
  EXPECT_EQ(summary.images, 3U);
  EXPECT_EQ(summary.texts, 5U);
  EXPECT_EQ(summary.audio, 0U);

  const Dataset dataset = Dataset::open(out_);
  EXPECT_EQ(dataset.name(), "small");
  EXPECT_EQ(dataset.content_hash(), summary.content_hash);
  EXPECT_EQ(dataset.modalities(), (std::vector{Modality::kImage, Modality::kText}));

  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(images.ids[0], "b.jpg");
  EXPECT_EQ(images.ids[1], "a.jpg");
  EXPECT_EQ(images.ids[2], "c.jpg.1");
  EXPECT_EQ(images.groups, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kDev, Split::kNone}));

  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 0, 1, 2, 0}));
  EXPECT_EQ(texts.ids[1], "b.jpg#1");
  EXPECT_EQ(texts.splits[4], Split::kTrain);
  const auto raw = dataset.raw(Modality::kText);
  EXPECT_EQ(raw->content(0), "A dog runs .");
  EXPECT_EQ(raw->content(1), "A brown dog\tis running .");
  EXPECT_EQ(raw->content(2), "Ein Hund – \"Rex\" .");
  EXPECT_EQ(raw->content(3), "");
  EXPECT_EQ(raw->content(4), ".");
}

TEST_F(Flickr8kImport, WarnsOfImagesWithoutSplitAndWithoutFolder) {
  import();
  EXPECT_EQ(listener_.warnings,
            (std::vector<std::string>{"no folder of images is given: images are known by name only",
                                      "images in no list, so of no split: 1"}));
}

TEST_F(Flickr8kImport, SaysOfAnImageThatItWasImportedByItsNameOnly) {
  const Dataset dataset = imported();
  EXPECT_EQ(message_of<DataError>([&] { dataset.raw(Modality::kImage)->content(0); }),
            out_.string() +
                ": /raw/image: item 'b.jpg': its file 'b.jpg' is known by its name only: it was "
                "imported without --images; import again with the folder of the files");
}

TEST_F(Flickr8kImport, WantsAFolderOfImagesToEmbedOrDrop) {
  request_.embed = true;
  EXPECT_EQ(refusal<UsageError>(), "flickr8k: --embed needs the folder of the files (--images)");
  request_.embed = false;
  request_.drop_missing = true;
  EXPECT_EQ(refusal<UsageError>(),
            "flickr8k: --missing drop needs the folder of the files (--images)");
  write_text(folder_ / "images/b.jpg", "B");
  request_.images = folder_ / "images";
  const ImportSummary summary = import();
  EXPECT_EQ(summary.images, 1U);
  EXPECT_EQ(summary.texts, 3U);
  EXPECT_EQ(listener_.warnings.back(), "left out, as their files are missing: 2 images, 2 texts");
}

TEST_F(Flickr8kImport, NamesTheLineOfAnImageThatLiesOutside) {
  EXPECT_EQ(refusal_of_captions("../a.jpg#0\tA dog.\n"),
            ":1: expected a file name inside the folder, found '../a.jpg'");
}

TEST_F(Flickr8kImport, WarnsOfListedImagesWithoutCaption) {
  write_text(source_ / "Flickr_8k.testImages.txt", "d.jpg\nc.jpg.1\ne.jpg\n");
  EXPECT_EQ(import().images, 3U);
  EXPECT_EQ(listener_.warnings.back(), "images of the lists without a caption, left out: 2");
}

TEST_F(Flickr8kImport, ReadsListsWithBlanksAfterTheNames) {
  const std::string plain = import().content_hash;
  write_text(source_ / "Flickr_8k.trainImages.txt", "b.jpg \t\r\n  \n");
  write_text(source_ / "Flickr_8k.devImages.txt", "a.jpg  ");
  EXPECT_EQ(import().content_hash, plain);
}

TEST_F(Flickr8kImport, RefusesAListThatNamesNoImageOfTheCaptions) {
  const fs::path list = source_ / "Flickr_8k.devImages.txt";
  for (const std::string other : {"", "d.jpg\ne.jpg\n", "a.JPG\n", "images/a.jpg\n"}) {
    write_text(list, other);
    EXPECT_EQ(refusal(),
              list.string() + ": expected names of images of captions.token.txt, found none");
  }
}

TEST_F(Flickr8kImport, TakesTheFilesOneByOne) {
  const std::string from_folder = import().content_hash;
  request_.sources = {source_ / "Flickr_8k.devImages.txt", source_ / "captions.token.txt",
                      source_ / "Flickr_8k.trainImages.txt"};
  EXPECT_EQ(import().content_hash, from_folder);
}

TEST_F(Flickr8kImport, ReadsWindowsLineEndsAndBlankLinesAtTheEnd) {
  const std::string plain = import().content_hash;
  std::string text(kCaptions);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.insert(at, "\r");
  }
  write_text(source_ / "captions.token.txt", text + "\r\n\n");
  EXPECT_EQ(import().content_hash, plain);
}

TEST_F(Flickr8kImport, ReadsALastLineWithoutItsEnd) {
  const std::string plain = import().content_hash;
  write_text(source_ / "captions.token.txt", kCaptions.substr(0, kCaptions.size() - 1));
  EXPECT_EQ(import().content_hash, plain);
}

TEST_F(Flickr8kImport, IgnoresTheLemmasOfTheOriginalDistribution) {
  write_text(source_ / "Flickr8k.lemma.token.txt", "b.jpg#0\ta dog run .\n");
  EXPECT_EQ(import().texts, 5U);
}

TEST_F(Flickr8kImport, KeepsImagesAsPathsFromTheFolderOfTheDataSet) {
  write_text(folder_ / "pictures/b.jpg", "bytes of b");
  write_text(folder_ / "pictures/a.jpg", "a");
  request_.images = folder_ / "pictures";
  import();
  EXPECT_EQ(listener_.warnings[0],
            "images not in " + (folder_ / "pictures").string() + ": 1 of 3 (the first: c.jpg.1)");
  // The paths hold after both have moved together.
  fs::create_directory(folder_ / "elsewhere");
  fs::rename(folder_ / "out", folder_ / "elsewhere/out");
  fs::rename(folder_ / "pictures", folder_ / "elsewhere/pictures");
  const Dataset dataset = Dataset::open(folder_ / "elsewhere/out/small.h5");
  const auto files = dataset.stored_files(Modality::kImage);
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->paths[0], "../pictures/b.jpg");
  EXPECT_EQ(files->sizes, (std::vector<std::int64_t>{10, 1, -1}));
  EXPECT_EQ(dataset.raw(Modality::kImage)->content(0), "bytes of b");
}

TEST_F(Flickr8kImport, EmbedsTheBytesOfImagesWhereAsked) {
  write_text(folder_ / "pictures/b.jpg", std::string("\0\xff", 2) + "b");
  request_.images = folder_ / "pictures";
  request_.embed = true;
  import();
  fs::remove_all(folder_ / "pictures");
  const Dataset dataset = Dataset::open(out_);
  EXPECT_FALSE(dataset.stored_files(Modality::kImage).has_value());
  EXPECT_EQ(dataset.raw(Modality::kImage)->content(0), std::string("\0\xff", 2) + "b");
  EXPECT_EQ(
      message_of<DataError>([&] { dataset.raw(Modality::kImage)->content(1); }),
      out_.string() + ": /raw/image: item 'a.jpg': its file was missing when it was imported");
}

TEST_F(Flickr8kImport, NamesTheLineThatHasNoTab) {
  EXPECT_EQ(refusal_of_captions("a.jpg#0\tfine\nb.jpg#0 A dog runs .\n"),
            ":2: expected 'image#number<TAB>caption', found 'b.jpg#0 A dog runs .'");
}

TEST_F(Flickr8kImport, NamesTheLineWithoutAnImageNumber) {
  for (const std::string wrong :
       {"b.jpg", "b.jpg#", "#0", "b.jpg#x", "b.jpg#-1", "b.jpg#1.0", ""}) {
    EXPECT_EQ(refusal_of_captions("a.jpg#0\tfine\n" + wrong + "\tdog\n"),
              ":2: expected 'image#number<TAB>caption', found '" + wrong + "\\tdog'");
  }
}

TEST_F(Flickr8kImport, NamesTheFirstBlankLineInTheMiddle) {
  EXPECT_EQ(refusal_of_captions("a.jpg#0\tfine\n\n\na.jpg#1\tfine\n"),
            ":2: expected 'image#number<TAB>caption', found ''");
}

TEST_F(Flickr8kImport, CutsALongLineInItsMessage) {
  EXPECT_EQ(refusal_of_captions(std::string(5000, 'x') + "\n"),
            ":1: expected 'image#number<TAB>caption', found '" + std::string(60, 'x') + "...'");
}

TEST_F(Flickr8kImport, NamesBothLinesOfACaptionThatComesTwice) {
  EXPECT_EQ(refusal_of_captions("a.jpg#0\tone\nb.jpg#0\ttwo\na.jpg#0\tthree\n"),
            ":3: 'a.jpg#0' is already on line 1");
}

TEST_F(Flickr8kImport, NamesTheLineThatIsNotUtf8) {
  EXPECT_EQ(refusal_of_captions("a.jpg#0\tone\na.jpg#1\tcaf\xe9 .\n"),
            ":2: expected UTF-8, found byte 0xe9 at column 12");
  // Overlong, surrogate, beyond U+10FFFF, cut.
  for (const char* wrong : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_TRUE(contains(refusal_of_captions("a.jpg#0\t" + std::string(wrong) + "\n"),
                         ":1: expected UTF-8, found byte 0x"));
  }
}

TEST_F(Flickr8kImport, RefusesAFileWithoutLineEnds) {
  EXPECT_EQ(refusal_of_captions("a.jpg#0\t" + std::string(3 << 20, 'x')),
            ":1: expected a line of text, found one without an end");
}

TEST_F(Flickr8kImport, RefusesAFileWithoutCaptions) {
  EXPECT_EQ(refusal_of_captions(""), ": expected captions, found none");
  EXPECT_EQ(refusal_of_captions("\n\n"), ": expected captions, found none");
}

TEST_F(Flickr8kImport, NamesBothListsOfAnImageInTwoSplits) {
  write_text(source_ / "Flickr_8k.devImages.txt", "a.jpg\nb.jpg\n");
  EXPECT_EQ(refusal(), (source_ / "Flickr_8k.devImages.txt").string() +
                           ":2: 'b.jpg' is already in Flickr_8k.trainImages.txt");
}

TEST_F(Flickr8kImport, RefusesAnImageTwiceInOneList) {
  write_text(source_ / "Flickr_8k.devImages.txt", "a.jpg\na.jpg\n");
  EXPECT_EQ(refusal(),
            (source_ / "Flickr_8k.devImages.txt").string() + ":2: 'a.jpg' is already in this list");
}

TEST_F(Flickr8kImport, WantsExactlyOneFileOfCaptions) {
  write_text(source_ / "more.token", "a.jpg#0\tdog\n");
  EXPECT_EQ(refusal(), source_.string() +
                           ": expected one file *.token.txt or *.token, found "
                           "captions.token.txt, more.token");
  fs::remove(source_ / "more.token");
  fs::remove(source_ / "captions.token.txt");
  EXPECT_EQ(refusal(), source_.string() + ": expected one file *.token.txt or *.token, found none");
}

TEST_F(Flickr8kImport, NamesASourceThatIsNotThere) {
  request_.sources = {folder_ / "none"};
  EXPECT_EQ(refusal(), (folder_ / "none").string() + ": no such file");
  request_.sources = {source_};
  request_.images = folder_ / "none";
  EXPECT_EQ(refusal(), (folder_ / "none").string() +
                           ": expected a folder for --images, found nothing of that name");
}

TEST_F(Flickr8kImport, RefusesWhatItCannotUse) {
  request_.audio = source_;
  EXPECT_EQ(refusal<UsageError>(), "flickr8k: has no sounds (--audio)");
  request_.audio.reset();
  request_.judgements = source_;
  EXPECT_EQ(refusal<UsageError>(), "flickr8k: takes no judgements (--judgements)");
  request_.judgements.reset();
  request_.sources = {};
  EXPECT_EQ(refusal<UsageError>(), "import flickr8k: no source given");
}

TEST_F(Flickr8kImport, DoesNotWriteOverItsSources) {
  request_.out = source_ / "captions.token.txt";
  EXPECT_EQ(refusal(), request_.out.string() + ": is read by the import; choose another output");
  EXPECT_EQ(read_file(request_.out), kCaptions);
}

TEST_F(Flickr8kImport, LeavesAnEarlierDataSetAloneWhenItFails) {
  import();
  const std::string before = read_file(out_);
  write_text(source_ / "captions.token.txt", "no tab\n");
  message_of<DataError>([&] { import(); });
  EXPECT_EQ(read_file(out_), before);
  EXPECT_EQ(names_in(folder_ / "out"), std::vector<std::string>{"small.h5"});
}

TEST_F(Flickr8kImport, LeavesNothingWhenInterrupted) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "a.jpg#" + std::to_string(i) + "\tdog\n";
  write_text(source_ / "captions.token.txt", many);
  EXPECT_EQ(interruption(), "interrupted");
}

TEST_F(Flickr8kImport, SurvivesDamagedCaptions) {
  const fs::path captions = source_ / "captions.token.txt";
  EXPECT_GT(refused_imports(std::string(kCaptions), captions, 400), 50);
}

TEST_F(Flickr8kImport, SurvivesADamagedList) {
  const fs::path list = source_ / "Flickr_8k.trainImages.txt";
  EXPECT_GT(refused_imports("b.jpg\nc.jpg.1\n", list, 200), 20);
}

TEST(ImportDataset, SuggestsTheFormatThatWasMeant) {
  Silent silent;
  EXPECT_EQ(message_of<UsageError>([&] { import_dataset("flikr8k", {}, silent); }),
            "import: unknown format 'flikr8k' (did you mean 'flickr8k'?)");
}

TEST(ImportDataset, ListsEachFormatOnce) {
  std::map<std::string, int> names;
  for (const CatalogRow& row : format_catalog()) {
    EXPECT_FALSE(row.summary.empty());
    EXPECT_EQ(++names[row.name], 1);
  }
  EXPECT_TRUE(names.contains("flickr8k"));
  EXPECT_TRUE(names.contains("coco"));
}

TEST(RealFlickr8k, ImportsWithItsSplitsAndFeatures) {
  ALIGNLAB_NEEDS_REAL_DATA("flickr8k/captions.token.txt");
  const fs::path data = tests::real_data() / "flickr8k";
  const ScratchFolder folder;
  Listener listener;
  ImportRequest request;
  request.sources = {data};
  request.out = folder / "flickr8k.h5";
  request.images = data / "images_224";
  const ImportSummary summary = import_dataset("flickr8k", request, listener);
  EXPECT_EQ(summary.images, 7000U);
  EXPECT_EQ(summary.texts, 35000U);

  AddFeaturesRequest features;
  features.dataset = request.out;
  features.modality = Modality::kImage;
  features.name = "mobilenet_v2";
  features.matrix = data / "mobilenet_v2_1280.npy";
  features.ids = data / "mobilenet_v2_1280.names.txt";
  add_features(features, listener);

  const Dataset dataset = Dataset::open(request.out);
  dataset.file().verify();
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(images.of_split(Split::kTrain).size(), 6000U);
  EXPECT_EQ(images.of_split(Split::kDev).size(), 1000U);
  EXPECT_EQ(images.of_split(Split::kTest).size(), 0U);
  EXPECT_EQ(dataset.items(Modality::kText).of_split(Split::kTrain).size(), 30000U);
  EXPECT_EQ(dataset.feature_names(Modality::kImage), std::vector<std::string>{"mobilenet_v2"});
  const Matrix train =
      dataset.raw(Modality::kImage, Split::kTrain)->stored_features("mobilenet_v2");
  EXPECT_EQ(train.rows(), 6000U);
  EXPECT_EQ(train.cols(), 1280U);
  std::map<std::int32_t, int> captions;
  for (const std::int32_t group : dataset.items(Modality::kText).groups) ++captions[group];
  for (const auto& [group, count] : captions) ASSERT_EQ(count, 5) << group;
  const auto files = dataset.stored_files(Modality::kImage);
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(std::ranges::count(files->sizes, -1), 6700);
}

}  // namespace
}  // namespace alignlab
