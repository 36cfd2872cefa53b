#pragma once

// Sounds made in memory and encoded by libsndfile.

#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>
#include <vector>

namespace alignlab::tests {

/// `count` samples of a sine that starts at phase 0.
inline std::vector<float> sine(double hz, int rate_hz, std::size_t count, double amplitude = 1.0) {
  std::vector<float> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double turns = hz * static_cast<double>(i) / rate_hz;
    out.push_back(static_cast<float>(amplitude * std::sin(2.0 * std::numbers::pi * turns)));
  }
  return out;
}

/// Encodes interleaved samples; `format` as sndfile.h names it, major and subtype. Multiples of
/// 2^-15 survive 16 bits unchanged, which libsndfile's own scaling by 32767 would not let them.
inline std::string encoded(const std::vector<float>& samples, int rate_hz, int channels = 1,
                           int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16) {
  struct Sink {
    std::string bytes;
    sf_count_t at = 0;
  } sink;
  SF_VIRTUAL_IO io{
      [](void* to) { return static_cast<sf_count_t>(static_cast<Sink*>(to)->bytes.size()); },
      [](sf_count_t offset, int whence, void* to) {
        auto& out = *static_cast<Sink*>(to);
        const auto size = static_cast<sf_count_t>(out.bytes.size());
        out.at = offset + (whence == SEEK_CUR ? out.at : whence == SEEK_END ? size : 0);
        return out.at;
      },
      [](void* data, sf_count_t count, void* from) {
        auto& in = *static_cast<Sink*>(from);
        const auto there = std::min(count, static_cast<sf_count_t>(in.bytes.size()) - in.at);
        std::memcpy(data, in.bytes.data() + in.at, static_cast<std::size_t>(there));
        in.at += there;
        return there;
      },
      [](const void* data, sf_count_t count, void* to) {
        auto& out = *static_cast<Sink*>(to);
        const auto end = static_cast<std::size_t>(out.at + count);
        if (out.bytes.size() < end) out.bytes.resize(end);
        std::memcpy(out.bytes.data() + out.at, data, static_cast<std::size_t>(count));
        out.at += count;
        return count;
      },
      [](void* of) { return static_cast<Sink*>(of)->at; }};
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open_virtual(&io, SFM_WRITE, &info, &sink);
  EXPECT_NE(file, nullptr) << sf_strerror(nullptr);
  if (file == nullptr) return "";
  const auto count = static_cast<sf_count_t>(samples.size());
  if ((format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16) {
    std::vector<short> whole;
    for (const float sample : samples) {
      whole.push_back(
          static_cast<short>(std::clamp(std::lround(sample * 32768.0F), -32768L, 32767L)));
    }
    EXPECT_EQ(sf_write_short(file, whole.data(), count), count);
  } else {
    EXPECT_EQ(sf_write_float(file, samples.data(), count), count);
  }
  sf_close(file);
  return sink.bytes;
}

inline std::string float_wav(const std::vector<float>& samples, int rate_hz) {
  return encoded(samples, rate_hz, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
}

}  // namespace alignlab::tests
