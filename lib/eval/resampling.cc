#include "eval/resampling.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>

#include "core/rng.h"
#include "eval/column_sums.h"
#include "eval/normal.h"

namespace alignlab {
namespace {

// half * groups / 2^16 is uniform once the first 2^16 mod groups remainders are refused (Lemire,
// "Fast random integer generation in an interval", 2019).
void draw_by_halves(Rng& rng, std::span<std::uint32_t> multiplicities) {
  const auto groups = static_cast<std::uint32_t>(multiplicities.size());
  const std::uint32_t refused = groups == 0 ? 0 : 65536 % groups;
  std::uint32_t left = groups;
  // 1 for a draw, 0 for one that is refused; without a branch, which could not be foreseen.
  const auto take = [&](std::uint32_t half) {
    const std::uint32_t product = half * groups;
    const std::uint32_t taken = (product & 0xFFFF) >= refused ? 1 : 0;
    multiplicities[product >> 16] += taken;
    return taken;
  };
  std::array<std::uint32_t, 256> numbers;
  while (left > 1) {
    const auto some = std::span(numbers).first(std::min<std::size_t>(numbers.size(), left / 2));
    rng.fill(some);
    std::uint32_t taken = 0;
    for (const std::uint32_t number : some) {
      taken += take(number & 0xFFFF);
      taken += take(number >> 16);
    }
    left -= taken;
  }
  while (left > 0) {
    const std::uint32_t number = rng.next_u32();
    left -= take(number & 0xFFFF);
    if (left > 0) left -= take(number >> 16);
  }
}

/// A stream a resample, so that each can be drawn without those before it.
void draw(const Resamples& resamples, std::size_t index, std::span<std::uint32_t> multiplicities) {
  Rng rng(resamples.seed, "bootstrap " + std::to_string(index));
  std::ranges::fill(multiplicities, 0U);
  const std::size_t groups = multiplicities.size();
  if (groups <= 65536) {
    draw_by_halves(rng, multiplicities);
  } else {
    for (std::size_t i = 0; i < groups; ++i) ++multiplicities[rng.below(groups)];
  }
}

/// A RatioSum whose sums are found among those of the columns.
class PlacedRatios {
 public:
  PlacedRatios(const Statistic& statistic, ColumnSums& columns) {
    if (statistic.ratios() == nullptr) return;
    for (const RatioTerm& term : statistic.ratios()->terms) {
      terms_.push_back({&term, columns.add(term.numerators), columns.add(term.denominators)});
    }
  }

  std::optional<double> value(const ColumnSums& columns, const ColumnSums::Sums& sums,
                              std::size_t resample) const {
    double value = 0.0;
    for (const auto& [term, numerator, denominator] : terms_) {
      const double whole = columns.sum_of(denominator, sums, resample);
      if (whole == 0.0) return std::nullopt;
      value += term->value(columns.sum_of(numerator, sums, resample), whole);
    }
    return value;
  }

