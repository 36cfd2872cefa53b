#include <gtest/gtest.h>

#include "core/error.h"
#include "core/hdf5.h"
#include "tests/align/fixtures.h"
#include "tests/core/testing.h"

namespace alignlab::align {
namespace {

using tests::aligner_of;
using tests::message_of;
using tests::no_dev;
using tests::ScratchFolder;

constexpr std::size_t kSide = 24;
constexpr std::size_t kPlaces = 9;

/// Grey noise with a bright square at one of nine places; its text says which.
SplitItems squares(std::size_t count, std::uint64_t seed) {
  Rng random(seed, "squares");
  PixelRows images{kSide, kSide, 3, {}};
  Matrix texts(count, kPlaces);
  SplitItems out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = i % kPlaces;
    texts.row(i)[place] = 1.0F;
    for (std::size_t y = 0; y < kSide; ++y) {
      for (std::size_t x = 0; x < kSide; ++x) {
        const bool inside = y / 8 == place / 3 && x / 8 == place % 3;
        for (int c = 0; c < 3; ++c) {
          images.values.push_back(
              static_cast<std::uint8_t>((inside ? 200 : 60) + random.between(0, 40)));
        }
      }
    }
    out.first.groups.push_back(static_cast<std::int32_t>(i));
    out.second.groups.push_back(static_cast<std::int32_t>(i));
  }
  out.first.modality = Modality::kImage;
  out.first.features = std::move(images);
  out.second.modality = Modality::kText;
  out.second.features = std::move(texts);
  return out;
}

constexpr const char* kSmall =
    "epochs = 12\nbatch_size = 36\nhidden = [32]\nwidth = 16\nchannels = [8, 16]\n"
    "learning_rate = 0.01\ndropout = 0.0\ninput_dropout = 0.0";

std::unique_ptr<Encoder> fit(const SplitItems& items, const std::string& options,
                             std::uint64_t seed) {
  Silent silent;
  return aligner_of("contrastive", options)->fit(TrainSplit(items), no_dev(), seed, silent);
}

Matrix images_of(const Encoder& encoder, const SplitItems& items) {
  return encoder.embed(Modality::kImage, items.first.features);
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum / std::sqrt(1e-12 + [&] {
           double norm = 0.0;
           for (const float value : b) norm += static_cast<double>(value) * value;
           return norm;
         }());
}

/// Share of unseen images whose nearest text is that of their place.
double right_places(const Encoder& encoder) {
  const SplitItems unseen = squares(45, 99);
  const Matrix images = images_of(encoder, unseen);
  const Matrix texts = encoder.embed(Modality::kText, unseen.second.features);
  double right = 0.0;
  for (std::size_t i = 0; i < images.rows(); ++i) {
    std::size_t best = 0;
    for (std::size_t p = 1; p < kPlaces; ++p) {
      if (dot(images.row(i), texts.row(p)) > dot(images.row(i), texts.row(best))) best = p;
    }
    right += best == i % kPlaces ? 1.0 : 0.0;
  }
  return right / static_cast<double>(images.rows());
}

TEST(LeNet, LearnsWhereSomethingIsFromPixelsAlone) {
  EXPECT_GT(right_places(*fit(squares(180, 1), kSmall, 1)), 0.9);
}

TEST(LeNet, KnowsNothingWhenItsTextsAreShuffled) {
  SplitItems items = squares(180, 1);
  Rng random(5, "shuffle");
  random.shuffle(std::span<std::int32_t>(items.second.groups));
  EXPECT_LT(right_places(*fit(items, kSmall, 1)), 0.5);
}

TEST(LeNet, GivesTheSameBitsForASeedAndAfterSavingAndLoading) {
  const SplitItems items = squares(36, 1);
  const std::string options = std::string(kSmall) + "\npatience = 0";
  const auto once = fit(items, options, 3);
  EXPECT_EQ(images_of(*fit(items, options, 3), items), images_of(*once, items));
  EXPECT_NE(images_of(*fit(items, options, 4), items), images_of(*once, items));
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "model.h5");
    once->save(file, "/encoder");
    file.close();
  }
  const auto loaded =
      aligner_of("contrastive", options)->load(H5File::open(folder / "model.h5"), "/encoder");
  EXPECT_EQ(images_of(*loaded, items), images_of(*once, items));
}

TEST(LeNet, LearnsFromChangedImagesToo) {
  const std::string options = std::string(kSmall) + "\naugment = ";
  const SplitItems items = squares(180, 1);
  // Shifts of up to an eighth, 3 pixels of 24, leave a square of 8 mostly where it is.
  const auto changed = fit(items, options + "[\"crop\", \"jitter\"]", 1);
  EXPECT_GT(right_places(*changed), 0.8);
  const auto plain = fit(items, options + "[]", 1);
  EXPECT_NE(images_of(*changed, items), images_of(*plain, items));
  EXPECT_EQ(images_of(*fit(items, options + "[\"jitter\", \"crop\"]", 1), items),
            images_of(*changed, items));
}

TEST(LeNet, EmbedsNoImageAsNoRow) {
  const SplitItems items = squares(36, 1);
  const auto encoder = fit(items, kSmall, 1);
  EXPECT_EQ(encoder->embed(Modality::kImage, PixelRows{kSide, kSide, 3, {}}).rows(), 0U);
}

TEST(LeNet, RefusesImagesOfAnotherSizeOrTooSmallForItsConvolutions) {
  const SplitItems items = squares(36, 1);
  const auto encoder = fit(items, kSmall, 1);
  EXPECT_EQ(
      message_of<DataError>([&] {
        encoder->embed(Modality::kImage, PixelRows{8, 8, 3, std::vector<std::uint8_t>(8 * 8 * 3)});
      }),
      "image features: expected 1728 columns, as in training, found 192");
  EXPECT_EQ(message_of<DataError>([&] { fit(items, "channels = [4, 4, 4]", 1); }),
            "image features: 24 x 24 pixels are too few for 3 convolutions of 5 x 5 with pooling "
            "(option channels)");
}

}  // namespace
}  // namespace alignlab::align
