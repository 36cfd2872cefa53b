#include "features/audio/decode.h"

#include <fmt/format.h>
#include <samplerate.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "core/error.h"
#include "core/sound_file.h"

namespace alignlab::features {
namespace {

constexpr float kLoudest = 4294967296.0F;
constexpr sf_count_t kBlockSamples = 65536;
constexpr sf_count_t kMostTrailingBytes = 4096;

struct Source {
  std::string_view bytes;
  sf_count_t at = 0;
};

Source& source(void* user) { return *static_cast<Source*>(user); }

sf_count_t length_of(void* user) { return static_cast<sf_count_t>(source(user).bytes.size()); }

sf_count_t seek(sf_count_t offset, int whence, void* user) {
  const sf_count_t length = length_of(user);
  const sf_count_t from = whence == SEEK_CUR ? source(user).at : whence == SEEK_END ? length : 0;
  // Forged offsets can lie anywhere in 64 bits; clamped before they are added.
  source(user).at = from + std::clamp<sf_count_t>(offset, -from, length - from);
  return source(user).at;
}

sf_count_t read(void* to, sf_count_t count, void* user) {
  Source& from = source(user);
  const sf_count_t there = std::clamp<sf_count_t>(count, 0, length_of(user) - from.at);
  if (there > 0) std::memcpy(to, from.bytes.data() + from.at, static_cast<std::size_t>(there));
  from.at += there;
  return there;
}

sf_count_t write(const void*, sf_count_t, void*) { return 0; }

sf_count_t tell(void* user) { return source(user).at; }

/// libsndfile knows some twenty formats more; its reader of MIDI dumps writes to standard output,
/// where the worker's events go.
bool has_known_format(std::string_view bytes) {
  bytes = without_id3(bytes);
  if (bytes.size() < 12) return false;
  const std::string_view form = bytes.substr(8, 4);
  for (const char* magic : {"RF64", "riff", ".snd", "dns.", "caff", "fLaC", "OggS"}) {
    if (bytes.starts_with(magic)) return true;
  }
  if (bytes.starts_with("RIFF") || bytes.starts_with("RIFX")) return form == "WAVE";
  if (bytes.starts_with("FORM")) return form == "AIFF" || form == "AIFC";
  return bytes[0] == '\xFF' && (bytes[1] & 0xE0) == 0xE0;  // the frame header of MPEG audio
}

class SoundFile {
 public:
  SoundFile(const std::string& bytes, const std::string& id) : id_(id), source_{bytes} {
    SF_VIRTUAL_IO io{length_of, seek, read, write, tell};
    if (const auto fault = sound_file_fault({bytes.size(), bytes, bytes})) fail(*fault);
    if (const auto at = open_length_of_zero(bytes)) {
      completed_ = bytes;
      completed_.replace(*at, 4, "\xFF\xFF\xFF\xFF");
      source_.bytes = completed_;
    }
    if (has_known_format(bytes)) file_.reset(sf_open_virtual(&io, SFM_READ, &info_, &source_));
    // libsndfile's reason is a global that other threads write as well.
    if (!file_) fail(fmt::format("{} bytes that no decoder takes for a sound", bytes.size()));
    if (info_.samplerate < kLowestRateHz || info_.samplerate > kHighestRateHz) {
      fail(fmt::format("expected a sampling rate of {} to {} Hz, found {}", kLowestRateHz,
                       kHighestRateHz, info_.samplerate));
    }
  }

  int rate_hz() const { return info_.samplerate; }

  /// The mean of the channels, of at most `most` frames.
  std::vector<float> mono(sf_count_t most) {
    const sf_count_t channels = info_.channels;
    const sf_count_t block_frames = std::max<sf_count_t>(1, kBlockSamples / channels);
    std::vector<float> block(static_cast<std::size_t>(block_frames * channels));
    std::vector<float> out;
    while (std::ssize(out) < most) {
      const sf_count_t wanted = std::min(block_frames, most - std::ssize(out));
      const sf_count_t frames = sf_readf_float(file_.get(), block.data(), wanted);
      if (frames <= 0) break;
      append_mean(std::span(block).first(static_cast<std::size_t>(frames * channels)), out);
    }
    if (std::ssize(out) < most) check_end(std::ssize(out));
    if (out.empty()) fail("it holds no sound");
    return out;
  }

