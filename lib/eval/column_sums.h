#pragma once

// Many weighted sums at once: columns of a number a group, each summed under the multiplicities of
// several resamples. Metrics share columns (denominators; the hits of R@k, recall@k and
// precision@k up to a factor), so each distinct one is held and summed once. Private to this
// module.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/statistic.h"

namespace alignlab {

inline constexpr std::size_t kResamplesAtOnce = 16;

/// Distinct columns of one type, summed side by side.
template <typename T>
class ColumnTiles {
 public:
  explicit ColumnTiles(std::size_t groups) : groups_(groups) {}

  std::size_t index_of(std::vector<T> column);
  /// After the last column.
  void pack();
  std::size_t width() const { return tiles() * kLanes; }
  /// sums[r * width() + c] for the resamples r of a block of kResamplesAtOnce, one behind the
  /// other. Each sum adds its groups in order, so it does not depend on which other columns there
  /// are.
  void sum(Multiplicities block, std::vector<T>& sums) const;

 private:
  static constexpr std::size_t kLanes = 64 / sizeof(T);

  std::size_t tiles() const { return (columns_.size() + kLanes - 1) / kLanes; }

  std::size_t groups_;
  std::vector<std::vector<T>> columns_;
  std::vector<T> values_;  // in tiles of kLanes columns, each tile's groups in order
};

class ColumnSums {
 public:
  explicit ColumnSums(std::size_t groups) : groups_(groups), counts_(groups), others_(groups) {}

  /// Where the sums of a column are found.
  struct Place {
    bool is_count = false;
    std::size_t index = 0;
    double factor = 1.0;
  };
  Place add(const std::vector<double>& column);
  /// After the last column.
  void pack();

  /// What a thread needs to sum blocks.
  struct Sums {
    std::vector<float> counts;
    std::vector<double> others;
  };
  /// Of a block of kResamplesAtOnce resamples.
  void sum(Multiplicities block, Sums& sums) const;
  double sum_of(const Place& place, const Sums& sums, std::size_t resample) const {
    const double sum = place.is_count
                           ? double{sums.counts[resample * counts_.width() + place.index]}
                           : sums.others[resample * others_.width() + place.index];
    return place.factor * sum;
  }

 private:
  std::size_t groups_;
  ColumnTiles<float> counts_;  // small whole numbers, whose sums are exact
  ColumnTiles<double> others_;
};

}  // namespace alignlab
