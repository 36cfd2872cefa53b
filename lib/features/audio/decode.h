#pragma once

// Encoded sound bytes (WAV, RF64, W64, AIFF, AU, CAF, FLAC, Ogg Vorbis and Opus, MP3, as libsndfile
// reads them) to mono samples at one rate. No type of libsndfile or libsamplerate leaves decode.cc.
//
// Full scale of integer encodings is -1 to 1; float encodings are taken as they are. Channels are
// averaged. Another sampling rate is converted by libsamplerate's band-limited interpolation (Smith
// and Gossett, "A Flexible Sampling-Rate Conversion Method", ICASSP 1984).

#include <map>
#include <string>
#include <vector>

namespace alignlab::features {

/// Any pair of them is within the factor of 256 that libsamplerate converts.
inline constexpr int kLowestRateHz = 1000;
inline constexpr int kHighestRateHz = 768000;
inline constexpr int kLowestTargetHz = 4000;
inline constexpr int kHighestTargetHz = 192000;

/// libsamplerate's converters: the share of the band that passes is 80, 90 or 97 percent
/// (https://libsndfile.github.io/libsamplerate/api_misc.html). Each is about three times as dear as
/// the one before, and dearer than all that follows.
enum class Resampler { kFast, kMedium, kBest };

struct SoundShape {
  int rate_hz = 16000;      // kLowestTargetHz to kHighestTargetHz
  double max_seconds = 30;  // what a longer sound has beyond is not read
  Resampler resampler = Resampler::kMedium;
};

/// n frames at rate r become ceil(n * rate_hz / r) samples. Memory follows the frames that are
/// really decoded, not the number a header claims. Called from several threads. DataError naming
/// the item if no decoder takes the bytes, if it is cut short (core/sound_file.h; a FLAC stream: if
/// it holds fewer frames than it promises), if it holds no sound, if an MP3 does not tell its
/// length, for a rate outside kLowestRateHz to kHighestRateHz, and for a sample that is not finite
/// or beyond 2^32.
std::vector<float> decode_sound(const std::string& bytes, const std::string& id,
                                const SoundShape& shape);

/// The sampling rate its header tells; decodes nothing. DataError as above.
int rate_of_sound(const std::string& bytes, const std::string& id);

/// Name and version of the libraries behind it.
std::map<std::string, std::string> sound_libraries();

}  // namespace alignlab::features
