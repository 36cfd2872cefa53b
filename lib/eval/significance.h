#pragma once

// Is the difference of two systems on the same queries more than chance? Paired, and with whole
// groups as units, as in resampling.h. Functions are pure and run on the calling thread; what is
// undefined has no value; nothing throws.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "eval/resampling.h"

namespace alignlab {

/// Arrangements are drawn from Rng(seed, "randomisation").
struct Randomisation {
  std::uint64_t seed = 0;
  std::size_t arrangements = 10'000;
};

struct RandomisationTest {
  double difference = 0.0;
  double p_value = 1.0;
  std::size_t arrangements = 0;
  bool is_exact = false;  // all arrangements were enumerated
};

/// Paired randomisation test, two-sided (Fisher, "The Design of Experiments", 1935; for sums over
/// queries: Smucker, Allan and Carterette, CIKM 2007): did chance alone say which system is called
/// a, each group could as well have had its labels swapped. p = (1 + n) / (1 + arrangements), n
/// those whose difference is at least as large in magnitude as the one observed. Where all
/// 2^groups arrangements are no more than asked for, each is taken once, p = n / 2^groups. What is
/// less than 1e-12 of the largest magnitude apart counts as equal; an arrangement in which the
/// difference is undefined counts as at least as large, so that p is never too small.
///
/// This one is for means over queries: the difference is the sum of a value a group, and swapping
/// a group turns the sign of its value.
RandomisationTest randomisation_test(std::span<const double> differences,
                                     const Randomisation& randomisation = {});

/// Term by term, a swapped group gives its numerator and denominator in `a` to `b` and the reverse.
/// Several seeds are terms of one statistic each, so they are swapped together. Preconditions:
/// equally many terms, of equal scales and groups. Nothing where the difference is undefined.
std::optional<RandomisationTest> randomisation_test(const RatioSum& a, const RatioSum& b,
                                                    const Randomisation& randomisation = {});

/// The difference with the labels of those groups swapped whose entry is 1.
using SwappedDifference = std::function<std::optional<double>(std::span<const std::uint8_t>)>;
/// For all else, such as a median; slower.
std::optional<RandomisationTest> randomisation_test(std::size_t groups,
                                                    const SwappedDifference& difference,
                                                    const Randomisation& randomisation = {});

/// Interval of a - b over resamples that both share.
std::optional<Bootstrapped> paired_bootstrap(const Resamples& resamples, const Statistic& a,
                                             const Statistic& b, const IntervalRule& rule = {});

/// Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
/// Statistics 6, 1979: adjusted p-values, in the order of the given ones.
std::vector<double> holm_adjusted(std::span<const double> p_values);

struct Detection {
  double alpha = 0.05;
  double power = 0.8;
};
/// The smallest true difference that a two-sided test at alpha finds with this power, by the normal
/// approximation: (z(1 - alpha / 2) + z(power)) * standard_error(difference) (variance.h), where
/// `difference` is difference_of(a, b). Nothing where that error is undefined.
std::optional<double> minimum_detectable_difference(const RatioSum& difference,
                                                    const Detection& detection = {});

}  // namespace alignlab
