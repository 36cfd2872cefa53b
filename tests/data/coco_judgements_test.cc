#include "data/judgements/coco_judgements.h"

#include "tests/data/add_judgements_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::Entries;
using tests::kPairColumns;
using tests::message_of;
using tests::pair_line;
using tests::ScratchFolder;
using tests::write_text;

using Row = std::tuple<std::string, std::string, float>;
using Rows = std::vector<Row>;

const std::string kCaption = "COCO_val2014:sentid:900";
const std::string kImage = "COCO_val2014_000000000012.jpg";

Rows rows_of(const NamedJudgements& judgements) {
  Rows rows;
  for (const NamedJudgement& one : judgements.all) {
    rows.emplace_back(one.query, one.candidate, one.grade);
  }
  return rows;
}

std::string scored(const std::string& score) {
  return kCaption + "," + kImage + "," + score + ",x\n";
}

using AddCocoJudgements = tests::JudgementsTest;

class CocoJudgements : public ::testing::Test {
 protected:
  NamedJudgements pairs(std::string_view text, double least = 3.0) {
    write_text(path_, text);
    return read_crisscrossed_captions(path_, least);
  }
  NamedJudgements positives(std::string_view text) {
    write_text(path_, text);
    return read_eccv_caption(path_);
  }
  /// What is wrong, after the name of the file.
  std::string refusal_of_pairs(std::string_view text) {
    return after(path_.string(), message_of<DataError>([&] { pairs(text); }));
  }
  std::string refusal_of_positives(std::string_view text) {
    return after(path_.string(), message_of<DataError>([&] { positives(text); }));
  }

  ScratchFolder folder_;
  fs::path path_ = folder_ / "judgements";
};

TEST_F(CocoJudgements, OfCrisscrossedCaptionsAreCaptionImageAndScore) {
  const std::string text = kPairColumns + "\r\n" + scored("4.25") + scored("3") + scored("2.99") +
                           scored("0.0") + scored("5.0");
  const NamedJudgements authors = pairs(text);
  EXPECT_EQ(rows_of(authors),
            (Rows{{kCaption, kImage, 4.25F}, {kCaption, kImage, 3}, {kCaption, kImage, 5}}));
  EXPECT_EQ(authors.left_out, "pairs with a score below 3, left out: 2");
  const NamedJudgements all = pairs(text, 0.0);
  EXPECT_EQ(all.all.size(), 5U);
  EXPECT_EQ(all.left_out, "");
  EXPECT_EQ(pairs(text, 4.5).left_out, "pairs with a score below 4.5, left out: 4");
}

TEST_F(CocoJudgements, OfCrisscrossedCaptionsNeedTheColumnsOfCaptionsAndImages) {
  EXPECT_EQ(refusal_of_pairs(""), ": expected columns " + kPairColumns + ", found an empty file");
  EXPECT_EQ(refusal_of_pairs("caption1,caption2,agg_score,sampling_method\n"),
            ":1: expected columns " + kPairColumns +
                ", found 'caption1,caption2,agg_score,sampling_method'");
  EXPECT_EQ(refusal_of_pairs(kPairColumns + "\n" + scored("4") + "COCO_val2014:sentid:12\n"),
            ":3: expected 4 fields, found 1");
  EXPECT_EQ(message_of<DataError>([&] { read_crisscrossed_captions(folder_ / "none", 3.0); }),
            (folder_ / "none").string() + ": no such file");
}

TEST_F(CocoJudgements, OfCrisscrossedCaptionsAreRefusedWithoutAPairThatIsRight) {
  EXPECT_EQ(refusal_of_pairs(kPairColumns + "\n"),
            ": expected pairs with a score of 3 or more, found none");
  EXPECT_EQ(refusal_of_pairs(kPairColumns + "\n" + scored("2.5")),
            ": expected pairs with a score of 3 or more, found none");
}

