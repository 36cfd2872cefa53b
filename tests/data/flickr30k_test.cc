#include "tests/data/import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::ImportTest;
using tests::write_text;

constexpr std::string_view kPiped =
    "image_name| comment_number| comment\n"
    "10.jpg| 0| A man in a red hat .\n"
    "10.jpg| 1| He says | \"no\" .\n"
    "22.jpg| 0| Two dogs run .\n"
    "22.jpg| 1   Dogs on grass .\n"
    "31.jpg| 0| \n";

constexpr std::string_view kTokens =
    "10.jpg#0\tA man in a red hat .\n"
    "10.jpg#1\tHe says | \"no\" .\n"
    "22.jpg#0\tTwo dogs run .\n"
    "22.jpg#1\tDogs on grass .\n"
    "31.jpg#0\t\n";

class Flickr30kImport : public ImportTest {
 protected:
  Flickr30kImport() : ImportTest("flickr30k") {
    write_text(source_ / "results.csv", kPiped);
    write_text(source_ / "train.txt", "10\n");
    write_text(source_ / "flickr30k_val.txt", "22.jpg \n");
    request_.sources = {source_};
  }

  std::string refusal_of(std::string_view captions) {
    const fs::path file = source_ / "results.csv";
    write_text(file, captions);
    return after(file.string(), refusal());
  }

  fs::path source_ = folder_ / "flickr30k";
};

TEST_F(Flickr30kImport, ReadsPipedLinesAndListsOfNamesOrNumbers) {
  const ImportSummary summary = import();
  EXPECT_EQ(summary.images, 3U);
  EXPECT_EQ(summary.texts, 5U);
  const Dataset dataset = Dataset::open(request_.out);
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(images.ids[0], "10.jpg");
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kDev, Split::kNone}));
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(texts.ids[1], "10.jpg#1");
  EXPECT_EQ(texts.groups, (std::vector<std::int32_t>{0, 0, 1, 1, 2}));
  const auto raw = dataset.raw(Modality::kText);
  EXPECT_EQ(raw->content(0), "A man in a red hat .");
  EXPECT_EQ(raw->content(1), "He says | \"no\" .");
  EXPECT_EQ(raw->content(4), "");
}

TEST_F(Flickr30kImport, SurvivesTheLineWithoutItsSecondSeparator) {
  import();
  const auto raw = Dataset::open(request_.out);
  EXPECT_EQ(raw.raw(Modality::kText)->content(3), "Dogs on grass .");
  EXPECT_EQ(raw.items(Modality::kText).ids[3], "22.jpg#1");
  EXPECT_EQ(listener_.warnings[0],
            "lines without their second '|', read all the same: 1 (the first: line 5)");
}

TEST_F(Flickr30kImport, ReadsTheSameFromTheTokenForm) {
  const std::string piped = import().content_hash;
  fs::remove(source_ / "results.csv");
  write_text(source_ / "results_20130124.token", kTokens);
  EXPECT_EQ(import().content_hash, piped);
  request_.sources = {source_ / "train.txt", source_ / "results_20130124.token",
                      source_ / "flickr30k_val.txt"};
  EXPECT_EQ(import().content_hash, piped);
}

TEST_F(Flickr30kImport, NeedsNoHeader) {
  const std::string with = import().content_hash;
  write_text(source_ / "results.csv", kPiped.substr(kPiped.find('\n') + 1));
  EXPECT_EQ(import().content_hash, with);
}

TEST_F(Flickr30kImport, NamesTheLineThatIsMalformed) {
  for (const std::string wrong : {"10.jpg 0 A man", "10.jpg| x| A man", "10.jpg| 7", "10.jpg|",
                                  "| 0| A man", "10.jpg| -1 A man", "10.jpg| 1x A man"}) {
    EXPECT_EQ(refusal_of("10.jpg| 0| fine\n" + wrong + "\n"),
              ":2: expected 'image| number| caption', found '" + wrong + "'");
  }
  EXPECT_EQ(refusal_of("10.jpg| 0| fine\n\n10.jpg| 1| fine\n"),
            ":2: expected 'image| number| caption', found ''");
  EXPECT_EQ(refusal_of("10.jpg| 0| fine\nimage_name| comment_number| comment\n"),
            ":2: expected 'image| number| caption', found 'image_name| comment_number| comment'");
  EXPECT_EQ(refusal_of("10.jpg| 0| fine\n10.jpg|0|again\n"), ":2: '10.jpg#0' is already on line 1");
  EXPECT_EQ(refusal_of("image_name| comment_number| comment\n"), ": expected captions, found none");
}

TEST_F(Flickr30kImport, RefusesANameInTwoLists) {
  write_text(source_ / "test.txt", "22\n");
  EXPECT_EQ(refusal(),
            (source_ / "test.txt").string() + ":1: '22' is already in flickr30k_val.txt");
  write_text(source_ / "test.txt", "99\n");
  EXPECT_EQ(refusal(), (source_ / "test.txt").string() +
                           ": expected names of images of results.csv, found none");
}

TEST_F(Flickr30kImport, WantsOneFileOfEachKind) {
  write_text(source_ / "train_images.txt", "10\n");
  EXPECT_EQ(
      refusal(),
      source_.string() + ": expected one list of train images, found train.txt, train_images.txt");
  write_text(source_ / "more.token", kTokens);
  EXPECT_EQ(refusal(), source_.string() +
                           ": expected one file *.csv, *.token or *.token.txt, found more.token, "
                           "results.csv");
  request_.sources = {source_ / "train.txt"};
  EXPECT_EQ(refusal<UsageError>(),
            "flickr30k: expected a folder, or a file of captions and lists of images");
  request_.sources = {source_ / "results.csv", source_ / "more.token"};
  EXPECT_EQ(refusal<UsageError>(), "flickr30k: expected one file of captions, found " +
                                       (source_ / "results.csv").string() + " and " +
                                       (source_ / "more.token").string());
  request_.sources = {{source_ / "results.csv", Split::kTrain}};
  EXPECT_TRUE(tests::contains(refusal<UsageError>(), "finds splits in its files"));
}

TEST_F(Flickr30kImport, SurvivesDamagedCaptions) {
  EXPECT_GT(refused_imports(std::string(kPiped), source_ / "results.csv", 120), 30);
}

}  // namespace
}  // namespace alignlab
