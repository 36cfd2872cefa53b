#pragma once

// Bands of a spectrum as weighted sums of its bins.
//
// The mel scale in two formulas. Slaney's (Auditory Toolbox, Technical Report 1998-010, Interval
// Research): linear to 1000 Hz at 3 mel for 200 Hz, then 27 mel for each factor of 6.4. HTK's
// (Young et al., "The HTK Book"): 2595 log10(1 + hz / 700). Triangles stand with their corners at
// bands + 2 points evenly spaced in mel; "area" divides each by half its width in Hz, so that every
// band weighs white noise alike. As librosa documents filters.mel (htk, norm):
// https://librosa.org/doc/latest/generated/librosa.filters.mel.html

#include <cstddef>
#include <vector>

namespace alignlab::features {

struct Filter {
  std::size_t first = 0;  // the bin of the first weight
  std::vector<float> weights;
};

using FilterBank = std::vector<Filter>;

enum class MelFormula { kSlaney, kHtk };

double mel_from_hz(double hz, MelFormula formula);
double hz_from_mel(double mel, MelFormula formula);

struct MelShape {
  std::size_t bands = 64;
  double low_hz = 0.0;
  double high_hz = 8000.0;
  MelFormula formula = MelFormula::kSlaney;
  bool equal_area = true;
};

/// Over the bins of a transform of `fft` samples at `rate_hz`. A triangle too narrow to hold a bin
/// has no weights.
FilterBank mel_bank(const MelShape& shape, int rate_hz, int fft);

/// The mean of each of `bands` neighbouring groups of bins, as equal as they can be; a bin stands
/// in several where there are more bands than bins.
FilterBank linear_bank(std::size_t bands, std::size_t bins);

}  // namespace alignlab::features