TEST_F(CocoJudgements, OfCrisscrossedCaptionsTellWhatIsWrongWithALine) {
  const std::string good = kPairColumns + "\n" + scored("4");
  for (const std::string score : {"", "5.01", "-1", "nan", "inf", "4 ", "1e99", "0x1"}) {
    EXPECT_EQ(refusal_of_pairs(good + scored(score)),
              ":3: expected a score from 0 to 5, found '" + score + "'");
  }
  for (const std::string caption : {"900", "COCO_val2014:sentid:", "COCO_val2014:sentid:-1", ""}) {
    EXPECT_EQ(refusal_of_pairs(good + caption + "," + kImage + ",4,x\n"),
              ":3: expected a caption such as 'COCO_val2014:sentid:12', found '" + caption + "'");
  }
  for (const std::string image : {"12", "COCO_.jpg", "COCO_val2014_12.png", "x_12.jpg", ""}) {
    EXPECT_EQ(
        refusal_of_pairs(good + kCaption + "," + image + ",4,x\n"),
        ":3: expected an image such as 'COCO_val2014_000000000012.jpg', found '" + image + "'");
  }
}

TEST_F(CocoJudgements, OfEccvCaptionAreOneAQueryAndAnIdOfItsList) {
  const NamedJudgements found =
      positives("\xef\xbb\xbf{\"7\": [431431, \"12\"],\n\"648388\": [], \"1\": [12]}\n");
  EXPECT_EQ(rows_of(found), (Rows{{"7", "431431", 1}, {"7", "12", 1}, {"1", "12", 1}}));
  EXPECT_EQ(found.left_out, "");
}

TEST_F(CocoJudgements, OfEccvCaptionTellWhatIsWrong) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"", ":1:1: expected JSON, found the end of the file"},
           {"{\"12\":\n [7,", ":2:5: expected JSON, found the end of the file"},
           {"{\"12\":\n [7;", ":2:4: expected JSON, found '7;'"},
           {"{}", ": expected positives, found none"},
           {"{\"12\": []}", ": expected positives, found none"},
           {"[7]", ": expected an object from ids to lists of ids, found a list"},
           {"7", ": expected an object from ids to lists of ids, found 7"},
           {"null", ": expected an object from ids to lists of ids, found null"},
           {"{\"12\": 7}", ": '12': expected a list of ids, found 7"},
           {"{\"12\": {}}", ": '12': expected a list of ids, found an object"},
           {"{\"12\": [[7]]}", ": '12': expected an id, found a list"},
           {"{\"12\": [-7]}", ": '12': expected an id, found -7"},
           {"{\"12\": [7.5]}", ": '12': expected an id, found 7.5"},
           {"{\"12\": [true]}", ": '12': expected an id, found true"},
           {"{\"12\": [\"x\\n\"]}", ": '12': expected an id, found 'x\\x0a'"},
           {"{\"12\": [99999999999999999999]}",
            ": '12': expected an id, found 99999999999999999999"},
           {"{\"12\": [7, 7]}", ": '12': 7 is there twice"},
           {"{\"12\": [7], \"12\": [900]}", ": '12': is there twice"},
           {"{\"a\": [7]}", ": expected the number of an image or a caption, found 'a'"},
           {"{\"12\": [7]} 1", ":1:13: expected JSON, found '1'"},
           {std::string("{\"12\": [7]}\0x", 13),
            ": expected nothing after the JSON, found a byte of zero"}}) {
    EXPECT_EQ(refusal_of_positives(text), message) << text;
  }
  EXPECT_EQ(message_of<DataError>([&] { read_eccv_caption(folder_ / "none"); }),
            (folder_ / "none").string() + ": no such file");
}

TEST_F(CocoJudgements, AreReadWholeOrRefusedHoweverTheyAreDamaged) {
  const auto check = [](const NamedJudgements& judgements) {
    ASSERT_FALSE(judgements.all.empty());
    for (const NamedJudgement& one : judgements.all) {
      ASSERT_FALSE(one.query.empty());
      ASSERT_FALSE(one.candidate.empty());
      ASSERT_GE(one.grade, 0.0F);
      ASSERT_LE(one.grade, 5.0F);
    }
  };
  const std::string text = kPairColumns + "\n" + scored("4.25") + scored("3") + scored("0.99");
  const int refused_pairs = tests::refused_copies(
      text, path_, 300, [&] { check(read_crisscrossed_captions(path_, 0.0)); });
  EXPECT_GT(refused_pairs, 100);
  EXPECT_LT(refused_pairs, 299);
  const int refused_positives =
      tests::refused_copies(R"({"7": [431431, 12], "648388": ["5"], "1": [12]})", path_, 300,
                            [&] { check(read_eccv_caption(path_)); });
  EXPECT_GT(refused_positives, 100);
  EXPECT_LT(refused_positives, 299);
}

