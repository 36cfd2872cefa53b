#include "features/audio/spectrum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <opencv2/core.hpp>

namespace alignlab::features {
namespace {

constexpr std::size_t kBlockFrames = 64;

std::vector<float> hann(int length) {
  std::vector<float> out;
  for (int i = 0; i < length; ++i) {
    out.push_back(static_cast<float>(0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * i / length)));
  }
  return out;
}

/// Sample i of a sound mirrored about its first and last sample, again and again.
float reflected(std::span<const float> samples, std::int64_t i) {
  const std::int64_t period = 2 * (std::ssize(samples) - 1);
  if (period <= 0) return samples.empty() ? 0.0F : samples[0];
  const std::int64_t at = ((i % period) + period) % period;
  return samples[static_cast<std::size_t>(std::min(at, period - at))];
}

std::vector<float> padded(std::span<const float> samples, const StftShape& shape) {
  const std::int64_t side = shape.padding == Padding::kNone ? 0 : shape.fft / 2;
  const std::int64_t length = std::ssize(samples) + 2 * side;
  std::vector<float> out(static_cast<std::size_t>(std::max<std::int64_t>(length, shape.fft)), 0.0F);
  std::ranges::copy(samples, out.begin() + side);
  if (shape.padding == Padding::kReflect) {
    for (std::int64_t i = 0; i < side; ++i) {
      out[static_cast<std::size_t>(i)] = reflected(samples, i - side);
      out[static_cast<std::size_t>(length - 1 - i)] =
          reflected(samples, std::ssize(samples) - 1 + side - i);
    }
  }
  return out;
}

/// Row by row, out of OpenCV's packed form: re 0, re 1, im 1, re 2 ..., and re fft/2 if fft is
/// even.
void measure_bins(std::span<const float> packed, Measure measure, std::span<float> bins) {
  const auto square = [](double value) { return value * value; };
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const double re = k == 0 ? packed[0] : packed[2 * k - 1];
    const double im = k == 0 || 2 * k >= packed.size() ? 0.0 : packed[2 * k];
    const double power = square(re) + square(im);
    bins[k] = static_cast<float>(measure == Measure::kPower ? power : std::sqrt(power));
  }
}

void apply(const FilterBank& bank, std::span<const float> bins, std::span<float> out) {
  for (std::size_t band = 0; band < bank.size(); ++band) {
    const float* from = bins.data() + bank[band].first;
    double sum = 0.0;
    for (const float weight : bank[band].weights) sum += static_cast<double>(weight) * *from++;
    out[band] = static_cast<float>(sum);
  }
}

void to_floats(std::span<const double> from, std::span<float> to) {
  std::ranges::transform(from, to.begin(), [](double value) { return static_cast<float>(value); });
}

/// Weights w_-m .. w_m such that their sum with the values is a derivative of the fitted polynomial
/// at any frame of the window: the line's first and the parabola's second derivative are constant.
std::vector<double> derivative_weights(std::size_t width, int order) {
  const auto half = static_cast<double>(width / 2);
  const double mean_square = half * (half + 1.0) / 3.0;
  std::vector<double> out;
  double squares = 0.0;
  for (double n = -half; n <= half; ++n) {
    out.push_back(order == 1 ? n : n * n - mean_square);
    squares += out.back() * out.back();
  }
  for (double& weight : out) weight *= (order == 1 ? 1.0 : 2.0) / squares;
  return out;
}

}  // namespace

Matrix band_values(std::span<const float> samples, const StftShape& shape, const FilterBank& bank,
                   Measure measure) {
  assert(shape.window >= 1 && shape.window <= shape.fft && shape.hop >= 1);
  const std::vector<float> sound = padded(samples, shape);
  const std::vector<float> window = hann(shape.window);
  const auto hop = static_cast<std::size_t>(shape.hop);
  const auto fft = static_cast<std::size_t>(shape.fft);
  const std::size_t left = (fft - window.size()) / 2;
  Matrix out(1 + (sound.size() - fft) / hop, bank.size());
  std::vector<float> bins(bins_of(shape));
  cv::Mat block, spectra;
  for (std::size_t first = 0; first < out.rows(); first += kBlockFrames) {
    const std::size_t count = std::min(kBlockFrames, out.rows() - first);
    block = cv::Mat::zeros(static_cast<int>(count), shape.fft, CV_32F);
    for (std::size_t i = 0; i < count; ++i) {
      float* to = block.ptr<float>(static_cast<int>(i)) + left;
      const float* from = sound.data() + (first + i) * hop + left;
      for (std::size_t n = 0; n < window.size(); ++n) to[n] = from[n] * window[n];
    }
    cv::dft(block, spectra, cv::DFT_ROWS);
    for (std::size_t i = 0; i < count; ++i) {
      measure_bins({spectra.ptr<float>(static_cast<int>(i)), fft}, measure, bins);
      apply(bank, bins, out.row(first + i));
    }
  }
  return out;
}

void take_logarithm(const Logarithm& logarithm, Matrix& values) {
  for (float& value : values.values()) {
    const double x = std::max(static_cast<double>(value), logarithm.least);
    value = static_cast<float>(logarithm.factor * std::log(x));
  }
  if (values.values().empty()) return;
  const float largest = *std::ranges::max_element(values.values());
  const float reference = logarithm.relative ? largest : 0.0F;
  const float least = logarithm.range > 0.0 ? largest - static_cast<float>(logarithm.range)
                                            : std::numeric_limits<float>::lowest();
  for (float& value : values.values()) value = std::max(value, least) - reference;
}

Matrix cosine_transform(const Matrix& rows, std::size_t count) {
  const auto width = static_cast<double>(rows.cols());
  std::vector<double> cosines;  // cols x count, so that the inner loop below is one of vectors
  for (std::size_t n = 0; n < rows.cols(); ++n) {
    for (std::size_t k = 0; k < count; ++k) {
      const double turn = (static_cast<double>(n) + 0.5) * static_cast<double>(k) / width;
      const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / width);
      cosines.push_back(scale * std::cos(std::numbers::pi * turn));
    }
  }
  Matrix out(rows.rows(), count);
  std::vector<double> sums(count);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::ranges::fill(sums, 0.0);
    for (std::size_t n = 0; n < rows.cols(); ++n) {
      const double value = rows.row(i)[n];
      for (std::size_t k = 0; k < count; ++k) sums[k] += value * cosines[n * count + k];
    }
    to_floats(sums, out.row(i));
  }
  return out;
}

Matrix deltas(const Matrix& rows, int order) {
  assert(order == 1 || order == 2);
  Matrix out(rows.rows(), rows.cols());
  const std::size_t width = std::min(kDeltaWidth, rows.rows() - (rows.rows() + 1) % 2);
  if (rows.rows() < 3) return out;
  const std::vector<double> weights = derivative_weights(width, order);
  std::vector<double> sums(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const std::size_t centred = i < width / 2 ? 0 : i - width / 2;
    const std::size_t first = std::min(centred, rows.rows() - width);
    std::ranges::fill(sums, 0.0);
    for (std::size_t n = 0; n < width; ++n) {
      const auto row = rows.row(first + n);
      for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += weights[n] * row[j];
    }
    to_floats(sums, out.row(i));
  }
  return out;
}

}  // namespace alignlab::features
