#include "data/judgement_file.h"

#include "core/rng.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_text;

using Row = std::tuple<std::string, std::string, double, bool>;

const std::string kExpertColumns = "three ratings from 1 to 4";
const std::string kCrowdColumns = "the share of yes from 0 to 1 with its numbers of yes and of no";

class JudgementFiles : public ::testing::Test {
 protected:
  JudgementFile read(std::string_view text) {
    write_text(path_, text);
    return read_judgement_file(path_);
  }
  /// What is wrong, after the name of the file.
  std::string refusal_of(std::string_view text) {
    return after(path_.string(), message_of<DataError>([&] { read(text); }));
  }
  static std::vector<Row> rows_of(const std::vector<HumanJudgement>& judgements) {
    std::vector<Row> rows;
    for (const HumanJudgement& one : judgements) {
      rows.emplace_back(one.image, one.caption, one.rating, one.is_own_caption);
    }
    return rows;
  }

  ScratchFolder folder_;
  fs::path path_ = folder_ / "judgements.txt";
};

TEST_F(JudgementFiles, GiveEachRatingOfAnExpertInOrder) {
  const JudgementFile file = read(
      "10_a.jpg\t10_a.jpg#2\t4\t3\t4\n"
      "10_a.jpg\t7_b.jpg#0\t1\t1\t2\n");
  EXPECT_EQ(file.format, JudgementFormat::kExpert);
  EXPECT_EQ(rows_of(file.judgements), (std::vector<Row>{
                                          {"10_a.jpg", "10_a.jpg#2", 4.0, true},
                                          {"10_a.jpg", "10_a.jpg#2", 3.0, true},
                                          {"10_a.jpg", "10_a.jpg#2", 4.0, true},
                                          {"10_a.jpg", "7_b.jpg#0", 1.0, false},
                                          {"10_a.jpg", "7_b.jpg#0", 1.0, false},
                                          {"10_a.jpg", "7_b.jpg#0", 2.0, false},
                                      }));
}

TEST_F(JudgementFiles, GiveTheCrowdsShareOfYes) {
  const JudgementFile file = read(
      "10_a.jpg\t10_a.jpg#2\t1\t3\t0\n"
      "10_a.jpg\t7_b.jpg#11\t0.333333333333\t1\t2\n"
      "7_b.jpg\t10_a.jpg#0\t0\t0\t4\n");
  EXPECT_EQ(file.format, JudgementFormat::kCrowd);
  EXPECT_EQ(rows_of(file.judgements), (std::vector<Row>{
                                          {"10_a.jpg", "10_a.jpg#2", 1.0, true},
                                          {"10_a.jpg", "7_b.jpg#11", 0.333333333333, false},
                                          {"7_b.jpg", "10_a.jpg#0", 0.0, false},
                                      }));
}

TEST_F(JudgementFiles, AreCommonlyJudgedWithoutOwnCaptionsWhereExpertsJudged) {
  const std::vector<HumanJudgement> experts =
      commonly_judged(read("a.jpg\ta.jpg#0\t4\t4\t4\n"
                           "a.jpg\tb.jpg#1\t1\t2\t3\n"
                           "b.jpg\tb.jpg#1\t3\t4\t4\n"));
  EXPECT_EQ(rows_of(experts), (std::vector<Row>{{"a.jpg", "b.jpg#1", 1.0, false},
                                                {"a.jpg", "b.jpg#1", 2.0, false},
                                                {"a.jpg", "b.jpg#1", 3.0, false}}));
  const std::vector<HumanJudgement> crowd =
      commonly_judged(read("a.jpg\ta.jpg#0\t1.0\t3\t0\n"
                           "a.jpg\tb.jpg#1\t0.25\t1\t3\n"));
  EXPECT_EQ(rows_of(crowd),
            (std::vector<Row>{{"a.jpg", "a.jpg#0", 1.0, true}, {"a.jpg", "b.jpg#1", 0.25, false}}));
}