TEST_F(CocoJudgements, AreRefusedWhereTheFileIsNoise) {
  Rng rng(5, "noise");
  for (int round = 0; round < 60; ++round) {
    std::string noise(rng.below(200), '\0');
    for (char& byte : noise) byte = static_cast<char>(rng.below(256));
    refusal_of_pairs(noise);
    refusal_of_positives(noise);
  }
}

TEST(CocoSpellings, AreTheIdItsNumberAndTheFileOfAnImageOfThatNumber) {
  using Spellings = std::vector<std::string>;
  EXPECT_EQ(coco_spellings("COCO_val2014:sentid:648388"),
            (Spellings{"COCO_val2014:sentid:648388", "648388", "COCO_val2014_000000648388.jpg"}));
  EXPECT_EQ(coco_spellings("COCO_train2014_000000000470.jpg"),
            (Spellings{"COCO_train2014_000000000470.jpg", "470", "COCO_val2014_000000000470.jpg"}));
  EXPECT_EQ(coco_spellings("COCO_val2014_000000000000.jpg")[1], "0");
  EXPECT_EQ(coco_spellings("470"), (Spellings{"470", "470", "COCO_val2014_000000000470.jpg"}));
}

TEST_F(AddCocoJudgements, StoresScoresOfCrisscrossedCaptionsFromThreeOn) {
  make_coco();
  give("cxc", "sits_val.csv",
       kPairColumns + "\n" + pair_line("648388", "12", "4.25") + pair_line("900", "431431", "3") +
           pair_line("900", "12", "2.99") + pair_line("7", "5", "5.0") +
           pair_line("7", "99", "5.0") + pair_line("1", "5", "0.0"));
  EXPECT_EQ(added(), (Entries{{0, 1, 3}, {1, 0, 4.25F}, {2, 2, 5}}));
  EXPECT_EQ(listener_.warnings,
            (std::vector<std::string>{
                "sits_val.csv: pairs with a score below 3, left out: 2",
                "sits_val.csv: judgements of items that are not in the data set, left out: 1 of "
                "4"}));
}

TEST_F(AddCocoJudgements, StoresLowerScoresWhenTold) {
  make_coco();
  const std::string text = kPairColumns + "\r\n" + pair_line("900", "12", "0.0") +
                           pair_line("900", "5", "1.5") + pair_line("900", "431431", "1.49");
  give("cxc", "sits_val.csv", text, {{"least", "1.5"}});
  EXPECT_EQ(added(), (Entries{{0, 2, 1.5F}}));
  give("cxc", "sits_val.csv", text, {{"least", "0"}});
  request_.replace = true;
  request_.queries = Modality::kImage;
  EXPECT_EQ(added(), (Entries{{0, 0, 0}, {1, 0, 1.49F}, {2, 0, 1.5F}}));
  EXPECT_EQ(Dataset::open(dataset_).judgements()->query_modality, Modality::kImage);
}

TEST_F(AddCocoJudgements, FindsImagesOfKarpathysSplitsByFileName) {
  make_dataset({"COCO_val2014_000000000012.jpg", "COCO_val2014_000000431431.jpg"}, {"900", "7"});
  give("cxc", "sits_val.csv",
       kPairColumns + "\n" + pair_line("900", "431431", "4") + pair_line("7", "12", "5"));
  EXPECT_EQ(added(), (Entries{{0, 1, 4}, {1, 0, 5}}));
  give("eccv-caption", "eccv_image_to_caption.json", R"({"431431": [7, 900], "12": [7]})");
  request_.replace = true;
  EXPECT_EQ(added(), (Entries{{0, 1, 1}, {1, 0, 1}, {1, 1, 1}}));
}

