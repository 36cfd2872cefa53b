// word-vectors: texts from vectors of words in a file.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>

#include "core/rng.h"
#include "tests/core/real_data.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/decompositions.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::dense_row;
using tests::expect_near;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::real_data;
using tests::ScratchFolder;
using tests::spec_of;
using tests::write_text;
using Row = std::vector<float>;

/// Keeps what is noted, too.
class NoteTaker : public tests::Listener {
 public:
  void note(std::string_view text) override { notes.emplace_back(text); }
  std::vector<std::string> notes;
};

class WordVectorsKind : public ::testing::Test {
 protected:
  WordVectorsKind() { write_text(file_, kVectors); }

  FeatureSpec spec(const std::string& options) const {
    return spec_of("word-vectors", Modality::kText,
                   "file = \"" + file_.string() + "\"\nscale = \"none\"\n" + options);
  }
  FeatureSpec pooled(const std::string& pooling) const {
    return spec("pooling = \"" + pooling + "\"");
  }
  std::unique_ptr<Extractor> fit(const FeatureSpec& features, const Items& train) {
    return make_feature_kind(features)->fit(train, 1, taker_);
  }

  static constexpr const char* kVectors = "a 1 0\nb 0 1\nc 2 2\nd 4 -4\ne -1 -2\n";
  ScratchFolder folder_;
  std::filesystem::path file_ = folder_ / "vectors.txt";
  NoteTaker taker_;
  // Six words: a stands three times, b, c and the unknown zzz once.
  Items train_{{"a b", "a c", "a zzz"}};
};

TEST_F(WordVectorsKind, PoolsTheMeanOfTheWordsItKnows) {
  const Features rows = extracted(pooled("mean"), train_, Items({"A a c!", "b zzz", "zzz", ""}));
  expect_near(dense_row(rows, 0), {4.0 / 3, 2.0 / 3});
  EXPECT_EQ(dense_row(rows, 1), (Row{0, 1}));
  EXPECT_EQ(dense_row(rows, 2), (Row{0, 0}));
  EXPECT_EQ(dense_row(rows, 3), (Row{0, 0}));
}

TEST_F(WordVectorsKind, KnowsWordsThatNoTrainingTextHas) {
  EXPECT_EQ(dense_row(extracted(pooled("mean"), train_, Items({"a d"})), 0), (Row{2.5F, -2}));
}

TEST_F(WordVectorsKind, PoolsTheLargestOfEachColumn) {
  const Features rows = extracted(pooled("max"), train_, Items({"a c", "b d", "e", "e b", "zzz"}));
  EXPECT_EQ(dense_row(rows, 0), (Row{2, 2}));
  EXPECT_EQ(dense_row(rows, 1), (Row{4, 1}));
  EXPECT_EQ(dense_row(rows, 2), (Row{-1, -2}));
  EXPECT_EQ(dense_row(rows, 3), (Row{0, 1}));
  EXPECT_EQ(dense_row(rows, 4), (Row{0, 0}));
}

TEST_F(WordVectorsKind, WeighsWordsByTheirRarityInTrainingTexts) {
  // idf of a: ln(4/4) + 1, of b: ln(4/2) + 1, of d, which no training text has: ln(4/1) + 1.
  const double b = 1.6931471806, d = 2.3862943611;
  const Features rows = extracted(pooled("idf"), train_, Items({"a b", "a d d", "b"}));
  expect_near(dense_row(rows, 0), {1 / (1 + b), b / (1 + b)});
  expect_near(dense_row(rows, 1), {(1 + 8 * d) / (1 + 2 * d), -8 * d / (1 + 2 * d)});
  EXPECT_EQ(dense_row(rows, 2), (Row{0, 1}));
}

