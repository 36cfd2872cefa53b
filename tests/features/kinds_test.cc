// What every feature kind has in common: the catalog, scaling, joining, saving.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

#include "core/hdf5.h"
#include "core/rng.h"
#include "tests/core/testing.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::dense_row;
using tests::extracted;
using tests::Items;
using tests::matrix_of;
using tests::message_of;
using tests::plain_image;
using tests::png_of;
using tests::ScratchFolder;
using tests::spec_of;

const Place kPlace{"c.toml", 2, 1};

Features scaled_stored(const std::string& scale, const Matrix& train, const Matrix& rows) {
  const std::string options = "name = \"stored\"\nscale = \"" + scale + "\"";
  return extracted(spec_of("stored", Modality::kText, options), Items(train), Items(rows));
}

std::string little_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

/// A second of a sine as a 16-bit mono WAV file.
std::string tone(double hertz) {
  constexpr std::uint32_t kRate = 16000;
  std::string samples;
  for (std::uint32_t i = 0; i < kRate; ++i) {
    const double value = std::sin(2.0 * std::numbers::pi * hertz * i / kRate);
    samples += little_endian(static_cast<std::uint16_t>(static_cast<int>(20000 * value)), 2);
  }
  const auto size = static_cast<std::uint32_t>(samples.size());
  return "RIFF" + little_endian(36 + size, 4) + "WAVEfmt " + little_endian(16, 4) +
         little_endian(1, 2) + little_endian(1, 2) + little_endian(kRate, 4) +
         little_endian(2 * kRate, 4) + little_endian(2, 2) + little_endian(16, 2) + "data" +
         little_endian(size, 4) + samples;
}

std::string random_picture(Rng& rng) {
  cv::Mat image = plain_image(40, rng.between(0, 255), rng.between(0, 255), rng.between(0, 255));
  image(cv::Rect(rng.between(0, 19), rng.between(0, 19), 20, 20))
      .setTo(cv::Scalar(rng.between(0, 255), rng.between(0, 255), rng.between(0, 255)));
  return png_of(image);
}

/// Items that every kind of the modality can read, stored features included.
Items random_items(Modality modality, std::size_t count, std::uint64_t seed) {
  Rng rng(seed, "items");
  std::vector<std::string> contents;
  for (std::size_t i = 0; i < count; ++i) {
    if (modality == Modality::kImage) {
      contents.push_back(random_picture(rng));
    } else if (modality == Modality::kAudio) {
      contents.push_back(tone(rng.uniform(200.0, 4000.0)));
    } else {
      std::string text;
      for (int w = rng.between(0, 8); w >= 0; --w)
        text += "word" + std::to_string(rng.below(9)) + " ";
      contents.push_back(text);
    }
  }
  Items items(contents);
  Matrix stored(count, 5);
  for (float& value : stored.values()) value = static_cast<float>(rng.normal());
  items.set_stored(std::move(stored));
  return items;
}

struct KindCase {
  FeatureSpec spec;
  Modality modality;
  std::string name;
};

/// Token sequences and images are not rows of numbers.
bool can_be_scaled(FeatureForm form) {
  return form == FeatureForm::kDense || form == FeatureForm::kSparse;
}

/// Every kind of the catalog, in every modality it is for, under every scale that it takes, and
/// two joined ones. A kind that needs a file of its own (a network) has tests of its own.
std::vector<KindCase> every_kind() {
  std::vector<KindCase> out;
  const auto add = [&](const std::string& kind, Modality modality, const std::string& options,
                       bool sparse) {
    const auto rows = feature_rows(kind, modality, kPlace);
    if (!can_be_scaled(rows.front()->form)) {
      out.push_back({spec_of(kind, modality, options), modality, kind});
      return;
    }
    for (const char* scale : {"none", "l2", "standardize"}) {
      if (sparse && std::string(scale) == "standardize") continue;
      out.push_back({spec_of(kind, modality, options + "\nscale = \"" + scale + "\""), modality,
                     kind + " of " + std::string(name_of(modality)) + ", " + scale});
    }
  };
  for (const FeatureRow& row : feature_catalog()) {
    std::string options;
    bool needs_more = false;
    for (const Option& option : row.options) {
      if (!option.required) continue;
      if (row.name == "stored" && option.name == "name") {
        options = "name = \"stored\"";
      } else {
        needs_more = true;
      }
    }
    if (needs_more) continue;
    for (const Modality modality : row.modalities) {
      add(row.name, modality, options, row.form == FeatureForm::kSparse);
    }
  }
  add("hog+colour-histogram", Modality::kImage, "", false);
  add("stored+hog", Modality::kImage, "name = \"stored\"", false);
  return out;
}

