#include "features/audio/decode.h"
#include "features/kind_options.h"

namespace alignlab::features {
namespace {

Option bands_option(const char* summary, std::int64_t fallback) {
  return {.name = "bands", .summary = summary, .fallback = fallback, .least = 1, .most = 1024};
}

Options sound_options() {
  return {
      {.name = "rate",
       .summary = "Hz: sounds are converted to this sampling rate",
       .fallback = std::int64_t{16000},
       .least = features::kLowestTargetHz,
       .most = features::kHighestTargetHz},
      {.name = "resampler",
       .summary = "how another rate is converted: they pass 80, 90 and 97 percent of the band "
                  "(libsamplerate's sinc converters)",
       .fallback = std::string("medium"),
       .choices = {"fast", "medium", "best"}},
      {.name = "max_seconds",
       .summary = "what a longer sound has beyond is not read",
       .fallback = 30.0,
       .least = 0.1,
       .most = 600.0},
      {.name = "window_ms",
       .summary = "milliseconds of a frame, weighed by a Hann window",
       .fallback = 25.0,
       .least = 1.0,
       .most = 1000.0},
      {.name = "hop_ms",
       .summary = "milliseconds from one frame to the next",
       .fallback = 10.0,
       .least = 1.0,
       .most = 1000.0},
      {.name = "fft",
       .summary = "samples of the transform; 0: the least power of two that holds the window",
       .fallback = std::int64_t{0},
       .least = 0,
       .most = 262144},
      {.name = "padding",
       .summary = "what lies beyond both ends, for frames centred at multiples of the hop; "
                  "none: frames lie within the sound",
       .fallback = std::string("zero"),
       .choices = {"zero", "reflect", "none"}},
      {.name = "floor",
       .summary = "powers below it count as it when logarithms are taken",
       .fallback = 1e-10,
       .least = 1e-30,
       .most = 1.0},
      {.name = "range_db",
       .summary = "what lies further below the loudest band of the sound is raised to there; "
                  "0: nothing is",
       .fallback = 80.0,
       .least = 0.0,
       .most = 400.0},
      {.name = "reference",
       .summary = "logarithms are of shares of full-scale, or of the loudest band of the sound, "
                  "its peak: then how loud a sound is makes no difference",
       .fallback = std::string("peak"),
       .choices = {"full-scale", "peak"}},
      {.name = "pool",
       .summary = "statistics over the frames of a segment",
       .fallback = std::string("mean+std"),
       .choices = {"mean", "mean+std", "mean+std+max"}},
      {.name = "segments",
       .summary = "a sound is cut into so many equal segments, pooled one by one",
       .fallback = std::int64_t{4},
       .least = 1,
       .most = 64},
      scale_option("standardize")};
}

Options with_sound_options(Options options) {
  for (Option& option : sound_options()) options.push_back(std::move(option));
  return options;
}

}  // namespace

Options stft_options() {
  return with_sound_options(
      {bands_option("equal groups of frequencies whose magnitudes are averaged", 50),
       {.name = "compression",
        .summary = "what is done to magnitudes: dB, natural logarithm or nothing",
        .fallback = std::string("db"),
        .choices = {"none", "db", "ln"}}});
}

Options log_mel_options() {
  return with_sound_options(
      {bands_option("mel bands", 64),
       {.name = "low_hz", .summary = "where the first band begins", .fallback = 0.0, .least = 0.0},
       {.name = "high_hz",
        .summary = "where the last band ends; 0: at half the rate",
        .fallback = 0.0,
        .least = 0.0},
       {.name = "mel",
        .summary = "formula of the mel scale",
        .fallback = std::string("slaney"),
        .choices = {"slaney", "htk"}},
       {.name = "mel_norm",
        .summary = "area: triangles of equal area; none: of height 1",
        .fallback = std::string("area"),
        .choices = {"area", "none"}},
       {.name = "log",
        .summary = "dB or natural logarithm",
        .fallback = std::string("db"),
        .choices = {"db", "ln"}}});
}

Options mfcc_options() {
  Options options{{.name = "coefficients",
                   .summary = "cepstral coefficients kept, from the first",
                   .fallback = std::int64_t{20},
                   .least = 1,
                   .most = 1024},
                  {.name = "deltas",
                   .summary = "1 adds slopes in time, 2 second derivatives as well",
                   .fallback = std::int64_t{0},
                   .least = 0,
                   .most = 2}};
  for (Option& option : log_mel_options()) {
    if (option.name == "bands") option.fallback = std::int64_t{40};
    options.push_back(std::move(option));
  }
  return options;
}

}  // namespace alignlab::features
