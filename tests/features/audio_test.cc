// The kinds for sound, as a config names them.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "core/files.h"
#include "core/rng.h"
#include "tests/core/real_data.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"
#include "tests/features/sounds.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::dense_row;
using tests::encoded;
using tests::extracted;
using tests::float_wav;
using tests::Items;
using tests::Listener;
using tests::message_of;
using tests::sine;
using tests::spec_of;
using Row = std::vector<float>;

constexpr std::array kKinds{"stft", "log-mel", "mfcc"};

FeatureSpec sound_spec(const std::string& kind, const std::string& options) {
  return spec_of(kind, Modality::kAudio, options);
}

/// The unscaled row of one sound.
Row row_of(const std::string& kind, const std::string& options, const std::string& bytes) {
  return dense_row(extracted(sound_spec(kind, options + "\nscale = \"none\""), {}, Items({bytes})),
                   0);
}

constexpr const char* kOneMean = "\npool = \"mean\"\nsegments = 1";

std::size_t largest(const Row& row) {
  return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
}

TEST(StftKind, AveragesMagnitudesWithinEqualBands) {
  // A frame of 512 samples at 16 kHz, bins every 31.25 Hz: 1000 Hz is bin 32, where a sine has 128,
  // and 64 on each side. 257 bands are the bins themselves.
  const std::string bytes = float_wav(sine(1000.0, 16000, 512), 16000);
  const std::string options =
      std::string("compression = \"none\"\nwindow_ms = 32\npadding = \"none\"") + kOneMean;
  const Row bins = row_of("stft", options + "\nbands = 257", bytes);
  ASSERT_EQ(bins.size(), 257U);
  for (std::size_t k = 0; k < bins.size(); ++k) {
    EXPECT_NEAR(bins[k], k == 32 ? 128.0 : k == 31 || k == 33 ? 64.0 : 0.0, 1e-3) << k;
  }
  // Of five bands the first holds bins 0 to 50.
  const Row bands = row_of("stft", options + "\nbands = 5", bytes);
  EXPECT_NEAR(bands[0], 256.0 / 51.0, 1e-3);
  for (std::size_t k = 1; k < 5; ++k) EXPECT_NEAR(bands[k], 0.0, 1e-4);
}

TEST(StftKind, GivesDecibelsOfMagnitudesUnlessToldOtherwise) {
  const std::string bytes = float_wav(sine(1000.0, 16000, 512), 16000);
  const std::string options = std::string(
                                  "window_ms = 32\npadding = \"none\"\nbands = 257\n"
                                  "reference = \"full-scale\"") +
                              kOneMean;
  const Row db = row_of("stft", options, bytes);
  EXPECT_NEAR(db[32], 20.0 * std::log10(128.0), 1e-3);
  EXPECT_NEAR(db[31], 20.0 * std::log10(64.0), 1e-3);
  EXPECT_NEAR(db[100], 20.0 * std::log10(128.0) - 80.0, 1e-3);  // range_db
  const Row logs = row_of("stft", options + "\ncompression = \"ln\"", bytes);
  EXPECT_NEAR(logs[32], std::log(128.0), 1e-4);
  EXPECT_NEAR(logs[100], std::log(128.0) - std::log(1e4), 1e-4);
}

TEST(LogMel, IsLoudestInTheBandThatHoldsTheTone) {
  // With 4 bands up to 800 Hz the tops stand at 160, 320, 480 and 640 Hz.
  const std::string options = std::string("bands = 4\nhigh_hz = 800") + kOneMean;
  for (std::size_t band = 0; band < 4; ++band) {
    const double hz = 160.0 * static_cast<double>(band + 1);
    EXPECT_EQ(largest(row_of("log-mel", options, float_wav(sine(hz, 16000, 8000), 16000))), band);
  }
}

