#include "geometry/hubs.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace alignlab {

std::optional<Hubness> hubness(const TopK& found, std::size_t candidates) {
  if (found.ids.empty() || candidates == 0) return std::nullopt;
  std::vector<std::int64_t> counts(candidates, 0);
  std::int64_t total = 0;
  for (const std::int32_t id : found.ids) {
    if (id < 0) continue;
    assert(static_cast<std::size_t>(id) < candidates);
    ++counts[static_cast<std::size_t>(id)];
    ++total;
  }
  const auto size = static_cast<double>(candidates);
  const double mean = static_cast<double>(total) / size;
  double second = 0.0, third = 0.0;
  for (const std::int64_t count : counts) {
    const double difference = static_cast<double>(count) - mean;
    second += difference * difference;
    third += difference * difference * difference;
  }
  Hubness out;
  out.largest = std::ranges::max(counts);
  out.antihub_share = static_cast<double>(std::ranges::count(counts, 0)) / size;
  if (std::ranges::min(counts) < out.largest) {
    out.skewness = third / size / std::pow(second / size, 1.5);
  }
  return out;
}

}  // namespace alignlab