/// What an item is, in a form that can be compared.
std::vector<float> row_bits(const Features& features, std::size_t i) {
  if (can_be_scaled(features.form())) return dense_row(features, i);
  if (features.form() == FeatureForm::kPixels) {
    const auto row = features.pixels().row(i);
    return {row.begin(), row.end()};
  }
  const auto row = features.tokens().row(i);
  return {row.begin(), row.end()};
}

bool same_row(const Features& a, const Features& b, std::size_t i) {
  if (a.form() == FeatureForm::kPixels) {
    return std::ranges::equal(a.pixels().row(i), b.pixels().row(i));
  }
  if (a.form() == FeatureForm::kTokens) {
    return std::ranges::equal(a.tokens().row(i), b.tokens().row(i));
  }
  return dense_row(a, i) == dense_row(b, i);
}

TEST(EveryFeatureKind, GivesTheSameBitsOnceSavedAndLoaded) {
  for (const KindCase& now : every_kind()) {
    SCOPED_TRACE(now.name);
    const ScratchFolder folder;
    Silent silent;
    const Items train = random_items(now.modality, 8, 1);
    const Items test = random_items(now.modality, 5, 2);
    const auto kind = make_feature_kind(now.spec);
    const auto fitted = kind->fit(train, 1, silent);
    const Features expected = fitted->extract(test, 1, silent);
    EXPECT_EQ(expected.rows(), 5U);
    EXPECT_GT(expected.cols(), 0U);
    {
      H5File file = H5File::create(folder / "a.h5");
      fitted->save(file, "/extractors/one");
      file.close();
    }
    const auto loaded =
        make_feature_kind(now.spec)->load(H5File::open(folder / "a.h5"), "/extractors/one");
    EXPECT_EQ(loaded->extract(test, 1, silent), expected);
    EXPECT_EQ(loaded->extract(train, 1, silent), fitted->extract(train, 1, silent));
  }
}

TEST(EveryFeatureKind, MakesARowOfItsItemAlone) {
  for (const KindCase& now : every_kind()) {
    SCOPED_TRACE(now.name);
    Silent silent;
    const auto fitted =
        make_feature_kind(now.spec)->fit(random_items(now.modality, 8, 1), 1, silent);
    const Items test = random_items(now.modality, 4, 2);
    const Features together = fitted->extract(test, 1, silent);
    for (std::size_t i = 0; i < test.size(); ++i) {
      EXPECT_EQ(row_bits(fitted->extract(test.only(i), 1, silent), 0), row_bits(together, i));
    }
    EXPECT_EQ(fitted->extract(random_items(now.modality, 0, 3), 1, silent).rows(), 0U);
  }
}

TEST(EveryFeatureKind, GivesTheSameBitsOnAnyNumberOfThreads) {
  for (const KindCase& now : every_kind()) {
    SCOPED_TRACE(now.name);
    Silent silent;
    const Items train = random_items(now.modality, 8, 1), test = random_items(now.modality, 40, 2);
    const auto kind = make_feature_kind(now.spec);
    const Features expected = kind->fit(train, 1, silent)->extract(test, 1, silent);
    EXPECT_EQ(kind->fit(train, 3, silent)->extract(test, 3, silent), expected);
  }
}

TEST(EveryFeatureKind, GivesTrainTheSameRowsWhateverElseThereIs) {
  for (const KindCase& now : every_kind()) {
    SCOPED_TRACE(now.name);
    Silent silent;
    const Items train = random_items(now.modality, 8, 1);
    const auto fitted = make_feature_kind(now.spec)->fit(train, 1, silent);
    const Features alone = fitted->extract(train, 1, silent);
    for (const std::uint64_t seed : {2U, 3U}) {
      const Items all = train.and_then(random_items(now.modality, 6, seed));
      const Features together = fitted->extract(all, 1, silent);
      EXPECT_EQ(together.cols(), alone.cols());
      for (std::size_t i = 0; i < train.size(); ++i) EXPECT_TRUE(same_row(together, alone, i));
    }
    EXPECT_EQ(fitted->extract(train, 1, silent), alone);
  }
}

