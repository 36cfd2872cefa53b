#include <gtest/gtest.h>

#include "tests/align/fixtures.h"

namespace alignlab {
namespace {

using tests::Account;
using tests::aligner_of;
using tests::Forms;
using tests::LatentPairs;
using tests::likeness;
using tests::no_dev;

/// Without weight decay, so that only the loss moves anything.
std::string small_options(const std::string& learning_rate) {
  return "epochs = 4\nhidden = [8]\nwidth = 6\nbatch_size = 8\nweight_decay = 0.0\n"
         "warmup_epochs = 0.0\nlearning_rate = " +
         learning_rate;
}

Matrix normals(std::size_t rows, std::size_t cols, const char* purpose) {
  Rng random(1, purpose);
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(random.normal());
  return out;
}

SplitItems items_of(std::vector<std::int32_t> image_groups, std::vector<std::int32_t> text_groups) {
  SplitItems items;
  items.first = {Modality::kImage, normals(image_groups.size(), 5, "images"), image_groups};
  items.second = {Modality::kText, normals(text_groups.size(), 7, "texts"), text_groups};
  return items;
}

struct Embedded {
  Matrix images;
  Matrix texts;
  bool operator==(const Embedded&) const = default;
};

Embedded embedded(const Encoder& encoder, const SplitItems& items) {
  return {encoder.embed(Modality::kImage, items.first.features),
          encoder.embed(Modality::kText, items.second.features)};
}

Embedded fitted(const std::string& options, const SplitItems& items) {
  Silent silent;
  return embedded(*aligner_of("contrastive", options)->fit(TrainSplit(items), no_dev(), 1, silent),
                  items);
}

/// The loss that a note of training states.
double loss_in(const std::string& note) {
  return std::stod(note.substr(note.find("loss ") + std::string("loss ").size()));
}

/// The symmetric loss over all pairs as one batch, from the formula. Siblings are pairs of one
/// group; each pair takes no other sibling for a negative.
double loss_by_hand(const Embedded& rows, const SplitItems& items, double temperature) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < items.first.groups.size(); ++i) {
    for (std::size_t j = 0; j < items.second.groups.size(); ++j) {
      if (items.first.groups[i] == items.second.groups[j]) pairs.emplace_back(i, j);
    }
  }
  const auto similarity = [&](std::size_t a, std::size_t b) {
    const auto u = rows.images.row(pairs[a].first);
    const auto v = rows.texts.row(pairs[b].second);
    double uv = 0.0, uu = 0.0, vv = 0.0;
    for (std::size_t e = 0; e < u.size(); ++e) {
      uv += static_cast<double>(u[e]) * v[e];
      uu += static_cast<double>(u[e]) * u[e];
      vv += static_cast<double>(v[e]) * v[e];
    }
    return uv / std::sqrt(uu * vv) / temperature;
  };
  double sum = 0.0;
  for (std::size_t a = 0; a < pairs.size(); ++a) {
    double by_row = 0.0, by_column = 0.0;
    for (std::size_t b = 0; b < pairs.size(); ++b) {
      const bool siblings =
          items.first.groups[pairs[a].first] == items.first.groups[pairs[b].first];
      if (a != b && siblings) continue;
      by_row += std::exp(similarity(a, b));
      by_column += std::exp(similarity(b, a));
    }
    sum += std::log(by_row) + std::log(by_column) - 2.0 * similarity(a, a);
  }
  return sum / (2.0 * static_cast<double>(pairs.size()));
}

TEST(Contrastive, StartsFromTheLossThatItsFormulaGives) {
  // Two images of group 0 with two texts, and others alone: siblings share images, texts or
  // neither.
  const SplitItems items = items_of({0, 0, 1, 2}, {0, 1, 0, 2, 2});
  for (const double temperature : {0.5, 0.07}) {
    Account progress;
    const auto encoder = aligner_of("contrastive",
                                    "epochs = 1\nhidden = [6]\nwidth = 4\nbatch_size = 64\n"
                                    "learning_rate = 0.0\ndropout = 0.0\ntemperature = " +
                                        std::to_string(temperature))
                             ->fit(TrainSplit(items), no_dev(), 3, progress);
    const double by_hand = loss_by_hand(embedded(*encoder, items), items, temperature);
    ASSERT_EQ(progress.notes.size(), 1U);
    EXPECT_NEAR(loss_in(progress.notes[0]), by_hand, 1e-3) << progress.notes[0];
    EXPECT_GT(by_hand, 0.5);
  }
}

TEST(Contrastive, MovesNothingWhereEveryPairOfABatchIsASibling) {
  const SplitItems siblings = items_of({0, 0, 0, 0, 0, 0}, {0, 0, 0});
  EXPECT_EQ(fitted(small_options("0.05"), siblings), fitted(small_options("0.0"), siblings));
  // One item of another group, and there is something to learn.
  const SplitItems others = items_of({0, 0, 0, 0, 0, 1}, {0, 0, 1});
  EXPECT_NE(fitted(small_options("0.05"), others), fitted(small_options("0.0"), others));
}

TEST(Contrastive, StaysFiniteAtTheLowestTemperature) {
  const SplitItems items = items_of({0, 1, 2, 3}, {0, 1, 2, 3});
  const Embedded rows = fitted(small_options("0.5") + "\ntemperature = 0.01", items);
  for (const Matrix* matrix : {&rows.images, &rows.texts}) {
    EXPECT_TRUE(std::ranges::all_of(matrix->values(), [](float v) { return std::isfinite(v); }));
  }
}

TEST(Contrastive, LearnsAtAFixedAndAtALearnedTemperature) {
  const Forms dense{FeatureForm::kDense, FeatureForm::kDense};
  const SplitItems train = LatentPairs(96, dense, "train").items;
  const SplitItems unseen = LatentPairs(48, dense, "test").items;
  const auto fit = [&](const std::string& temperature) {
    Silent silent;
    return aligner_of("contrastive",
                      "epochs = 20\nhidden = [32]\nwidth = 16\nbatch_size = 64\n"
                      "learning_rate = 0.01\n" +
                          temperature)
        ->fit(TrainSplit(train), no_dev(), 1, silent);
  };
  const auto fixed = fit("temperature = 0.5\nlearn_temperature = false");
  const auto learned = fit("temperature = 0.5\nlearn_temperature = true");
  EXPECT_GT(likeness(*fixed, unseen), 0.6);
  EXPECT_GT(likeness(*learned, unseen), 0.6);
  EXPECT_NE(embedded(*fixed, unseen), embedded(*learned, unseen));
}

}  // namespace
}  // namespace alignlab