TEST(LogMel, IsThePowerInItsBandInDecibels) {
  // 1000 Hz is bin 32 of 512. One band from 900 to 1100 Hz with its top (Slaney, by and large
  // linear here) near 1000 Hz; within it are bins 29 to 35, of which three hold power.
  const std::string bytes = float_wav(sine(1000.0, 16000, 512), 16000);
  const auto level = [&](const std::string& more) {
    const Row row = row_of("log-mel",
                           "bands = 1\nlow_hz = 900\nhigh_hz = 1100\nwindow_ms = 32\n"
                           "padding = \"none\"\nreference = \"full-scale\"" +
                               std::string(kOneMean) + more,
                           bytes);
    return std::pow(10.0, row[0] / 10.0);
  };
  // mel 13.5 to 16.386: the top is at 14.943, below the knee: 996.2 Hz.
  const double top = 200.0 / 3.0 * (13.5 + 15.0 + std::log(1.1) / (std::log(6.4) / 27.0)) / 2.0;
  ASSERT_NEAR(top, 996.2, 0.1);
  const double power = 128.0 * 128.0 * (1100.0 - 1000.0) / (1100.0 - top) +
                       64.0 * 64.0 * (968.75 - 900.0) / (top - 900.0) +
                       64.0 * 64.0 * (1100.0 - 1031.25) / (1100.0 - top);
  EXPECT_NEAR(level("\nmel_norm = \"none\""), power, 1e-3 * power);
  EXPECT_NEAR(level(""), power * 2.0 / 200.0, 1e-5 * power);
}

TEST(SoundKinds, DoNotTellALoudSoundFromAQuietOneUnlessToldTo) {
  Rng rng(1, "noise");
  Row loud;
  for (int i = 0; i < 4000; ++i) loud.push_back(static_cast<float>(0.2 * rng.normal()));
  Row quiet = loud;
  for (float& sample : quiet) sample *= 0.25F;
  for (const std::string kind : {"stft", "log-mel"}) {
    const auto difference = [&](const std::string& options, std::size_t at) {
      return row_of(kind, options + kOneMean, float_wav(loud, 16000))[at] -
             row_of(kind, options + kOneMean, float_wav(quiet, 16000))[at];
    };
    for (const std::size_t at : {0U, 20U, 49U}) {
      EXPECT_NEAR(difference("", at), 0.0, 1e-4);
      EXPECT_NEAR(difference("reference = \"full-scale\"", at), 20.0 * std::log10(4.0), 1e-4);
    }
  }
}

TEST(Mfcc, OfWhatIsEquallyLoudInEveryBandHasItsFirstCoefficientAlone) {
  // Silence is at the floor, -100 dB in 40 bands.
  const Row row = row_of("mfcc", std::string("reference = \"full-scale\"") + kOneMean,
                         encoded(Row(8000, 0.0F), 16000));
  ASSERT_EQ(row.size(), 20U);
  EXPECT_NEAR(row[0], -100.0 * std::sqrt(40.0), 1e-2);
  for (std::size_t k = 1; k < row.size(); ++k) EXPECT_NEAR(row[k], 0.0, 1e-3);
}

TEST(Mfcc, AreTheCosineTransformOfLogMel) {
  const std::string bytes = float_wav(sine(700.0, 16000, 8000), 16000);
  const Row bands = row_of("log-mel", std::string("bands = 6") + kOneMean, bytes);
  const Row cepstra = row_of("mfcc", std::string("bands = 6\ncoefficients = 3") + kOneMean, bytes);
  ASSERT_EQ(cepstra.size(), 3U);
  // The transform is linear, and so is the mean over time.
  for (std::size_t k = 0; k < 3; ++k) {
    double sum = 0.0;
    for (std::size_t n = 0; n < 6; ++n) {
      sum += bands[n] * std::cos(std::numbers::pi * (static_cast<double>(n) + 0.5) *
                                 static_cast<double>(k) / 6.0);
    }
    EXPECT_NEAR(cepstra[k], sum * std::sqrt((k == 0 ? 1.0 : 2.0) / 6.0), 1e-3);
  }
}

