// skip-gram: vectors of words learned from the training texts.

#include <gtest/gtest.h>

#include <cmath>

#include "core/rng.h"
#include "features/text/skip_gram_training.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using features::skip_gram_passes;
using features::skip_gram_step;
using features::SkipGramOptions;
using features::train_skip_gram;
using tests::dense_row;
using tests::extracted;
using tests::Items;
using tests::matrix_of;
using tests::message_of;
using tests::spec_of;

FeatureSpec spec(const std::string& options) {
  return spec_of("skip-gram", Modality::kText, "scale = \"none\"\n" + options);
}

SkipGramOptions training(const std::string& options) {
  return SkipGramOptions(spec(options).options);
}

TokenSequences sequences(const std::vector<std::vector<std::int32_t>>& texts,
                         std::size_t vocabulary) {
  TokenSequences out;
  out.vocabulary = vocabulary;
  for (const auto& text : texts) {
    out.ids.insert(out.ids.end(), text.begin(), text.end());
    out.offsets.push_back(static_cast<std::int64_t>(out.ids.size()));
  }
  return out;
}

Matrix trained(const TokenSequences& texts, const std::string& options) {
  Silent silent;
  return train_skip_gram(texts, training(options), silent);
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0.0, aa = 0.0, bb = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    ab += double{a[j]} * b[j];
    aa += double{a[j]} * a[j];
    bb += double{b[j]} * b[j];
  }
  return ab / std::sqrt(aa * bb);
}

TEST(SkipGramStep, MovesVectorsAsWorkedOutByHand) {
  // s(ln 3) = 3/4 for the word beside, s(-ln 3) = 1/4 for the one drawn: both are off by 1/4.
  const float ln3 = std::log(3.0F);
  std::vector<float> input{1, 0}, gradient(2);
  Matrix outputs = matrix_of(3, 2, {-ln3, 2, 9, 9, ln3, 4});
  skip_gram_step(input, outputs, std::vector<std::int32_t>{2, 0}, 0.4F, gradient);
  EXPECT_NEAR(input[0], 1 + 0.1 * ln3 + 0.1 * ln3, 1e-6);
  EXPECT_NEAR(input[1], 0.1 * 4 - 0.1 * 2, 1e-6);
  EXPECT_NEAR(outputs.row(2)[0], ln3 + 0.1, 1e-6);
  EXPECT_NEAR(outputs.row(0)[0], -ln3 - 0.1, 1e-6);
  EXPECT_EQ(outputs.row(2)[1], 4);
  EXPECT_EQ(outputs.row(0)[1], 2);
  EXPECT_EQ(outputs.row(1)[0], 9);
}

/// Of the header's formula.
double loss(const std::vector<double>& input, const std::vector<std::vector<double>>& outputs) {
  double sum = 0.0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    double score = 0.0;
    for (std::size_t j = 0; j < input.size(); ++j) score += input[j] * outputs[i][j];
    sum += std::log1p(std::exp(i == 0 ? -score : score));
  }
  return sum;
}

TEST(SkipGramStep, GoesDownTheGradientOfTheLoss) {
  Rng rng(3, "steps");
  for (int round = 0; round < 20; ++round) {
    const auto width = static_cast<std::size_t>(rng.between(1, 19));
    const auto count = static_cast<std::size_t>(rng.between(1, 6));
    std::vector<float> input(width), gradient(width);
    Matrix outputs(count, width);
    for (float& value : input) value = static_cast<float>(rng.normal());
    for (float& value : outputs.values()) value = static_cast<float>(rng.normal());
    std::vector<double> at(input.begin(), input.end());
    std::vector<std::vector<double>> others;
    std::vector<std::int32_t> targets;
    for (std::size_t i = 0; i < count; ++i) {
      others.emplace_back(outputs.row(i).begin(), outputs.row(i).end());
      targets.push_back(static_cast<std::int32_t>(i));
    }
    const float rate = 0.5F;
    skip_gram_step(input, outputs, targets, rate, gradient);
    const auto slope = [&](double& place) {
      const double kept = place, h = 1e-5;
      place = kept + h;
      const double above = loss(at, others);
      place = kept - h;
      const double below = loss(at, others);
      place = kept;
      return (above - below) / (2 * h);
    };
    for (std::size_t j = 0; j < width; ++j) {
      EXPECT_NEAR(input[j], at[j] - rate * slope(at[j]), 1e-5);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_NEAR(outputs.row(i)[j], others[i][j] - rate * slope(others[i][j]), 1e-5);
      }
    }
  }
}

