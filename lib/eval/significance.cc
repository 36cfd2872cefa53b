#include "eval/significance.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/rng.h"
#include "eval/normal.h"
#include "eval/variance.h"

namespace alignlab {
namespace {

/// A bit a group: whether its labels are swapped.
using Swaps = std::vector<std::uint64_t>;

constexpr std::size_t kGroupsInAWord = 64;
constexpr std::size_t kGroupsInALookUp = 4;
constexpr std::size_t kLookUpsInAWord = kGroupsInAWord / kGroupsInALookUp;
constexpr std::size_t kChoices = 1U << kGroupsInALookUp;

/// Sums over groups of one of two values each. A table holds the sums of four neighbours under
/// each of their 16 choices, so adding them is one look-up.
class ChoiceSums {
 public:
  ChoiceSums(std::span<const double> kept, std::span<const double> swapped)
      : words_((kept.size() + kGroupsInAWord - 1) / kGroupsInAWord),
        table_(words_ * kLookUpsInAWord) {
    for (std::size_t g = 0; g < kept.size(); ++g) {
      std::array<double, kChoices>& sums = table_[g / kGroupsInALookUp];
      for (std::size_t choice = 0; choice < kChoices; ++choice) {
        const bool is_swapped = choice >> (g % kGroupsInALookUp) & 1U;
        sums[choice] += is_swapped ? swapped[g] : kept[g];
      }
    }
  }

  /// With `flip` all bits set, of the other choice for every group.
  double sum(const Swaps& swaps, std::uint64_t flip = 0) const {
    double total = 0.0;
    const std::array<double, kChoices>* sums = table_.data();
    for (std::size_t w = 0; w < words_; ++w) {
      std::uint64_t bits = swaps[w] ^ flip;
      for (std::size_t i = 0; i < kLookUpsInAWord; ++i, ++sums, bits >>= kGroupsInALookUp) {
        total += (*sums)[bits % kChoices];
      }
    }
    return total;
  }

 private:
  std::size_t words_;
  std::vector<std::array<double, kChoices>> table_;
};

/// The sum of ratios of `a` under swaps minus that of `b`.
class SwappedRatios {
 public:
  SwappedRatios(const RatioSum& a, const RatioSum& b) {
    for (std::size_t t = 0; t < a.terms.size(); ++t) {
      terms_.push_back({&a.terms[t], ChoiceSums(a.terms[t].numerators, b.terms[t].numerators),
                        ChoiceSums(a.terms[t].denominators, b.terms[t].denominators)});
    }
  }

  std::optional<double> difference(const Swaps& swaps) const {
    std::array<double, 2> values{};
    for (const Term& term : terms_) {
      for (const std::size_t system : {0U, 1U}) {
        const std::uint64_t flip = system == 0 ? 0 : ~std::uint64_t{0};
        const double denominator = term.denominators.sum(swaps, flip);
        if (denominator == 0.0) return std::nullopt;
        values[system] += term.of_a->value(term.numerators.sum(swaps, flip), denominator);
      }
    }
    return values[0] - values[1];
  }

 private:
  struct Term {
    const RatioTerm* of_a;
    ChoiceSums numerators;
    ChoiceSums denominators;
  };
  std::vector<Term> terms_;
};

RandomisationTest judged(double observed, std::span<const double> differences, bool is_exact) {
  double largest = std::abs(observed);
  for (const double difference : differences) {
    if (std::isfinite(difference)) largest = std::max(largest, std::abs(difference));
  }
  const double reach = std::abs(observed) - 1e-12 * largest;
  const auto as_large =
      std::ranges::count_if(differences, [&](double d) { return std::abs(d) >= reach; });
  const auto drawn = is_exact ? 0.0 : 1.0;
  const auto count = static_cast<double>(differences.size());
  return {observed, (drawn + static_cast<double>(as_large)) / (drawn + count), differences.size(),
          is_exact};
}

/// `difference(swaps)` gives an optional value.
template <typename Difference>
std::optional<RandomisationTest> test_by(std::size_t groups, const Difference& difference,
                                         const Randomisation& randomisation) {
  Swaps swaps((groups + kGroupsInAWord - 1) / kGroupsInAWord, 0);
  const std::optional<double> observed = difference(swaps);
  if (!observed) return std::nullopt;
  const bool is_exact = groups < 63 && (std::uint64_t{1} << groups) <= randomisation.arrangements;
  const std::size_t count = is_exact ? std::size_t{1} << groups : randomisation.arrangements;
  Rng rng(randomisation.seed, "randomisation");
  std::vector<double> differences;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint64_t& word : swaps) word = is_exact ? i : rng.next_u64();
    differences.push_back(difference(swaps).value_or(std::numeric_limits<double>::infinity()));
  }
  return judged(*observed, differences, is_exact);
}

