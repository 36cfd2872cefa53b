#include "features/audio/spectrum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "core/rng.h"
#include "features/audio/filter_bank.h"
#include "features/audio/pooling.h"
#include "tests/features/fixtures.h"
#include "tests/features/sounds.h"

namespace alignlab::features {
namespace {

using tests::expect_near;
using tests::matrix_of;
using tests::sine;
using Row = std::vector<float>;

Row row_of(const Matrix& matrix, std::size_t i) {
  return {matrix.row(i).begin(), matrix.row(i).end()};
}

/// Every bin by itself.
FilterBank each_bin(const StftShape& shape) { return linear_bank(bins_of(shape), bins_of(shape)); }

Matrix magnitudes(const Row& samples, const StftShape& shape) {
  return band_values(samples, shape, each_bin(shape), Measure::kMagnitude);
}

constexpr StftShape kOneFrame{64, 64, 64, Padding::kNone};

TEST(Stft, OfASineOnABinIsAQuarterOfTheWindowThereAndAnEighthBesideIt) {
  const Matrix found = magnitudes(sine(8.0, 64, 64), kOneFrame);
  ASSERT_EQ(found.rows(), 1U);
  std::vector<double> expected(33, 0.0);
  expected[8] = 16.0;
  expected[7] = expected[9] = 8.0;
  expect_near(row_of(found, 0), expected, 1e-5);
}

TEST(Stft, OfAConstantIsHalfTheWindowAtZeroAndAQuarterBesideIt) {
  std::vector<double> expected(33, 0.0);
  expected[0] = 32.0;
  expected[1] = 16.0;
  expect_near(row_of(magnitudes(Row(64, 1.0F), kOneFrame), 0), expected, 1e-5);
}

TEST(Stft, OfAnImpulseIsTheWindowThereInEveryBin) {
  // A periodic Hann window of 64 samples: 1/2 at 16, 1 at 32, 0 at 0.
  for (const auto& [at, height] : {std::pair<std::size_t, double>{16, 0.5}, {32, 1.0}, {0, 0.0}}) {
    Row samples(64, 0.0F);
    samples[at] = 1.0F;
    expect_near(row_of(magnitudes(samples, kOneFrame), 0), std::vector<double>(33, height), 1e-6);
  }
}

TEST(Stft, SquaresMagnitudesToPowers) {
  const Matrix found = band_values(Row(64, 1.0F), kOneFrame, each_bin(kOneFrame), Measure::kPower);
  EXPECT_NEAR(found.row(0)[0], 1024.0, 1e-3);
  EXPECT_NEAR(found.row(0)[1], 256.0, 1e-3);
}

TEST(Stft, HasAFrameAtEachHopOfACentredSound) {
  const auto frames = [](std::size_t samples, Padding padding) {
    return magnitudes(Row(samples, 1.0F), {8, 4, 8, padding}).rows();
  };
  for (const Padding padding : {Padding::kZero, Padding::kReflect}) {
    EXPECT_EQ(frames(0, padding), 1U);
    EXPECT_EQ(frames(3, padding), 1U);
    EXPECT_EQ(frames(4, padding), 2U);
    EXPECT_EQ(frames(17, padding), 5U);
  }
  EXPECT_EQ(frames(0, Padding::kNone), 1U);
  EXPECT_EQ(frames(8, Padding::kNone), 1U);
  EXPECT_EQ(frames(11, Padding::kNone), 1U);
  EXPECT_EQ(frames(12, Padding::kNone), 2U);
}

TEST(Stft, OfNothingIsZero) {
  for (const Padding padding : {Padding::kZero, Padding::kReflect, Padding::kNone}) {
    EXPECT_EQ(row_of(magnitudes({}, {8, 4, 8, padding}), 0), Row(5, 0.0F));
  }
}

/// The sample at any position, walking back and forth between both ends to reflect.
double sample_at(const Row& samples, std::int64_t at, Padding padding) {
  const auto count = static_cast<std::int64_t>(samples.size());
  if (at >= 0 && at < count) return samples[static_cast<std::size_t>(at)];
  if (padding != Padding::kReflect || count == 0) return 0.0;
  if (count == 1) return samples[0];
  std::int64_t walker = 0, step = 1;
  for (std::int64_t i = 0; i < std::abs(at); ++i) {
    // Backwards from the first sample is as forwards from it.
    if (walker + step < 0 || walker + step >= count) step = -step;
    walker += step;
  }
  return samples[static_cast<std::size_t>(walker)];
}

/// By the definition, in O(fft^2).
double slow_magnitude(const Row& samples, const StftShape& shape, std::int64_t frame, int bin) {
  const int side = shape.padding == Padding::kNone ? 0 : shape.fft / 2;
  const int left = (shape.fft - shape.window) / 2;
  std::complex<double> sum = 0.0;
  for (int n = 0; n < shape.window; ++n) {
    const double hann = std::pow(std::sin(std::numbers::pi * n / shape.window), 2);
    const double x = sample_at(samples, frame * shape.hop - side + left + n, shape.padding);
    sum += hann * x * std::polar(1.0, -2.0 * std::numbers::pi * bin * (left + n) / shape.fft);
  }
  return std::abs(sum);
}

TEST(Stft, EqualsTheSumOfItsDefinitionForAnyShape) {
  Rng rng(3, "stft shapes");
  for (int trial = 0; trial < 60; ++trial) {
    StftShape shape;
    shape.fft = rng.between(2, 40);
    shape.window = rng.between(1, shape.fft);
    shape.hop = rng.between(1, 30);
    shape.padding = std::array{Padding::kZero, Padding::kReflect, Padding::kNone}[rng.below(3)];
    Row samples(rng.below(120));
    for (float& sample : samples) sample = static_cast<float>(rng.normal());
    const Matrix found = magnitudes(samples, shape);
    for (std::size_t t = 0; t < found.rows(); ++t) {
      for (int bin = 0; bin <= shape.fft / 2; ++bin) {
        ASSERT_NEAR(found.row(t)[static_cast<std::size_t>(bin)],
                    slow_magnitude(samples, shape, static_cast<std::int64_t>(t), bin), 2e-5)
            << samples.size() << " samples, window " << shape.window << ", hop " << shape.hop
            << ", fft " << shape.fft << ", padding " << static_cast<int>(shape.padding)
            << ", frame " << t << ", bin " << bin;
      }
    }
  }
}

TEST(Stft, DoesNotDependOnWhatOtherFramesThereAre) {
  Rng rng(4, "frames");
  Row samples(3000);
  for (float& sample : samples) sample = static_cast<float>(rng.normal());
  const StftShape shape{32, 16, 32, Padding::kNone};
  const Matrix all = magnitudes(samples, shape);
  for (const std::size_t t : {0U, 63U, 64U, 65U, 150U}) {
    const auto from = samples.begin() + static_cast<std::ptrdiff_t>(16 * t);
    EXPECT_EQ(row_of(magnitudes(Row(from, from + 32), shape), 0), row_of(all, t));
  }
}

TEST(MelScale, HasTheValuesThatLibrosaDocuments) {
  // Examples of librosa.hz_to_mel and librosa.mel_to_hz.
  EXPECT_NEAR(mel_from_hz(60.0, MelFormula::kSlaney), 0.9, 1e-12);
  EXPECT_NEAR(mel_from_hz(110.0, MelFormula::kSlaney), 1.65, 1e-12);
  EXPECT_NEAR(mel_from_hz(440.0, MelFormula::kSlaney), 6.6, 1e-12);
  EXPECT_NEAR(hz_from_mel(3.0, MelFormula::kSlaney), 200.0, 1e-9);
}

TEST(MelScale, TurnsLogarithmicAtTheKnee) {
  EXPECT_NEAR(mel_from_hz(1000.0, MelFormula::kSlaney), 15.0, 1e-12);
  EXPECT_NEAR(mel_from_hz(6400.0, MelFormula::kSlaney), 42.0, 1e-12);  // 27 steps for 6.4 times
  EXPECT_NEAR(hz_from_mel(42.0, MelFormula::kSlaney), 6400.0, 1e-8);
  EXPECT_NEAR(mel_from_hz(700.0, MelFormula::kHtk), 781.1728, 1e-4);  // 2595 log10 2
}

TEST(MelScale, IsInvertible) {
  for (const MelFormula formula : {MelFormula::kSlaney, MelFormula::kHtk}) {
    for (const double hz : {0.0, 37.0, 999.0, 1000.0, 1001.0, 11025.0, 96000.0}) {
      EXPECT_NEAR(hz_from_mel(mel_from_hz(hz, formula), formula), hz, 1e-7);
    }
  }
}

TEST(MelBank, HasCornersAtEvenStepsOfMel) {
  // 0 to 800 Hz is linear: corners 0, 200 ... 800; bins every 100 Hz.
  const FilterBank bank = mel_bank({.bands = 3, .high_hz = 800.0, .equal_area = false}, 3200, 32);
  ASSERT_EQ(bank.size(), 3U);
  for (std::size_t band = 0; band < 3; ++band) {
    EXPECT_EQ(bank[band].first, 1 + 2 * band);
    expect_near(bank[band].weights, {0.5, 1.0, 0.5}, 1e-6);
  }
}

TEST(MelBank, DividesByHalfTheWidthInHzForEqualAreas) {
  const FilterBank bank = mel_bank({.bands = 3, .high_hz = 800.0}, 3200, 32);
  for (const Filter& filter : bank) expect_near(filter.weights, {0.0025, 0.005, 0.0025}, 1e-9);
}

TEST(MelBank, FollowsHtkWhenToldTo) {
  // 2100 Hz is 2595 log10 4, so that the one band has its top at 700 Hz; bins every 350 Hz.
  const FilterBank bank = mel_bank(
      {.bands = 1, .high_hz = 2100.0, .formula = MelFormula::kHtk, .equal_area = false}, 5600, 16);
  ASSERT_EQ(bank[0].first, 1U);
  // Rounding may leave a weight of nothing at 2100 Hz itself.
  ASSERT_GE(bank[0].weights.size(), 5U);
  expect_near(Row(bank[0].weights.begin(), bank[0].weights.begin() + 5), {0.5, 1, 0.75, 0.5, 0.25},
              1e-6);
}

TEST(MelBank, HasTheFirstWeightThatLibrosaDocuments) {
  // librosa.filters.mel(sr=22050, n_fft=2048) is printed as 0., 0.016, ... in its first row.
  const FilterBank bank = mel_bank({.bands = 128, .high_hz = 11025.0}, 22050, 2048);
  ASSERT_EQ(bank[0].first, 1U);
  EXPECT_NEAR(bank[0].weights[0], 0.016, 0.0005);
}

TEST(MelBank, WeighsWhiteNoiseAlikeInEveryBand) {
  const int fft = 1 << 16;
  for (const MelFormula formula : {MelFormula::kSlaney, MelFormula::kHtk}) {
    for (const Filter& filter :
         mel_bank({.bands = 40, .low_hz = 50.0, .formula = formula}, 16000, fft)) {
      double area = 0.0;
      for (const float weight : filter.weights) area += weight * 16000.0 / fft;
      EXPECT_NEAR(area, 1.0, 1e-3);
    }
  }
}

TEST(MelBank, LeavesABandBetweenTwoBinsWithoutWeights) {
  // Bins every 1000 Hz, the first band from 0 to 400 Hz.
  EXPECT_TRUE(mel_bank({.bands = 3, .high_hz = 800.0}, 16000, 16)[0].weights.empty());
}

TEST(LinearBank, AveragesNeighbouringBins) {
  const FilterBank bank = linear_bank(2, 5);
  EXPECT_EQ(bank[0].first, 0U);
  EXPECT_EQ(bank[0].weights, (Row{0.5F, 0.5F}));
  EXPECT_EQ(bank[1].first, 2U);
  expect_near(bank[1].weights, {1 / 3.0, 1 / 3.0, 1 / 3.0}, 1e-7);
}

TEST(LinearBank, UsesEachBinOnce) {
  std::size_t next = 0;
  for (const Filter& filter : linear_bank(50, 257)) {
    EXPECT_EQ(filter.first, next);
    EXPECT_TRUE(filter.weights.size() == 5 || filter.weights.size() == 6);
    next += filter.weights.size();
  }
  EXPECT_EQ(next, 257U);
}

Row logarithms(const Logarithm& logarithm, const Row& values) {
  Matrix matrix = matrix_of(1, values.size(), values);
  take_logarithm(logarithm, matrix);
  return row_of(matrix, 0);
}

constexpr double kDb = 10.0 / std::numbers::ln10;

TEST(Logarithm, GivesDecibelsAboveItsFloor) {
  expect_near(logarithms({.factor = kDb, .least = 1e-4}, {1, 100, 0.1F, 1e-5F, 0}),
              {0, 20, -10, -40, -40}, 1e-4);
}

TEST(Logarithm, RaisesWhatLiesFarBelowTheLargest) {
  expect_near(logarithms({.factor = kDb, .range = 25}, {1, 100, 1e-3F}), {0, 20, -5}, 1e-4);
}

TEST(Logarithm, IsRelativeToTheLargestWhenToldTo) {
  expect_near(logarithms({.factor = kDb, .range = 25, .relative = true}, {1, 100, 1e-3F}),
              {-20, 0, -25}, 1e-4);
  expect_near(logarithms({.relative = true}, {0, 0}), {0, 0}, 0);  // silence
}

TEST(Logarithm, IsNaturalWithAFactorOfOne) {
  expect_near(logarithms({}, {1, std::numbers::e_v<float>}), {0, 1}, 1e-6);
}

TEST(CosineTransform, OfAConstantHasItsFirstCoefficientAlone) {
  expect_near(row_of(cosine_transform(matrix_of(1, 9, Row(9, 5.0F)), 4), 0), {15, 0, 0, 0}, 1e-6);
}

TEST(CosineTransform, OfTwoValuesIsTheirSumAndDifferenceOverRootTwo) {
  const double root = std::numbers::sqrt2;
  expect_near(row_of(cosine_transform(matrix_of(1, 2, {3, 5}), 2), 0), {8 / root, -2 / root}, 1e-6);
}

TEST(CosineTransform, OfOneOfItsWavesHasThatCoefficientAlone) {
  Row wave;
  for (int n = 0; n < 12; ++n) {
    wave.push_back(static_cast<float>(std::cos(std::numbers::pi * (n + 0.5) * 3 / 12)));
  }
  // The wave's length is the root of 12 / 2.
  expect_near(row_of(cosine_transform(matrix_of(1, 12, wave), 5), 0), {0, 0, 0, std::sqrt(6.0), 0},
              1e-6);
}

TEST(CosineTransform, KeepsLengths) {
  Rng rng(5, "rows");
  Matrix rows(3, 17);
  for (float& value : rows.values()) value = static_cast<float>(rng.normal());
  const Matrix turned = cosine_transform(rows, 17);
  for (std::size_t i = 0; i < 3; ++i) {
    double before = 0.0, after = 0.0;
    for (const float value : rows.row(i)) before += double{value} * value;
    for (const float value : turned.row(i)) after += double{value} * value;
    EXPECT_NEAR(after, before, 1e-4);
  }
}

/// One column of f(0), f(1) ...
template <typename F>
Matrix column(std::size_t rows, F f) {
  Matrix out(rows, 1);
  for (std::size_t t = 0; t < rows; ++t)
    out.row(t)[0] = static_cast<float>(f(static_cast<double>(t)));
  return out;
}

Row values_of(const Matrix& matrix) { return {matrix.values().begin(), matrix.values().end()}; }

TEST(Deltas, OfARampAreItsSlopeToTheEnds) {
  const Matrix ramp = column(20, [](double t) { return 3.0 * t - 7.0; });
  expect_near(values_of(deltas(ramp, 1)), std::vector<double>(20, 3.0), 1e-5);
  expect_near(values_of(deltas(ramp, 2)), std::vector<double>(20, 0.0), 1e-5);
}

TEST(Deltas, OfAParabolaGrowAndTheirDeltasAreConstant) {
  const Matrix parabola = column(12, [](double t) { return t * t; });
  expect_near(values_of(deltas(parabola, 2)), std::vector<double>(12, 2.0), 1e-4);
  // The slope 2 t of the middle of the nine frames around t, which stop at both ends.
  expect_near(values_of(deltas(parabola, 1)), {8, 8, 8, 8, 8, 10, 12, 14, 14, 14, 14, 14}, 1e-4);
}

TEST(Deltas, OfAnImpulseAreTheWeightsOfTheRegression) {
  // n / (2 (1 + 4 + 9 + 16)) for the frame n before it.
  const Matrix impulse = column(21, [](double t) { return t == 10.0 ? 60.0 : 0.0; });
  expect_near(values_of(deltas(impulse, 1)),
              {0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 0, -1, -2, -3, -4, 0, 0, 0, 0, 0, 0}, 1e-5);
}

TEST(Deltas, OfFewFramesFitWhatThereIs) {
  const auto ramp = [](std::size_t rows) {
    return values_of(deltas(column(rows, [](double t) { return 2.0 * t; }), 1));
  };
  EXPECT_EQ(ramp(0), Row{});
  expect_near(ramp(1), {0}, 0);
  expect_near(ramp(2), {0, 0}, 0);
  for (const std::size_t rows : {3U, 4U, 8U})
    expect_near(ramp(rows), std::vector<double>(rows, 2.0), 1e-5);
}

TEST(Deltas, KeepColumnsApart) {
  const Matrix two = matrix_of(3, 2, {0, 10, 1, 10, 2, 10});
  expect_near(values_of(deltas(two, 1)), {1, 0, 1, 0, 1, 0}, 1e-6);
}

Row pooled(const Matrix& frames, const Pooling& pooling) {
  Row out(pooled_width(pooling, frames.cols()));
  pool(frames, pooling, out);
  return out;
}

TEST(Pool, GivesMeansThenDeviationsThenMaxima) {
  const Matrix frames = matrix_of(2, 2, {1, -8, 3, -2});
  EXPECT_EQ(pooled(frames, {1, 1}), (Row{2, -5}));
  EXPECT_EQ(pooled(frames, {2, 1}), (Row{2, -5, 1, 3}));
  EXPECT_EQ(pooled(frames, {3, 1}), (Row{2, -5, 1, 3, 3, -2}));
}

TEST(Pool, KeepsSegmentsApartInOrder) {
  const Matrix frames = matrix_of(5, 1, {1, 3, 10, 20, 30});
  EXPECT_EQ(pooled(frames, {1, 2}), (Row{2, 20}));  // two frames and three
  EXPECT_EQ(pooled(frames, {2, 2}), (Row{2, 1, 20, std::sqrt(200.0F / 3.0F)}));
}

TEST(Pool, SharesFramesBetweenSegmentsWhereThereAreFewer) {
  EXPECT_EQ(pooled(matrix_of(1, 1, {7}), {1, 3}), (Row{7, 7, 7}));
  EXPECT_EQ(pooled(matrix_of(2, 1, {7, 9}), {1, 4}), (Row{7, 7, 9, 9}));
}

}  // namespace
}  // namespace alignlab::features