/// Words of two topics, which never stand in one text: even numbers and odd ones.
TokenSequences two_topics(std::size_t words, int texts) {
  Rng rng(4, "topics");
  std::vector<std::vector<std::int32_t>> out;
  for (int t = 0; t < texts; ++t) {
    out.emplace_back();
    for (int i = 0; i < 8; ++i) {
      out.back().push_back(static_cast<std::int32_t>(2 * rng.below(words / 2)) + t % 2);
    }
  }
  return sequences(out, words);
}

TEST(SkipGram, PutsWordsOfTheSameContextNearEachOther) {
  const std::size_t words = 12;
  const Matrix vectors = trained(two_topics(words, 400),
                                 "width = 16\nepochs = 10\nsubsample = 0\nlearning_rate = 0.05");
  for (std::size_t i = 0; i < words; ++i) {
    for (std::size_t j = i + 1; j < words; ++j) {
      const double near = cosine(vectors.row(i), vectors.row(j));
      if (i % 2 == j % 2) {
        EXPECT_GT(near, 0.8) << i << " " << j;
      } else {
        EXPECT_LT(near, 0.3) << i << " " << j;
      }
    }
  }
}

TEST(SkipGram, PutsWordsNearThatStandBesideTheSameWordsButNeverTogether) {
  // 0 and 1 stand between 2 and 3 in turn, 4 and 5 between 6 and 7.
  std::vector<std::vector<std::int32_t>> texts;
  for (std::int32_t i = 0; i < 300; ++i) {
    texts.push_back({2, i % 2, 3});
    texts.push_back({6, 4 + i % 2, 7});
  }
  const Matrix vectors =
      trained(sequences(texts, 8), "width = 8\nepochs = 15\nsubsample = 0\nlearning_rate = 0.05");
  EXPECT_GT(cosine(vectors.row(0), vectors.row(1)), 0.8);
  EXPECT_GT(cosine(vectors.row(4), vectors.row(5)), 0.8);
  EXPECT_LT(cosine(vectors.row(0), vectors.row(4)), 0.3);
  EXPECT_LT(cosine(vectors.row(1), vectors.row(5)), 0.3);
}

TEST(SkipGram, PassesOverASmallCorpusMoreOften) {
  EXPECT_EQ(skip_gram_passes(1), 1000);
  EXPECT_EQ(skip_gram_passes(5000), 1000);
  EXPECT_EQ(skip_gram_passes(50000), 100);
  EXPECT_EQ(skip_gram_passes(50001), 100);
  EXPECT_EQ(skip_gram_passes(49999), 101);
  EXPECT_EQ(skip_gram_passes(1000000), 5);
  EXPECT_EQ(skip_gram_passes(100000000), 5);
}

TEST(SkipGram, TellsTopicsOfASmallCorpusApartUnlessToldToStopEarly) {
  // The mean cosine of words of one topic, less that of words of two.
  const auto told_apart = [](const std::string& options) {
    const Matrix vectors = trained(two_topics(12, 100), "width = 16\n" + options);
    double within = 0.0, across = 0.0;
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        (i % 2 == j % 2 ? within : across) += cosine(vectors.row(i), vectors.row(j));
      }
    }
    return within / 30 - across / 36;
  };
  EXPECT_GT(told_apart(""), 0.5);
  EXPECT_EQ(told_apart(""), told_apart("epochs = 1000"));
  EXPECT_LT(told_apart("epochs = 5"), 0.2);
}