/// Whether what a group adds to the difference does not depend on the others.
bool is_sum_over_groups(const RatioSum& a, const RatioSum& b) {
  return std::ranges::none_of(a.terms, &RatioTerm::is_exponential) &&
         std::ranges::equal(a.terms, b.terms, {}, &RatioTerm::denominators,
                            &RatioTerm::denominators);
}

/// What each group adds to the difference. Precondition: is_sum_over_groups.
std::optional<std::vector<double>> differences_by_group(const RatioSum& a, const RatioSum& b) {
  std::vector<double> out(a.terms.front().numerators.size(), 0.0);
  for (std::size_t t = 0; t < a.terms.size(); ++t) {
    const auto& denominators = a.terms[t].denominators;
    const double total = std::accumulate(denominators.begin(), denominators.end(), 0.0);
    if (total == 0.0) return std::nullopt;
    for (std::size_t g = 0; g < out.size(); ++g) {
      out[g] += a.terms[t].scale * (a.terms[t].numerators[g] - b.terms[t].numerators[g]) / total;
    }
  }
  return out;
}

}  // namespace

RandomisationTest randomisation_test(std::span<const double> differences,
                                     const Randomisation& randomisation) {
  std::vector<double> turned;
  for (const double difference : differences) turned.push_back(-difference);
  const ChoiceSums sums(differences, turned);
  const auto sum = [&](const Swaps& swaps) { return std::optional(sums.sum(swaps)); };
  return *test_by(differences.size(), sum, randomisation);
}

std::optional<RandomisationTest> randomisation_test(const RatioSum& a, const RatioSum& b,
                                                    const Randomisation& randomisation) {
  assert(!a.terms.empty());
  assert(std::ranges::equal(a.terms, b.terms, {}, &RatioTerm::scale, &RatioTerm::scale));
  // Swapping then leaves all denominators as they are, and a table a term becomes one in all.
  if (is_sum_over_groups(a, b)) {
    const auto differences = differences_by_group(a, b);
    if (!differences) return std::nullopt;
    return randomisation_test(*differences, randomisation);
  }
  const SwappedRatios ratios(a, b);
  const auto difference = [&](const Swaps& swaps) { return ratios.difference(swaps); };
  return test_by(a.terms.front().numerators.size(), difference, randomisation);
}

std::optional<RandomisationTest> randomisation_test(std::size_t groups,
                                                    const SwappedDifference& difference,
                                                    const Randomisation& randomisation) {
  std::vector<std::uint8_t> swapped(groups);
  const auto unpacked = [&](const Swaps& swaps) {
    for (std::size_t g = 0; g < groups; ++g) {
      swapped[g] = swaps[g / kGroupsInAWord] >> (g % kGroupsInAWord) & 1U;
    }
    return difference(swapped);
  };
  return test_by(groups, unpacked, randomisation);
}

std::optional<Bootstrapped> paired_bootstrap(const Resamples& resamples, const Statistic& a,
                                             const Statistic& b, const IntervalRule& rule) {
  return bootstrap(resamples, std::vector<Statistic>{difference_of(a, b)}, rule).front();
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto hypotheses_left = static_cast<double>(order.size() - i);
    largest = std::max(largest, std::min(1.0, hypotheses_left * p_values[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

std::optional<double> minimum_detectable_difference(const RatioSum& difference,
                                                    const Detection& detection) {
  const auto error = standard_error(difference);
  if (!error) return std::nullopt;
  return (normal_quantile(1.0 - detection.alpha / 2.0) + normal_quantile(detection.power)) * *error;
}

}  // namespace alignlab
