#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/rng.h"
#include "features/audio/decode.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/features/sounds.h"

namespace alignlab::features {
namespace {

using tests::contains;
using tests::damaged;
using tests::encoded;
using tests::float_wav;
using tests::message_of;
using tests::sine;
using Samples = std::vector<float>;

Samples decoded(const std::string& bytes, const SoundShape& shape = {}) {
  return decode_sound(bytes, "x", shape);
}

std::string refusal(const std::string& bytes, const SoundShape& shape = {}) {
  return message_of<DataError>([&] { decoded(bytes, shape); });
}

/// Random multiples of 2^-15, which 16 bits hold.
Samples random_samples(std::size_t count, std::uint64_t seed) {
  Rng rng(seed, "samples");
  Samples out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<float>(rng.between(-20000, 20000)) / 32768.0F);
  }
  return out;
}

TEST(DecodeSound, TakesIntegersAsSharesOfFullScale) {
  const Samples samples{0.0F, 0.5F, -1.0F, 32767.0F / 32768.0F};
  EXPECT_EQ(decoded(encoded(samples, 16000)), samples);
}

TEST(DecodeSound, TakesFloatsAsTheyAre) {
  const Samples samples{0.0F, 1e-20F, -3.5F, 40000.0F};
  EXPECT_EQ(decoded(float_wav(samples, 16000)), samples);
}

TEST(DecodeSound, AveragesChannels) {
  EXPECT_EQ(decoded(encoded({0.5F, 0.25F, -0.5F, 0.5F, 0.125F, 0.125F}, 16000, 2)),
            (Samples{0.375F, 0.0F, 0.125F}));
  EXPECT_EQ(decoded(encoded({0.25F, 0.5F, 0.0F, 0.25F}, 16000, 4)), (Samples{0.25F}));
}

TEST(DecodeSound, ReadsEveryLosslessFormatAlike) {
  // Longer than a block of the reader.
  const Samples samples = random_samples(70001, 1);
  for (const int major : {SF_FORMAT_WAV, SF_FORMAT_WAVEX, SF_FORMAT_RF64, SF_FORMAT_W64,
                          SF_FORMAT_AIFF, SF_FORMAT_AU, SF_FORMAT_CAF, SF_FORMAT_FLAC}) {
    SCOPED_TRACE(major);
    EXPECT_EQ(decoded(encoded(samples, 16000, 1, major | SF_FORMAT_PCM_16)), samples);
  }
}

TEST(DecodeSound, ReadsOggVorbisCloseToWhatWasWritten) {
  const Samples samples = sine(440.0, 16000, 16000, 0.5);
  const Samples found = decoded(encoded(samples, 16000, 1, SF_FORMAT_OGG | SF_FORMAT_VORBIS));
  ASSERT_EQ(found.size(), samples.size());
  double squares = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) squares += std::pow(found[i] - samples[i], 2);
  EXPECT_LT(std::sqrt(squares / 16000.0), 0.02);
}

TEST(DecodeSound, StopsAfterMaxSeconds) {
  const Samples samples = random_samples(8000, 2);
  const auto first = [&](std::size_t count) {
    return Samples(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count));
  };
  for (const int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16}) {
    const std::string bytes = encoded(samples, 16000, 1, format);
    EXPECT_EQ(decoded(bytes, {16000, 0.25}), first(4000));
    EXPECT_EQ(decoded(bytes, {16000, 0.49999}), first(8000));  // a sample begun is read
    EXPECT_EQ(decoded(bytes, {16000, 0.5}), samples);
    EXPECT_EQ(decoded(bytes, {16000, 600.0}), samples);
  }
}

TEST(DecodeSound, TakesSilentSounds) {
  EXPECT_EQ(decoded(encoded(Samples(100, 0.0F), 16000)), Samples(100, 0.0F));
  EXPECT_EQ(decoded(encoded(Samples(100, 0.0F), 8000)), Samples(200, 0.0F));
}

