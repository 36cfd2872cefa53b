#pragma once

// What the feature kinds of sounds share beside the frames: they learn nothing, but look at the
// rates of the training sounds.

#include "features/makers.h"

namespace alignlab::features {

/// As make_unfitted_kind(). Of sounds whose own rate is less than the one they are converted to,
/// the bands above half of it are the same whatever they are of: where all training sounds are such
/// and `highest_hz`, the end of the last band, is beyond, fit() warns, naming the rate that holds
/// all.
FeatureKindPtr make_sound_kind(const std::string& name, double highest_hz, std::size_t width,
                               DescribeItem describe);

}  // namespace alignlab::features
