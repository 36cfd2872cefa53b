#include "eval/resampling.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/rng.h"
#include "eval/normal.h"

namespace alignlab {
namespace {

constexpr std::size_t kLanes = 8;           // columns that are summed side by side
constexpr std::size_t kGroupsAtOnce = 256;  // their values stay in the first-level cache
constexpr std::size_t kResamplesAtOnce = 16;

class Drawer {
 public:
  explicit Drawer(const Resamples& resamples) : rng_(resamples.seed, "bootstrap") {}

  void draw(std::span<std::uint32_t> multiplicities) {
    std::ranges::fill(multiplicities, 0U);
    const std::size_t groups = multiplicities.size();
    if (groups <= 65536) {
      draw_by_halves(multiplicities);
    } else {
      for (std::size_t i = 0; i < groups; ++i) ++multiplicities[rng_.below(groups)];
    }
  }

 private:
  // half * groups / 2^16 is uniform once the first 2^16 mod groups remainders are refused (Lemire,
  // "Fast random integer generation in an interval", 2019).
  void draw_by_halves(std::span<std::uint32_t> multiplicities) {
    const auto groups = static_cast<std::uint32_t>(multiplicities.size());
    const std::uint32_t refused = groups == 0 ? 0 : 65536 % groups;
    std::uint32_t left = groups;
    const auto take = [&](std::uint64_t half) {
      const std::uint64_t product = half * groups;
      if ((product & 0xFFFF) < refused || left == 0) return;
      ++multiplicities[product >> 16];
      --left;
    };
    while (left > 0) {
      const std::uint32_t number = rng_.next_u32();
      take(number & 0xFFFF);
      take(number >> 16);
    }
  }

  Rng rng_;
};

// Lanes are summed each by itself and products are not fused, so wider registers give the same
// bits.
#if defined(__x86_64__) && defined(__ELF__) && !defined(__SANITIZE_ADDRESS__)
#define ALIGNLAB_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define ALIGNLAB_WIDE
#endif

/// sums[l] += sum over g of weight[g] * values[g][l], for two resamples.
ALIGNLAB_WIDE void add_weighted(const std::array<const double*, 2>& weights, const double* values,
                                std::size_t groups, const std::array<double*, 2>& sums) {
  std::array<double, kLanes> first, second;
  std::copy_n(sums[0], kLanes, first.begin());
  std::copy_n(sums[1], kLanes, second.begin());
  for (std::size_t g = 0; g < groups; ++g) {
    const double* row = values + g * kLanes;
    // Unrolled, the sums stay in registers.
#pragma GCC unroll 8
    for (std::size_t l = 0; l < kLanes; ++l) {
      first[l] += weights[0][g] * row[l];
      second[l] += weights[1][g] * row[l];
    }
  }
  std::ranges::copy(first, sums[0]);
  std::ranges::copy(second, sums[1]);
}

/// The distinct per-group vectors of some ratios. Metrics share denominators, rsum its numerators.
class Columns {
 public:
  explicit Columns(std::size_t groups) : groups_(groups) {}

  std::size_t index_of(const std::vector<double>& column) {
    assert(column.size() == groups_);
    const auto same = std::ranges::find_if(columns_, [&](const auto* c) { return *c == column; });
    if (same == columns_.end()) {
      columns_.push_back(&column);
      return columns_.size() - 1;
    }
    return static_cast<std::size_t>(same - columns_.begin());
  }

  /// Columns in tiles of kLanes, each tile's groups in order.
  void pack() {
    values_.assign(tiles() * groups_ * kLanes, 0.0);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      double* tile = values_.data() + c / kLanes * groups_ * kLanes + c % kLanes;
      for (std::size_t g = 0; g < groups_; ++g) tile[g * kLanes] = (*columns_[c])[g];
    }
  }

  std::size_t width() const { return tiles() * kLanes; }

  /// sums[r * width() + c] for kResamplesAtOnce resamples r. Each sum adds its groups in order, so
  /// it does not depend on which other columns there are.
  void sum(std::span<const std::uint32_t> multiplicities, std::span<double> sums) {
    std::ranges::fill(sums, 0.0);
    for (std::size_t begin = 0; begin < groups_; begin += kGroupsAtOnce) {
      const std::size_t size = std::min(kGroupsAtOnce, groups_ - begin);
      for (std::size_t r = 0; r < kResamplesAtOnce; ++r) {
        std::ranges::copy(multiplicities.subspan(r * groups_ + begin, size),
                          weights_.begin() + static_cast<std::ptrdiff_t>(r * kGroupsAtOnce));
      }
      for (std::size_t tile = 0; tile < tiles(); ++tile) {
        const double* values = values_.data() + (tile * groups_ + begin) * kLanes;
        for (std::size_t r = 0; r < kResamplesAtOnce; r += 2) {
          const double* weights = weights_.data() + r * kGroupsAtOnce;
          double* out = sums.data() + r * width() + tile * kLanes;
          add_weighted({weights, weights + kGroupsAtOnce}, values, size, {out, out + width()});
        }
      }
    }
  }

 private:
  std::size_t tiles() const { return (columns_.size() + kLanes - 1) / kLanes; }

