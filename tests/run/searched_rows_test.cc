#include "run/searched_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/hdf5.h"
#include "core/rng.h"
#include "run/experiment.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::matrix_of;
using tests::message_of;

/// The score of two rows as its definition reads.
double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) sum += double{a[e]} * double{b[e]};
  return sum;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

double pearson(std::span<const float> a, std::span<const float> b) {
  double mean_a = 0.0, mean_b = 0.0;
  const auto n = static_cast<double>(a.size());
  for (std::size_t e = 0; e < a.size(); ++e) mean_a += a[e] / n, mean_b += b[e] / n;
  double both = 0.0, square_a = 0.0, square_b = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    both += (a[e] - mean_a) * (b[e] - mean_b);
    square_a += (a[e] - mean_a) * (a[e] - mean_a);
    square_b += (b[e] - mean_b) * (b[e] - mean_b);
  }
  return both / std::sqrt(square_a * square_b);
}

Matrix random_rows(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.normal());
  return out;
}

class SearchedRows : public ::testing::Test {
 protected:
  /// An artifact of embeddings, as the stage of that name leaves it.
  std::filesystem::path artifact(const std::string& name, const Matrix& image,
                                 const Matrix& text) const {
    const std::filesystem::path path = folder_ / name;
    H5File file = H5File::create(path);
    file.write_matrix("/image", image);
    file.write_matrix("/text", text);
    return path;
  }
  /// One trial, and an ensemble of as many members as there are weights.
  static TrialSpec spec(const std::string& similarity, const std::vector<double>& weights = {}) {
    const Experiment experiment = resolve_experiment(
        parse_toml("[dataset]\nfile = \"d.h5\"\n[features.image]\nkind = \"hog\"\n"
                   "[features.text]\nkind = \"bow\"\n[aligner]\nkind = \"random\"\n"
                   "[eval]\nsimilarity = \"" +
                       similarity + "\"\n",
                   "c.toml"),
        {});
    TrialSpec out = experiment.trials.front();
    if (weights.empty()) return out;
    out.members.assign(weights.size(), experiment.trials.front());
    for (std::size_t m = 0; m < weights.size(); ++m) {
      out.members[m].case_name = "member " + std::to_string(m);
    }
    out.weights = weights;
    return out;
  }

  const tests::ScratchFolder folder_;
};

TEST_F(SearchedRows, OfOneModelAreItsEmbeddingsPrepared) {
  const auto path = artifact("one.h5", matrix_of(2, 2, {3, 4, 0, 0}), matrix_of(1, 2, {0, 5}));
  const Gallery images = searched_rows(spec("cosine"), {path}, {}, Modality::kImage);
  EXPECT_EQ(images.vectors, matrix_of(2, 2, {0.6F, 0.8F, 0, 0}));
  EXPECT_EQ(images.zero_rows, 1U);
  const Gallery texts = searched_rows(spec("euclidean"), {path}, {}, Modality::kText);
  EXPECT_EQ(texts.vectors, matrix_of(1, 2, {0, 5}));
  EXPECT_EQ(texts.bias, std::vector<double>{-12.5});
}

TEST_F(SearchedRows, OfAnEnsembleScoreTheWeightedSumInUnitsOfDeviations) {
  // Products 8 and 6; 8 * 3 / 2 + 6 * 0.5 / 0.25 = 24.
  const auto one = artifact("one.h5", matrix_of(1, 1, {4}), matrix_of(1, 1, {2}));
  const auto two = artifact("two.h5", matrix_of(1, 2, {1, 2}), matrix_of(1, 2, {2, 2}));
  const TrialSpec ensemble = spec("dot", {3.0, 0.5});
  const Gallery images = searched_rows(ensemble, {one, two}, {2.0, 0.25}, Modality::kImage);
  const Gallery texts = searched_rows(ensemble, {one, two}, {2.0, 0.25}, Modality::kText);
  EXPECT_EQ(images.vectors.cols(), 3U);
  EXPECT_TRUE(images.bias.empty());
  EXPECT_NEAR(dot(images.vectors.row(0), texts.vectors.row(0)), 24.0, 1e-5);
}

