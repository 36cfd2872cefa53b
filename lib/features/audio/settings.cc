#include "features/audio/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace alignlab::features {
namespace {

constexpr double kDbOfPower = 10.0 / std::numbers::ln10;

int samples_of(double milliseconds, int rate_hz) {
  return static_cast<int>(std::lround(milliseconds * rate_hz / 1000.0));
}

[[noreturn]] void fail(const Place& place, const std::string& what) {
  throw ConfigError(fmt::format("{}: {}", place.text(), what));
}

void check_mel_bands(const Section& options, const Place& place) {
  const MelShape shape = mel_shape(options);
  const int rate_hz = sound_shape(options).rate_hz;
  if (!(shape.low_hz < shape.high_hz && 2.0 * shape.high_hz <= rate_hz)) {
    fail(place, fmt::format("mel bands: expected low_hz < high_hz <= rate / 2 = {}, found {} to {}",
                            rate_hz / 2.0, shape.low_hz, shape.high_hz));
  }
  const int fft = stft_shape(options).fft;
  const FilterBank bank = mel_bank(shape, rate_hz, fft);
  const auto empty = std::ranges::find_if(bank, [](const Filter& f) { return f.weights.empty(); });
  if (empty != bank.end()) {
    fail(place, fmt::format("band {} of {} mel bands lies between two bins of a transform of {} "
                            "samples: expected fewer bands or a longer window or fft",
                            empty - bank.begin() + 1, bank.size(), fft));
  }
}

}  // namespace

SoundShape sound_shape(const Section& options) {
  const std::string& resampler = options.text("resampler");
  return {static_cast<int>(options.integer("rate")), options.real("max_seconds"),
          resampler == "best"     ? Resampler::kBest
          : resampler == "medium" ? Resampler::kMedium
                                  : Resampler::kFast};
}

StftShape stft_shape(const Section& options) {
  const int rate_hz = sound_shape(options).rate_hz;
  StftShape shape;
  shape.window = samples_of(options.real("window_ms"), rate_hz);
  shape.hop = samples_of(options.real("hop_ms"), rate_hz);
  shape.fft = static_cast<int>(options.integer("fft"));
  if (shape.fft == 0) {
    shape.fft = static_cast<int>(std::bit_ceil(static_cast<unsigned>(shape.window)));
  }
  const std::string& padding = options.text("padding");
  shape.padding = padding == "zero"      ? Padding::kZero
                  : padding == "reflect" ? Padding::kReflect
                                         : Padding::kNone;
  return shape;
}

MelShape mel_shape(const Section& options) {
  MelShape shape;
  shape.bands = static_cast<std::size_t>(options.integer("bands"));
  shape.low_hz = options.real("low_hz");
  shape.high_hz = options.real("high_hz");
  if (shape.high_hz == 0.0) shape.high_hz = sound_shape(options).rate_hz / 2.0;
  shape.formula = options.text("mel") == "htk" ? MelFormula::kHtk : MelFormula::kSlaney;
  shape.equal_area = options.text("mel_norm") == "area";
  return shape;
}

Logarithm power_logarithm(const Section& options) {
  const double factor = options.text("log") == "db" ? kDbOfPower : 1.0;
  return {factor, options.real("floor"), options.real("range_db") * factor / kDbOfPower,
          options.text("reference") == "peak"};
}

std::optional<Logarithm> magnitude_logarithm(const Section& options) {
  constexpr double kDbOfMagnitude = 2.0 * kDbOfPower;
  const std::string& compression = options.text("compression");
  if (compression == "none") return std::nullopt;
  const double factor = compression == "db" ? kDbOfMagnitude : 1.0;
  return Logarithm{factor, std::sqrt(options.real("floor")),
                   options.real("range_db") * factor / kDbOfMagnitude,
                   options.text("reference") == "peak"};
}

Pooling pooling(const Section& options) {
  const std::string& pool = options.text("pool");
  return {pool == "mean"       ? 1U
          : pool == "mean+std" ? 2U
                               : 3U,
          static_cast<std::size_t>(options.integer("segments"))};
}

void check_sound_options(const FeatureSpec& spec, const Place& place) {
  if (!spec.options.values().contains("window_ms")) return;
  const StftShape shape = stft_shape(spec.options);
  if (shape.fft < shape.window) {
    fail(place, fmt::format("expected fft >= {} samples, which window_ms is at this rate, found {}",
                            shape.window, shape.fft));
  }
  const auto bands = static_cast<std::size_t>(spec.options.integer("bands"));
  for (const std::string& kind : parts_of_kind(spec.kind)) {
    if (kind == "stft" && bands > bins_of(shape)) {
      fail(place, fmt::format("stft: expected bands <= {}, the bins of a transform of {} samples, "
                              "found {}",
                              bins_of(shape), shape.fft, bands));
    }
    if (kind == "log-mel" || kind == "mfcc") check_mel_bands(spec.options, place);
    if (kind == "mfcc" && spec.options.integer("coefficients") > spec.options.integer("bands")) {
      fail(place, fmt::format("mfcc: expected coefficients <= bands = {}, found {}", bands,
                              spec.options.integer("coefficients")));
    }
  }
}

}  // namespace alignlab::features