TEST(Mfcc, PutDeltasBesideTheCoefficients) {
  // A sound that grows by 60 dB a second, evenly: the first coefficient rises by 0.6 sqrt(40) a
  // frame, all else stands still.
  Row growing;
  Rng rng(2, "clicks");
  for (int i = 0; i < 16000; ++i) {
    const double amplitude = 1e-3 * std::pow(10.0, 3.0 * i / 16000.0);
    growing.push_back(i % 160 == 0 ? static_cast<float>(amplitude) : 0.0F);
  }
  const std::string options =
      std::string("reference = \"full-scale\"\nrange_db = 0\npadding = \"none\"") +
      "\nfloor = 1e-30" + kOneMean;
  const std::string bytes = float_wav(growing, 16000);
  const Row plain = row_of("mfcc", options, bytes);
  const Row first = row_of("mfcc", options + "\ndeltas = 1", bytes);
  const Row second = row_of("mfcc", options + "\ndeltas = 2", bytes);
  ASSERT_EQ(first.size(), 40U);
  ASSERT_EQ(second.size(), 60U);
  EXPECT_EQ(Row(first.begin(), first.begin() + 20), plain);
  EXPECT_EQ(Row(second.begin(), second.begin() + 40), first);
  EXPECT_NEAR(first[20], 0.6 * std::sqrt(40.0), 1e-3);
  for (std::size_t k = 1; k < 20; ++k) EXPECT_NEAR(first[20 + k], 0.0, 1e-3);
  for (std::size_t k = 40; k < 60; ++k) EXPECT_NEAR(second[k], 0.0, 1e-3);
}

TEST(SoundKinds, KeepTheOrderOfSegments) {
  Row samples = sine(500.0, 16000, 16000);
  const Row high = sine(4000.0, 16000, 16000);
  samples.insert(samples.end(), high.begin(), high.end());
  const auto halves = [&](const Row& sound) {
    return row_of("log-mel", "pool = \"mean\"\nsegments = 2", float_wav(sound, 16000));
  };
  const Row row = halves(samples);
  ASSERT_EQ(row.size(), 128U);
  const std::size_t first = largest(Row(row.begin(), row.begin() + 64));
  const std::size_t second = largest(Row(row.begin() + 64, row.end()));
  EXPECT_LT(first, 20U);
  EXPECT_GT(second, 40U);
  std::ranges::reverse(samples);
  const Row backwards = halves(samples);
  EXPECT_EQ(largest(Row(backwards.begin(), backwards.begin() + 64)), second);
  EXPECT_EQ(largest(Row(backwards.begin() + 64, backwards.end())), first);
}

TEST(SoundKinds, HaveTheWidthThatTheirOptionsSay) {
  const std::string bytes = encoded(sine(500.0, 16000, 4000), 16000);
  EXPECT_EQ(row_of("stft", "", bytes).size(), 50U * 2 * 4);
  EXPECT_EQ(row_of("log-mel", "", bytes).size(), 64U * 2 * 4);
  EXPECT_EQ(row_of("mfcc", "", bytes).size(), 20U * 2 * 4);
  EXPECT_EQ(
      row_of("mfcc", "deltas = 2\npool = \"mean+std+max\"\nsegments = 3\ncoefficients = 7", bytes)
          .size(),
      7U * 3 * 3 * 3);
}

/// What fitting on sounds of these rates warns of.
std::vector<std::string> warnings_of(const std::string& kind, const std::string& options,
                                     const std::vector<int>& rates) {
  std::vector<std::string> sounds;
  for (const int rate : rates) sounds.push_back(encoded(sine(500.0, rate, 1000), rate));
  Listener listener;
  make_feature_kind(sound_spec(kind, options))->fit(Items(sounds), 1, listener);
  return listener.warnings;
}

TEST(SoundKinds, WarnOnceOfBandsThatNoTrainingSoundReaches) {
  for (const std::string kind : kKinds) {
    EXPECT_EQ(warnings_of(kind, "", {8000, 11025, 8000}),
              std::vector<std::string>{
                  kind + ": no training sound has a sampling rate above 11025 Hz, so bands above "
                         "5512 Hz tell nothing: set rate = 11025"});
    EXPECT_EQ(warnings_of(kind, "", {8000, 16000}), std::vector<std::string>{});
    EXPECT_EQ(warnings_of(kind, "rate = 8000", {8000}), std::vector<std::string>{});
  }
  EXPECT_EQ(warnings_of("log-mel", "high_hz = 4000.0", {8000}), std::vector<std::string>{});
}