TEST(EveryFeatureKind, HasTheFormThatItsRowPromisesAndOnlyFiniteValues) {
  for (const KindCase& now : every_kind()) {
    SCOPED_TRACE(now.name);
    const Features features =
        extracted(now.spec, random_items(now.modality, 8, 1), random_items(now.modality, 4, 2));
    const auto rows = feature_rows(now.spec.kind, now.modality, kPlace);
    EXPECT_EQ(features.form(), rows.size() > 1 ? FeatureForm::kDense : rows[0]->form);
    for (std::size_t i = 0; i < features.rows(); ++i) {
      if (!can_be_scaled(features.form())) continue;
      for (const float value : dense_row(features, i)) ASSERT_TRUE(std::isfinite(value));
    }
  }
}

TEST(FeatureCatalog, NamesEachKindOnceAndLetsAllNumbersBeScaled) {
  std::set<std::string> names;
  for (const FeatureRow& row : feature_catalog()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.name.find('+'), std::string::npos);
    EXPECT_FALSE(row.summary.empty()) << row.name;
    EXPECT_FALSE(row.modalities.empty()) << row.name;
    const auto scale = std::ranges::find(row.options, "scale", &Option::name);
    if (!can_be_scaled(row.form)) {
      EXPECT_EQ(scale, row.options.end()) << row.name;
      continue;
    }
    ASSERT_NE(scale, row.options.end()) << row.name;
    // Subtracting a mean would make sparse rows dense.
    using Choices = std::vector<std::string>;
    EXPECT_EQ(scale->choices, row.form == FeatureForm::kSparse
                                  ? (Choices{"none", "l2"})
                                  : (Choices{"none", "l2", "l2-centred", "standardize"}));
  }
}

TEST(FeatureRows, SuggestTheKindThatWasMeant) {
  const auto refusal = [](const std::string& kind, Modality modality) {
    return message_of<ConfigError>([&] { feature_rows(kind, modality, kPlace); });
  };
  EXPECT_EQ(refusal("tf-idf", Modality::kText),
            "c.toml:2:1: unknown feature kind 'tf-idf' (did you mean 'tfidf'?)");
  EXPECT_EQ(
      refusal("hog+color-histogram", Modality::kImage),
      "c.toml:2:1: unknown feature kind 'color-histogram' (did you mean 'colour-histogram'?)");
  EXPECT_EQ(refusal("HOG", Modality::kImage),
            "c.toml:2:1: unknown feature kind 'HOG' (did you mean 'hog'?)");
  EXPECT_EQ(refusal("spectrogram", Modality::kAudio),
            "c.toml:2:1: unknown feature kind 'spectrogram' (known: stored, stft, log-mel, mfcc)");
  for (const char* kind : {"", "hog+", "+hog", "hog++hog"}) {
    EXPECT_TRUE(contains(refusal(kind, Modality::kImage), "c.toml:2:1: unknown feature kind ''"));
  }
}

TEST(FeatureRows, RefuseAKindForAnotherModality) {
  EXPECT_EQ(message_of<ConfigError>([] { feature_rows("hog", Modality::kText, kPlace); }),
            "c.toml:2:1: feature kind 'hog' is not for text");
  EXPECT_EQ(message_of<ConfigError>([] { feature_rows("stored+tfidf", Modality::kImage, kPlace); }),
            "c.toml:2:1: feature kind 'tfidf' is not for image");
}

TEST(FeatureRows, RefuseToJoinASparseKind) {
  EXPECT_EQ(message_of<ConfigError>([] { feature_rows("stored+tfidf", Modality::kText, kPlace); }),
            "c.toml:2:1: 'stored+tfidf' joins dense kinds only; 'tfidf' is sparse");
}

TEST(FeatureRows, RefuseToJoinImages) {
  EXPECT_EQ(message_of<ConfigError>([] { feature_rows("hog+pixels", Modality::kImage, kPlace); }),
            "c.toml:2:1: 'hog+pixels' joins dense kinds only; 'pixels' is pixels");
}

TEST(FeatureRows, ComeInTheOrderOfTheName) {
  const auto rows = feature_rows("hog+colour-histogram+hog", Modality::kImage, kPlace);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]->name, "hog");
  EXPECT_EQ(rows[1]->name, "colour-histogram");
  EXPECT_EQ(rows[2], rows[0]);
}

