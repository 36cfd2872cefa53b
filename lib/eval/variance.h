#pragma once

// How sure a number is: what single groups, seeds and data sets contribute to it. Functions are
// pure; what is undefined has no value; nothing throws.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/resampling.h"

namespace alignlab {

/// A value a group whose mean is the statistic and whose spread is, to first order, how each group
/// moves it: estimate + groups * scale * (numerator - ratio * denominator) / sum(denominators),
/// the last summed over terms (the delta method).
std::optional<std::vector<double>> group_values(const RatioSum& statistic);
/// Sample deviation of the group values / sqrt(groups). Needs two groups.
std::optional<double> standard_error(const RatioSum& statistic);

/// Variance of a value of one seed and one group, and of the mean of all of them, by source.
struct VarianceParts {
  double seed = 0.0;
  double group = 0.0;
  double residual = 0.0;
  double mean_by_seeds = 0.0;     // seed / seeds
  double mean_by_groups = 0.0;    // group / groups
  double mean_by_residual = 0.0;  // residual / (seeds * groups)

  double of_mean() const { return mean_by_seeds + mean_by_groups + mean_by_residual; }
};
/// Two-way random effects without replication (Searle, Casella and McCulloch, "Variance
/// Components", 1992): values[seed][group], for instance the group values of each seed's metric.
/// From mean squares; a negative estimate is 0. Needs two seeds and two groups. Precondition:
/// every seed has the same groups.
std::optional<VarianceParts> variance_parts(const std::vector<std::vector<double>>& values);

struct SeedSummary {
  double mean = 0.0;
  std::optional<double> deviation;   // of a sample (ddof = 1); needs two seeds
  std::optional<Interval> interval;  // Student's t, for the mean; needs two seeds
};
/// Nothing without values. Precondition: 0 < level < 1.
std::optional<SeedSummary> summary_over_seeds(std::span<const double> values, double level);

/// Of Student's t with that many degrees of freedom; its relative error is near 1e-16 over the
/// smaller tail. Preconditions: 0 < probability < 1, degrees > 0.
double student_t_quantile(double probability, std::size_t degrees);

/// Probability that chi-square exceeds x: the regularised upper incomplete gamma function of
/// degrees / 2 and x / 2. Precondition: degrees > 0.
double chi_square_tail(double x, std::size_t degrees);

/// [block][method], a block being for instance a data set with a seed. Higher is better.
using BlockScores = std::vector<std::vector<std::optional<double>>>;

struct MethodRank {
  double mean = 0.0;  // 1 is best
  Interval interval;  // percentile, of blocks drawn with replacement
  std::size_t blocks = 0;
};
/// Friedman, "The use of ranks to avoid the assumption of normality", JASA 32, 1937, corrected for
/// ties (Conover, "Practical Nonparametric Statistics", 1999).
struct FriedmanTest {
  double statistic = 0.0;
  double p_value = 1.0;    // by chi-square with methods - 1 degrees of freedom
  std::size_t blocks = 0;  // those in which every method has a score
};
struct RankSummary {
  std::vector<std::optional<MethodRank>> methods;  // nothing for one without a score
  std::optional<FriedmanTest> friedman;  // needs two methods, two whole blocks and unequal scores
};
struct RankRule {
  std::uint64_t seed = 0;
  std::size_t resamples = 10'000;
  double level = 0.95;
};
/// Tied methods share their mean rank. Where only m of M methods have a score, rank r counts as
/// r * (M + 1) / (m + 1): what it is expected to be among all, were the others placed at random.
/// Blocks are taken as independent. Precondition: all blocks have the same methods.
RankSummary rank_methods(const BlockScores& scores, const RankRule& rule = {});

}  // namespace alignlab
