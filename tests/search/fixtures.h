#pragma once

// What tests of corrections and score moments share.

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/matrix.h"
#include "core/rng.h"
#include "search/search.h"
#include "tests/search/oracle.h"

namespace alignlab::tests {

inline Matrix random_rows(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.normal());
  return out;
}

inline std::vector<double> random_bias(std::size_t rows, Rng& rng) {
  std::vector<double> out(rows);
  for (double& value : out) value = rng.normal();
  return out;
}

inline std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> out;
  for (const double value : values) out.push_back(std::bit_cast<std::uint64_t>(value));
  return out;
}

struct Moments {
  long double mean = 0.0L;
  long double deviation = 0.0L;
};

/// In two passes, so nothing cancels.
inline Moments moments_of(const Scores& scores) {
  long double sum = 0.0L, count = 0.0L;
  for (const auto& row : scores) {
    for (const double score : row) sum += score, count += 1.0L;
  }
  Moments out{sum / count, 0.0L};
  for (const auto& row : scores) {
    for (const double score : row) out.deviation += (score - out.mean) * (score - out.mean);
  }
  out.deviation = std::sqrt(out.deviation / count);
  return out;
}

inline const std::array<Kernel, 4> kKernels{
    {{"scalar", 1}, {"certified", 1}, {"certified", 2}, {"certified", 5}}};

}  // namespace alignlab::tests