TEST_F(JudgementFiles, MayHaveAnyLineEndAndEmptyLines) {
  const auto plain = rows_of(read("a.jpg\ta.jpg#0\t4\t4\t4\nb.jpg\ta.jpg#1\t1\t2\t3\n").judgements);
  EXPECT_EQ(plain.size(), 6U);
  EXPECT_EQ(rows_of(read("\xef\xbb\xbf\r\na.jpg\ta.jpg#0\t4\t4\t4\r\n\r\n"
                         "b.jpg\ta.jpg#1\t1\t2\t3\r\n\r\n")
                        .judgements),
            plain);
  EXPECT_EQ(rows_of(read("a.jpg\ta.jpg#0\t4\t4\t4\n\n\nb.jpg\ta.jpg#1\t1\t2\t3").judgements),
            plain);
}

TEST_F(JudgementFiles, TakeACaptionsImageUpToTheLastHash) {
  const JudgementFile file = read("a#1.jpg\ta#1.jpg#0\t4\t4\t4\na\ta#1.jpg#0\t1\t1\t1\n");
  EXPECT_TRUE(file.judgements.front().is_own_caption);
  EXPECT_FALSE(file.judgements.back().is_own_caption);
}

TEST_F(JudgementFiles, WithoutJudgementsAreRefused) {
  EXPECT_EQ(refusal_of(""), ": expected judgements, found none");
  EXPECT_EQ(refusal_of("\n\r\n\n"), ": expected judgements, found none");
  EXPECT_EQ(message_of<DataError>([&] { read_judgement_file(folder_ / "none"); }),
            (folder_ / "none").string() + ": no such file");
}

TEST_F(JudgementFiles, NeedFiveColumnsInEachLine) {
  const std::string good = "a.jpg\ta.jpg#0\t4\t4\t4\n";
  EXPECT_EQ(refusal_of(good + "\na.jpg\ta.jpg#0\t4\t4\n"),
            ":3: expected five columns between tabs, found 'a.jpg\\ta.jpg#0\\t4\\t4'");
  EXPECT_EQ(refusal_of("a.jpg\ta.jpg#0\t4\t4\t4\t\n"),
            ":1: expected five columns between tabs, found 'a.jpg\\ta.jpg#0\\t4\\t4\\t4\\t'");
  EXPECT_EQ(refusal_of(good + " \n"), ":2: expected five columns between tabs, found ' '");
}

TEST_F(JudgementFiles, NeedAnImageAndACaptionsId) {
  EXPECT_EQ(refusal_of("\ta.jpg#0\t4\t4\t4\n"),
            ":1: expected the name of an image in the first column, found "
            "'\\ta.jpg#0\\t4\\t4\\t4'");
  for (const std::string caption :
       {"", "a.jpg", "#1", "a.jpg#", "a.jpg#x", "a.jpg#1 ", "a.jpg#-1"}) {
    EXPECT_EQ(refusal_of("a.jpg\t" + caption + "\t4\t4\t4\n"),
              ":1: expected a caption 'image#number' in the second column, found 'a.jpg\\t" +
                  caption + "\\t4\\t4\\t4'");
  }
}

TEST_F(JudgementFiles, OfNeitherFormatAreRefusedInTheirFirstLine) {
  for (const std::string columns :
       {"0\t1\t1", "5\t1\t1", "1\t1\t5", "1.0\t2\t3", "4\t4\t", "0.5\t1\t1\x2e", "-1\t1\t1",
        "0.5\t0\t0", "0.5\t-1\t-1", "0.5\t2\t1", "1.5\t3\t0", "50\t1\t1", "nan\t1\t1", "inf\t1\t0",
        "0,5\t1\t1", " 0.5\t1\t1", "1\t99999999999\t0", "+1\t1\t1"}) {
    std::string shown = columns;
    for (std::size_t at; (at = shown.find('\t')) != std::string::npos;) shown.replace(at, 1, "\\t");
    EXPECT_EQ(refusal_of("\na.jpg\tb.jpg#0\t" + columns + "\n"),
              ":2: expected " + kExpertColumns + ", or " + kCrowdColumns +
                  ", found 'a.jpg\\tb.jpg#0\\t" + shown + "'");
  }
}

