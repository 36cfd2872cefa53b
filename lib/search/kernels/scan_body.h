#pragma once

// The scans over `Lanes`, a register of an instruction set, which the including file defines. All
// of it has internal linkage: each file is compiled for its own instruction set, and a linker must
// not merge them.

#include "search/kernels/scan.h"

namespace alignlab::kernels {
namespace {

struct Interval {
  Lanes middle;
  Lanes slack;
};

inline Lanes middle(const float* dots, std::size_t j, const ScanItems& items,
                    const ScanQuery& query) {
  const Lanes scaled = Lanes::load(dots + j) * Lanes::all(query.scale);
  return fused(scaled, Lanes::load(items.scale + j), Lanes::load(items.bias + j));
}

inline Lanes slack(std::size_t j, const ScanItems& items, const ScanQuery& query) {
  return fused(
      Lanes::all(query.residual), Lanes::load(items.norm + j),
      fused(Lanes::all(query.norm), Lanes::load(items.residual + j), Lanes::load(items.error + j)));
}

inline Interval interval(const float* dots, std::size_t j, const ScanItems& items,
                         const ScanQuery& query) {
  return {middle(dots, j, items, query), slack(j, items, query)};
}

/// No item's slack is larger: rounding never turns the order of two numbers.
inline Lanes most_slack(const ScanItems& items, const ScanQuery& query) {
  return fused(
      Lanes::all(query.residual), Lanes::all(items.most_norm),
      fused(Lanes::all(query.norm), Lanes::all(items.most_residual), Lanes::all(items.most_error)));
}

/// Calls visit(j) for each register of items that holds one that may reach `least`.
template <typename Visit>
inline void for_each_near(const float* dots, std::size_t count, const ScanItems& items,
                          const ScanQuery& query, Lanes least, const Visit& visit) {
  constexpr std::size_t kTogether = 4;  // one branch for so many registers
  const Lanes most = most_slack(items, query);
  std::size_t j = 0;
  for (; j + kTogether * Lanes::kWidth <= count; j += kTogether * Lanes::kWidth) {
    Lanes highest = middle(dots, j, items, query);
    for (std::size_t r = 1; r < kTogether; ++r) {
      highest = larger(highest, middle(dots, j + r * Lanes::kWidth, items, query));
    }
    if (at_least(highest + most, least) == 0) continue;
    for (std::size_t r = 0; r < kTogether; ++r) visit(j + r * Lanes::kWidth);
  }
  for (; j < count; j += Lanes::kWidth) visit(j);
}

constexpr std::uint32_t kAllBits = (1U << Lanes::kWidth) - 1;

inline std::size_t append(std::uint32_t bits, std::size_t j, std::uint32_t* found,
                          std::size_t size) {
  for (; bits != 0; bits &= bits - 1) {
    found[size++] = static_cast<std::uint32_t>(j) + static_cast<std::uint32_t>(__builtin_ctz(bits));
  }
  return size;
}

void scan_groups(const float* dots, std::size_t count, const ScanItems& items,
                 const ScanQuery& query, std::size_t groups, float* lows) {
  for (std::size_t g = 0; g < groups; g += Lanes::kWidth) {
    Lanes highest = Lanes::all(-__builtin_inff());
    for (std::size_t j = g; j < count; j += groups) {
      const Interval at = interval(dots, j, items, query);
      highest = larger(highest, at.middle - at.slack);
    }
    highest.store(lows + g);
  }
}

std::size_t scan_above(const float* dots, std::size_t count, const ScanItems& items,
                       const ScanQuery& query, float threshold, std::uint32_t* found, float* lower,
                       float* upper) {
  const Lanes least = Lanes::all(threshold);
  std::size_t size = 0;
  for_each_near(dots, count, items, query, least, [&](std::size_t j) {
    const Interval at = interval(dots, j, items, query);
    const Lanes high = at.middle + at.slack;
    std::uint32_t bits = at_least(high, least);
    if (bits == 0) return;
    if (bits == kAllBits) {
      for (std::uint32_t lane = 0; lane < Lanes::kWidth; ++lane) {
        found[size + lane] = static_cast<std::uint32_t>(j) + lane;
      }
      (at.middle - at.slack).store(lower + size);
      high.store(upper + size);
      size += Lanes::kWidth;
      return;
    }
    float lows[Lanes::kWidth], highs[Lanes::kWidth];
    (at.middle - at.slack).store(lows);
    high.store(highs);
    for (; bits != 0; bits &= bits - 1) {
      const auto lane = static_cast<std::uint32_t>(__builtin_ctz(bits));
      found[size] = static_cast<std::uint32_t>(j) + lane;
      lower[size] = lows[lane];
      upper[size++] = highs[lane];
    }
  });
  return size;
}

std::size_t scan_ranks(const float* dots, std::size_t count, const ScanItems& items,
                       const ScanQuery& query, ScanLevels& levels, std::uint32_t* doubtful) {
  std::size_t size = 0;
  for_each_near(dots, count, items, query, Lanes::all(levels.low[0]), [&](std::size_t j) {
    const Interval at = interval(dots, j, items, query);
    const Lanes high = at.middle + at.slack;
    const Lanes low = at.middle - at.slack;
    std::uint32_t surely[kMostLevels];
    std::uint32_t doubt = 0;
    std::size_t reached = 0;
    for (; reached < levels.count; ++reached) {
      const std::uint32_t maybe = at_least(high, Lanes::all(levels.low[reached]));
      if (maybe == 0) break;
      surely[reached] = above(low, Lanes::all(levels.high[reached]));
      doubt |= maybe & ~surely[reached];
    }
    for (std::size_t l = 0; l < reached; ++l) {
      levels.above[l] += __builtin_popcount(surely[l] & ~doubt);
    }
    size = append(doubt, j, doubtful, size);
  });
  return size;
}

std::size_t scan_column_ranks(const float* dots, std::size_t count, const ScanItems& items,
                              const ScanQuery& query, const ScanColumns& columns,
                              std::uint32_t* doubtful) {
  std::size_t size = 0;
  const Lanes most = most_slack(items, query);
  for (std::size_t j = 0; j < count; j += Lanes::kWidth) {
    const Lanes scaled = Lanes::load(dots + j) * Lanes::all(query.scale);
    const Lanes scale = Lanes::load(items.scale + j);
    const Lanes highest = fused(scaled, scale, Lanes::all(columns.bias_high));
    if (at_least(highest + most, Lanes::load(columns.low + j)) == 0) continue;
    const Lanes own = slack(j, items, query);
    const std::uint32_t maybe = at_least(highest + own, Lanes::load(columns.low + j));
    if (maybe == 0) continue;
    const Lanes low = fused(scaled, scale, Lanes::all(columns.bias_low)) - own;
    const std::uint32_t surely = above(low, Lanes::load(columns.high + j));
    for (std::uint32_t bits = surely; bits != 0; bits &= bits - 1) {
      ++columns.above[j + static_cast<std::uint32_t>(__builtin_ctz(bits))];
    }
    size = append(maybe & ~surely, j, doubtful, size);
  }
  return size;
}

}  // namespace
}  // namespace alignlab::kernels
