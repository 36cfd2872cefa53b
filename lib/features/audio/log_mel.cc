#include "features/audio/log_mel.h"

#include "features/audio/sound_kind.h"

namespace alignlab::features {

LogMel::LogMel(const Section& options)
    : sound_(sound_shape(options)),
      stft_(stft_shape(options)),
      bank_(mel_bank(mel_shape(options), sound_.rate_hz, stft_.fft)),
      logarithm_(power_logarithm(options)) {}

Matrix LogMel::frames(const std::string& bytes, const std::string& id) const {
  Matrix out = band_values(decode_sound(bytes, id, sound_), stft_, bank_, Measure::kPower);
  take_logarithm(logarithm_, out);
  return out;
}

FeatureKindPtr make_log_mel(const Section& options) {
  const LogMel log_mel(options);
  const Pooling pools = pooling(options);
  return make_sound_kind(
      "log-mel", mel_shape(options).high_hz, pooled_width(pools, log_mel.bands()),
      [=](const std::string& content, const std::string& id, std::span<float> out) {
        pool(log_mel.frames(content, id), pools, out);
      });
}

}  // namespace alignlab::features
