#include "geometry/paired_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/rng.h"
#include "search/search.h"

namespace alignlab {

void require_paired(const PairedRows& pairs) {
  const auto& [first, second] = pairs;
  if (first.rows.rows() != second.rows.rows()) {
    throw DataError(fmt::format("{} and {}: expected as many rows on both sides, found {} and {}",
                                first.name, second.name, first.rows.rows(), second.rows.rows()));
  }
  require_finite(first.rows, first.name);
  require_finite(second.rows, second.name);
}

std::vector<std::int32_t> identity_pairing(std::size_t n) {
  std::vector<std::int32_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::vector<std::int32_t> sample_rows(std::size_t n, std::size_t most, std::uint64_t seed) {
  std::vector<std::int32_t> out = identity_pairing(n);
  if (n <= most) return out;
  Rng rng(seed, "sample of rows");
  for (std::size_t i = 0; i < most; ++i) std::swap(out[i], out[i + rng.below(n - i)]);
  out.resize(most);
  std::ranges::sort(out);
  return out;
}

Matrix rows_at(MatrixView rows, std::span<const std::int32_t> which) {
  Matrix out(which.size(), rows.cols());
  for (std::size_t i = 0; i < which.size(); ++i) {
    std::ranges::copy(rows.row(static_cast<std::size_t>(which[i])), out.row(i).begin());
  }
  return out;
}

}  // namespace alignlab