TEST_F(AddCocoJudgements, StoresPositivesOfEccvCaptionInTheDirectionOfTheFile) {
  make_coco();
  give("eccv-caption", "eccv_caption_to_image.json",
       R"({"7":[431431,12],"648388":["5"],"1":[12]})");
  EXPECT_EQ(added(), (Entries{{1, 2, 1}, {2, 0, 1}, {2, 1, 1}}));
  EXPECT_EQ(Dataset::open(dataset_).judgements()->query_modality, Modality::kText);
  EXPECT_EQ(listener_.warnings,
            std::vector<std::string>{"eccv_caption_to_image.json: judgements of items that are not "
                                     "in the data set, left out: 1 of 4"});
  give("eccv-caption", "eccv_image_to_caption.json",
       "\n{\"12\": [7],\n\"5\": [], \"431431\": [900]}");
  request_.replace = true;
  EXPECT_EQ(added(), (Entries{{0, 2, 1}, {1, 0, 1}}));
  EXPECT_EQ(Dataset::open(dataset_).judgements()->query_modality, Modality::kImage);
}

TEST_F(AddCocoJudgements, TakesTheDirectionOfEccvCaptionFromOptionsWhereTheNameDoesNotTell) {
  make_coco();
  give("eccv-caption", "positives.json", R"({"12": [7]})");
  EXPECT_EQ(refusal<UsageError>(),
            "add-judgements eccv-caption: 'positives.json' is neither *caption_to_image* nor "
            "*image_to_caption*: say --queries text or --queries image");
  request_.queries = Modality::kImage;
  EXPECT_EQ(added(), (Entries{{0, 2, 1}}));
  give("eccv-caption", "x_caption_to_image.json", R"({"7": [12]})");
  EXPECT_EQ(refusal<UsageError>(),
            "add-judgements eccv-caption: expected --queries text for 'x_caption_to_image.json', "
            "found image");
  request_.replace = true;
  request_.queries = Modality::kText;
  EXPECT_EQ(added(), (Entries{{2, 0, 1}}));
}

TEST_F(AddCocoJudgements, StoresWhatARandomFileOfEachFormatSays) {
  Rng rng(9, "judgements");
  std::vector<std::string> images, texts;
  for (int i = 0; i < 20; ++i) images.push_back(std::to_string(1000 + 7 * i));
  for (int i = 0; i < 60; ++i) texts.push_back(std::to_string(500000 - 11 * i));
  make_dataset(images, texts);
  request_.replace = true;
  for (int round = 0; round < 3; ++round) {
    std::string pairs = kPairColumns + "\n", positives, qrels;
    Entries scored, graded, positive;
    for (std::size_t text = 0; text < texts.size(); ++text) {
      positives += (text == 0 ? "{\"" : ",\"") + texts[text] + "\":[";
      bool is_first = true;
      for (std::size_t image = 0; image < images.size(); ++image) {
        if (!rng.chance(0.2)) continue;
        const int hundredths = rng.between(0, 500), grade = rng.between(1, 4);
        const std::string score = std::to_string(hundredths / 100.0);
        pairs += pair_line(texts[text], images[image], score);
        if (hundredths >= 300) {
          scored.emplace_back(text, image, static_cast<float>(std::stod(score)));
        }
        positives += (is_first ? "" : ",") + images[image];
        is_first = false;
        positive.emplace_back(text, image, 1.0F);
        qrels += texts[text] + " 0 " + images[image] + " " + std::to_string(grade) + "\n";
        graded.emplace_back(text, image, static_cast<float>(grade));
      }
      positives += "]";
    }
    give("cxc", "sits.csv", pairs);
    ASSERT_EQ(added(), scored);
    give("eccv-caption", "caption_to_image.json", positives + "}");
    ASSERT_EQ(added(), positive);
    give("qrels", "q.qrels", qrels);
    ASSERT_EQ(added(), graded);
  }
}

TEST_F(AddCocoJudgements, SurvivesDamagedFilesOfCoco) {
  make_coco();
  const std::string pairs = kPairColumns + "\n" + pair_line("648388", "12", "4.25") +
                            pair_line("900", "431431", "3") + pair_line("900", "12", "2.99");
  give("cxc", "sits_val.csv", pairs);
  survives_damage_of(pairs, 20);
  const std::string positives = R"({"7": [431431, 12], "648388": ["5"], "1": [12]})";
  give("eccv-caption", "eccv_caption_to_image.json", positives);
  survives_damage_of(positives, 20);
}

}  // namespace
}  // namespace alignlab
