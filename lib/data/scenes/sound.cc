#include "data/scenes/sound.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace alignlab::scenes {
namespace {

/// A pentatonic scale, so that any two notes sound well together.
constexpr std::array<int, kColours> kPitchHz{262, 294, 330, 392, 440, 523, 587, 659};

constexpr int kHarmonics = 5;
/// Percent of the amplitude in each harmonic.
constexpr std::array<std::array<int, kHarmonics>, kShapes> kTimbres{{{100, 0, 0, 0, 0},
                                                                     {60, 0, 28, 0, 12},
                                                                     {84, 0, 11, 0, 5},
                                                                     {34, 26, 18, 13, 9},
                                                                     {50, 50, 0, 0, 0},
                                                                     {20, 0, 20, 40, 20},
                                                                     {40, 0, 0, 60, 0},
                                                                     {55, 22, 11, 7, 5}}};
constexpr std::array<int, 3> kNoteSamples{1600, 2800, 4400};
constexpr int kAttackSamples = 80;
constexpr int kLatestOnset = 3600;
constexpr int kLoudest = 6000;

struct Murmur {
  int level;      // of the raw noise
  int smoothing;  // the larger, the duller
};
constexpr std::array<Murmur, kBackgrounds> kMurmurs{
    {{4, 2}, {6, 1}, {3, 0}, {1, 1}, {14, 3}, {2, 0}, {8, 4}, {3, 3}, {2, 2}, {1, 0}}};

constexpr int kSineBits = 10;
constexpr int kSineSize = 1 << kSineBits;

std::array<std::int16_t, kSineSize> sine_table() {
  std::array<std::int16_t, kSineSize> table{};
  for (int i = 0; i < kSineSize; ++i) {
    table[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(
        std::lround(32767 * std::sin(2 * std::numbers::pi * i / kSineSize)));
  }
  return table;
}

/// In -32767 .. 32767, at sample t of a tone.
int sine_at(int hertz, int t) {
  static const std::array<std::int16_t, kSineSize> kTable = sine_table();
  const std::int64_t phase = std::int64_t{t} * hertz * kSineSize / kSampleRate;
  return kTable[static_cast<std::size_t>(phase % kSineSize)];
}

int tone(const Object& object, int t) {
  // A checkered thing alternates with the fifth above.
  const int pitch = kPitchHz[index_of(object.colour)];
  const bool fifth = object.texture == Texture::kCheckered && (t / 400) % 2 == 1;
  const int base = fifth ? pitch * 3 / 2 : pitch;
  int sum = 0;
  for (int h = 0; h < kHarmonics; ++h) {
    const int hertz = base * (h + 1);
    if (2 * hertz >= kSampleRate) break;
    sum += kTimbres[index_of(object.shape)][static_cast<std::size_t>(h)] * sine_at(hertz, t);
  }
  return sum / 100;
}

/// Percent.
int loudness(Texture texture, int t) {
  switch (texture) {
    case Texture::kStriped:
      return 60 + 40 * sine_at(14, t) / 32767;
    case Texture::kDotted:
      return (t / 240) % 2 == 0 ? 100 : 8;
    case Texture::kPlain:
    case Texture::kCheckered:
      return 100;
  }
  std::abort();
}

void add_note(const Object& object, int amplitude, std::span<int> sound) {
  const int length = kNoteSamples[index_of(object.size)];
  const int onset = object.x * kLatestOnset / kSide;
  for (int t = 0; t < length; ++t) {
    const int envelope =
        std::min(t * 1000 / kAttackSamples, 1000) * (length - t) / length;  // in thousandths
    const std::int64_t level =
        std::int64_t{amplitude} * envelope / 1000 * loudness(object.texture, t) / 100;
    sound[static_cast<std::size_t>(onset + t)] += static_cast<int>(level * tone(object, t) / 32767);
  }
}

/// Roughly normal, with a spread of 148.
int noise(Rng& rng) {
  const std::uint32_t bits = rng.next_u32();
  const auto sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24);
  return static_cast<int>(sum) - 510;
}

void append_little_endian(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

std::vector<std::int16_t> play(const Scene& scene, const SceneKey& key) {
  std::vector<int> sound(kSampleRate);
  // What lies in front is heard best.
  int amplitude = kLoudest;
  for (auto object = scene.objects.rbegin(); object != scene.objects.rend(); ++object) {
    add_note(*object, amplitude, sound);
    amplitude = amplitude * 4 / 5;
  }
  Rng rng = key.stream("murmur");
  const Murmur murmur = kMurmurs[index_of(scene.background)];
  int smooth = 0;
  std::vector<std::int16_t> samples;
  samples.reserve(sound.size());
  for (const int note : sound) {
    smooth += (noise(rng) * 16 - smooth) / (1 << murmur.smoothing);
    const int hiss = noise(rng) * scene.grain / 16;
    samples.push_back(static_cast<std::int16_t>(
        std::clamp(note + smooth * murmur.level / 16 + hiss, -32768, 32767)));
  }
  return samples;
}

std::string wav_of(std::span<const std::int16_t> samples) {
  const auto bytes = static_cast<std::uint32_t>(2 * samples.size());
  std::string out = "RIFF";
  append_little_endian(out, 36 + bytes, 4);
  out += "WAVEfmt ";
  append_little_endian(out, 16, 4);  // length of this chunk
  append_little_endian(out, 1, 2);   // PCM
  append_little_endian(out, 1, 2);   // channels
  append_little_endian(out, kSampleRate, 4);
  append_little_endian(out, 2 * kSampleRate, 4);  // bytes a second
  append_little_endian(out, 2, 2);                // bytes a frame
  append_little_endian(out, 16, 2);               // bits a sample
  out += "data";
  append_little_endian(out, bytes, 4);
  for (const std::int16_t sample : samples) {
    append_little_endian(out, static_cast<std::uint16_t>(sample), 2);
  }
  return out;
}

}  // namespace alignlab::scenes
