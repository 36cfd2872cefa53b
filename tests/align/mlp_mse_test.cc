#include <gtest/gtest.h>

#include <numbers>

#include "tests/align/fixtures.h"

namespace alignlab {
namespace {

using tests::Account;
using tests::aligner_of;
using tests::Forms;
using tests::in_form;
using tests::LatentPairs;
using tests::no_dev;

Matrix normals(std::size_t rows, std::size_t cols, const char* purpose) {
  Rng random(1, purpose);
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(random.normal());
  return out;
}

SplitItems items_of(Matrix images, std::vector<std::int32_t> image_groups, Matrix texts,
                    std::vector<std::int32_t> text_groups) {
  SplitItems items;
  items.first = {Modality::kImage, std::move(images), std::move(image_groups)};
  items.second = {Modality::kText, std::move(texts), std::move(text_groups)};
  return items;
}

std::unique_ptr<Encoder> fit(const std::string& options, const SplitItems& items,
                             Progress& progress) {
  return aligner_of("mlp-mse", options)->fit(TrainSplit(items), no_dev(), 1, progress);
}

double loss_in(const std::string& note) {
  return std::stod(note.substr(note.find("loss ") + std::string("loss ").size()));
}

TEST(MlpMse, EmbedsTheSecondModalityAsItsFeatures) {
  Matrix texts = normals(4, 3, "texts");
  texts.row(2)[1] = 0.0F;
  SplitItems items = items_of(normals(4, 5, "images"), {0, 1, 2, 3}, texts, {0, 1, 2, 3});
  items.second.features = in_form(texts, FeatureForm::kSparse);
  Silent silent;
  EXPECT_EQ(fit("epochs = 1", items, silent)->embed(Modality::kText, items.second.features), texts);
}

TEST(MlpMse, StartsFromTheSquaredErrorOverAllPairs) {
  // Image 1 has three texts, image 3 has none, text 4 has no image.
  const SplitItems items =
      items_of(normals(4, 5, "images"), {0, 1, 2, 9}, normals(6, 3, "texts"), {1, 0, 1, 2, 8, 1});
  Account progress;
  const auto encoder =
      fit("epochs = 1\nhidden = [6]\nlearning_rate = 0.0\ndropout = 0.0\ninput_dropout = 0.0",
          items, progress);
  const Matrix images = encoder->embed(Modality::kImage, items.first.features);
  // What the mean over pairs leaves of the siblings' spread about their own mean does not depend on
  // the network and is left out.
  const auto squared = [&](std::size_t i, const std::vector<std::size_t>& texts) {
    double sum = 0.0;
    for (std::size_t e = 0; e < 3; ++e) {
      double mean = 0.0;
      for (const std::size_t j : texts) mean += items.second.features.dense().row(j)[e];
      mean /= static_cast<double>(texts.size());
      sum +=
          static_cast<double>(texts.size()) * (images.row(i)[e] - mean) * (images.row(i)[e] - mean);
    }
    return sum;
  };
  const double by_hand = (squared(0, {1}) + squared(1, {0, 2, 5}) + squared(2, {3})) / 5.0;
  ASSERT_EQ(progress.notes.size(), 1U);
  EXPECT_NEAR(loss_in(progress.notes[0]), by_hand, 1e-3) << progress.notes[0];
}

TEST(MlpMse, TakesTheStepsOfAdamWAlongACosine) {
  // One weight and one bias; y = 3x + 1 on four points, all in one batch.
  Matrix x(4, 1), y(4, 1);
  for (std::size_t i = 0; i < 4; ++i) {
    x.row(i)[0] = static_cast<float>(i) - 1.0F;
    y.row(i)[0] = 3.0F * x.row(i)[0] + 1.0F;
  }
  const SplitItems items = items_of(x, {0, 1, 2, 3}, y, {0, 1, 2, 3});
  const std::string options =
      "epochs = 5\nhidden = []\ndropout = 0.0\ninput_dropout = 0.0\nwarmup_epochs = "
      "2.0\nweight_decay = 0.1\n";
  const auto line = [&](const std::string& learning_rate) {
    Silent silent;
    Matrix probes(2, 1);
    probes.row(1)[0] = 1.0F;
    const Matrix out = fit(options + "learning_rate = " + learning_rate, items, silent)
                           ->embed(Modality::kImage, probes);
    return std::pair<double, double>(out.row(1)[0] - out.row(0)[0], out.row(0)[0]);
  };
  auto [weight, bias] = line("0.0");
  EXPECT_EQ(bias, 0.0);
  double mean[2] = {}, square[2] = {};
  for (int step = 1; step <= 5; ++step) {
    // Two epochs up to 0.3, then half a cosine over the three that remain.
    const double rate =
        step < 2 ? 0.3 * step / 2.0 : 0.15 * (1.0 + std::cos(std::numbers::pi * (step - 2) / 3.0));
    double gradient[2] = {};
    for (std::size_t i = 0; i < 4; ++i) {
      const double off = weight * x.row(i)[0] + bias - y.row(i)[0];
      gradient[0] += 2.0 * off * x.row(i)[0] / 4.0;
      gradient[1] += 2.0 * off / 4.0;
    }
    double moved[2];
    for (int p = 0; p < 2; ++p) {
      mean[p] = 0.9 * mean[p] + 0.1 * gradient[p];
      square[p] = 0.999 * square[p] + 0.001 * gradient[p] * gradient[p];
      moved[p] = rate * mean[p] / (1.0 - std::pow(0.9, step)) /
                 (std::sqrt(square[p] / (1.0 - std::pow(0.999, step))) + 1e-8);
    }
    weight -= rate * 0.1 * weight + moved[0];  // weights decay, biases do not
    bias -= moved[1];
  }
  const auto [found_weight, found_bias] = line("0.3");
  EXPECT_NEAR(found_weight, weight, 1e-4);
  EXPECT_NEAR(found_bias, bias, 1e-4);
  EXPECT_GT(bias, 0.3);
}

TEST(MlpMse, StopsWhenTheDevScoreHasNotRisenForItsPatience) {
  const Forms dense{FeatureForm::kDense, FeatureForm::kDense};
  const SplitItems train = LatentPairs(32, dense, "train").items;
  const DevSplit dev(LatentPairs(16, dense, "dev").items);
  const auto epochs_run = [&](const std::string& patience) {
    Account progress;
    aligner_of("mlp-mse", "epochs = 9\nhidden = [4]\nlearning_rate = 0.0\npatience = " + patience)
        ->fit(TrainSplit(train), dev, 1, progress);
    EXPECT_EQ(progress.begun, progress.ended);
    return progress.notes.size();
  };
  // Without learning the first epoch stays the best.
  EXPECT_EQ(epochs_run("1"), 2U);
  EXPECT_EQ(epochs_run("3"), 4U);
  EXPECT_EQ(epochs_run("0"), 9U);
}

/// R@1 + R@5 + R@10 of both directions by cosine, ties against the method, by counting.
double dev_score_by_counting(const Encoder& encoder, const SplitItems& items) {
  const Matrix rows[2] = {encoder.embed(items.first.modality, items.first.features),
                          encoder.embed(items.second.modality, items.second.features)};
  const std::vector<std::int32_t>* groups[2] = {&items.first.groups, &items.second.groups};
  const auto cosine = [](std::span<const float> a, std::span<const float> b) {
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (std::size_t e = 0; e < a.size(); ++e) {
      ab += static_cast<double>(a[e]) * b[e];
      aa += static_cast<double>(a[e]) * a[e];
      bb += static_cast<double>(b[e]) * b[e];
    }
    return ab / std::sqrt(aa * bb);
  };
  double sum = 0.0;
  for (const int side : {0, 1}) {
    const Matrix& queries = rows[side];
    const Matrix& candidates = rows[1 - side];
    for (std::size_t i = 0; i < queries.rows(); ++i) {
      std::size_t best = candidates.rows();
      for (std::size_t j = 0; j < candidates.rows(); ++j) {
        if ((*groups[1 - side])[j] != (*groups[side])[i]) continue;
        const double own = cosine(queries.row(i), candidates.row(j));
        std::size_t before = 0;
        for (std::size_t c = 0; c < candidates.rows(); ++c) {
          before += c != j && cosine(queries.row(i), candidates.row(c)) >= own;
        }
        best = std::min(best, before);
      }
      const double hits = (best < 1) + (best < 5) + (best < 10);
      sum += 100.0 * hits / static_cast<double>(queries.rows());
    }
  }
  return sum;
}

TEST(MlpMse, KeepsTheEpochThatWasBestOnDev) {
  const Forms dense{FeatureForm::kDense, FeatureForm::kDense};
  LatentPairs train(64, dense, "train");
  train.shuffle_groups(1);  // so that dev scores rise and fall by chance
  const SplitItems dev = LatentPairs(32, dense, "dev").items;
  Account progress;
  const auto encoder =
      aligner_of("mlp-mse",
                 "epochs = 12\nhidden = [16]\nlearning_rate = 0.05\npatience = 0\nbatch_size = 8")
          ->fit(TrainSplit(train.items), DevSplit(dev), 1, progress);
  double best = 0.0;
  double last = 0.0;
  for (const std::string& note : progress.notes) {
    last = std::stod(note.substr(note.find("dev ") + 4));
    best = std::max(best, last);
  }
  EXPECT_LT(last, best);  // or the last epoch would do for the best one
  EXPECT_NEAR(dev_score_by_counting(*encoder, dev), best, 0.06);
}

}  // namespace
}  // namespace alignlab
