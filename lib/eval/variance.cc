#include "eval/variance.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

namespace alignlab {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Of a sample, ddof = 1. Precondition: two values.
double sample_deviation(std::span<const double> values) {
  const double mean = mean_of(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// Probability that Student's t exceeds `t` >= 0. For whole degrees of freedom the incomplete beta
/// function is a finite sum of positive terms (Abramowitz and Stegun, "Handbook of Mathematical
/// Functions", 26.7.3 and 26.7.4).
double student_t_tail(double t, std::size_t degrees) {
  const auto n = static_cast<double>(degrees);
  const bool is_odd = degrees % 2 == 1;
  const double cosine_squared = n / (n + t * t);
  double term = is_odd ? std::sqrt(cosine_squared) : 1.0;
  double sum = 0.0;
  for (double j = is_odd ? 1.0 : 0.0; j <= n - 2.0; j += 2.0) {
    sum += term;
    term *= (j + 1.0) / (j + 2.0) * cosine_squared;
  }
  sum *= t / std::sqrt(n + t * t);
  const double within = is_odd ? 2.0 / std::numbers::pi * (std::atan(t / std::sqrt(n)) + sum) : sum;
  return (1.0 - within) / 2.0;
}

/// Ranks among the methods of a block that have a score, 1 the best, ties averaged, and stretched
/// to all methods.
std::vector<std::optional<double>> block_ranks(const std::vector<std::optional<double>>& scores) {
  std::vector<std::optional<double>> ranks(scores.size());
  const auto present = std::ranges::count_if(scores, [](const auto& s) { return s.has_value(); });
  const double stretch = static_cast<double>(scores.size() + 1) / static_cast<double>(present + 1);
  for (std::size_t m = 0; m < scores.size(); ++m) {
    if (!scores[m]) continue;
    double better = 0.0, equal = 0.0;
    for (const auto& other : scores) {
      better += other && *other > *scores[m];
      equal += other && *other == *scores[m];
    }
    ranks[m] = stretch * (better + (equal + 1.0) / 2.0);
  }
  return ranks;
}

std::optional<FriedmanTest> friedman_test(
    const std::vector<std::vector<std::optional<double>>>& ranks, std::size_t methods) {
  std::vector<double> sums(methods, 0.0);
  double squares = 0.0, blocks = 0.0;
  for (const auto& block : ranks) {
    if (!std::ranges::all_of(block, [](const auto& rank) { return rank.has_value(); })) continue;
    blocks += 1.0;
    for (std::size_t m = 0; m < methods; ++m) {
      sums[m] += *block[m];
      squares += *block[m] * *block[m];
    }
  }
  const auto k = static_cast<double>(methods);
  const double spread = squares - blocks * k * (k + 1.0) * (k + 1.0) / 4.0;
  // Ranks are multiples of 1/2, so both sums are exact: 0 means that every block is one tie.
  if (methods < 2 || blocks < 2.0 || spread == 0.0) return std::nullopt;
  double gaps = 0.0;
  for (const double sum : sums) {
    const double gap = sum - blocks * (k + 1.0) / 2.0;
    gaps += gap * gap;
  }
  const double statistic = (k - 1.0) * gaps / spread;
  return FriedmanTest{statistic, chi_square_tail(statistic, methods - 1),
                      static_cast<std::size_t>(blocks)};
}

}  // namespace

std::optional<std::vector<double>> group_values(const RatioSum& statistic) {
  assert(!statistic.terms.empty());
  const std::size_t groups = statistic.terms.front().numerators.size();
  const auto estimate = estimate_of(statistic, groups);
  if (!estimate) return std::nullopt;
  std::vector<double> values(groups, *estimate);
  for (const RatioTerm& term : statistic.terms) {
    const double mean = mean_of(term.denominators);
    const double ratio = mean_of(term.numerators) / mean;
    const double slope = term.is_exponential ? term.value(ratio, 1.0) : term.scale;
    for (std::size_t g = 0; g < groups; ++g) {
      values[g] += slope * (term.numerators[g] - ratio * term.denominators[g]) / mean;
    }
  }
  return values;
}

std::optional<double> standard_error(const RatioSum& statistic) {
  const auto values = group_values(statistic);
  if (!values || values->size() < 2) return std::nullopt;
  return sample_deviation(*values) / std::sqrt(static_cast<double>(values->size()));
}

std::optional<VarianceParts> variance_parts(const std::vector<std::vector<double>>& values) {
  if (values.size() < 2 || values.front().size() < 2) return std::nullopt;
  const auto seeds = static_cast<double>(values.size());
  const auto groups = static_cast<double>(values.front().size());
  std::vector<double> seed_means, group_means(values.front().size(), 0.0);
  for (const auto& row : values) {
    assert(row.size() == group_means.size());
    seed_means.push_back(mean_of(row));
    for (std::size_t g = 0; g < row.size(); ++g) group_means[g] += row[g] / seeds;
  }
  const double mean = mean_of(seed_means);
  double residual_squares = 0.0;
  for (std::size_t s = 0; s < values.size(); ++s) {
    for (std::size_t g = 0; g < group_means.size(); ++g) {
      const double residual = values[s][g] - seed_means[s] - group_means[g] + mean;
      residual_squares += residual * residual;
    }
  }
  const double seed_deviation = sample_deviation(seed_means);
  const double group_deviation = sample_deviation(group_means);
  VarianceParts parts;
  parts.residual = residual_squares / ((seeds - 1.0) * (groups - 1.0));
  // A mean square of means is their variance times how many values each averages.
  parts.seed = std::max(0.0, seed_deviation * seed_deviation - parts.residual / groups);
  parts.group = std::max(0.0, group_deviation * group_deviation - parts.residual / seeds);
  parts.mean_by_seeds = parts.seed / seeds;
  parts.mean_by_groups = parts.group / groups;
  parts.mean_by_residual = parts.residual / (seeds * groups);
  return parts;
}

std::optional<SeedSummary> summary_over_seeds(std::span<const double> values, double level) {
  assert(level > 0.0 && level < 1.0);
  if (values.empty()) return std::nullopt;
  SeedSummary summary{mean_of(values), std::nullopt, std::nullopt};
  if (values.size() < 2) return summary;
  summary.deviation = sample_deviation(values);
  const double reach = student_t_quantile((1.0 + level) / 2.0, values.size() - 1) *
                       *summary.deviation / std::sqrt(static_cast<double>(values.size()));
  summary.interval = Interval{summary.mean - reach, summary.mean + reach};
  return summary;
}

double student_t_quantile(double probability, std::size_t degrees) {
  assert(probability > 0.0 && probability < 1.0 && degrees > 0);
  if (probability < 0.5) return -student_t_quantile(1.0 - probability, degrees);
  const double tail = 1.0 - probability;
  double low = 0.0, high = 1.0;
  while (student_t_tail(high, degrees) > tail) {
    low = high;
    high *= 2.0;
  }
  while (true) {
    const double middle = low + (high - low) / 2.0;
    if (middle == low || middle == high) return middle;
    (student_t_tail(middle, degrees) > tail ? low : high) = middle;
  }
}

double chi_square_tail(double x, std::size_t degrees) {
  assert(degrees > 0);
  if (x <= 0.0) return 1.0;
  // Q(a + 1, y) = Q(a, y) + y^a exp(-y) / Gamma(a + 1), from a = 1/2 or 1: all terms positive.
  const double y = x / 2.0;
  const bool is_odd = degrees % 2 == 1;
  double tail = is_odd ? std::erfc(std::sqrt(y)) : std::exp(-y);
  double term = std::exp(-y) * (is_odd ? std::sqrt(y / std::numbers::pi) * 2.0 : y);
  for (double a = is_odd ? 1.5 : 2.0; a <= static_cast<double>(degrees) / 2.0; a += 1.0) {
    tail += term;
    term *= y / a;
  }
  return tail;
}

RankSummary rank_methods(const BlockScores& scores, const RankRule& rule) {
  const std::size_t methods = scores.empty() ? 0 : scores.front().size();
  std::vector<std::vector<std::optional<double>>> ranks;
  for (const auto& block : scores) {
    assert(block.size() == methods);
    ranks.push_back(block_ranks(block));
  }
  std::vector<Statistic> mean_ranks;
  std::vector<std::size_t> blocks(methods, 0);
  for (std::size_t m = 0; m < methods; ++m) {
    RatioTerm term;
    for (const auto& block : ranks) {
      term.numerators.push_back(block[m].value_or(0.0));
      term.denominators.push_back(block[m] ? 1.0 : 0.0);
      blocks[m] += block[m].has_value();
    }
    mean_ranks.emplace_back(RatioSum{{std::move(term)}});
  }
  const Resamples resamples{.seed = rule.seed, .groups = scores.size(), .count = rule.resamples};
  const auto intervals = bootstrap(resamples, mean_ranks,
                                   {.method = IntervalMethod::kPercentile, .level = rule.level});
  RankSummary summary;
  for (std::size_t m = 0; m < methods; ++m) {
    summary.methods.emplace_back();
    if (!intervals[m]) continue;
    summary.methods[m] = MethodRank{intervals[m]->estimate, intervals[m]->interval, blocks[m]};
  }
  summary.friedman = friedman_test(ranks, methods);
  return summary;
}

}  // namespace alignlab
