#pragma once

// Sums of the points of each cluster, exact in the sense of kmeans.h. Private to this module.

#include <cstdint>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

class ExactSums {
 public:
  /// The points outlive this; `most` is how many points one sum can come to hold.
  ExactSums(MatrixView points, std::size_t clusters, std::size_t most);

  /// Brings the sums from where they stand to this assignment: what moved is taken away and added.
  void follow(const std::vector<std::int32_t>& assignment, int threads);

  /// Means of the clusters, whose sizes are not 0, rounded to float.
  Matrix means() const;
  const std::vector<std::int64_t>& sizes() const { return sizes_; }

 private:
  struct Move {
    std::size_t point;
    std::int32_t from;  // -1: from nowhere
    std::int32_t to;
  };
  void apply(const std::vector<Move>& moves, std::size_t first, std::size_t last);

  MatrixView points_;
  double rounding_;  // what is added and taken away again to round a value
  std::vector<double> sums_;
  std::vector<std::int64_t> sizes_;
  std::vector<std::int32_t> assignment_;
};

}  // namespace alignlab
