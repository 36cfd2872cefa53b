#pragma once

// Agglomerative clustering: of all pairs of clusters the cheapest two are merged, again and again.
// Found by chains of nearest neighbours (Murtagh, The Computer Journal 26, 1983) in O(n^2) time and
// memory, with the costs of unions by the rules of Lance and Williams (The Computer Journal 9,
// 1967).

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

/// Clusters are numbered: the points 0 .. n-1, and the union of the m-th merge n + m.
enum class Linkage {
  kWard,     // what the union adds to the sum of squared distances to the own mean (JASA 58, 1963)
  kAverage,  // the mean Euclidean distance between points of one and points of the other
};

struct Merge {
  std::int32_t one;
  std::int32_t other;  // above `one`
  double cost;
};

/// The n - 1 merges, cheapest first. A point counts `weights` times; all are above 0.
std::vector<Merge> merges_by(Linkage linkage, MatrixView points, std::span<const double> weights);

/// The cluster of each point where `clusters` of them are left, numbered in the order of their
/// first points. Precondition: 1 <= clusters <= points.
std::vector<std::int32_t> cut(const std::vector<Merge>& merges, std::size_t points,
                              std::size_t clusters);

}  // namespace alignlab
