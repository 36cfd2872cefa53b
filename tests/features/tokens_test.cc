// tokens: texts as sequences of word numbers.

#include <gtest/gtest.h>

#include <cmath>

#include "features/text/skip_gram_training.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::ScratchFolder;
using tests::spec_of;
using tests::write_text;
using Row = std::vector<float>;

FeatureSpec spec(const std::string& options) { return spec_of("tokens", Modality::kText, options); }

Row vector_of(const TokenSequences& tokens, std::size_t id) {
  return {tokens.vectors.row(id).begin(), tokens.vectors.row(id).end()};
}

TEST(Tokens, AreNumbersOfTheTrainingVocabularyAndZeroForOtherWords) {
  // b and c stand in two training texts, a in one.
  const Items train({"c b", "B, c!", "a"});
  const Features features = extracted(spec(""), train, Items({"b c b a", "", "zzz", "c"}));
  ASSERT_EQ(features.form(), FeatureForm::kTokens);
  EXPECT_EQ(features.tokens(), (TokenSequences{3, {0, 4, 4, 5, 6}, {1, 2, 1, 0, 0, 2}, {}}));
  EXPECT_EQ(extracted(spec("min_count = 1"), train, Items({"c b a"})).tokens(),
            (TokenSequences{4, {0, 3}, {3, 2, 1}, {}}));
}

TEST(Tokens, AreThoseOfTheBeginningOfALongText) {
  const Items train({"a b", "a b"});
  EXPECT_EQ(extracted(spec("max_length = 3"), train, Items({"a b a b", "b"})).tokens(),
            (TokenSequences{3, {0, 3, 4}, {1, 2, 1, 2}, {}}));
  EXPECT_EQ(extracted(spec(""), train, Items({std::string(500, '.') + std::string(200, ' ') + "a"}))
                .tokens()
                .ids,
            std::vector<std::int32_t>{1});
  std::string many;
  for (int i = 0; i < 100; ++i) many += "a ";
  EXPECT_EQ(extracted(spec(""), train, Items({many})).tokens().ids.size(), 64U);  // the default
}

TEST(Tokens, BringTheVectorsOfAFile) {
  const ScratchFolder folder;
  write_text(folder / "v.txt", "a 1 2\nc 3 -4\nb 9 9\nunused 7 7\n");
  const Items train({"a c x y", "a c x y", "b"});
  const std::string options =
      "vectors = \"file\"\nfile = \"" + (folder / "v.txt").string() + "\"\n";
  const TokenSequences tokens = extracted(spec(options), train, train).tokens();
  ASSERT_EQ(tokens.vocabulary, 5U);  // none, a, c, x, y
  ASSERT_EQ(tokens.vectors.rows(), 5U);
  EXPECT_EQ(vector_of(tokens, 0), (Row{2, -1}));  // the mean of a and c
  EXPECT_EQ(vector_of(tokens, 1), (Row{1, 2}));
  EXPECT_EQ(vector_of(tokens, 2), (Row{3, -4}));
  // Uniform with the mean square (1 + 4 + 9 + 16) / 4 = 7.5, so within sqrt(3 * 7.5).
  for (const std::size_t id : {3U, 4U}) {
    for (const float value : vector_of(tokens, id)) {
      EXPECT_LE(std::abs(value), std::sqrt(22.5));
      EXPECT_NE(value, 0.0F);
    }
  }
  EXPECT_NE(vector_of(tokens, 3), vector_of(tokens, 4));
  // A word's vector depends on no other word of the vocabulary.
  const Items fewer({"a c y", "a c y"});
  EXPECT_EQ(vector_of(extracted(spec(options), fewer, fewer).tokens(), 3), vector_of(tokens, 4));
  EXPECT_NE(vector_of(extracted(spec(options + "seed = 1"), train, train).tokens(), 4),
            vector_of(tokens, 4));
}

TEST(Tokens, SayHowManyWordsTheFileLacksAndRefuseOneThatHasNone) {
  const ScratchFolder folder;
  const std::string path = (folder / "v.txt").string();
  write_text(path, "a 1 2\n");
  const FeatureSpec from_file = spec("vectors = \"file\"\nfile = \"" + path + "\"");
  tests::Listener listener;
  make_feature_kind(from_file)->fit(Items({"a b c", "a b c"}), 1, listener);
  EXPECT_EQ(listener.warnings,
            std::vector<std::string>{path + ": vectors for 1 of 3 words of the vocabulary"});
  EXPECT_EQ(message_of<DataError>([&] {
              make_feature_kind(from_file)->fit(Items({"b c", "b c"}), 1, listener);
            }),
            path + ": expected vectors of words of the training texts, found none");
}

TEST(Tokens, BringTheVectorsOfSkipGram) {
  const Items train({"a b a", "b a zzz", "a b"});
  const std::string options = "width = 4\nepochs = 2\nseed = 5\nmin_count = 2";
  const TokenSequences tokens =
      extracted(spec("vectors = \"skip-gram\"\n" + options), train, train).tokens();
  const TokenSequences texts{2, {0, 3, 5, 7}, {0, 1, 0, 1, 0, 0, 1}, {}};
  Silent silent;
  const Matrix expected = features::train_skip_gram(
      texts, features::SkipGramOptions(spec_of("skip-gram", Modality::kText, options).options),
      silent);
  ASSERT_EQ(tokens.vectors.rows(), 3U);
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(tokens.vectors.row(1)[j], expected.row(0)[j]);
    EXPECT_EQ(tokens.vectors.row(2)[j], expected.row(1)[j]);
    EXPECT_NEAR(tokens.vectors.row(0)[j], (expected.row(0)[j] + expected.row(1)[j]) / 2, 1e-7);
  }
}

TEST(Tokens, WithVectorsAreTheSameOnceSavedAndLoaded) {
  const ScratchFolder folder;
  write_text(folder / "v.txt", "a 1 2\n");
  const FeatureSpec from_file =
      spec("vectors = \"file\"\nfile = \"" + (folder / "v.txt").string() + "\"");
  const Items train({"a b", "b a"}), test({"a zzz b", ""});
  Silent silent;
  const auto fitted = make_feature_kind(from_file)->fit(train, 1, silent);
  const Features expected = fitted->extract(test, 1, silent);
  H5File file = H5File::create(folder / "a.h5");
  fitted->save(file, "/extractor");
  file.close();
  std::filesystem::remove(folder / "v.txt");  // is needed no more
  EXPECT_EQ(make_feature_kind(from_file)
                ->load(H5File::open(folder / "a.h5"), "/extractor")
                ->extract(test, 1, silent),
            expected);
}

TEST(Tokens, HaveNoScale) {
  EXPECT_TRUE(contains(message_of<ConfigError>([] { spec("scale = \"l2\""); }),
                       "test:1:1: unknown key 'features.scale'"));
}

}  // namespace
}  // namespace alignlab
