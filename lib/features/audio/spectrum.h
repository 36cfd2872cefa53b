#pragma once

// Short-time spectra and what is made of them. Matrices hold a row for each frame.
//
// The transform is as librosa documents stft (n_fft, win_length, hop_length, center, pad_mode):
// https://librosa.org/doc/latest/generated/librosa.stft.html. The window is a periodic Hann window,
// centred in the transform; a full-scale sine on a bin has magnitude window / 4. Cepstra follow
// Davis and Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word
// Recognition in Continuously Spoken Sentences", IEEE TASSP 28(4), 1980.

#include <cstddef>
#include <span>
#include <vector>

#include "core/matrix.h"
#include "features/audio/filter_bank.h"

namespace alignlab::features {

/// What lies before the first sample and after the last. With kNone the first frame starts at the
/// first sample; otherwise it is centred there.
enum class Padding { kZero, kReflect, kNone };

/// In samples; 1 <= window <= fft, hop >= 1.
struct StftShape {
  int window = 400;
  int hop = 160;
  int fft = 512;
  Padding padding = Padding::kZero;
};

inline std::size_t bins_of(const StftShape& shape) {
  return static_cast<std::size_t>(shape.fft / 2 + 1);
}

enum class Measure { kMagnitude, kPower };

/// frames x bank.size(): in each frame, the weighted sum of each filter over the bins' magnitudes,
/// or their squares. Centred, n samples have 1 + n / hop frames; else 1 + (n - fft) / hop. There is
/// always one: what is too short is filled up with zeros. Memory is that of the result and a few
/// hundred transforms. A pure function of its arguments.
Matrix band_values(std::span<const float> samples, const StftShape& shape, const FilterBank& bank,
                   Measure measure);

/// y = factor * ln(max(x, least)), then raised to `range` below the largest y of the sound, then
/// less that largest y where it is `relative`: so librosa documents power_to_db (amin, top_db,
/// ref).
struct Logarithm {
  double factor = 1.0;
  double least = 1e-10;
  double range = 0.0;  // 0: no limit
  bool relative = false;
};

void take_logarithm(const Logarithm& logarithm, Matrix& values);

/// The first `count` coefficients of the orthonormal DCT-II of each row.
Matrix cosine_transform(const Matrix& rows, std::size_t count);

inline constexpr std::size_t kDeltaWidth = 9;

/// The first or second derivative in time of each column: that of the line (order 1) or parabola
/// (order 2) fitted to kDeltaWidth frames around each (Savitzky and Golay, Analytical Chemistry
/// 36(8), 1964), or to the first or last so many near the ends, as librosa documents feature.delta
/// with mode "interp". Fewer frames than that are fitted all together (an odd number of them); with
/// fewer than three, derivatives are 0.
Matrix deltas(const Matrix& rows, int order);

}  // namespace alignlab::features