TEST(FeatureOptions, HoldASharedOptionOnce) {
  std::vector<std::string> names;
  for (const Option& option :
       feature_options(feature_rows("hog+colour-histogram", Modality::kImage, kPlace))) {
    names.push_back(option.name);
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"bins", "cell", "grid", "orientations", "resize",
                                             "scale", "size", "weighting"}));
}

TEST(FeatureOptions, OfJoinedKindsHaveTheChoicesThatAllHave) {
  for (const char* kind :
       {"bag-of-visual-words+colour-histogram", "colour-histogram+bag-of-visual-words"}) {
    for (const Option& option : feature_options(feature_rows(kind, Modality::kImage, kPlace))) {
      if (option.name != "weighting") continue;
      EXPECT_EQ(option.choices, (std::vector<std::string>{"none", "hellinger"})) << kind;
    }
  }
}

TEST(FeatureKind, LearnsWhereItsRowsDependOnTrain) {
  const auto learns = [](const std::string& kind, Modality modality, const std::string& options) {
    return make_feature_kind(spec_of(kind, modality, options))->learns();
  };
  EXPECT_FALSE(learns("hog", Modality::kImage, ""));
  EXPECT_TRUE(learns("hog", Modality::kImage, "scale = \"standardize\""));
  EXPECT_TRUE(learns("hog+bag-of-visual-words", Modality::kImage, ""));
  EXPECT_FALSE(learns("pixels", Modality::kImage, ""));
  EXPECT_FALSE(learns("stored", Modality::kImage, "name = \"x\""));
  EXPECT_TRUE(learns("tfidf", Modality::kText, ""));
  EXPECT_FALSE(learns("hashing", Modality::kText, ""));
  EXPECT_TRUE(learns("hashing", Modality::kText, "idf = true"));
  EXPECT_FALSE(learns("mfcc", Modality::kAudio, "scale = \"none\""));
}

TEST(CheckFeatures, RefuseOptionsThatAreRightOnlyEachByItself) {
  const auto refusal = [](const std::string& kind, const std::string& options) {
    return message_of<ConfigError>(
        [&] { check_features(spec_of(kind, Modality::kImage, options), kPlace); });
  };
  EXPECT_EQ(refusal("edges", "canny_low = 50.5\ncanny_high = 50"),
            "c.toml:2:1: expected canny_low <= canny_high, found 50.5 and 50");
  EXPECT_EQ(refusal("gray+lbp", "size = 16\nradius = 5\ngrid = 7"),
            "c.toml:2:1: lbp has no patterns at the border: expected size >= 2 radius + grid = 17, "
            "found 16");
  check_features(spec_of("lbp+edges", Modality::kImage, "size = 16\nradius = 5\ngrid = 6"), kPlace);
}

TEST(ReadsStoredFeature, LooksAtEveryPartOfTheKind) {
  const auto reads = [](const char* kind) { return reads_stored_feature({kind, {}}); };
  EXPECT_TRUE(reads("stored"));
  EXPECT_TRUE(reads("stored+hog"));
  EXPECT_TRUE(reads("hog+stored"));
  EXPECT_TRUE(reads("hog+stored+hog"));
  EXPECT_FALSE(reads("hog"));
  EXPECT_FALSE(reads("tfidf"));
}

TEST(Scale, NoneLeavesRowsAsTheyAre) {
  const Matrix rows = matrix_of(2, 2, {3, 4, -1, 0});
  EXPECT_EQ(scaled_stored("none", rows, rows).dense(), rows);
}

TEST(Scale, L2GivesRowsUnitLengthAndLeavesZeroRows) {
  EXPECT_EQ(scaled_stored("l2", Matrix(0, 2), matrix_of(3, 2, {3, 4, 0, 0, -5, 0})).dense(),
            matrix_of(3, 2, {0.6F, 0.8F, 0, 0, -1, 0}));
}

TEST(Scale, StandardizeUsesTheMeanAndDeviationOfTrain) {
  // Columns of train: 1 3 (mean 2, deviation 1), 10 30 (mean 20, deviation 10), 7 7 (none).
  const Matrix train = matrix_of(2, 3, {1, 10, 7, 3, 30, 7});
  EXPECT_EQ(scaled_stored("standardize", train, train).dense(),
            matrix_of(2, 3, {-1, -1, 0, 1, 1, 0}));
  EXPECT_EQ(scaled_stored("standardize", train, matrix_of(1, 3, {5, 20, 9})).dense(),
            matrix_of(1, 3, {3, 0, 0}));
}