 private:
  struct Placed {
    const RatioTerm* term;
    ColumnSums::Place numerator;
    ColumnSums::Place denominator;
  };
  std::vector<Placed> terms_;
};

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Puts the values into another order.
double quantile(std::span<double> values, double probability) {
  const double position = probability * static_cast<double>(values.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  const double next = below + 1 < values.size() ? *std::min_element(at + 1, values.end()) : *at;
  return *at + (position - static_cast<double>(below)) * (next - *at);
}

Interval between_quantiles(std::span<const double> values, double low, double high) {
  std::vector<double> own(values.begin(), values.end());
  return {quantile(own, low), quantile(own, high)};
}

/// Nothing where every value lies on one side of the estimate.
std::optional<double> bias_correction(std::span<const double> values, double estimate) {
  double largest = std::abs(estimate);
  for (const double value : values) largest = std::max(largest, std::abs(value));
  double below = 0.0;
  for (const double value : values) {
    const bool is_tie = std::abs(value - estimate) <= 1e-12 * largest;
    below += is_tie ? 0.5 : (value < estimate ? 1.0 : 0.0);
  }
  const auto count = static_cast<double>(values.size());
  if (below == 0.0 || below == count) return std::nullopt;
  return normal_quantile(below / count);
}

std::optional<double> acceleration(std::span<const double> jackknife_values) {
  if (jackknife_values.empty()) return std::nullopt;
  const double mean = sum_of(jackknife_values) / static_cast<double>(jackknife_values.size());
  double squares = 0.0, cubes = 0.0;
  for (const double value : jackknife_values) {
    const double gap = mean - value;
    squares += gap * gap;
    cubes += gap * gap * gap;
  }
  if (squares == 0.0) return std::nullopt;
  return cubes / (6.0 * std::pow(squares, 1.5));
}

}  // namespace

void Resamples::for_each(const std::function<void(Multiplicities)>& visit) const {
  std::vector<std::uint32_t> multiplicities(groups);
  for (std::size_t b = 0; b < count; ++b) {
    draw(*this, b, multiplicities);
    visit(multiplicities);
  }
}

std::vector<Resampled> resampled(const Resamples& resamples,
                                 std::span<const Statistic> statistics) {
  const std::size_t groups = resamples.groups;
  ColumnSums columns(groups);
  std::vector<PlacedRatios> ratios;
  for (const Statistic& statistic : statistics) ratios.emplace_back(statistic, columns);
  columns.pack();

  std::vector<std::vector<std::optional<double>>> values(statistics.size());
  for (auto& own : values) own.resize(resamples.count);
#pragma omp parallel num_threads(resamples.threads)
  {
    std::vector<std::uint32_t> block(kResamplesAtOnce * groups);
    ColumnSums::Sums sums;
#pragma omp for schedule(dynamic)
    for (std::size_t begin = 0; begin < resamples.count; begin += kResamplesAtOnce) {
      const std::size_t rows = std::min(kResamplesAtOnce, resamples.count - begin);
      const auto row = [&](std::size_t r) { return std::span(block).subspan(r * groups, groups); };
      for (std::size_t r = 0; r < rows; ++r) draw(resamples, begin + r, row(r));
      columns.sum(block, sums);
      for (std::size_t s = 0; s < statistics.size(); ++s) {
        const GroupFunction* function = statistics[s].function();
        for (std::size_t r = 0; r < rows; ++r) {
          values[s][begin + r] =
              function != nullptr ? (*function)(row(r)) : ratios[s].value(columns, sums, r);
        }
      }
    }
  }

  std::vector<Resampled> out(statistics.size());
#pragma omp parallel for num_threads(resamples.threads)
  for (std::size_t s = 0; s < statistics.size(); ++s) {
    out[s].values.reserve(values[s].size());
    for (const auto& value : values[s]) {
      if (value) out[s].values.push_back(*value);
    }
    out[s].undefined = resamples.count - out[s].values.size();
  }
  return out;
}

std::optional<Interval> percentile_interval(std::span<const double> values, double level) {
  assert(level > 0.0 && level < 1.0);
  if (values.empty()) return std::nullopt;
  return between_quantiles(values, (1.0 - level) / 2.0, (1.0 + level) / 2.0);
}

std::optional<Interval> bca_interval(std::span<const double> values, double estimate,
                                     std::span<const double> jackknife_values, double level) {
  if (values.empty()) return std::nullopt;
  const auto bias = bias_correction(values, estimate);
  const auto speed = acceleration(jackknife_values);
  if (!bias || !speed) return percentile_interval(values, level);
  const double half_width = normal_quantile((1.0 + level) / 2.0);
  std::array<double, 2> levels{};
  for (std::size_t side = 0; side < 2; ++side) {
    const double z = *bias + (side == 0 ? -half_width : half_width);
    const double stretch = 1.0 - *speed * z;
    if (stretch <= 0.0) return percentile_interval(values, level);
    levels[side] = normal_cdf(*bias + z / stretch);
  }
  return between_quantiles(values, levels[0], levels[1]);
}

std::vector<std::optional<Bootstrapped>> bootstrap(const Resamples& resamples,
                                                   std::span<const Statistic> statistics,
                                                   const IntervalRule& rule) {
  const std::vector<Resampled> all = resampled(resamples, statistics);
  std::vector<std::optional<Bootstrapped>> out(statistics.size());
#pragma omp parallel for schedule(dynamic) num_threads(resamples.threads)
  for (std::size_t s = 0; s < statistics.size(); ++s) {
    const auto estimate = estimate_of(statistics[s], resamples.groups);
    if (!estimate || all[s].values.empty()) continue;
    const auto interval =
        rule.method == IntervalMethod::kPercentile
            ? percentile_interval(all[s].values, rule.level)
            : bca_interval(all[s].values, *estimate, jackknife(statistics[s], resamples.groups),
                           rule.level);
    out[s] = Bootstrapped{*estimate, *interval, all[s].undefined};
  }
  return out;
}

}  // namespace alignlab
