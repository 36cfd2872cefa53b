#include "data/store_features.h"
#include "tests/data/add_judgements_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::Entries;
using tests::kPairColumns;
using tests::message_of;
using tests::names_in;
using tests::pair_line;
using tests::write_text;

using AddJudgements = tests::JudgementsTest;

TEST_F(AddJudgements, StoresEachRatingOfAnExpertInTheOrderOfTheFile) {
  make_flickr8k();
  give("flickr8k-expert", "ExpertAnnotations.txt",
       "b.jpg\ta.jpg#1\t3\t1\t2\n"
       "a.jpg\ta.jpg#0\t4\t4\t4\n"
       "a.jpg\tb.jpg#0\t1\t1\t2\n"
       "b.jpg\ta.jpg#0\t2\t2\t1\n");
  EXPECT_EQ(added(), (Entries{{0, 1, 2},
                              {0, 1, 2},
                              {0, 1, 1},
                              {1, 1, 3},
                              {1, 1, 1},
                              {1, 1, 2},
                              {2, 0, 1},
                              {2, 0, 1},
                              {2, 0, 2}}));
  EXPECT_EQ(listener_.warnings,
            std::vector<std::string>{
                "ExpertAnnotations.txt: judgements of an image's own captions, left out: 3"});
}

TEST_F(AddJudgements, StoresTheShareOfACrowdForEveryCaption) {
  make_flickr8k();
  give("flickr8k-crowdflower", "crowd.txt",
       "a.jpg\ta.jpg#0\t1\t3\t0\n"
       "a.jpg\tb.jpg#0\t0.3333333\t1\t2\n"
       "b.jpg\ta.jpg#0\t0\t0\t4\n");
  EXPECT_EQ(added(), (Entries{{0, 0, 1.0F}, {0, 1, 0.0F}, {2, 0, 0.3333333F}}));
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(AddJudgements, RefusesTheOtherFileOfFlickr8k) {
  make_flickr8k();
  const std::string expert = "b.jpg\ta.jpg#1\t3\t1\t2\n", crowd = "b.jpg\ta.jpg#1\t0.5\t1\t1\n";
  give("flickr8k-expert", "x.txt", "");
  EXPECT_EQ(refusal_of(crowd), ": expected judgements of experts, found those of a crowd");
  EXPECT_EQ(refusal_of("a.jpg\ta.jpg#1\t3\t1\t2\n"),
            ": expected judgements of captions of other images, found none");
  EXPECT_EQ(refusal_of(expert + "b.jpg\n"),
            ":2: expected five columns between tabs, found 'b.jpg'");
  give("flickr8k-crowdflower", "x.txt", "");
  EXPECT_EQ(refusal_of(expert), ": expected judgements of a crowd, found those of experts");
}

TEST_F(AddJudgements, StoresGradesAboveZeroOfQrels) {
  make_flickr8k();
  give("qrels", "q.qrels",
       "b.jpg#0 0 b.jpg 2\n"
       "a.jpg#0 0 b.jpg 0\n"
       "a.jpg#0 0 a.jpg 1\n"
       "b.jpg#0 0 a.jpg -1\n");
  EXPECT_EQ(added(), (Entries{{0, 0, 1}, {2, 1, 2}}));
  EXPECT_EQ(listener_.warnings,
            std::vector<std::string>{"q.qrels: judgements with a grade below 1, left out: 2"});
  EXPECT_EQ(after(request_.source.string(),
                  [&] {
                    request_.replace = true;
                    write_text(request_.source, "a.jpg#0 0 a.jpg 0\n");
                    return refusal();
                  }()),
            ": expected a grade of 1 or more, found none");
  EXPECT_EQ(refusal_of("a.jpg#0 0 a.jpg one\n"),
            ":1: expected query 0 document grade, the grade a whole number, found "
            "'a.jpg#0 0 a.jpg one'");
}

TEST_F(AddJudgements, TakesWhicheverModalitiesQrelsAreOf) {
  make_flickr8k();
  give("qrels", "q.qrels", "a.jpg 0 b.jpg#0 1\n");
  request_.queries = Modality::kImage;
  EXPECT_EQ(added(), (Entries{{0, 2, 1}}));
  request_.replace = true;
  request_.queries = std::nullopt;
  request_.candidates = Modality::kText;
  EXPECT_EQ(added(), (Entries{{0, 2, 1}}));
  give("qrels", "q.qrels", "a.jpg#0 0 b.jpg#0 1\na.jpg#0 0 a.jpg#1 3\n");
  request_.queries = Modality::kText;
  EXPECT_EQ(added(), (Entries{{0, 1, 3}, {0, 2, 1}}));
  request_.candidates = Modality::kAudio;
  EXPECT_EQ(refusal(), fs::canonical(dataset_).string() + ": has no audio items");
}

TEST_F(AddJudgements, ShowsAnIdOfEachSideWhereNoneMatches) {
  make_flickr8k();
  const std::string start =
      ": expected judgements of items of " + dataset_.string() + ", found none: its ";
  give("cxc", "sits_val.csv", "");
  EXPECT_EQ(refusal_of(kPairColumns + "\n" + pair_line("900", "12", "4")),
            start +
                "text ids are such as 'COCO_val2014:sentid:900', those of the data set such as "
                "'a.jpg#0'");
  give("qrels", "q.qrels", "");
  EXPECT_EQ(refusal_of("a.jpg#1 0 c.jpg 1\n"),
            start + "image ids are such as 'c.jpg', those of the data set such as 'a.jpg'");
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(AddJudgements, RefusesModalitiesThatTheFormatDoesNotJudge) {
  make_flickr8k();
  give("flickr8k-expert", "x.txt", "b.jpg\ta.jpg#1\t3\t1\t2\n");
  request_.queries = Modality::kText;
  request_.candidates = Modality::kText;
  EXPECT_EQ(refusal<UsageError>(),
            "add-judgements flickr8k-expert: expected text and image for --queries and "
            "--candidates, in either order, found text and text");
  request_.candidates = std::nullopt;
  request_.queries = Modality::kAudio;
  EXPECT_EQ(refusal<UsageError>(),
            "add-judgements flickr8k-expert: expected text and image for --queries and "
            "--candidates, in either order, found audio and text");
  request_.queries = Modality::kImage;
  EXPECT_EQ(added(), (Entries{{1, 1, 3}, {1, 1, 1}, {1, 1, 2}}));
}

TEST_F(AddJudgements, ReplacesOnlyWhenTold) {
  make_flickr8k();
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\n");
  added();
  write_text(request_.source, "a.jpg#1 0 b.jpg 2\n");
  EXPECT_EQ(refusal(), fs::canonical(dataset_).string() +
                           ": /judgements: already there; --replace replaces them");
  request_.replace = true;
  EXPECT_EQ(added(), (Entries{{1, 1, 2}}));
}

TEST_F(AddJudgements, KeepsEverythingElseAndSaysWhereTheyAreFrom) {
  make_flickr8k();
  const auto make = [](const Dataset&) {
    return FeatureMatrix{
        Modality::kImage, "net", 1, {{"producer", "test"}}, [](std::size_t, std::span<float> out) {
          std::ranges::fill(out, 2.5F);
        }};
  };
  store_features(dataset_, make, listener_);
  const std::string hash = Dataset::open(dataset_).content_hash();
  const std::string raw = Dataset::open(dataset_).hash_of_raw(Modality::kText);
  const std::string net = Dataset::open(dataset_).hash_of_feature(Modality::kImage, "net");
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\n");
  added();
  const Dataset dataset = Dataset::open(dataset_);
  EXPECT_EQ(dataset.name(), "some");
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "a test");
  EXPECT_EQ(dataset.file().text_attribute("/", "license"), "none");
  EXPECT_EQ(dataset.file().text_attribute("/features/image/net", "producer"), "test");
  EXPECT_EQ(dataset.file().text_attribute("/judgements", "producer"), "add-judgements");
  EXPECT_EQ(dataset.file().text_attribute("/judgements", "format"), "qrels");
  EXPECT_EQ(dataset.file().text_attribute("/judgements", "source"), "q.qrels");
  EXPECT_NE(dataset.content_hash(), hash);
  EXPECT_EQ(dataset.hash_of_raw(Modality::kText), raw);
  EXPECT_EQ(dataset.hash_of_feature(Modality::kImage, "net"), net);
  EXPECT_EQ(dataset.raw(Modality::kText)->content(2), "A dog.");
}

TEST_F(AddJudgements, DoesNotDependOnTheOrderOfTheFile) {
  make_flickr8k();
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\na.jpg#1 0 b.jpg 2\na.jpg#1 0 a.jpg 3\n");
  added();
  const std::string hash = Dataset::open(dataset_).content_hash();
  write_text(request_.source, "a.jpg#1 0 a.jpg 3\na.jpg#0 0 a.jpg 1\na.jpg#1 0 b.jpg 2\n");
  request_.replace = true;
  added();
  EXPECT_EQ(Dataset::open(dataset_).content_hash(), hash);
}

TEST_F(AddJudgements, StoresBehindALinkWhereTheDataSetIs) {
  make_flickr8k();
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\n");
  fs::create_symlink(dataset_, folder_ / "link.h5");
  request_.dataset = folder_ / "link.h5";
  EXPECT_EQ(added(), (Entries{{0, 0, 1}}));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.h5"));
}

TEST_F(AddJudgements, RefusesADamagedDataSet) {
  const std::string marked(4000, 'x');
  make_dataset({marked, "a.jpg"}, {"a.jpg#0"});
  std::string bytes = read_file(dataset_);
  const std::size_t at = bytes.find("A dog.");
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  write_text(dataset_, bytes);
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\n");
  EXPECT_EQ(refusal(), fs::canonical(dataset_).string() +
                           ": /raw/text/data: cannot be read (truncated, or its checksum does not "
                           "hold)");
}

TEST_F(AddJudgements, NamesAFileOrAFormatThatIsNotThere) {
  make_flickr8k();
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\n");
  request_.source = folder_ / "none.qrels";
  EXPECT_EQ(refusal(), (folder_ / "none.qrels").string() + ": no such file");
  request_.format = "qrel";
  EXPECT_EQ(refusal<UsageError>(), "add-judgements: unknown format 'qrel' (did you mean 'qrels'?)");
  give("eccv-caption", "x_image_to_caption.json", "{}");
  request_.source = folder_ / "none_image_to_caption.json";
  EXPECT_EQ(refusal(), (folder_ / "none_image_to_caption.json").string() + ": no such file");
  request_.dataset = folder_ / "nowhere/none.h5";
  EXPECT_EQ(message_of<DataError>([&] { add_judgements(request_, listener_); }),
            (folder_ / "nowhere/none.h5").string() + ": no such file");
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
}

/// Is cancelled once it has been asked so many times.
class Impatient : public Silent {
 public:
  explicit Impatient(int patience) : patience_(patience) {}
  bool cancelled() const override { return patience_-- <= 0; }

 private:
  mutable int patience_;
};

TEST_F(AddJudgements, LeavesTheDataSetAloneWheneverItIsInterrupted) {
  make_flickr8k();
  give("qrels", "q.qrels", "a.jpg#0 0 a.jpg 1\n");
  const std::string before = read_file(dataset_);
  int patience = 0;
  for (bool is_done = false; !is_done; ++patience) {
    ASSERT_LT(patience, 100);
    Impatient progress(patience);
    try {
      add_judgements(request_, progress);
      is_done = true;
    } catch (const Interrupted&) {
      EXPECT_EQ(read_file(dataset_), before) << patience;
    }
    EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
  }
  EXPECT_GT(patience, 3);
  EXPECT_EQ(stored(), (Entries{{0, 0, 1}}));
}

TEST_F(AddJudgements, SurvivesDamagedFiles) {
  make_flickr8k();
  const std::string expert = "b.jpg\ta.jpg#1\t3\t1\t2\na.jpg\tb.jpg#0\t1\t1\t2\n";
  give("flickr8k-expert", "x.txt", expert);
  survives_damage_of(expert, 20);
  const std::string crowd = "b.jpg\ta.jpg#1\t0.5\t1\t1\na.jpg\tb.jpg#0\t1\t3\t0\n";
  give("flickr8k-crowdflower", "x.txt", crowd);
  survives_damage_of(crowd, 20);
  const std::string qrels = "a.jpg#0 0 a.jpg 1\na.jpg#1 0 b.jpg 2\na.jpg#1 0 a.jpg 3\n";
  give("qrels", "q.qrels", qrels);
  survives_damage_of(qrels, 10);
}

TEST(JudgementCatalog, SaysWhoDefinedEachFormat) {
  std::vector<std::string> names;
  for (const JudgementRow& row : judgement_catalog()) {
    names.push_back(row.name);
    EXPECT_FALSE(row.summary.empty()) << row.name;
    EXPECT_FALSE(row.reference.empty()) << row.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"cxc", "eccv-caption", "flickr8k-crowdflower",
                                             "flickr8k-expert", "qrels"}));
}

}  // namespace
}  // namespace alignlab
