#include "eval/median_rank.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "eval/query_metrics.h"

namespace alignlab {

MedianRank::MedianRank(const Ranks& ranks, TiePolicy ties, std::span<const std::int32_t> groups) {
  // Many queries of a group share one distribution: a constant scorer's all do.
  std::map<std::tuple<std::int32_t, std::int64_t, std::int64_t, std::int64_t>, double> alike;
  for (std::size_t i = 0; i < ranks.queries(); ++i) {
    if (ranks.offsets[i + 1] == ranks.offsets[i]) continue;
    const TieGroup best = positions_of(ranks, i, ties).front();
    alike[{groups.empty() ? 0 : groups[i], best.first, best.size, best.relevant}] += 1.0;
  }
  std::map<std::pair<std::int64_t, std::int32_t>, double> masses;
  for (const auto& [query, count] : alike) {
    const auto& [group, first, size, relevant] = query;
    for_each_best_offset(size, relevant, [&](std::int64_t j, double probability) {
      masses[{first + j, group}] += count * probability;
    });
  }
  entries_.reserve(masses.size());
  for (const auto& [at, mass] : masses) {
    entries_.push_back({at.first, at.second, mass});
    const auto group = static_cast<std::size_t>(at.second);
    totals_.resize(std::max(totals_.size(), group + 1), 0.0);
    totals_[group] += mass;
  }
}

template <typename Weight>
std::optional<double> MedianRank::value_with(const Weight& weight) const {
  double total = 0.0;
  for (std::size_t g = 0; g < totals_.size(); ++g) {
    total += weight(static_cast<std::int32_t>(g)) * totals_[g];
  }
  if (total == 0.0) return std::nullopt;
  const double half = total / 2.0;
  // Sums of probabilities miss exact halves by rounding; half a query is far larger than that.
  const double slack = 1e-9 * total;
  std::optional<std::int64_t> lower;
  double below = 0.0;
  for (std::size_t i = 0; i < entries_.size();) {
    const std::int64_t rank = entries_[i].rank;
    double mass = 0.0;
    for (; i < entries_.size() && entries_[i].rank == rank; ++i) {
      mass += weight(entries_[i].group) * entries_[i].mass;
    }
    if (mass == 0.0) continue;
    below += mass;
    if (!lower && below >= half - slack) lower = rank;
    if (below > half + slack) return std::floor(static_cast<double>(*lower + rank) / 2.0) + 1.0;
  }
  return static_cast<double>(*lower) + 1.0;
}

std::optional<double> MedianRank::value() const {
  return value_with([](std::int32_t) { return 1.0; });
}

std::optional<double> MedianRank::value(std::span<const std::uint32_t> multiplicities) const {
  return value_with([&](std::int32_t group) {
    return static_cast<double>(multiplicities[static_cast<std::size_t>(group)]);
  });
}

}  // namespace alignlab
