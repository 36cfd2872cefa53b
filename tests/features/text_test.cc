#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>

#include "core/hash.h"
#include "core/rng.h"
#include "tests/core/testing.h"
#include "tests/decompositions.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::dense_row;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::spec_of;

FeatureSpec text_spec(const std::string& kind, const std::string& options) {
  return spec_of(kind, Modality::kText, options);
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

TEST(BagOfWords, KeepsTheWordsOfMostTrainingTextsOfEqualsTheFirst) {
  const Items train({"d a b", "c b a a a", "c a b"});  // texts: a and b 3, c 2, d 1
  const auto kept = [&](int most, const std::string& text) {
    const std::string options =
        "min_count = 1\nscale = \"none\"\nmax_features = " + std::to_string(most);
    return dense_row(extracted(text_spec("bow", options), train, Items({text})), 0);
  };
  EXPECT_EQ(kept(1, "d c b a"), (std::vector<float>{1}));
  EXPECT_EQ(kept(1, "d c b"), (std::vector<float>{0}));
  EXPECT_EQ(kept(3, "c c b d"), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(kept(9, "c c b d"), (std::vector<float>{0, 1, 2, 1}));
  EXPECT_EQ(kept(0, "c c b d"), (std::vector<float>{0, 1, 2, 1}));
}

TEST(BagOfWords, CountsAWordOnceWhereBinary) {
  const Items train({"a b"});
  for (const char* sublinear : {"true", "false"}) {
    const std::string options = "min_count = 1\nbinary = true\nscale = \"none\"\nsublinear = ";
    EXPECT_EQ(
        dense_row(extracted(text_spec("bow", options + sublinear), train, Items({"a a b"})), 0),
        (std::vector<float>{1, 1}));
  }
}

TEST(BagOfWords, CountsWhatTheTokenizerGives) {
  const Items train({"The dogs run", "A dog runs"});
  const Features features = extracted(
      text_spec("bow",
                "stem = \"english\"\nstop_words = \"english\"\nngrams = 2\nscale = \"none\""),
      train, Items({"dog runs, dogs running"}));
  // "dog", "dog run", "run"; the pair "run dog" stands in no training text.
  EXPECT_EQ(dense_row(features, 0), (std::vector<float>{2, 2, 2}));
}

TEST(Bm25, WeighsWordsByRaritySaturationAndLength) {
  // Three texts of 7 tokens: a stands in all, b in two, c in one:
  // idf = ln(1 + 0.5/3.5), ln(1 + 1.5/2.5), ln(1 + 2.5/1.5).
  const Items train({"a b b", "a c", "a b"});
  const double a = 0.1335313926, b = 0.4700036292, c = 0.9808292530;
  const auto row = [&](const std::string& options, const std::string& text) {
    return dense_row(extracted(text_spec("bm25", "min_count = 1\nscale = \"none\"\n" + options),
                               train, Items({text})),
                     0);
  };
  // Four tokens: 1.2 * (1 - 0.75 + 0.75 * 4 / (7/3)) = 1.842857.
  const auto plain = row("", "b b c unseen");
  ASSERT_EQ(plain.size(), 3U);
  EXPECT_EQ(plain[0], 0.0F);
  EXPECT_NEAR(plain[1], b * 2 * 2.2 / 3.842857143, 1e-6);
  EXPECT_NEAR(plain[2], c * 2.2 / 2.842857143, 1e-6);
  // Without saturation a word is there or not; without length two counts give 2 * 2.2 / 3.2.
  const auto unsaturated = row("k1 = 0", "b b c a unseen");
  EXPECT_NEAR(unsaturated[0], a, 1e-6);
  EXPECT_NEAR(unsaturated[1], b, 1e-6);
  EXPECT_NEAR(row("b = 0", "b b c unseen")[1], b * 1.375, 1e-6);
  EXPECT_EQ(row("", "unseen"), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(row("", ""), (std::vector<float>{0, 0, 0}));
}

TEST(Bm25, CountsWordsOutsideTheVocabularyInTheMeanLength) {
  // b and c stand in too few texts; still both texts have two tokens, and so has the one weighed:
  // 1 * 2.2 / (1 + 1.2), times ln(1 + 0.5/2.5).
  const Features features = extracted(text_spec("bm25", "min_count = 2\nscale = \"none\""),
                                      Items({"a b", "a c"}), Items({"a z"}));
  ASSERT_EQ(features.cols(), 1U);
  EXPECT_NEAR(dense_row(features, 0)[0], 0.1823215568, 1e-6);
}

/// +1 or -1 in the column of a word, by the documented reading of its hash.
std::vector<float> hashed(const std::string& word, std::size_t width) {
  std::vector<float> out(width, 0.0F);
  const Hash128 hash = hash_of(word);
  out[hash.low % width] = (hash.high >> 63U) != 0 ? -1.0F : 1.0F;
  return out;
}

TEST(Hashing, AddsTheSignedCountsOfWordsToTheirColumns) {
  constexpr std::size_t kWidth = 64;
  const FeatureSpec spec = text_spec("hashing", "width = 64\nscale = \"none\"");
  const Features features = extracted(spec, Items(), Items({"dog", "dog Dog cat", "", "cat dog"}));
  ASSERT_EQ(features.form(), FeatureForm::kSparse);
  ASSERT_EQ(features.cols(), kWidth);
  const auto dog = hashed("dog", kWidth), cat = hashed("cat", kWidth);
  ASSERT_NE(dog, cat);
  EXPECT_EQ(dense_row(features, 0), dog);
  EXPECT_EQ(dense_row(features, 2), std::vector<float>(kWidth, 0.0F));
  for (std::size_t j = 0; j < kWidth; ++j) {
    EXPECT_EQ(dense_row(features, 1)[j], 2 * dog[j] + cat[j]);
    EXPECT_EQ(dense_row(features, 3)[j], dog[j] + cat[j]);
  }
}

TEST(Hashing, LetsWordsThatMeetAddOrCancel) {
  const auto value = [](const std::string& text, const std::string& options) {
    const Features features = extracted(
        text_spec("hashing", "width = 1\nscale = \"none\"\n" + options), Items(), Items({text}));
    return dense_row(features, 0)[0];
  };
  float sum = 0.0F, roots = 0.0F;
  bool plus = false, minus = false;
  for (const char* word : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    const float sign = hashed(word, 1)[0];
    (sign > 0 ? plus : minus) = true;
    sum += sign * (word[0] == 'a' ? 3.0F : 1.0F);
    roots += sign * (word[0] == 'a' ? 1.0F + std::log(3.0F) : 1.0F);
  }
  ASSERT_TRUE(plus && minus);
  EXPECT_FLOAT_EQ(value("h g f a e a d c b a", ""), sum);
  EXPECT_NEAR(value("h g f a e a d c b a", "sublinear = true"), roots, 1e-6);
}

TEST(Hashing, SpreadsWordsEvenlyOverColumnsAndSigns) {
  std::vector<std::string> words;
  for (int i = 0; i < 8000; ++i) words.push_back("word" + std::to_string(i));
  const Features features =
      extracted(text_spec("hashing", "width = 16\nscale = \"none\""), Items(), Items(words));
  std::vector<int> plus(16), minus(16);
  for (std::size_t i = 0; i < features.rows(); ++i) {
    const auto columns = features.sparse().row_columns(i);
    ASSERT_EQ(columns.size(), 1U);
    auto& counts = features.sparse().row_values(i)[0] > 0 ? plus : minus;
    ++counts[static_cast<std::size_t>(columns[0])];
  }
  // 250 are expected in each of the 32, with a deviation below 16.
  for (const int count : plus) EXPECT_NEAR(count, 250, 80);
  for (const int count : minus) EXPECT_NEAR(count, 250, 80);
}

TEST(Hashing, WeighsColumnsByTheirRarityInTrainWhereAsked) {
  const FeatureSpec spec = text_spec("hashing", "width = 64\nidf = true\nscale = \"none\"");
  // dog stands in two of three texts: ln(4/3) + 1; cat in one: ln(4/2) + 1; unseen in none: ln 4
  // + 1.
  const Features features =
      extracted(spec, Items({"dog cat", "dog dog", "x"}), Items({"dog", "cat", "unseen"}));
  const std::vector<std::string> words{"dog", "cat", "unseen"};
  const std::vector<float> expected{1.2876820724F, 1.6931471806F, 2.3862943611F};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto row = dense_row(features, i), unit = hashed(words[i], 64);
    for (std::size_t j = 0; j < row.size(); ++j) EXPECT_FLOAT_EQ(row[j], unit[j] * expected[i]);
  }
}

/// Thirty texts about four things, so that four directions stand out.
Items topics() {
  const std::vector<std::vector<std::string>> words{{"dog", "runs", "grass", "ball"},
                                                    {"boat", "water", "sails", "wind"},
                                                    {"girl", "reads", "book"},
                                                    {"snow", "ski", "hill", "cold", "white"}};
  Rng rng(3, "topics");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 30; ++i) {
    const auto& topic = words[(i * i + i / 3) % words.size()];
    std::string text;
    for (int w = rng.between(2, 5); w > 0; --w) text += rng.pick(topic) + " ";
    texts.push_back(text + rng.pick(rng.pick(words)));
  }
  return Items(texts);
}

Eigen::MatrixXd eigen_of(const Features& features) {
  Eigen::MatrixXd out(features.rows(), features.cols());
  for (std::size_t i = 0; i < features.rows(); ++i) {
    const auto row = dense_row(features, i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      out(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = row[j];
    }
  }
  return out;
}

TEST(Lsa, ProjectsTextsOntoTheDirectionsOfAFullDecomposition) {
  constexpr int kWidth = 4;
  const Items train = topics(), test({"the dog sails in the snow", "unseen", "book book girl"});
  const Eigen::MatrixXd tfidf = eigen_of(extracted(text_spec("tfidf", ""), train, train));
  const tests::SingularTriples exact = tests::singular_triples(tfidf);
  ASSERT_GT(exact.values(kWidth - 1), 1.1 * exact.values(kWidth));
  const Eigen::MatrixXd v = exact.v.leftCols(kWidth);

  const FeatureSpec spec = text_spec("lsa", "width = 4\nscale = \"none\"");
  const Eigen::MatrixXd rows = eigen_of(extracted(spec, train, train));
  const Eigen::MatrixXd new_rows = eigen_of(extracted(spec, train, test));
  ASSERT_EQ(rows.cols(), kWidth);
  const Eigen::MatrixXd new_tfidf = eigen_of(extracted(text_spec("tfidf", ""), train, test));
  for (int j = 0; j < kWidth; ++j) {
    EXPECT_NEAR(rows.col(j).norm(), exact.values(j), 1e-3) << j;
    // A direction is known but for its sign, which is the same for every text.
    const Eigen::VectorXd expected = tfidf * v.col(j), expected_new = new_tfidf * v.col(j);
    const double sign = expected.dot(rows.col(j)) > 0.0 ? 1.0 : -1.0;
    EXPECT_LT((rows.col(j) * sign - expected).cwiseAbs().maxCoeff(), 2e-3) << j;
    EXPECT_LT((new_rows.col(j) * sign - expected_new).cwiseAbs().maxCoeff(), 2e-3) << j;
  }
  EXPECT_EQ(new_rows.row(1).norm(), 0.0);
}

TEST(Lsa, GivesDirectionsEqualWeightOverTrainWhereWhitened) {
  const Items train = topics();
  const Eigen::MatrixXd rows = eigen_of(
      extracted(text_spec("lsa", "width = 6\nwhiten = true\nscale = \"none\""), train, train));
  const Eigen::MatrixXd moments = rows.transpose() * rows / 30.0;
  EXPECT_LT((moments - Eigen::MatrixXd::Identity(6, 6)).cwiseAbs().maxCoeff(), 1e-3);
}

TEST(Lsa, HasNoMoreDirectionsThanWordsOrTextsAndWhitensNoneThatIsEmpty) {
  const Items train({"a b", "a b", "c", "c"});
  const std::string options = "min_count = 1\nscale = \"none\"\nwidth = 9\nwhiten = ";
  for (const char* whiten : {"true", "false"}) {
    const Eigen::MatrixXd rows =
        eigen_of(extracted(text_spec("lsa", options + whiten), train, train));
    ASSERT_EQ(rows.cols(), 3);  // a, b and c, of which only two vary
    EXPECT_LT(rows.col(2).norm(), 1e-4);
    EXPECT_TRUE(rows.allFinite());
  }
}

TEST(TextFeatures, RefuseATrainWithoutWords) {
  for (const char* kind : {"bow", "tfidf", "bm25", "lsa"}) {
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

TEST(TextFeatures, RefuseToBeStandardizedWhereSparse) {
  for (const char* kind : {"bow", "tfidf", "bm25", "hashing"}) {
    EXPECT_EQ(message_of<ConfigError>(
                  [&] { make_feature_kind(text_spec(kind, "scale = \"standardize\"")); }),
              "test:1:1: features.scale: 'standardize' is not one of its values (known: none, l2)");
  }
}

}  // namespace
}  // namespace alignlab