/// Resamples a sine and compares it, away from the ends, to that sine sampled at the new rate.
void expect_sine(double hz, int from_hz, const SoundShape& shape, double amplitude) {
  SCOPED_TRACE(std::to_string(hz) + " Hz from " + std::to_string(from_hz) + " to " +
               std::to_string(shape.rate_hz));
  const auto count = static_cast<std::size_t>(from_hz / 5 + 7);
  const Samples found = decoded(float_wav(sine(hz, from_hz, count), from_hz), shape);
  const double length = std::ceil(static_cast<double>(count) * shape.rate_hz / from_hz);
  ASSERT_EQ(found.size(), static_cast<std::size_t>(length));
  const Samples expected = sine(hz, shape.rate_hz, found.size(), amplitude);
  double worst = 0.0;
  for (std::size_t i = found.size() / 5; i < found.size() * 4 / 5; ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(found[i] - expected[i])));
  }
  EXPECT_LT(worst, 2e-3);
}

TEST(DecodeSound, KeepsASineAtAnotherRate) {
  for (const Resampler resampler : {Resampler::kFast, Resampler::kMedium, Resampler::kBest}) {
    expect_sine(440.0, 44100, {16000, 30.0, resampler}, 1.0);
    expect_sine(2000.0, 8000, {16000, 30.0, resampler}, 1.0);
    expect_sine(1234.5, 11025, {22050, 30.0, resampler}, 1.0);
    expect_sine(1000.0, 48000, {8000, 30.0, resampler}, 1.0);
  }
}

TEST(DecodeSound, LosesWhatTheNewRateCannotHold) {
  for (const Resampler resampler : {Resampler::kFast, Resampler::kMedium, Resampler::kBest}) {
    expect_sine(6000.0, 44100, {8000, 30.0, resampler}, 0.0);
  }
}

TEST(DecodeSound, PassesMoreOfTheBandTheBetterTheResampler) {
  // 7 kHz is 87 percent of half of 16 kHz, 7.6 kHz 95 percent.
  const auto amplitude = [](double hz, Resampler resampler) {
    const Samples found =
        decoded(float_wav(sine(hz, 48000, 9600), 48000), {16000, 30.0, resampler});
    return std::ranges::max(std::span(found).subspan(640, 1920));
  };
  EXPECT_LT(amplitude(7000.0, Resampler::kFast), 0.9);
  EXPECT_GT(amplitude(7000.0, Resampler::kMedium), 0.95);
  EXPECT_LT(amplitude(7600.0, Resampler::kMedium), 0.9);
  EXPECT_GT(amplitude(7600.0, Resampler::kBest), 0.95);
}

TEST(DecodeSound, RefusesBytesOfNoSound) {
  for (const std::string& bytes :
       {std::string(), std::string("abc"), std::string(1000, '\0'), std::string("RIFF")}) {
    EXPECT_EQ(refusal(bytes), "sound 'x': " + std::to_string(bytes.size()) +
                                  " bytes that no decoder takes for a sound");
  }
}

TEST(DecodeSound, RefusesSoundsWithoutSamples) {
  for (const int major : {SF_FORMAT_WAV, SF_FORMAT_AIFF, SF_FORMAT_AU, SF_FORMAT_CAF}) {
    EXPECT_EQ(refusal(encoded({}, 16000, 1, major | SF_FORMAT_PCM_16)),
              "sound 'x': it holds no sound");
  }
}

TEST(DecodeSound, RefusesSamplesThatAreNotFinite) {
  const auto with = [](float sample) { return float_wav({0.0F, 1.0F, sample, 0.0F}, 16000); };
  EXPECT_EQ(refusal(with(std::nanf(""))),
            "sound 'x': sample 2: expected a finite number within 2^32, found nan");
  EXPECT_EQ(refusal(with(-std::numeric_limits<float>::infinity())),
            "sound 'x': sample 2: expected a finite number within 2^32, found -inf");
  EXPECT_EQ(refusal(with(1e30F)),
            "sound 'x': sample 2: expected a finite number within 2^32, found 1e+30");
}

TEST(DecodeSound, RefusesRatesOfNoSound) {
  const Samples samples(10, 0.0F);
  EXPECT_EQ(refusal(encoded(samples, 999)),
            "sound 'x': expected a sampling rate of 1000 to 768000 Hz, found 999");
  EXPECT_EQ(refusal(encoded(samples, 768001)),
            "sound 'x': expected a sampling rate of 1000 to 768000 Hz, found 768001");
}

