// Magnitudes of the short-time Fourier transform, averaged within linear bands.

#include "features/audio/settings.h"
#include "features/audio/sound_kind.h"

namespace alignlab::features {

FeatureKindPtr make_stft(const Section& options) {
  const SoundShape sound = sound_shape(options);
  const StftShape shape = stft_shape(options);
  const FilterBank bank =
      linear_bank(static_cast<std::size_t>(options.integer("bands")), bins_of(shape));
  const std::optional<Logarithm> logarithm = magnitude_logarithm(options);
  const Pooling pools = pooling(options);
  return make_sound_kind(
      "stft", sound.rate_hz / 2.0, pooled_width(pools, bank.size()),
      [=](const std::string& content, const std::string& id, std::span<float> out) {
        Matrix frames =
            band_values(decode_sound(content, id, sound), shape, bank, Measure::kMagnitude);
        if (logarithm) take_logarithm(*logarithm, frames);
        pool(frames, pools, out);
      });
}

}  // namespace alignlab::features
