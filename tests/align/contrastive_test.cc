#include <gtest/gtest.h>

#include "core/hdf5.h"
#include "tests/align/fixtures.h"

namespace alignlab {
namespace {

using tests::Account;
using tests::aligner_of;
using tests::Forms;
using tests::LatentPairs;
using tests::likeness;
using tests::no_dev;
using tests::ScratchFolder;

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

/// The symmetric loss over all pairs as one batch, from the formula: of each pair against the items
/// of other groups, each of which counts once.
double loss_by_hand(const Embedded& rows, const SplitItems& items, double temperature) {
  const auto similarity = [&](std::size_t i, std::size_t j) {
    const auto u = rows.images.row(i);
    const auto v = rows.texts.row(j);
    double uv = 0.0, uu = 0.0, vv = 0.0;
    for (std::size_t e = 0; e < u.size(); ++e) {
      uv += static_cast<double>(u[e]) * v[e];
      uu += static_cast<double>(u[e]) * u[e];
      vv += static_cast<double>(v[e]) * v[e];
    }
    return uv / std::sqrt(uu * vv) / temperature;
  };
  const auto& images = items.first.groups;
  const auto& texts = items.second.groups;
  double sum = 0.0, pairs = 0.0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t j = 0; j < texts.size(); ++j) {
      if (images[i] != texts[j]) continue;
      double by_row = std::exp(similarity(i, j)), by_column = by_row;
      for (std::size_t k = 0; k < texts.size(); ++k) {
        if (texts[k] != images[i]) by_row += std::exp(similarity(i, k));
      }
      for (std::size_t k = 0; k < images.size(); ++k) {
        if (images[k] != texts[j]) by_column += std::exp(similarity(k, j));
      }
      sum += std::log(by_row) + std::log(by_column) - 2.0 * similarity(i, j);
      pairs += 1.0;
    }
  }
  return sum / (2.0 * pairs);
}

TEST(Contrastive, StartsFromTheLossThatItsFormulaGives) {
  // Two images of group 0 with two texts, and others alone: siblings share images, texts or
  // neither.
  const SplitItems items = items_of({0, 0, 1, 2}, {0, 1, 0, 2, 2});
  for (const auto& [temperature, batch_of] :
       {std::pair(0.5, "pairs"), std::pair(0.07, "pairs"), std::pair(0.07, "groups")}) {
    Account progress;
    const auto encoder =
        aligner_of("contrastive",
                   "epochs = 1\nhidden = [6]\nwidth = 4\nbatch_size = 64\n"
                   "learning_rate = 0.0\ndropout = 0.0\ninput_dropout = 0.0\n"
                   "batch_of = \"" +
                       std::string(batch_of) + "\"\ntemperature = " + std::to_string(temperature))
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

TEST(Contrastive, LearnsInBfloat16ToTheSameBitsTwiceAndEmbedsInFloat32) {
  const Forms sparse{FeatureForm::kDense, FeatureForm::kSparse};
  const SplitItems train = LatentPairs(96, sparse, "train").items;
  const SplitItems unseen = LatentPairs(48, sparse, "test").items;
  const auto row = std::ranges::find(aligner_catalog(), "contrastive", &AlignerRow::name);
  const Node node = parse_toml(
      "epochs = 20\nhidden = [32]\nwidth = 16\nbatch_size = 64\nlearning_rate = 0.01",
      "options");
  const auto fit = [&](bool bf16) {
    Silent silent;
    return make_aligner("contrastive", resolve(&node, row->options, "aligner"), {"cpu", 1, bf16})
        ->fit(TrainSplit(train), no_dev(), 1, silent);
  };
  const auto narrow = fit(true);
  EXPECT_GT(likeness(*narrow, unseen), 0.4);
  EXPECT_EQ(embedded(*narrow, unseen), embedded(*fit(true), unseen));
  EXPECT_NE(embedded(*narrow, unseen), embedded(*fit(false), unseen));
}

TEST(Contrastive, LearnsWithEveryLossTowerAndBatch) {
  const Forms sparse{FeatureForm::kDense, FeatureForm::kSparse};
  const SplitItems train = LatentPairs(96, sparse, "train").items;
  const SplitItems unseen = LatentPairs(48, sparse, "test").items;
  for (const std::string options :
       {"loss = \"infonce\"\nsiblings = \"positive\"\nlabel_smoothing = 0.1",
        "loss = \"infonce\"\nmemory = 100", "loss = \"siglip\"\ntemperature = 0.1",
        "loss = \"hinge-sum\"", "loss = \"hinge-max\"", "loss = \"vicreg\"", "loss = \"barlow\"",
        "batch_of = \"groups\"\nfirst_tower = \"residual\"",
        "first_tower = \"linear\"\nsecond_tower = \"linear\"",
        "first_tower = \"glu\"\nsecond_tower = \"residual\""}) {
    Silent silent;
    const auto encoder = aligner_of("contrastive",
                                    "epochs = 20\nhidden = [32]\nwidth = 16\nbatch_size = 64\n"
                                    "learning_rate = 0.01\n" +
                                        options)
                             ->fit(TrainSplit(train), no_dev(), 1, silent);
    EXPECT_GT(likeness(*encoder, unseen), 0.4) << options;
    const ScratchFolder folder;
    {
      H5File file = H5File::create(folder / "model.h5");
      encoder->save(file, "/encoder");
      file.close();
    }
    const auto loaded =
        aligner_of("contrastive", options)->load(H5File::open(folder / "model.h5"), "/encoder");
    EXPECT_EQ(embedded(*loaded, unseen), embedded(*encoder, unseen)) << options;
  }
}

}  // namespace
}  // namespace alignlab
