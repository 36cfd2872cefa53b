#pragma once

// The median rank of the best-ranked relevant candidate: floor of the mean of the lower and upper
// median of 0-based ranks, plus 1. With ties a query has a distribution of ranks, and the medians
// are those of the mixture.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/tied_positions.h"

namespace alignlab {

class MedianRank {
 public:
  /// Query q belongs to group `groups[q]`; empty: all to group 0.
  MedianRank(const Ranks& ranks, TiePolicy ties, std::span<const std::int32_t> groups = {});

  /// Where each query counts once. Nothing without a judged query.
  std::optional<double> value() const;
  /// Where the queries of a group count as often as it was drawn.
  std::optional<double> value(std::span<const std::uint32_t> multiplicities) const;

 private:
  struct Entry {
    std::int64_t rank;
    std::int32_t group;
    double mass;  // queries of the group whose rank it is
  };
  /// The entries of one rank.
  struct Step {
    std::int64_t rank;
    std::size_t begin;
    std::size_t end;
    std::vector<double> masses;  // of each group, where so many have it that this is faster
  };
  void make_steps();
  void set_anchor();
  template <typename Mass>
  double median_from(std::size_t step, double below, double total, const Mass& mass) const;

  std::vector<Entry> entries_;   // by rank
  std::vector<Step> steps_;      // by rank
  std::vector<double> totals_;   // the mass of each group
  bool is_even_ = false;         // whether all groups have the same
  std::size_t anchor_ = 0;       // a step from which medians under multiplicities are looked for
  std::vector<double> skipped_;  // the mass of each group before it
};

}  // namespace alignlab