TEST_F(WordVectorsKind, RemovesFromSmoothInverseFrequenciesWhatTrainingTextsHaveInCommon) {
  // With smoothing 1/2 the weights are 0.5/(0.5 + 3/6) of a, 0.5/(0.5 + 1/6) of b and c, 1 of d.
  Eigen::MatrixXd train(3, 2);
  train << 0.25, 0.375, 1.0, 0.75, 0.5, 0.0;
  Eigen::MatrixXd test(3, 2);
  // (0.75 (0 1) + 0.75 (2 2)) / 2 and (0.5 (1 0) + (4 -4)) / 2
  test << 0.75, 1.125, 2.25, -2.0, 0.0, 0.0;
  const Eigen::VectorXd common = tests::singular_triples(train).v.col(0);
  const Features rows = extracted(spec("pooling = \"sif\"\nsmoothing = 0.5"), train_,
                                  Items({"b c", "a d zzz", "zzz"}));
  for (Eigen::Index i = 0; i < 3; ++i) {
    const Eigen::VectorXd expected =
        test.row(i).transpose() - common * common.dot(test.row(i).transpose());
    expect_near(dense_row(rows, static_cast<std::size_t>(i)), {expected(0), expected(1)});
  }
}

TEST_F(WordVectorsKind, RemovesTheFirstSingularDirectionOfAnyTrainingTexts) {
  Rng rng(5, "texts");
  for (int round = 0; round < 10; ++round) {
    const int words = rng.between(2, 12), width = rng.between(1, 9), texts = rng.between(1, 20);
    Eigen::MatrixXd vectors(words, width);
    std::string content;
    for (int w = 0; w < words; ++w) {
      content += fmt::format("w{}", w);
      for (int j = 0; j < width; ++j) {
        vectors(w, j) = 0.5 + rng.between(-8, 8) / 8.0;
        content += fmt::format(" {}", vectors(w, j));
      }
      content += "\n";
    }
    write_text(file_, content);
    std::vector<std::vector<int>> numbers;
    std::vector<std::string> train;
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(words);
    for (int t = 0; t < texts; ++t) {
      numbers.emplace_back();
      train.emplace_back();
      for (int length = rng.between(1, 6); length > 0; --length) {
        numbers.back().push_back(rng.between(0, words - 1));
        train.back() += fmt::format("w{} ", numbers.back().back());
        counts(numbers.back().back()) += 1;
      }
    }
    Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(texts, width);
    for (int t = 0; t < texts; ++t) {
      for (const int w : numbers[static_cast<std::size_t>(t)]) {
        rows.row(t) += 1e-3 / (1e-3 + counts(w) / counts.sum()) * vectors.row(w);
      }
      rows.row(t) /= static_cast<double>(numbers[static_cast<std::size_t>(t)].size());
    }
    const tests::SingularTriples of = tests::singular_triples(rows);
    // Where the first two values are about equal, no direction is the first.
    const Eigen::VectorXd& values = of.values;
    if (values.size() > 1 && values(1) > 0.8 * values(0)) continue;
    const Eigen::VectorXd common = of.v.col(0);
    const Eigen::MatrixXd expected = rows - rows * common * common.transpose();
    const Features found = extracted(pooled("sif"), Items(train), Items(train));
    for (int t = 0; t < texts; ++t) {
      const Row row = dense_row(found, static_cast<std::size_t>(t));
      for (int j = 0; j < width; ++j) {
        EXPECT_NEAR(row[static_cast<std::size_t>(j)], expected(t, j), 1e-5 * values(0));
      }
    }
  }
}

TEST_F(WordVectorsKind, GivesTheSameBitsOnceSavedAndLoadedAndForEachItemAlone) {
  const Items test({"a d", "", "b zzz e", "c A"});
  for (const char* pooling : {"mean", "idf", "sif", "max"}) {
    SCOPED_TRACE(pooling);
    const auto fitted = fit(pooled(pooling), train_);
    const Features expected = fitted->extract(test, 1, taker_);
    H5File file = H5File::create(folder_ / "a.h5");
    fitted->save(file, "/extractor");
    file.close();
    const auto loaded =
        make_feature_kind(pooled(pooling))->load(H5File::open(folder_ / "a.h5"), "/extractor");
    EXPECT_EQ(loaded->extract(test, 3, taker_), expected);
    for (std::size_t i = 0; i < test.size(); ++i) {
      EXPECT_EQ(dense_row(loaded->extract(test.only(i), 1, taker_), 0), dense_row(expected, i));
    }
    EXPECT_EQ(loaded->extract(Items(std::vector<std::string>{}), 1, taker_).rows(), 0U);
  }
}

