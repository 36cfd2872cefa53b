#pragma once

// What a certified search reads off the products of codes: for each pair, an interval that holds
// the canonical score,
//
//   score(q, j) = dots * query.scale * scale[j] + bias[j]  +-  slack
//   slack       = query.residual * norm[j] + query.norm * residual[j] + error[j]
//
// The factors are rounded up by their makers far enough that evaluating this in float32, in any
// order and with or without fused operations, cannot make an interval too small.

#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {

/// Arrays of the strip's items, padded to whole panels with items of scale 0 and bias -inf, and the
/// largest of what makes their slack: most items are told from those alone.
struct ScanItems {
  const float* scale;
  const float* norm;
  const float* residual;
  const float* bias;
  const float* error;
  float most_norm;
  float most_residual;
  float most_error;
};

struct ScanQuery {
  float scale;
  float norm;
  float residual;
};

/// The highest lower end of each group of items, item j being of group j % `groups`, or -inf where
/// it has none: as many different items surely score so much. `count` is whole panels, and `groups`
/// a multiple of 16.
using ScanGroups = void (*)(const float* dots, std::size_t count, const ScanItems& items,
                            const ScanQuery& query, std::size_t groups, float* lows);

/// Positions of items whose score may reach `threshold`, and both ends of their intervals. Returns
/// how many.
using ScanAbove = std::size_t (*)(const float* dots, std::size_t count, const ScanItems& items,
                                  const ScanQuery& query, float threshold, std::uint32_t* found,
                                  float* lower, float* upper);

constexpr std::size_t kMostLevels = 8;

/// What one query's scores are counted against, ascending: level l lies between low[l] and high[l].
/// above[l] is increased by the number of items that surely score higher, leaving out those that
/// the scan reports as doubtful for some level.
struct ScanLevels {
  std::size_t count;  // at most kMostLevels
  float low[kMostLevels];
  float high[kMostLevels];
  std::int64_t above[kMostLevels];
};

using ScanRanks = std::size_t (*)(const float* dots, std::size_t count, const ScanItems& items,
                                  const ScanQuery& query, ScanLevels& levels,
                                  std::uint32_t* doubtful);

/// The other direction of the same pairs: items are queries, and the query a candidate with a bias
/// of its own in place of the items'. above[j] is increased by 1 where the query surely scores
/// higher with item j than its level; doubtful positions are returned.
struct ScanColumns {
  const float* low;
  const float* high;
  std::int32_t* above;
  float bias_low;
  float bias_high;
};

using ScanColumnRanks = std::size_t (*)(const float* dots, std::size_t count,
                                        const ScanItems& items, const ScanQuery& query,
                                        const ScanColumns& columns, std::uint32_t* doubtful);

struct ScanKernels {
  ScanGroups groups;
  ScanAbove above;
  ScanRanks ranks;
  ScanColumnRanks column_ranks;
};

extern const ScanKernels kScanPortable;
extern const ScanKernels kScanAvx2;
extern const ScanKernels kScanAvx512;

}  // namespace alignlab::kernels