TEST_F(SearchedRows, OfAnEnsembleScoreTheSumWhateverTheSimilarity) {
  using Score = double (*)(std::span<const float>, std::span<const float>);
  const std::vector<std::pair<std::string, Score>> similarities{
      {"dot", dot}, {"cosine", cosine}, {"pearson", pearson}};
  for (const auto& [name, score] : similarities) {
    Rng rng(7, name);
    // Members of widths and lengths of their own.
    const std::vector<std::size_t> widths{5, 17, 8};
    const std::vector<double> weights{1.0, 0.3, 2.0}, deviations{0.5, 3.0, 0.01};
    std::vector<Matrix> images, texts;
    std::vector<std::filesystem::path> paths;
    for (std::size_t m = 0; m < 3; ++m) {
      images.push_back(random_rows(12, widths[m], rng));
      texts.push_back(random_rows(9, widths[m], rng));
      paths.push_back(artifact(name + std::to_string(m), images[m], texts[m]));
    }
    const TrialSpec ensemble = spec(name, weights);
    const Gallery found_images = searched_rows(ensemble, paths, deviations, Modality::kImage);
    const Gallery found_texts = searched_rows(ensemble, paths, deviations, Modality::kText);
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t j = 0; j < 9; ++j) {
        double expected = 0.0, size = 0.0;
        for (std::size_t m = 0; m < 3; ++m) {
          const double part = weights[m] / deviations[m] * score(images[m].row(i), texts[m].row(j));
          expected += part;
          size += weights[m] / deviations[m] *
                  std::sqrt(name == "dot" ? dot(images[m].row(i), images[m].row(i)) *
                                                dot(texts[m].row(j), texts[m].row(j))
                                          : 1.0);
        }
        EXPECT_NEAR(dot(found_images.vectors.row(i), found_texts.vectors.row(j)), expected,
                    1e-6 * size)
            << name;
      }
    }
  }
}

TEST_F(SearchedRows, OfAMemberWithoutWeightAddNothing) {
  const auto one = artifact("one.h5", matrix_of(1, 1, {4}), matrix_of(1, 1, {2}));
  const auto two = artifact("two.h5", matrix_of(1, 1, {100}), matrix_of(1, 1, {100}));
  const TrialSpec ensemble = spec("dot", {1.0, 0.0});
  const Gallery images = searched_rows(ensemble, {one, two}, {1.0, 1.0}, Modality::kImage);
  const Gallery texts = searched_rows(ensemble, {one, two}, {1.0, 1.0}, Modality::kText);
  EXPECT_EQ(dot(images.vectors.row(0), texts.vectors.row(0)), 8.0);
}

TEST_F(SearchedRows, NameTheMemberAndTheRowOfWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto one = artifact("one.h5", matrix_of(2, 1, {4, 5}), matrix_of(1, 1, {2}));
  const auto two = artifact("two.h5", matrix_of(2, 1, {4, nan}), matrix_of(1, 1, {2}));
  EXPECT_EQ(message_of<DataError>([&] {
              searched_rows(spec("cosine", {1.0, 1.0}), {one, two}, {1.0, 1.0}, Modality::kImage);
            }),
            "embeddings of image by 'member 1': row 1, column 0: expected a finite number, found "
            "nan");
  EXPECT_TRUE(contains(
      message_of<DataError>([&] { searched_rows(spec("cosine"), {two}, {}, Modality::kImage); }),
      "embeddings of image by 'random': row 1, column 0"));
}

TEST_F(SearchedRows, ReadTheDeviationsThatFusionLeft) {
  H5File::create(folder_ / "fusion.h5").write<double>("/deviations", std::vector{0.5, 0.125});
  EXPECT_EQ(read_deviations(folder_ / "fusion.h5"), (std::vector<double>{0.5, 0.125}));
}

TEST(OracleRows, ScoreHighestWhereKeysAreEqual) {
  std::vector<std::int32_t> keys;
  for (std::int32_t key = -50; key < 950; ++key) keys.push_back(key * 7);
  const Gallery once = oracle_rows(keys);
  std::vector<std::int32_t> shuffled = keys;
  Rng(3, "keys").shuffle(std::span(shuffled));
  const Gallery other = oracle_rows(shuffled);
  EXPECT_EQ(once.zero_rows, 0U);
  EXPECT_TRUE(once.bias.empty());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < keys.size(); ++j) {
      const double score = dot(once.vectors.row(i), other.vectors.row(j));
      if (keys[i] == shuffled[j]) {
        EXPECT_NEAR(score, 1.0, 1e-6);
      } else {
        ASSERT_LT(score, 0.9) << keys[i] << ", " << shuffled[j];
      }
    }
  }
}

TEST(OracleRows, GiveAllThatBelongsTogetherOneScore) {
  // A threshold that is best on dev must take every pair of test.
  std::vector<std::int32_t> keys(500);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<std::int32_t>(i);
  const Gallery rows = oracle_rows(keys);
  std::set<double> scores;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    scores.insert(canonical_dot(rows.vectors.row(i), rows.vectors.row(i)));
  }
  EXPECT_EQ(scores.size(), 1U);
}

TEST(OracleRows, AreTheSameBitsForTheSameKeyWhereverItStands) {
  const Gallery rows = oracle_rows({5, 9, 5});
  EXPECT_TRUE(std::ranges::equal(rows.vectors.row(0), rows.vectors.row(2)));
  EXPECT_FALSE(std::ranges::equal(rows.vectors.row(0), rows.vectors.row(1)));
  EXPECT_EQ(oracle_rows({}).vectors.rows(), 0U);
}

}  // namespace
}  // namespace alignlab