TEST(SoundKinds, TakeSoundsOfEveryLength) {
  for (const std::string kind : kKinds) {
    const std::string more = kind == "mfcc" ? "deltas = 2\n" : "";
    const std::size_t width = row_of(kind, more, encoded(sine(500.0, 16000, 16000), 16000)).size();
    for (const std::string padding : {"zero", "reflect", "none"}) {
      for (const std::size_t count : {1U, 2U, 159U, 400U, 513U, 5000U}) {
        for (const int rate : {8000, 16000}) {
          const Row row = row_of(kind, more + "padding = \"" + padding + "\"",
                                 encoded(sine(500.0, rate, count), rate));
          EXPECT_EQ(row.size(), width);
          for (const float value : row) ASSERT_TRUE(std::isfinite(value));
        }
      }
    }
  }
}

TEST(SoundKinds, GiveFiniteRowsForTheLoudestSound) {
  for (const std::string kind : kKinds) {
    for (const float value :
         row_of(kind, "range_db = 0", float_wav(Row(4000, 4294967296.0F), 16000))) {
      ASSERT_TRUE(std::isfinite(value));
    }
  }
}

std::vector<std::string> noises(std::size_t count) {
  Rng rng(6, "noises");
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    Row samples(static_cast<std::size_t>(rng.between(0, 6000)));
    for (float& sample : samples) sample = static_cast<float>(0.1 * rng.normal());
    out.push_back(encoded(samples, i % 2 == 0 ? 16000 : 11025, 1));
  }
  return out;
}

TEST(SoundKinds, GiveTheSameRowsForAnyNumberOfThreads) {
  const Items items(noises(20));
  Silent silent;
  for (const std::string kind : kKinds) {
    const auto kind_of = make_feature_kind(sound_spec(kind, ""));
    const auto fitted = kind_of->fit(items, 1, silent);
    const Features expected = fitted->extract(items, 1, silent);
    EXPECT_EQ(fitted->extract(items, 3, silent), expected);
    EXPECT_EQ(kind_of->fit(items, 4, silent)->extract(items, 2, silent), expected);
  }
}

TEST(SoundKinds, JoinSideBySide) {
  const std::string bytes = encoded(sine(500.0, 16000, 4000), 16000);
  const std::string options = "bands = 40\ndeltas = 1";
  Row expected = row_of("mfcc", options, bytes);
  const Row right = row_of("log-mel", "bands = 40", bytes);
  expected.insert(expected.end(), right.begin(), right.end());
  EXPECT_EQ(row_of("mfcc+log-mel", options, bytes), expected);
}

TEST(SoundKinds, NameTheItemThatIsNoSound) {
  const std::string good = encoded(Row(100, 0.0F), 16000);
  for (const std::string kind : kKinds) {
    EXPECT_EQ(message_of<DataError>([&] {
                extracted(sound_spec(kind, "scale = \"none\""), {}, Items({good, "abc"}));
              }),
              "sound 'item-1': 3 bytes that no decoder takes for a sound");
  }
}

std::string options_refusal(const std::string& kind, const std::string& options) {
  return message_of<ConfigError>([&] {
    check_features(sound_spec(kind, options), {"c.toml", 4, 1});
  });
}

TEST(SoundOptions, AreTakenAsTheyCome) {
  for (const std::string kind : kKinds) {
    for (const char* rate : {"4000", "8000", "16000", "22050", "44100", "48000", "192000"}) {
      if (kind == "stft" && std::string(rate) == "4000") continue;
      EXPECT_NO_THROW(check_features(sound_spec(kind, std::string("rate = ") + rate), {}))
          << kind << " at " << rate;
    }
  }
}