 private:
  struct Close {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("sound '{}': {}", id_, what));
  }

  /// What the container says of its length has been checked; this is what only decoding tells.
  void check_end(sf_count_t found) const {
    if ((info_.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG) {
      // Where no header tells its length libsndfile guesses one, and stops there. Some bytes may
      // be left that are no sound: tags.
      const sf_count_t length = std::ssize(source_.bytes);
      if (length - source_.at > kMostTrailingBytes) {
        fail(
            fmt::format("expected an MP3 that tells its length, found one that was read to byte "
                        "{} of {}",
                        source_.at, length));
      }
      return;
    }
    // A FLAC stream of unknown length says SF_COUNT_MAX.
    if (found < info_.frames && info_.frames != SF_COUNT_MAX) {
      fail(fmt::format("expected {} samples, found {}", info_.frames, found));
    }
  }

  void append_mean(std::span<const float> frames, std::vector<float>& out) const {
    const auto channels = static_cast<std::size_t>(info_.channels);
    for (; !frames.empty(); frames = frames.subspan(channels)) {
      double sum = 0.0;
      for (const float sample : frames.first(channels)) {
        if (!(std::abs(sample) <= kLoudest)) {
          fail(fmt::format("sample {}: expected a finite number within 2^32, found {}", out.size(),
                           sample));
        }
        sum += sample;
      }
      out.push_back(static_cast<float>(sum / static_cast<double>(channels)));
    }
  }

  std::string id_;
  std::string completed_;  // where the bytes have to be changed
  Source source_;
  SF_INFO info_{};
  std::unique_ptr<SNDFILE, Close> file_;
};

int converter(Resampler resampler) {
  if (resampler == Resampler::kBest) return SRC_SINC_BEST_QUALITY;
  return resampler == Resampler::kMedium ? SRC_SINC_MEDIUM_QUALITY : SRC_SINC_FASTEST;
}

std::vector<float> resampled(const std::vector<float>& samples, int from_hz,
                             const SoundShape& shape, const std::string& id) {
  const int to_hz = shape.rate_hz;
  const double ratio = static_cast<double>(to_hz) / from_hz;
  const auto length = (static_cast<std::int64_t>(samples.size()) * to_hz + from_hz - 1) / from_hz;
  std::vector<float> out(static_cast<std::size_t>(length), 0.0F);
  SRC_DATA data{};
  data.data_in = samples.data();
  data.data_out = out.data();
  data.input_frames = std::ssize(samples);
  data.output_frames = length;
  data.src_ratio = ratio;
  if (const int error = src_simple(&data, converter(shape.resampler), 1); error != 0) {
    throw DataError(
        fmt::format("sound '{}': from {} to {} Hz: {}", id, from_hz, to_hz, src_strerror(error)));
  }
  return out;
}

}  // namespace

std::vector<float> decode_sound(const std::string& bytes, const std::string& id,
                                const SoundShape& shape) {
  SoundFile file(bytes, id);
  const auto most = static_cast<sf_count_t>(std::ceil(shape.max_seconds * file.rate_hz()));
  std::vector<float> samples = file.mono(most);
  if (file.rate_hz() == shape.rate_hz) return samples;
  return resampled(samples, file.rate_hz(), shape, id);
}

int rate_of_sound(const std::string& bytes, const std::string& id) {
  return SoundFile(bytes, id).rate_hz();
}

std::map<std::string, std::string> sound_libraries() {
  return {{"libsndfile", sf_version_string()}, {"libsamplerate", src_get_version()}};
}

}  // namespace alignlab::features
