#include "eval/rank_correlation.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace alignlab {
namespace {

// Products of pair counts, and sums of products of ranks, outgrow 64 bits.
__extension__ using Int128 = __int128;

[[maybe_unused]] bool are_pairs_of_numbers(std::span<const double> first,
                                           std::span<const double> second) {
  const auto is_finite = [](double value) { return std::isfinite(value); };
  return first.size() == second.size() && std::ranges::all_of(first, is_finite) &&
         std::ranges::all_of(second, is_finite);
}

std::int64_t pairs_of(std::size_t items) {
  const auto n = static_cast<std::int64_t>(items);
  return n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
}

/// Calls visit(begin, end) for each run of neighbours that are equal.
template <typename Equal, typename Visit>
void for_each_run(std::size_t items, const Equal& equal, const Visit& visit) {
  for (std::size_t begin = 0; begin < items;) {
    std::size_t end = begin + 1;
    while (end < items && equal(begin, end)) ++end;
    visit(begin, end);
    begin = end;
  }
}

/// Item numbers by `first`, then by `second`.
std::vector<std::size_t> order_of(std::span<const double> first, std::span<const double> second) {
  std::vector<std::size_t> order(first.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return first[a] != first[b] ? first[a] < first[b] : second[a] < second[b];
  });
  return order;
}

/// Sorts the values and counts the pairs that stood in descending order.
std::int64_t sort_and_count_inversions(std::vector<double>& values) {
  const std::size_t n = values.size();
  std::vector<double> merged(n);
  std::int64_t inversions = 0;
  for (std::size_t width = 1; width < n; width *= 2) {
    for (std::size_t begin = 0; begin < n; begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, n);
      const std::size_t end = std::min(begin + 2 * width, n);
      std::size_t left = begin, right = middle;
      for (std::size_t out = begin; out < end; ++out) {
        if (right == end || (left < middle && values[left] <= values[right])) {
          merged[out] = values[left++];
        } else {
          inversions += static_cast<std::int64_t>(middle - left);
          merged[out] = values[right++];
        }
      }
    }
    values.swap(merged);
  }
  return inversions;
}

struct PairCounts {
  std::int64_t difference = 0;  // concordant - discordant
  std::int64_t ordered_first = 0;
  std::int64_t ordered_second = 0;
  std::int64_t distinct_first = 0;
  std::int64_t distinct_second = 0;
};

PairCounts count_pairs(std::span<const double> first, std::span<const double> second) {
  assert(are_pairs_of_numbers(first, second));
  const std::size_t n = first.size();
  const std::vector<std::size_t> order = order_of(first, second);
  const std::int64_t pairs = pairs_of(n);
  std::int64_t tied_both = 0;
  PairCounts counts{0, pairs, pairs, 0, 0};
  const auto same_first = [&](std::size_t a, std::size_t b) {
    return first[order[a]] == first[order[b]];
  };
  for_each_run(n, same_first, [&](std::size_t begin, std::size_t end) {
    counts.ordered_first -= pairs_of(end - begin);
    ++counts.distinct_first;
  });
  const auto same_both = [&](std::size_t a, std::size_t b) {
    return same_first(a, b) && second[order[a]] == second[order[b]];
  };
  for_each_run(n, same_both,
               [&](std::size_t begin, std::size_t end) { tied_both += pairs_of(end - begin); });

  std::vector<double> seconds(n);
  for (std::size_t i = 0; i < n; ++i) seconds[i] = second[order[i]];
  const std::int64_t discordant = sort_and_count_inversions(seconds);
  const auto same_second = [&](std::size_t a, std::size_t b) { return seconds[a] == seconds[b]; };
  for_each_run(n, same_second, [&](std::size_t begin, std::size_t end) {
    counts.ordered_second -= pairs_of(end - begin);
    ++counts.distinct_second;
  });
  // Pairs ordered by both sides, of which the discordant ones count twice against.
  counts.difference =
      counts.ordered_first + counts.ordered_second - pairs + tied_both - 2 * discordant;
  return counts;
}

/// Twice each item's average rank, less its mean: a whole number.
std::vector<std::int64_t> centred_ranks(std::span<const double> values) {
  const std::size_t n = values.size();
  const std::vector<std::size_t> order = order_of(values, values);
  std::vector<std::int64_t> ranks(n);
  const auto same = [&](std::size_t a, std::size_t b) {
    return values[order[a]] == values[order[b]];
  };
  for_each_run(n, same, [&](std::size_t begin, std::size_t end) {
    const auto rank = static_cast<std::int64_t>(begin + end) - static_cast<std::int64_t>(n);
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
  });
  return ranks;
}

Int128 sum_of_products(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  Int128 sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<Int128>(a[i]) * b[i];
  return sum;
}

/// a / sqrt(b c). One root of the product: where b = c = |a| it is exactly 1, two roots would not.
double normalised(double a, double b, double c) { return a / std::sqrt(b * c); }

}  // namespace

std::optional<double> kendall_tau_b(std::span<const double> first, std::span<const double> second) {
  const PairCounts counts = count_pairs(first, second);
  if (counts.distinct_first < 2 || counts.distinct_second < 2) return std::nullopt;
  return normalised(static_cast<double>(counts.difference),
                    static_cast<double>(counts.ordered_first),
                    static_cast<double>(counts.ordered_second));
}

std::optional<double> kendall_tau_c(std::span<const double> first, std::span<const double> second) {
  const PairCounts counts = count_pairs(first, second);
  const std::int64_t distinct = std::min(counts.distinct_first, counts.distinct_second);
  if (distinct < 2) return std::nullopt;
  const auto n = static_cast<double>(first.size());
  const auto m = static_cast<double>(distinct);
  return 2.0 * static_cast<double>(counts.difference) / (n * n * (m - 1.0) / m);
}

std::optional<double> spearman_rho(std::span<const double> first, std::span<const double> second) {
  assert(are_pairs_of_numbers(first, second));
  const std::vector<std::int64_t> a = centred_ranks(first);
  const std::vector<std::int64_t> b = centred_ranks(second);
  const Int128 variance_a = sum_of_products(a, a);
  const Int128 variance_b = sum_of_products(b, b);
  if (variance_a == 0 || variance_b == 0) return std::nullopt;
  return normalised(static_cast<double>(sum_of_products(a, b)), static_cast<double>(variance_a),
                    static_cast<double>(variance_b));
}

}  // namespace alignlab
