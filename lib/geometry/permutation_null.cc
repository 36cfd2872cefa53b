#include "geometry/permutation_null.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/rng.h"

namespace alignlab {
namespace {

// Of the largest magnitude: sums in another order differ by less.
constexpr double kRounding = 1e-12;

}  // namespace

std::optional<PermutationNull> permutation_null(const PairedMeasure& measure, std::size_t rows,
                                                const PermutationOptions& options) {
  assert(options.permutations >= 2);
  std::vector<std::int32_t> pairing = identity_pairing(rows);
  const std::optional<double> observed = measure(pairing);
  if (!observed) return std::nullopt;
  Rng rng(options.seed, "permutation");
  std::vector<double> values;
  double largest = std::abs(*observed);
  for (std::size_t b = 0; b < options.permutations; ++b) {
    rng.shuffle(std::span(pairing));
    const std::optional<double> value = measure(pairing);
    if (!value) return std::nullopt;
    values.push_back(*value);
    largest = std::max(largest, std::abs(*value));
  }
  const auto count = static_cast<double>(values.size());
  const double slack = kRounding * largest;
  PermutationNull out;
  out.observed = *observed;
  double reached = 0.0;
  for (const double value : values) {
    out.mean += value / count;
    reached += value >= *observed - slack;
  }
  double squares = 0.0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.deviation = std::sqrt(squares / (count - 1));
  if (out.deviation > slack) out.z = (*observed - out.mean) / out.deviation;
  out.p = (1.0 + reached) / (1.0 + count);
  return out;
}

}  // namespace alignlab
