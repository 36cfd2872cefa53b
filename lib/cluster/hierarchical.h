#pragma once

// Agglomerative clustering by Ward's criterion (Ward, JASA 58, 1963): of all pairs of clusters the
// two are merged whose union adds least to the sum of squared distances to the own mean. Found by
// chains of nearest neighbours (Murtagh, The Computer Journal 26, 1983) in O(n^2) time and memory.

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

/// Clusters are numbered: the points 0 .. n-1, and the union of the m-th merge n + m.
struct Merge {
  std::int32_t one;
  std::int32_t other;  // above `one`
  double cost;         // what it adds to the sum of squared distances
};

/// The n - 1 merges, cheapest first. A point counts `weights` times; all are above 0.
std::vector<Merge> ward_merges(MatrixView points, std::span<const double> weights);

/// The cluster of each point where `clusters` of them are left, numbered in the order of their
/// first points. Precondition: 1 <= clusters <= points.
std::vector<std::int32_t> cut(const std::vector<Merge>& merges, std::size_t points,
                              std::size_t clusters);

}  // namespace alignlab
