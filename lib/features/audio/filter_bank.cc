#include "features/audio/filter_bank.h"

#include <algorithm>
#include <cmath>

namespace alignlab::features {
namespace {

constexpr double kSlaneyHzPerMel = 200.0 / 3.0;
constexpr double kSlaneyKneeHz = 1000.0;
constexpr double kSlaneyKneeMel = kSlaneyKneeHz / kSlaneyHzPerMel;
const double kSlaneyLogStep = std::log(6.4) / 27.0;

}  // namespace

double mel_from_hz(double hz, MelFormula formula) {
  if (formula == MelFormula::kHtk) return 2595.0 * std::log10(1.0 + hz / 700.0);
  if (hz < kSlaneyKneeHz) return hz / kSlaneyHzPerMel;
  return kSlaneyKneeMel + std::log(hz / kSlaneyKneeHz) / kSlaneyLogStep;
}

double hz_from_mel(double mel, MelFormula formula) {
  if (formula == MelFormula::kHtk) return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  if (mel < kSlaneyKneeMel) return mel * kSlaneyHzPerMel;
  return kSlaneyKneeHz * std::exp((mel - kSlaneyKneeMel) * kSlaneyLogStep);
}

FilterBank mel_bank(const MelShape& shape, int rate_hz, int fft) {
  const double low = mel_from_hz(shape.low_hz, shape.formula);
  const double high = mel_from_hz(shape.high_hz, shape.formula);
  const auto corner = [&](std::size_t i) {
    const double share = static_cast<double>(i) / static_cast<double>(shape.bands + 1);
    return hz_from_mel(low + (high - low) * share, shape.formula);
  };
  const double bin_hz = static_cast<double>(rate_hz) / fft;
  const auto bins = static_cast<std::size_t>(fft / 2 + 1);
  FilterBank bank(shape.bands);
  for (std::size_t band = 0; band < shape.bands; ++band) {
    const double left = corner(band), top = corner(band + 1), right = corner(band + 2);
    const double scale = shape.equal_area ? 2.0 / (right - left) : 1.0;
    Filter& filter = bank[band];
    filter.first = static_cast<std::size_t>(left / bin_hz) + 1;
    for (std::size_t bin = filter.first; bin < bins; ++bin) {
      const double hz = static_cast<double>(bin) * bin_hz;
      const double weight = std::min((hz - left) / (top - left), (right - hz) / (right - top));
      if (weight <= 0.0) break;
      filter.weights.push_back(static_cast<float>(weight * scale));
    }
  }
  return bank;
}

FilterBank linear_bank(std::size_t bands, std::size_t bins) {
  FilterBank bank(bands);
  for (std::size_t band = 0; band < bands; ++band) {
    const std::size_t first = band * bins / bands;
    const std::size_t end = std::max(first + 1, (band + 1) * bins / bands);
    bank[band] = {first, std::vector<float>(end - first, 1.0F / static_cast<float>(end - first))};
  }
  return bank;
}

}  // namespace alignlab::features