TEST_F(JudgementFiles, KeepTheFormatOfTheirFirstLine) {
  const std::string expert = "a.jpg\tb.jpg#0\t1\t2\t1\n", crowd = "a.jpg\tb.jpg#0\t1\t2\t0\n";
  EXPECT_EQ(refusal_of(expert + crowd),
            ":2: expected " + kExpertColumns + ", found 'a.jpg\\tb.jpg#0\\t1\\t2\\t0'");
  EXPECT_EQ(refusal_of(crowd + crowd + expert),
            ":3: expected " + kCrowdColumns + ", found 'a.jpg\\tb.jpg#0\\t1\\t2\\t1'");
}

TEST_F(JudgementFiles, TakeTheShareAsWrittenWhereItsVotesGiveItRounded) {
  EXPECT_EQ(read("a.jpg\tb.jpg#0\t0.66667\t2\t1\n").judgements[0].rating, 0.66667);
  EXPECT_EQ(refusal_of("a.jpg\tb.jpg#0\t0.25\t1\t3\na.jpg\tb.jpg#1\t0.6666\t2\t1\n"),
            ":2: expected " + kCrowdColumns + ", found 'a.jpg\\tb.jpg#1\\t0.6666\\t2\\t1'");
}

struct Written {
  std::string text;
  std::vector<Row> rows;
};

/// A random file of either format, with what is in it.
Written written(Rng& rng, JudgementFormat format, std::size_t lines) {
  Written out;
  for (std::size_t i = 0; i < lines; ++i) {
    const std::string image = std::to_string(rng.between(1, 9)) + "_img.jpg";
    const std::string other = std::to_string(rng.between(1, 9)) + "_img.jpg";
    const std::string caption = other + "#" + std::to_string(rng.between(0, 4));
    out.text += image + "\t" + caption;
    if (format == JudgementFormat::kExpert) {
      for (int expert = 0; expert < 3; ++expert) {
        const int rating = rng.between(1, 4);
        out.text += "\t" + std::to_string(rating);
        out.rows.emplace_back(image, caption, rating, image == other);
      }
    } else {
      const int votes = rng.between(3, 7), yes = rng.between(0, votes);
      const std::string share = std::to_string(static_cast<double>(yes) / votes);
      out.text += "\t" + share + "\t" + std::to_string(yes) + "\t" + std::to_string(votes - yes);
      out.rows.emplace_back(image, caption, std::stod(share), image == other);
    }
    out.text += rng.chance(0.2) ? "\r\n" : "\n";
  }
  return out;
}

TEST_F(JudgementFiles, AreReadBackWhateverWasWritten) {
  Rng rng(31, "judgement files");
  for (int round = 0; round < 100; ++round) {
    const auto format = rng.chance(0.5) ? JudgementFormat::kExpert : JudgementFormat::kCrowd;
    const Written file = written(rng, format, 1 + rng.below(40));
    const JudgementFile found = read(file.text);
    ASSERT_EQ(found.format, format) << file.text;
    ASSERT_EQ(rows_of(found.judgements), file.rows) << file.text;
  }
}

TEST_F(JudgementFiles, AreReadOrRefusedHoweverTheyAreDamaged) {
  Rng rng(32, "judgement files");
  for (const auto format : {JudgementFormat::kExpert, JudgementFormat::kCrowd}) {
    const Written file = written(rng, format, 12);
    const int refused = tests::refused_copies(file.text, path_, 300, [&] {
      for (const HumanJudgement& judgement : read_judgement_file(path_).judgements) {
        ASSERT_GE(judgement.rating, 0.0);
        ASSERT_LE(judgement.rating, 4.0);
        ASSERT_FALSE(judgement.image.empty());
        ASSERT_NE(judgement.caption.find('#'), std::string::npos);
      }
    });
    EXPECT_GT(refused, 100);
    EXPECT_LT(refused, 299);
  }
}

}  // namespace
}  // namespace alignlab