TEST_F(WordVectorsKind, NeedsTheFileAgainOnlyForNewWordsAndRefusesAnotherOne) {
  const auto fitted = fit(pooled("mean"), train_);
  const Items old({"b a zzz"}), with_new({"a d"});
  const std::string hash = hash_of(kVectors).hex();
  const std::string other = std::string(kVectors) + "f 1 1\n";
  write_text(file_, other);
  EXPECT_EQ(dense_row(fitted->extract(old, 1, taker_), 0), (Row{0.5F, 0.5F}));
  EXPECT_EQ(message_of<DataError>([&] { fitted->extract(with_new, 1, taker_); }),
            file_.string() +
                ": is not the file that the words were learned with: expected content " + hash +
                ", found " + hash_of(other).hex());
  std::filesystem::remove(file_);
  EXPECT_EQ(dense_row(fitted->extract(old, 1, taker_), 0), (Row{0.5F, 0.5F}));
  EXPECT_EQ(message_of<DataError>([&] { fitted->extract(with_new, 1, taker_); }),
            file_.string() + ": no such file");
}

TEST_F(WordVectorsKind, LooksForOtherLetterCaseUnlessToldNotTo) {
  write_text(file_, "Paris 1\nrome 2\n");
  const Items train({"paris rome"}), test({"PARIS"});
  EXPECT_EQ(dense_row(extracted(spec(""), train, test), 0), Row{1});
  EXPECT_EQ(dense_row(extracted(spec("any_case = false"), train, test), 0), Row{0});
  EXPECT_EQ(dense_row(extracted(spec("lower = false"), Items({"Rome Paris"}), Items({"Rome"})), 0),
            Row{2});
}

TEST_F(WordVectorsKind, SaysHowManyOfTheTrainingWordsItKnows) {
  fit(spec(""), train_);
  ASSERT_FALSE(taker_.notes.empty());
  EXPECT_EQ(taker_.notes.back(),
            file_.string() + ": vectors for 83.3 % of the training words (3 of 4 different ones)");
  EXPECT_EQ(taker_.warnings, std::vector<std::string>{});
  fit(spec(""), Items({"x y z", "a z"}));
  EXPECT_EQ(taker_.warnings,
            std::vector<std::string>{file_.string() + ": vectors for 20.0 % of the training words "
                                                      "(1 of 4 different ones)"});
}

TEST_F(WordVectorsKind, RefusesTrainingTextsOfWhichItKnowsNoWord) {
  for (const Items& train : {Items({"x y", "z"}), Items({"", "!"}), Items()}) {
    EXPECT_EQ(message_of<DataError>([&] { fit(spec(""), train); }),
              file_.string() + ": expected vectors of words of the training texts, found none");
  }
}

TEST_F(WordVectorsKind, LearnsFromTrainAlone) {
  const auto fitted = fit(pooled("idf"), train_);
  const Features before = fitted->extract(train_, 1, taker_);
  fitted->extract(Items({"b b b b d d", "c c", "e"}), 1, taker_);
  EXPECT_EQ(fitted->extract(train_, 1, taker_), before);
}

TEST(RealWordVectors, PutCaptionsOfLikeContentNearEachOther) {
  ALIGNLAB_NEEDS_REAL_DATA("words/glove_6B_50d_6770words.txt");
  const std::filesystem::path path = real_data() / "words/glove_6B_50d_6770words.txt";
  const Items texts({"two dogs run over the grass", "a puppy is running on a lawn",
                     "a woman plays a guitar on a stage", "the singer is performing music"});
  for (const char* pooling : {"mean", "idf", "sif"}) {
    const Features rows =
        extracted(spec_of("word-vectors", Modality::kText,
                          "file = \"" + path.string() + "\"\npooling = \"" + pooling + "\""),
                  texts, texts);
    const auto cosine = [&](std::size_t i, std::size_t j) {
      double sum = 0.0;
      for (std::size_t c = 0; c < rows.cols(); ++c) {
        sum += double{dense_row(rows, i)[c]} * dense_row(rows, j)[c];
      }
      return sum;
    };
    for (const std::size_t i : {0U, 1U}) {
      for (const std::size_t j : {2U, 3U}) {
        EXPECT_GT(cosine(0, 1), cosine(i, j)) << pooling;
        EXPECT_GT(cosine(2, 3), cosine(i, j)) << pooling;
      }
    }
  }
}

}  // namespace
}  // namespace alignlab
