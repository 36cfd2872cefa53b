#include "eval/median_rank.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include "eval/query_metrics.h"
#include "eval/statistic.h"

namespace alignlab {
namespace {

// Sums of probabilities miss exact halves by rounding; half a query is far larger than that.
constexpr double kSlack = 1e-9;

}  // namespace

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
  is_even_ = std::ranges::adjacent_find(totals_, std::not_equal_to<>()) == totals_.end();
  make_steps();
  set_anchor();
}

void MedianRank::make_steps() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i == 0 || entries_[i].rank != entries_[i - 1].rank) {
      steps_.push_back({entries_[i].rank, i, i, {}});
    }
    ++steps_.back().end;
  }
  for (Step& step : steps_) {
    if (step.end - step.begin < totals_.size() / 8) continue;
    step.masses.resize(totals_.size(), 0.0);
    for (std::size_t i = step.begin; i < step.end; ++i) {
      step.masses[static_cast<std::size_t>(entries_[i].group)] = entries_[i].mass;
    }
  }
}

/// As far below the median as resamples seldom reach: four standard errors, were the queries of a
/// group to stand or fall together.
void MedianRank::set_anchor() {
  skipped_.resize(totals_.size(), 0.0);
  const double total = std::accumulate(totals_.begin(), totals_.end(), 0.0);
  const double share = 0.5 - 2.0 / std::sqrt(static_cast<double>(totals_.size()));
  double below = 0.0;
  for (; anchor_ < steps_.size(); ++anchor_) {
    const std::span own(entries_.begin() + static_cast<std::ptrdiff_t>(steps_[anchor_].begin),
                        steps_[anchor_].end - steps_[anchor_].begin);
    for (const Entry& entry : own) below += entry.mass;
    if (below > share * total) return;
    for (const Entry& entry : own) skipped_[static_cast<std::size_t>(entry.group)] += entry.mass;
  }
}

/// `below` is what stands before the step, less than half of the total.
template <typename Mass>
double MedianRank::median_from(std::size_t step, double below, double total,
                               const Mass& mass_of) const {
  const double half = total / 2.0;
  const double slack = kSlack * total;
  std::optional<std::int64_t> lower;
  for (; step < steps_.size(); ++step) {
    const double mass = mass_of(steps_[step]);
    if (mass == 0.0) continue;
    below += mass;
    const std::int64_t rank = steps_[step].rank;
    if (!lower && below >= half - slack) lower = rank;
    if (below > half + slack) return std::floor(static_cast<double>(*lower + rank) / 2.0) + 1.0;
  }
  return static_cast<double>(*lower) + 1.0;
}

std::optional<double> MedianRank::value() const {
  return value(std::vector<std::uint32_t>(totals_.size(), 1));
}

std::optional<double> MedianRank::value(std::span<const std::uint32_t> multiplicities) const {
  const auto judged = multiplicities.first(totals_.size());
  const double total =
      is_even_ && !judged.empty()
          ? totals_.front() * static_cast<double>(std::accumulate(judged.begin(), judged.end(), 0U))
          : weighted_sum(totals_, judged);
  if (total == 0.0) return std::nullopt;
  const auto mass_of = [&](const Step& step) {
    if (!step.masses.empty()) return weighted_sum(step.masses, judged);
    double mass = 0.0;
    for (std::size_t i = step.begin; i < step.end; ++i) {
      mass += judged[static_cast<std::size_t>(entries_[i].group)] * entries_[i].mass;
    }
    return mass;
  };
  const double skipped = anchor_ == 0 ? 0.0 : weighted_sum(skipped_, judged);
  if (skipped >= total / 2.0 - kSlack * total) return median_from(0, 0.0, total, mass_of);
  return median_from(anchor_, skipped, total, mass_of);
}

}  // namespace alignlab
