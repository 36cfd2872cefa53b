#pragma once

// Cluster bootstrap: how far a metric would move, had other queries been drawn. Queries that share
// a group (the captions of an image, and the image as a query of the other direction) are not
// independent, so whole groups are drawn with replacement, for all directions and metrics at once;
// the gallery stays as it is. Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; for
// clusters: Field and Welsh, "Bootstrapping clustered data", JRSS B 69, 2007, and Cameron, Gelbach
// and Miller, "Bootstrap-based improvements for inference with clustered errors", REStat 90, 2008.
//
// Functions here are pure, and the same for any number of threads; memory is that of some 16
// resamples a thread and of the values that are returned. What is undefined has no value; nothing
// throws.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "eval/statistic.h"

namespace alignlab {

/// `count` resamples of `groups` groups, `groups` draws each. They are not held but drawn again
/// whenever they are asked for: the same for every statistic, and the first of many are the many's
/// first. Resample b draws from Rng(seed, "bootstrap b"); up to 65536 groups, a 32-bit number gives
/// two draws, lower half first.
struct Resamples {
  std::uint64_t seed = 0;
  std::size_t groups = 0;
  std::size_t count = 10'000;
  int threads = 1;

  /// Calls visit with each resample in order; it is valid during the call.
  void for_each(const std::function<void(Multiplicities)>& visit) const;
};

/// The values of a statistic in those resamples in which it is defined, in order.
struct Resampled {
  std::vector<double> values;
  std::size_t undefined = 0;
};
/// Of each statistic; what else is asked for at the same time changes no bit.
std::vector<Resampled> resampled(const Resamples& resamples, std::span<const Statistic> statistics);

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// From the (1 - level) / 2 to the (1 + level) / 2 quantile of the values. The p quantile of sorted
/// x[0] .. x[n-1] lies at position p * (n - 1), linear between neighbours. Nothing without values.
/// Precondition: 0 < level < 1.
std::optional<Interval> percentile_interval(std::span<const double> values, double level);

/// Bias-corrected and accelerated (Efron, "Better bootstrap confidence intervals", JASA 82, 1987).
/// The bias correction counts values that equal the estimate, to 1e-12 of the largest magnitude, as
/// half below it; the acceleration is the jackknife's. The percentile interval instead where all
/// values lie on one side of the estimate, where the jackknife values do not vary, or where the
/// acceleration is so large that a bound has no level.
std::optional<Interval> bca_interval(std::span<const double> values, double estimate,
                                     std::span<const double> jackknife_values, double level);

enum class IntervalMethod { kPercentile, kBca };
struct IntervalRule {
  IntervalMethod method = IntervalMethod::kPercentile;
  double level = 0.95;
};
struct Bootstrapped {
  double estimate = 0.0;
  Interval interval;
  std::size_t undefined = 0;  // resamples that the interval leaves out
};
/// Nothing for a statistic that is undefined on all groups or in every resample.
std::vector<std::optional<Bootstrapped>> bootstrap(const Resamples& resamples,
                                                   std::span<const Statistic> statistics,
                                                   const IntervalRule& rule = {});

}  // namespace alignlab