  std::size_t groups_;
  std::vector<const std::vector<double>*> columns_;
  std::vector<double> values_;
  std::vector<double> weights_ = std::vector<double>(kResamplesAtOnce * kGroupsAtOnce);
};

/// A RatioSum whose sums are found among those of the columns.
struct IndexedTerm {
  double scale;
  std::size_t numerator;
  std::size_t denominator;
};
using IndexedRatios = std::vector<IndexedTerm>;

IndexedRatios indexed(const Statistic& statistic, Columns& columns) {
  IndexedRatios out;
  if (const RatioSum* ratios = statistic.ratios()) {
    for (const RatioTerm& term : ratios->terms) {
      out.push_back(
          {term.scale, columns.index_of(term.numerators), columns.index_of(term.denominators)});
    }
  }
  return out;
}

std::optional<double> value_from(std::span<const double> sums, const IndexedRatios& ratios) {
  double value = 0.0;
  for (const IndexedTerm& term : ratios) {
    if (sums[term.denominator] == 0.0) return std::nullopt;
    value += term.scale * sums[term.numerator] / sums[term.denominator];
  }
  return value;
}

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double weighted_sum(const std::vector<double>& values, Multiplicities multiplicities) {
  assert(values.size() == multiplicities.size());
  double sum = 0.0;
  for (std::size_t g = 0; g < values.size(); ++g) {
    sum += static_cast<double>(multiplicities[g]) * values[g];
  }
  return sum;
}

std::optional<double> value_of_ratios(const RatioSum& ratios, Multiplicities multiplicities) {
  double value = 0.0;
  for (const RatioTerm& term : ratios.terms) {
    const double denominator = weighted_sum(term.denominators, multiplicities);
    if (denominator == 0.0) return std::nullopt;
    value += term.scale * weighted_sum(term.numerators, multiplicities) / denominator;
  }
  return value;
}

std::vector<double> jackknife_of_ratios(const RatioSum& ratios, std::size_t groups) {
  std::vector<std::optional<double>> values(groups, 0.0);
  for (const RatioTerm& term : ratios.terms) {
    const double numerators = sum_of(term.numerators);
    const double denominators = sum_of(term.denominators);
    for (std::size_t g = 0; g < groups; ++g) {
      // Exactly 0 where no other group has a query: the total is then this group's value.
      const double denominator = denominators - term.denominators[g];
      if (denominator == 0.0) values[g].reset();
      if (values[g]) *values[g] += term.scale * (numerators - term.numerators[g]) / denominator;
    }
  }
  std::vector<double> defined;
  for (const auto& value : values) {
    if (value) defined.push_back(*value);
  }
  return defined;
}

double quantile(std::span<const double> sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), sorted.size() - 1);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval between_quantiles(std::span<const double> values, double low, double high) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return {quantile(sorted, low), quantile(sorted, high)};
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
  Drawer drawer(*this);
  std::vector<std::uint32_t> multiplicities(groups);
  for (std::size_t b = 0; b < count; ++b) {
    drawer.draw(multiplicities);
    visit(multiplicities);
  }
}

std::optional<double> value_of(const Statistic& statistic, Multiplicities multiplicities) {
  if (const RatioSum* ratios = statistic.ratios()) {
    return value_of_ratios(*ratios, multiplicities);
  }
  return (*statistic.function())(multiplicities);
}

std::optional<double> estimate_of(const Statistic& statistic, std::size_t groups) {
  return value_of(statistic, std::vector<std::uint32_t>(groups, 1));
}

RatioSum difference_of(const RatioSum& a, const RatioSum& b) {
  RatioSum difference = a;
  for (RatioTerm term : b.terms) {
    term.scale = -term.scale;
    difference.terms.push_back(std::move(term));
  }
  return difference;
}

Statistic difference_of(const Statistic& a, const Statistic& b) {
  const RatioSum* first = a.ratios();
  const RatioSum* second = b.ratios();
  if (first != nullptr && second != nullptr) return difference_of(*first, *second);
  return GroupFunction([a, b](Multiplicities multiplicities) -> std::optional<double> {
    const auto minuend = value_of(a, multiplicities);
    const auto subtrahend = value_of(b, multiplicities);
    if (!minuend || !subtrahend) return std::nullopt;
    return *minuend - *subtrahend;
  });
}

std::vector<Resampled> resampled(const Resamples& resamples,
                                 std::span<const Statistic> statistics) {
  const std::size_t groups = resamples.groups;
  Columns columns(groups);
  std::vector<IndexedRatios> ratios;
  for (const Statistic& statistic : statistics) ratios.push_back(indexed(statistic, columns));
  columns.pack();

  std::vector<Resampled> out(statistics.size());
  Drawer drawer(resamples);
  std::vector<std::uint32_t> block(kResamplesAtOnce * groups);
  std::vector<double> sums(kResamplesAtOnce * columns.width());
  for (std::size_t begin = 0; begin < resamples.count; begin += kResamplesAtOnce) {
    const std::size_t rows = std::min(kResamplesAtOnce, resamples.count - begin);
    const std::span all(block);
    for (std::size_t r = 0; r < rows; ++r) drawer.draw(all.subspan(r * groups, groups));
    columns.sum(block, sums);
    for (std::size_t s = 0; s < statistics.size(); ++s) {
      const GroupFunction* function = statistics[s].function();
      for (std::size_t r = 0; r < rows; ++r) {
        const auto value =
            function != nullptr
                ? (*function)(all.subspan(r * groups, groups))
                : value_from(std::span(sums).subspan(r * columns.width()), ratios[s]);
        if (value) {
          out[s].values.push_back(*value);
        } else {
          ++out[s].undefined;
        }
      }
    }
  }
  return out;
}

std::vector<double> jackknife(const Statistic& statistic, std::size_t groups) {
  if (const RatioSum* ratios = statistic.ratios()) {
    return jackknife_of_ratios(*ratios, groups);
  }
  std::vector<std::uint32_t> multiplicities(groups, 1);
  std::vector<double> values;
  for (std::size_t g = 0; g < groups; ++g) {
    multiplicities[g] = 0;
    if (const auto value = value_of(statistic, multiplicities)) values.push_back(*value);
    multiplicities[g] = 1;
  }
  return values;
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
