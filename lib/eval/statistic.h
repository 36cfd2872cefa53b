#pragma once

// Metrics as functions of how often each group of queries is counted: what resampling, swapping and
// leaving out are done to. A statistic owns its numbers. Functions here are pure; what is undefined
// has no value, and nothing throws.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace alignlab {

/// How often each group is counted.
using Multiplicities = std::span<const std::uint32_t>;

/// scale * sum(numerators) / sum(denominators), over groups; scale * e to that ratio for an
/// exponential. A group without queries holds zeros.
struct RatioTerm {
  double scale = 1.0;
  std::vector<double> numerators;
  std::vector<double> denominators;
  bool is_exponential = false;

  /// Of its sums. Precondition: the denominator is not 0.
  double value(double numerator, double denominator) const {
    return is_exponential ? scale * std::exp(numerator / denominator)
                          : scale * numerator / denominator;
  }
};
/// A sum of ratios of sums: a hit rate is one term, micro F1 too, rsum six, a geometric mean an
/// exponential one; a mean over seeds has a term a seed. Undefined where a denominator is 0. Fast:
/// use it for all that can be so written.
struct RatioSum {
  std::vector<RatioTerm> terms;
};
/// For all else, such as a median; slower. Called by several threads at once.
using GroupFunction = std::function<std::optional<double>(Multiplicities)>;

/// Either of these. Precondition, here and wherever there are statistics: a RatioSum has a term,
/// and each of its vectors an entry for each group, finite.
class Statistic {
 public:
  Statistic(RatioSum ratios) : ratios_(std::move(ratios)) {}             // NOLINT: is one
  Statistic(GroupFunction function) : function_(std::move(function)) {}  // NOLINT: is one
  /// Null where it is the other.
  const RatioSum* ratios() const { return function_ ? nullptr : &ratios_; }
  const GroupFunction* function() const { return function_ ? &function_ : nullptr; }

 private:
  RatioSum ratios_;
  GroupFunction function_;
};

/// The sum of values, each as often as its group is counted.
double weighted_sum(std::span<const double> values, Multiplicities multiplicities);

std::optional<double> value_of(const Statistic& statistic, Multiplicities multiplicities);
/// With every group counted once.
std::optional<double> estimate_of(const Statistic& statistic, std::size_t groups);
/// a - b. Undefined where either is.
Statistic difference_of(const Statistic& a, const Statistic& b);
RatioSum difference_of(const RatioSum& a, const RatioSum& b);

/// The statistic without the i-th group, for each i; those that are undefined are left out.
std::vector<double> jackknife(const Statistic& statistic, std::size_t groups);

}  // namespace alignlab
