#pragma once

// DBSCAN (Ester, Kriegel, Sander and Xu, KDD 1996): points with enough others within reach are
// cores, cores within reach of each other are one cluster, and what is within reach of a core
// belongs to it. Points may stand for several: they count by their weight.

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

struct DbscanOptions {
  double reach = 1.0;        // Euclidean; a distance of exactly this is within it
  double core_weight = 5.0;  // that a core has within reach, itself included
};

inline constexpr std::int32_t kNoise = -1;

/// The cluster of each point, numbered in the order of their first cores, or kNoise. A point within
/// reach of cores of several clusters belongs to the first. O(n^2 d) time, O(n) memory.
std::vector<std::int32_t> dbscan(MatrixView points, std::span<const double> weights,
                                 const DbscanOptions& options);

/// Over the points, the median distance to the nearest other: what `reach` is best measured in.
/// Precondition: two points or more.
double median_nearest_distance(MatrixView points);

}  // namespace alignlab
