#pragma once

// What the options of the kinds for sound mean in samples, bins and filters. Free of the libraries
// that do the work: the front program checks configs with it.

#include <optional>

#include "features/audio/decode.h"
#include "features/audio/filter_bank.h"
#include "features/audio/pooling.h"
#include "features/audio/spectrum.h"
#include "features/feature_kind.h"

namespace alignlab::features {

SoundShape sound_shape(const Section& options);
StftShape stft_shape(const Section& options);
MelShape mel_shape(const Section& options);
/// Of powers, in dB or as natural logarithms.
Logarithm power_logarithm(const Section& options);
/// Of magnitudes; none where they stay as they are.
std::optional<Logarithm> magnitude_logarithm(const Section& options);
Pooling pooling(const Section& options);

/// ConfigError for a transform shorter than its window, a mel band that holds no bin, more linear
/// bands than bins, more coefficients than bands. Says nothing about kinds that are not for sound.
void check_sound_options(const FeatureSpec& spec, const Place& place);

}  // namespace alignlab::features