TEST(SoundOptions, MustFitTogether) {
  EXPECT_EQ(options_refusal("log-mel", "fft = 399"),
            "c.toml:4:1: expected fft >= 400 samples, which window_ms is at this rate, found 399");
  EXPECT_EQ(options_refusal("stft", "bands = 258"),
            "c.toml:4:1: stft: expected bands <= 257, the bins of a transform of 512 samples, "
            "found 258");
  EXPECT_EQ(options_refusal("mfcc", "coefficients = 41"),
            "c.toml:4:1: mfcc: expected coefficients <= bands = 40, found 41");
  EXPECT_EQ(options_refusal("log-mel", "high_hz = 8001"),
            "c.toml:4:1: mel bands: expected low_hz < high_hz <= rate / 2 = 8000, found 0 to 8001");
  EXPECT_EQ(
      options_refusal("mfcc", "low_hz = 300\nhigh_hz = 300"),
      "c.toml:4:1: mel bands: expected low_hz < high_hz <= rate / 2 = 8000, found 300 to 300");
}

TEST(SoundOptions, LeaveNoMelBandEmpty) {
  // Corners every 20 Hz, bins every 31.25: the first band, 0 to 40 Hz, holds one; the second, 20 to
  // 60, as well; the third, 40 to 80, holds 62.5; the fifth is 80 to 120 and holds 93.75. With
  // corners every 10 Hz the first band ends at 20.
  EXPECT_NO_THROW(check_features(sound_spec("log-mel", "bands = 4\nhigh_hz = 100"), {}));
  EXPECT_EQ(options_refusal("log-mel", "bands = 9\nhigh_hz = 100"),
            "c.toml:4:1: band 1 of 9 mel bands lies between two bins of a transform of 512 "
            "samples: expected fewer bands or a longer window or fft");
  EXPECT_NO_THROW(
      check_features(sound_spec("log-mel", "bands = 9\nhigh_hz = 100\nfft = 2048"), {}));
}

struct Digit {
  std::size_t digit;
  int take;
  std::string bytes;
};

std::vector<Digit> spoken_digits(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".wav") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<Digit> out;
  for (const fs::path& path : paths) {  // digit_speaker_take.wav
    const std::string name = path.stem();
    out.push_back(
        {static_cast<std::size_t>(name.front() - '0'), name.back() - '0', read_file(path)});
  }
  return out;
}

TEST(Mfcc, TellSpokenDigitsApartByTheirClassMeans) {
  ALIGNLAB_NEEDS_REAL_DATA("audio/spoken_digits");
  const fs::path folder = tests::real_data() / "audio" / "spoken_digits";
  std::vector<std::string> train, test;
  std::vector<std::size_t> train_digits, test_digits;
  for (Digit& now : spoken_digits(folder)) {
    (now.take < 3 ? train : test).push_back(std::move(now.bytes));
    (now.take < 3 ? train_digits : test_digits).push_back(now.digit);
  }
  ASSERT_GE(train.size(), 100U);
  ASSERT_GE(test.size(), 100U);
  Silent silent;
  const auto fitted = make_feature_kind(sound_spec("mfcc", ""))->fit(Items(train), 2, silent);
  const Matrix known = fitted->extract(Items(train), 2, silent).dense();
  const Matrix asked = fitted->extract(Items(test), 2, silent).dense();
  std::array<std::vector<double>, 10> sums;
  std::array<double, 10> counts{};
  for (auto& sum : sums) sum.resize(known.cols());
  for (std::size_t i = 0; i < known.rows(); ++i) {
    counts[train_digits[i]] += 1.0;
    for (std::size_t j = 0; j < known.cols(); ++j) sums[train_digits[i]][j] += known.row(i)[j];
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < asked.rows(); ++i) {
    std::array<double, 10> distances{};
    for (std::size_t d = 0; d < 10; ++d) {
      for (std::size_t j = 0; j < asked.cols(); ++j) {
        distances[d] += std::pow(asked.row(i)[j] - sums[d][j] / counts[d], 2);
      }
    }
    const auto nearest = std::ranges::min_element(distances) - distances.begin();
    right += static_cast<std::size_t>(nearest) == test_digits[i] ? 1 : 0;
  }
  const double share = static_cast<double>(right) / static_cast<double>(asked.rows());
  RecordProperty("share", std::to_string(share));
  EXPECT_GT(share, 0.75);  // chance is a tenth
}

}  // namespace
}  // namespace alignlab
