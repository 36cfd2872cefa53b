#include <gtest/gtest.h>

#include <cmath>

#include "features/text/tokenizer.h"
#include "tests/core/testing.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::dense_row;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::spec_of;
using Words = std::vector<std::string>;

FeatureSpec text_spec(const std::string& kind, const std::string& options) {
  return spec_of(kind, Modality::kText, options);
}

Words words_of(std::string_view text, const std::string& options = "") {
  return features::Tokenizer(text_spec("bow", options).options).words(text);
}

TEST(Tokenizer, LowersAsciiLettersAndSplitsAtEverythingElse) {
  EXPECT_EQ(words_of("A Dog, running-FAST!"), (Words{"a", "dog", "running", "fast"}));
  EXPECT_EQ(words_of("tab\tand\nline"), (Words{"tab", "and", "line"}));
  EXPECT_EQ(words_of("@AZ[`az{/09:"), (Words{"az", "az", "09"}));  // the neighbours in ASCII
}

TEST(Tokenizer, KeepsDigitsInWords) {
  EXPECT_EQ(words_of("2 dogs, 3rd 4x4"), (Words{"2", "dogs", "3rd", "4x4"}));
}

TEST(Tokenizer, DropsApostrophesWithoutSplitting) {
  EXPECT_EQ(words_of("the dog's ball"), (Words{"the", "dogs", "ball"}));
  EXPECT_EQ(words_of("'quoted' ' rock''n''roll"), (Words{"quoted", "rocknroll"}));
}

TEST(Tokenizer, LowersLettersOfAllAlphabets) {
  EXPECT_EQ(words_of("Ein GRÜNES Haus"), (Words{"ein", "grünes", "haus"}));
}

TEST(Tokenizer, FindsNoWordsInNothingOrPunctuation) {
  EXPECT_EQ(words_of(""), Words{});
  EXPECT_EQ(words_of(" .,;'-_ \n"), Words{});
  EXPECT_EQ(words_of(std::string_view("a\0b", 3)), (Words{"a", "b"}));
}

TEST(BagOfWords, CountsTheWordsOfTheTrainingVocabularyInByteOrder) {
  const Items train({"b a b", "Zebra a", "é a"});
  const FeatureSpec spec = text_spec("bow", "min_count = 1\nscale = \"none\"");
  const Features features =
      extracted(spec, train, Items({"b b b zebra unseen", "é", "unseen", ""}));
  ASSERT_EQ(features.form(), FeatureForm::kSparse);
  // a, b, zebra, é
  EXPECT_EQ(features.sparse(), (SparseRows{4, {0, 2, 3, 3, 3}, {1, 2, 3}, {3.0F, 1.0F, 1.0F}}));
}

TEST(BagOfWords, KeepsWordsOfEnoughTextsNotOfEnoughOccurrences) {
  const Items train({"a a a b", "b c", "c"});
  const Items one({"a b c"});
  EXPECT_EQ(extracted(text_spec("bow", "min_count = 2\nscale = \"none\""), train, one).cols(), 2U);
  EXPECT_EQ(extracted(text_spec("bow", "min_count = 1\nscale = \"none\""), train, one).cols(), 3U);
  EXPECT_EQ(extracted(text_spec("bow", "scale = \"none\""), train, one).cols(), 2U);  // the default
}

TEST(BagOfWords, TakesLogarithmsOfCountsWhenSublinear) {
  const Items train({"a b"});
  const Features features =
      extracted(text_spec("bow", "min_count = 1\nsublinear = true\nscale = \"none\""), train,
                Items({"a a a b"}));
  EXPECT_FLOAT_EQ(dense_row(features, 0)[0], static_cast<float>(1.0 + std::log(3.0)));
  EXPECT_EQ(dense_row(features, 0)[1], 1.0F);
}

TEST(Tfidf, WeighsWordsByTheirRarityInTrain) {
  // Three texts; a stands in all, b in two, c in one: idf = ln(4/4)+1, ln(4/3)+1, ln(4/2)+1.
  const Items train({"a b b", "a c", "a b"});
  const Items test({"b b c", "a a"});
  const float b = 1.2876820724F, c = 1.6931471806F;
  const Features plain = extracted(
      text_spec("tfidf", "min_count = 1\nsublinear = false\nscale = \"none\""), train, test);
  EXPECT_EQ(plain.cols(), 3U);
  EXPECT_EQ(dense_row(plain, 0)[0], 0.0F);
  EXPECT_FLOAT_EQ(dense_row(plain, 0)[1], 2.0F * b);
  EXPECT_FLOAT_EQ(dense_row(plain, 0)[2], c);
  EXPECT_FLOAT_EQ(dense_row(plain, 1)[0], 2.0F);
  const Features sublinear =
      extracted(text_spec("tfidf", "min_count = 1\nscale = \"none\""), train, test);
  EXPECT_FLOAT_EQ(dense_row(sublinear, 0)[1], 1.6931471806F * b);  // 1 + ln 2
  EXPECT_FLOAT_EQ(dense_row(sublinear, 0)[2], c);
}

TEST(Tfidf, IsScaledToUnitLengthUnlessToldOtherwise) {
  const Items train({"a b", "a c", "a"});
  const Features features =
      extracted(text_spec("tfidf", "min_count = 1"), train, Items({"a a b c", "unseen"}));
  double squares = 0.0;
  for (const float value : dense_row(features, 0)) squares += double{value} * value;
  EXPECT_NEAR(squares, 1.0, 1e-6);
  // b and c are equally rare, a is commoner but there twice: (1 + ln 2) * 1 against ln(4/2) + 1.
  EXPECT_NEAR(dense_row(features, 0)[0], 1.0 / std::sqrt(3.0), 1e-6);
  EXPECT_EQ(dense_row(features, 1), (std::vector<float>{0, 0, 0}));
}

TEST(TextFeatures, LearnFromTrainAlone) {
  const Items train({"a b b", "a c", "a b"});
  for (const char* kind : {"bow", "tfidf"}) {
    Silent silent;
    const auto extractor = make_feature_kind(text_spec(kind, ""))->fit(train, 1, silent);
    const Features before = extractor->extract(train, 1, silent);
    const Features test = extractor->extract(Items({"d d d e", "c c"}), 1, silent);
    EXPECT_EQ(extractor->extract(train, 1, silent), before);
    EXPECT_EQ(test.cols(), before.cols());
    EXPECT_EQ(dense_row(test, 0), std::vector<float>(before.cols(), 0.0F));
  }
}

TEST(TextFeatures, RefuseATrainWithoutWords) {
  for (const char* kind : {"bow", "tfidf"}) {
    Silent silent;
    const auto fit = [&](const Items& train) {
      return message_of<DataError>(
          [&] { make_feature_kind(text_spec(kind, "min_count = 2"))->fit(train, 1, silent); });
    };
    EXPECT_EQ(fit(Items({"a", "b", "!"})),
              "no word occurs in at least 2 of the 3 training texts (option min_count)");
    EXPECT_EQ(fit(Items()),
              "no word occurs in at least 2 of the 0 training texts (option min_count)");
  }
}

TEST(TextFeatures, RefuseToBeStandardized) {
  for (const char* kind : {"bow", "tfidf"}) {
    EXPECT_EQ(message_of<ConfigError>(
                  [&] { make_feature_kind(text_spec(kind, "scale = \"standardize\"")); }),
              "test:1:1: features.scale: 'standardize' is not one of its values (known: none, l2)");
  }
}

}  // namespace
}  // namespace alignlab