TEST(Scale, L2CentredTakesTheMeanOfUnitRowsAway) {
  // Unit rows of train: (0.6, 0.8) and (1, 0), mean (0.8, 0.4).
  const Matrix train = matrix_of(2, 2, {3, 4, 7, 0});
  const Matrix found = scaled_stored("l2-centred", train, matrix_of(2, 2, {0, 2, 3, 4})).dense();
  const Matrix expected = matrix_of(2, 2, {-0.8F, 0.6F, -0.2F, 0.4F});
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(found.data()[i], expected.data()[i], 1e-6);
}

TEST(Stored, RaisesMagnitudesToAPowerBeforeScaling) {
  Items items(matrix_of(2, 2, {9, -16, 0, 0.25F}));
  const FeatureSpec spec =
      spec_of("stored", Modality::kImage, "name = \"stored\"\npower = 0.5\nscale = \"none\"");
  Silent silent;
  EXPECT_EQ(make_feature_kind(spec)->fit(items, 1, silent)->extract(items, 1, silent).dense(),
            matrix_of(2, 2, {3, -4, 0, 0.5F}));
}

TEST(Scale, StandardizeKeepsItsPrecisionFarFromZero) {
  // Mean 16777215, deviation 1: the mean of floats near 2^24 must not lose the deviation.
  const Matrix train = matrix_of(2, 1, {16777214.0F, 16777216.0F});
  EXPECT_EQ(scaled_stored("standardize", train, train).dense(), matrix_of(2, 1, {-1, 1}));
  // Mean 16777215 + 1/3, which no float is near enough to.
  const Matrix odd = matrix_of(3, 1, {16777214.0F, 16777216.0F, 16777216.0F});
  const auto row = scaled_stored("standardize", odd, odd).to_dense();
  const double deviation = std::sqrt(2.0 * 2.0 * 2.0 / 9.0);
  EXPECT_NEAR(row.row(0)[0], -(4.0 / 3.0) / deviation, 1e-5);
  EXPECT_NEAR(row.row(1)[0], (2.0 / 3.0) / deviation, 1e-5);
}

TEST(Scale, StandardizeRefusesATrainWithoutItems) {
  EXPECT_EQ(message_of<DataError>([] {
              scaled_stored("standardize", Matrix(0, 2), matrix_of(1, 2, {1, 2}));
            }),
            "scale = \"standardize\" learns from the training items, and there are none");
}

TEST(JoinedKinds, PutTheirPartsSideBySide) {
  const Items items = random_items(Modality::kImage, 3, 4);
  const auto plain = [&](const std::string& kind, const std::string& options) {
    return extracted(spec_of(kind, Modality::kImage, options + "\nscale = \"none\""), {}, items);
  };
  const Features joined = plain("hog+colour-histogram", "size = 32\nbins = 4");
  const Features hog = plain("hog", "size = 32");
  const Features colours = plain("colour-histogram", "size = 32\nbins = 4");
  ASSERT_EQ(joined.cols(), hog.cols() + colours.cols());
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<float> expected = dense_row(hog, i);
    const std::vector<float> right = dense_row(colours, i);
    expected.insert(expected.end(), right.begin(), right.end());
    EXPECT_EQ(dense_row(joined, i), expected);
  }
}

TEST(JoinedKinds, AreScaledAsOneRow) {
  const Items items = random_items(Modality::kImage, 3, 4);
  const Features plain =
      extracted(spec_of("hog+colour-histogram", Modality::kImage, "scale = \"none\""), {}, items);
  const Features scaled =
      extracted(spec_of("hog+colour-histogram", Modality::kImage, "scale = \"l2\""), {}, items);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto before = dense_row(plain, i), after = dense_row(scaled, i);
    double squares = 0.0;
    for (const float value : before) squares += double{value} * value;
    for (std::size_t j = 0; j < before.size(); ++j) {
      ASSERT_NEAR(after[j], before[j] / std::sqrt(squares), 1e-7);
    }
  }
}

}  // namespace
}  // namespace alignlab