TEST(DecodeSound, ConvertsBetweenTheOutermostRates) {
  EXPECT_EQ(decoded(encoded(Samples(1000, 0.0F), 1000), {kHighestTargetHz, 30.0}).size(), 192000U);
  EXPECT_EQ(decoded(encoded(Samples(7680, 0.0F), 768000), {kLowestTargetHz, 30.0}).size(), 40U);
}

void put(std::string& bytes, std::size_t at, const std::string& value) {
  bytes.replace(at, value.size(), value);
}

TEST(DecodeSound, RefusesAForgedLengthOfAWav) {
  const Samples samples = random_samples(100, 3);
  std::string wav = encoded(samples, 16000);
  put(wav, wav.find("data") + 4, "\xF0\xFF\xFF\xFF");
  EXPECT_EQ(refusal(wav), "sound 'x': its header says 4294967280 bytes of sound, it has 200");
  std::string rf64 = encoded(samples, 16000, 1, SF_FORMAT_RF64 | SF_FORMAT_PCM_16);
  const std::size_t sizes = rf64.find("ds64");
  ASSERT_NE(sizes, std::string::npos);
  for (const std::size_t field : {8U, 16U, 24U}) {  // of the file, of the data, samples
    put(rf64, sizes + field, std::string("\0\0\0\0\0\0\0\x10", 8));
  }
  EXPECT_EQ(refusal(rf64),
            "sound 'x': its header says 1152921504606846976 bytes of sound, it has 200");
}

