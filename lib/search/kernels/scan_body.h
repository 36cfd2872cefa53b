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

inline Interval interval(const float* dots, std::size_t j, const ScanItems& items,
                         const ScanQuery& query) {
  const Lanes scaled = Lanes::load(dots + j) * Lanes::all(query.scale);
  return {fused(scaled, Lanes::load(items.scale + j), Lanes::load(items.bias + j)),
          fused(Lanes::all(query.residual), Lanes::load(items.norm + j),
                fused(Lanes::all(query.norm), Lanes::load(items.residual + j),
                      Lanes::load(items.error + j)))};
}

inline std::size_t append(std::uint32_t bits, std::size_t j, std::uint32_t* found,
                          std::size_t size) {
  for (; bits != 0; bits &= bits - 1) {
    found[size++] = static_cast<std::uint32_t>(j) + static_cast<std::uint32_t>(__builtin_ctz(bits));
  }
  return size;
}

std::size_t scan_above(const float* dots, std::size_t count, const ScanItems& items,
                       const ScanQuery& query, float threshold, std::uint32_t* found, float* lower,
                       float* upper) {
  const Lanes least = Lanes::all(threshold);
  std::size_t size = 0;
  for (std::size_t j = 0; j < count; j += Lanes::kWidth) {
    const Interval at = interval(dots, j, items, query);
    const Lanes high = at.middle + at.slack;
    std::uint32_t bits = at_least(high, least);
    if (bits == 0) continue;
    float lows[Lanes::kWidth], highs[Lanes::kWidth];
    (at.middle - at.slack).store(lows);
    high.store(highs);
    for (; bits != 0; bits &= bits - 1) {
      const auto lane = static_cast<std::uint32_t>(__builtin_ctz(bits));
      found[size] = static_cast<std::uint32_t>(j) + lane;
      lower[size] = lows[lane];
      upper[size++] = highs[lane];
    }
  }
  return size;
}

std::size_t scan_ranks(const float* dots, std::size_t count, const ScanItems& items,
                       const ScanQuery& query, ScanLevels& levels, std::uint32_t* doubtful) {
  std::size_t size = 0;
  for (std::size_t j = 0; j < count; j += Lanes::kWidth) {
    const Interval at = interval(dots, j, items, query);
    const Lanes high = at.middle + at.slack;
    if (at_least(high, Lanes::all(levels.low[0])) == 0) continue;
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
  }
  return size;
}

std::size_t scan_column_ranks(const float* dots, std::size_t count, const ScanItems& items,
                              const ScanQuery& query, const ScanColumns& columns,
                              std::uint32_t* doubtful) {
  std::size_t size = 0;
  for (std::size_t j = 0; j < count; j += Lanes::kWidth) {
    const Lanes scaled = Lanes::load(dots + j) * Lanes::all(query.scale);
    const Lanes slack = interval(dots, j, items, query).slack;
    const Lanes scale = Lanes::load(items.scale + j);
    const Lanes high = fused(scaled, scale, Lanes::all(columns.bias_high)) + slack;
    const std::uint32_t maybe = at_least(high, Lanes::load(columns.low + j));
    if (maybe == 0) continue;
    const Lanes low = fused(scaled, scale, Lanes::all(columns.bias_low)) - slack;
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
