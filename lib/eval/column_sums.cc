#include "eval/column_sums.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/wide_registers.h"

namespace alignlab {
namespace {

constexpr std::size_t kGroupsAtOnce = 256;  // their values stay in the first-level cache
constexpr std::size_t kSummedTogether = 4;  // resamples whose sums fit into the registers

template <typename T>
using PerResample = std::array<T*, kSummedTogether>;

/// A register of AVX2, or two of SSE; loops over arrays are not made into these reliably.
template <typename T>
struct Lanes {
  typedef T Type __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
};

/// sums[r][l] += sum over g of weights[r][g] * values[g][l].
template <typename T>
[[gnu::always_inline]] inline void add_lanes(const PerResample<const T>& weights, const T* values,
                                             std::size_t groups, const PerResample<T>& sums) {
  using Wide = typename Lanes<T>::Type;
  constexpr std::size_t kInWide = sizeof(Wide) / sizeof(T);
  Wide low[kSummedTogether], high[kSummedTogether];
  for (std::size_t r = 0; r < kSummedTogether; ++r) {
    low[r] = *reinterpret_cast<const Wide*>(sums[r]);
    high[r] = *reinterpret_cast<const Wide*>(sums[r] + kInWide);
  }
  for (std::size_t g = 0; g < groups; ++g) {
    const auto* row = reinterpret_cast<const Wide*>(values + g * 2 * kInWide);
    const Wide first = row[0], second = row[1];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kSummedTogether; ++r) {
      low[r] += weights[r][g] * first;
      high[r] += weights[r][g] * second;
    }
  }
  for (std::size_t r = 0; r < kSummedTogether; ++r) {
    *reinterpret_cast<Wide*>(sums[r]) = low[r];
    *reinterpret_cast<Wide*>(sums[r] + kInWide) = high[r];
  }
}

ALIGNLAB_WIDE void add_weighted(const PerResample<const float>& weights, const float* values,
                                std::size_t groups, const PerResample<float>& sums) {
  add_lanes(weights, values, groups, sums);
}

ALIGNLAB_WIDE void add_weighted(const PerResample<const double>& weights, const double* values,
                                std::size_t groups, const PerResample<double>& sums) {
  add_lanes(weights, values, groups, sums);
}

/// By way of signed numbers, for which processors have an instruction.
ALIGNLAB_WIDE void convert(Multiplicities from, float* into) {
  for (std::size_t g = 0; g < from.size(); ++g) {
    into[g] = static_cast<float>(static_cast<std::int32_t>(from[g]));
  }
}

ALIGNLAB_WIDE void convert(Multiplicities from, double* into) {
  for (std::size_t g = 0; g < from.size(); ++g) into[g] = static_cast<std::int32_t>(from[g]);
}

/// A column of small whole numbers, up to a factor.
struct Counts {
  std::vector<float> values;
  double factor;
};

/// Numbers of hits, and these over how many could be, are whole multiples of the inverse of some
/// number with small divisors; the first of these that serves is taken. Nothing where sums of as
/// many draws as there are groups could be inexact in float.
std::optional<Counts> counts_of(const std::vector<double>& column) {
  constexpr double kExactBelow = 1 << 24;
  double largest = 0.0;
  for (const double value : column) largest = std::max(largest, std::abs(value));
  const double most = kExactBelow / static_cast<double>(column.size());
  for (const double parts : {1.0, 2.0, 6.0, 12.0, 60.0, 300.0, 420.0, 840.0, 2520.0}) {
    if (largest * parts >= most) return std::nullopt;
    const auto is_whole = [&](double value) {
      return std::abs(value * parts - std::round(value * parts)) <= 1e-13 * largest * parts;
    };
    if (!std::ranges::all_of(column, is_whole)) continue;
    std::int64_t divisor = 0;
    for (const double value : column) divisor = std::gcd(divisor, std::llround(value * parts));
    divisor = std::max<std::int64_t>(divisor, 1);
    Counts out{{}, static_cast<double>(divisor) / parts};
    for (const double value : column) {
      out.values.push_back(static_cast<float>(std::llround(value * parts) / divisor));
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace

template <typename T>
std::size_t ColumnTiles<T>::index_of(std::vector<T> column) {
  assert(column.size() == groups_);
  const auto same = std::ranges::find(columns_, column);
  const auto index = static_cast<std::size_t>(same - columns_.begin());
  if (same == columns_.end()) columns_.push_back(std::move(column));
  return index;
}

template <typename T>
void ColumnTiles<T>::pack() {
  values_.assign(tiles() * groups_ * kLanes, T{0});
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    T* tile = values_.data() + c / kLanes * groups_ * kLanes + c % kLanes;
    for (std::size_t g = 0; g < groups_; ++g) tile[g * kLanes] = columns_[c][g];
  }
}

template <typename T>
void ColumnTiles<T>::sum(Multiplicities block, std::vector<T>& sums) const {
  sums.assign(kResamplesAtOnce * width(), T{0});
  std::array<T, kResamplesAtOnce * kGroupsAtOnce> weights;
  for (std::size_t begin = 0; begin < groups_; begin += kGroupsAtOnce) {
    const std::size_t size = std::min(kGroupsAtOnce, groups_ - begin);
    for (std::size_t r = 0; r < kResamplesAtOnce; ++r) {
      const auto own = block.subspan(r * groups_ + begin, size);
      convert(own, weights.data() + r * kGroupsAtOnce);
    }
    for (std::size_t tile = 0; tile < tiles(); ++tile) {
      const T* values = values_.data() + (tile * groups_ + begin) * kLanes;
      for (std::size_t first = 0; first < kResamplesAtOnce; first += kSummedTogether) {
        PerResample<const T> from;
        PerResample<T> into;
        for (std::size_t r = 0; r < kSummedTogether; ++r) {
          from[r] = weights.data() + (first + r) * kGroupsAtOnce;
          into[r] = sums.data() + (first + r) * width() + tile * kLanes;
        }
        add_weighted(from, values, size, into);
      }
    }
  }
}

template class ColumnTiles<float>;
template class ColumnTiles<double>;

ColumnSums::Place ColumnSums::add(const std::vector<double>& column) {
  if (auto counts = counts_of(column)) {
    return {true, counts_.index_of(std::move(counts->values)), counts->factor};
  }
  return {false, others_.index_of(column), 1.0};
}

void ColumnSums::pack() {
  counts_.pack();
  others_.pack();
}

void ColumnSums::sum(Multiplicities block, Sums& sums) const {
  counts_.sum(block, sums.counts);
  others_.sum(block, sums.others);
}

}  // namespace alignlab