TEST(DecodeSound, TakesStreamsThatLeaveTheirLengthOpen) {
  const Samples samples = random_samples(100, 3);
  std::string wav = encoded(samples, 16000);
  for (const char* open : {"\xFF\xFF\xFF\xFF", "\x00\xF0\xFF\x7F"}) {
    put(wav, 4, std::string(open, 4));
    put(wav, wav.find("data") + 4, std::string(open, 4));
    EXPECT_EQ(decoded(wav), samples);
  }
  put(wav, 4, std::string(4, '\0'));
  put(wav, wav.find("data") + 4, std::string(4, '\0'));
  EXPECT_EQ(decoded(wav), samples);
  std::string au = encoded(samples, 16000, 1, SF_FORMAT_AU | SF_FORMAT_PCM_16);
  put(au, 8, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(decoded(au), samples);
}

TEST(DecodeSound, RefusesAFlacThatPromisesMoreThanItHolds) {
  std::string flac = encoded(random_samples(5000, 4), 16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  // The count of samples is the last 36 bits of bytes 18 to 25.
  flac[21] = static_cast<char>(flac[21] | 0x0F);
  put(flac, 22, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(refusal(flac), "sound 'x': expected 68719476735 samples, found 5000");
  // Nothing is wrong with the part that is read.
  EXPECT_EQ(decoded(flac, {16000, 0.1}).size(), 1600U);
}

TEST(DecodeSound, TakesAFlacOfUnknownLength) {
  const Samples samples = random_samples(5000, 4);
  std::string flac = encoded(samples, 16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  flac[21] = static_cast<char>(flac[21] & 0xF0);
  put(flac, 22, std::string(4, '\0'));
  EXPECT_EQ(decoded(flac), samples);
}

TEST(DecodeSound, RefusesAFlacCutShort) {
  const std::string flac =
      encoded(random_samples(20000, 5), 16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  EXPECT_TRUE(contains(refusal(flac.substr(0, flac.size() / 2)),
                       "sound 'x': expected 20000 samples, found "));
}

TEST(DecodeSound, RefusesAnyFormatCutShort) {
  const Samples samples = sine(440.0, 16000, 40000, 0.5);
  std::vector<int> formats{SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_OPUS,
                           SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM};
  for (const int major : {SF_FORMAT_WAV, SF_FORMAT_WAVEX, SF_FORMAT_RF64, SF_FORMAT_W64,
                          SF_FORMAT_AIFF, SF_FORMAT_AU, SF_FORMAT_CAF, SF_FORMAT_FLAC}) {
    formats.push_back(major | SF_FORMAT_PCM_16);
  }
  SF_INFO mp3{0, 16000, 1, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0, 0};
  if (sf_format_check(&mp3) != 0) formats.push_back(mp3.format);
  for (const int format : formats) {
    SCOPED_TRACE(format);
    const std::string whole = encoded(samples, 16000, 1, format);
    EXPECT_GE(decoded(whole).size(), samples.size());  // ADPCM fills its last block up
    for (const std::size_t size : {whole.size() / 2, whole.size() * 9 / 10, whole.size() - 40}) {
      EXPECT_NE(refusal(whole.substr(0, size)), "");
    }
  }
}

TEST(DecodeSound, SkipsTheTagsBeforeAStream) {
  const Samples samples = random_samples(1000, 8);
  const std::string flac = encoded(samples, 16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  // 200 bytes: 1 times 128 and 72.
  const std::string tag = std::string("ID3\4\0\0\0\0\1\x48", 10) + std::string(200, 'x');
  EXPECT_EQ(decoded(tag + flac), samples);
  EXPECT_EQ(refusal(tag), "sound 'x': 210 bytes that no decoder takes for a sound");
}

TEST(DecodeSound, RefusesFormatsThatAreNoRecordings) {
  const Samples samples(1000, 0.0F);
  for (const int major : {SF_FORMAT_SDS, SF_FORMAT_MAT5, SF_FORMAT_PAF, SF_FORMAT_SVX}) {
    const std::string bytes = encoded(samples, 16000, 1, major | SF_FORMAT_PCM_16);
    EXPECT_EQ(refusal(bytes), "sound 'x': " + std::to_string(bytes.size()) +
                                  " bytes that no decoder takes for a sound");
  }
}

TEST(DecodeSound, RefusesAnMp3WhoseLengthWouldBeGuessed) {
  SF_INFO info{0, 16000, 1, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0, 0};
  if (sf_format_check(&info) == 0) GTEST_SKIP() << "libsndfile was built without an MP3 encoder";
  // Loud, then quiet: a bit rate that varies.
  Rng rng(9, "samples");
  Samples samples;
  for (int i = 0; i < 160000; ++i) {
    samples.push_back(static_cast<float>((i < 80000 ? 0.2 : 0.0001) * rng.normal()));
  }
  const std::string mp3 = encoded(samples, 16000, 1, info.format);
  EXPECT_EQ(decoded(mp3).size(), samples.size());
  // Without the first frame, which holds the length.
  const std::string without = mp3.substr(mp3.find(mp3.substr(0, 2), 2));
  EXPECT_TRUE(contains(refusal(without),
                       "sound 'x': expected an MP3 that tells its length, found one that was read "
                       "to byte "));
}

TEST(DecodeSound, OfDamagedBytesEndsInSamplesOrInAnErrorOfTheItem) {
  const Samples samples = random_samples(600, 6);
  std::mt19937_64 random(20240502);
  for (const int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_FLOAT,
                           SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_AIFF | SF_FORMAT_PCM_24,
                           SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS}) {
    SCOPED_TRACE(format);
    const std::string whole = encoded(samples, 16000, 2, format);
    int refused = 0;
    for (int i = 0; i < 150; ++i) {
      std::string copy = damaged(whole.substr(0, 200), random) + whole.substr(200);
      if (i % 2 == 1) copy = damaged(whole, random);
      try {
        for (const float sample : decoded(copy)) ASSERT_TRUE(std::isfinite(sample));
      } catch (const DataError& error) {
        ++refused;
        EXPECT_TRUE(std::string_view(error.what()).starts_with("sound 'x': ")) << error.what();
        EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
      }
    }
    EXPECT_GT(refused, 0);
    // Ogg has a checksum for each page, and all samples are on one.
    EXPECT_LT(refused, format == (SF_FORMAT_OGG | SF_FORMAT_VORBIS) ? 151 : 150);
  }
}

}  // namespace
}  // namespace alignlab::features