TEST(SkipGram, OfOneSeedGivesTheSameBits) {
  const TokenSequences texts = two_topics(10, 40);
  EXPECT_EQ(trained(texts, "width = 7\nseed = 3"), trained(texts, "width = 7\nseed = 3"));
  EXPECT_NE(trained(texts, "width = 7\nseed = 3"), trained(texts, "width = 7\nseed = 4"));
}

TEST(SkipGram, LeavesWordsAsTheyBeganThatStandAlone) {
  const Matrix vectors = trained(sequences({{0}, {1}, {}, {1}}, 2), "width = 50\nepochs = 3");
  ASSERT_EQ(vectors.rows(), 2U);
  double squares = 0.0;
  for (const float value : vectors.values()) {
    EXPECT_LE(std::abs(value), 0.5 / 50);
    squares += double{value} * value;
  }
  // Uniform numbers of that reach have the mean square reach^2 / 3.
  EXPECT_NEAR(squares / 100, 1e-4 / 3, 1e-5);
}

TEST(SkipGram, LeavesOutMoreOfFrequentWords) {
  // Word 0 stands everywhere; where it is almost always left out, 1 and 2 learn from each other
  // alone, and 0 stays near its small beginning.
  std::vector<std::vector<std::int32_t>> texts(200, {0, 1, 0, 0, 2, 0});
  const auto length_of_0 = [&](const char* subsample) {
    const Matrix vectors = trained(sequences(texts, 3),
                                   std::string("width = 8\nepochs = 5\nsubsample = ") + subsample);
    double squares = 0.0;
    for (const float value : vectors.row(0)) squares += double{value} * value;
    return std::sqrt(squares);
  };
  EXPECT_GT(length_of_0("0"), 2 * length_of_0("1e-5"));
}

TEST(SkipGram, RefusesStepsThatLeadToInfinity) {
  EXPECT_EQ(message_of<ConfigError>([] {
              trained(two_topics(40, 200),
                      "width = 100\nepochs = 20\nlearning_rate = 1\nsubsample = 0");
            }),
            "skip-gram: the vectors grow without bound; expected a learning_rate less than 1");
}

TEST(SkipGram, StopsWhenCancelled) {
  tests::Listener cancelled(true);
  EXPECT_THROW(train_skip_gram(two_topics(4, 4), training(""), cancelled), Interrupted);
}

TEST(SkipGramKind, PoolsVectorsOfWordsOfEnoughTrainingTexts) {
  const Items train({"a b", "b a c", "a b", "A!"});
  const FeatureSpec two = spec("min_count = 2\nwidth = 5\nseed = 9");
  const Matrix vectors =
      trained(sequences({{0, 1}, {1, 0}, {0, 1}, {0}}, 2), "width = 5\nseed = 9");
  const Features rows = extracted(two, train, Items({"a", "b c", "c", "unseen", "a b"}));
  ASSERT_EQ(rows.cols(), 5U);
  const std::vector<float> a(vectors.row(0).begin(), vectors.row(0).end());
  const std::vector<float> b(vectors.row(1).begin(), vectors.row(1).end());
  EXPECT_EQ(dense_row(rows, 0), a);
  EXPECT_EQ(dense_row(rows, 1), b);
  EXPECT_EQ(dense_row(rows, 2), std::vector<float>(5));
  EXPECT_EQ(dense_row(rows, 3), std::vector<float>(5));
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(dense_row(rows, 4)[j], (a[j] + b[j]) / 2, 1e-7);
}

TEST(SkipGramKind, RefusesATrainWithoutWords) {
  Silent silent;
  EXPECT_EQ(message_of<DataError>([&] {
              make_feature_kind(spec(""))->fit(Items({"a", "b"}), 1, silent);
            }),
            "no word occurs in at least 2 of the 2 training texts (option min_count)");
}

}  // namespace
}  // namespace alignlab
