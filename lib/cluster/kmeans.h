#pragma once

// k-means. Lloyd's iterations assign exactly and canonically (search.h); sums of points are exact,
// whatever their order (below), so the same points, options and seed give the same bits for any
// number of threads and every search kernel.
//
// Sums: a point's values are rounded to multiples of a power of two, as fine as lets the sum of all
// points be exact in double: 2^-52 of the largest magnitude times the number of points. So sums can
// be kept up to date as points move, and a mean is off by no more than that.

#include <cstdint>
#include <string>
#include <vector>

#include "core/matrix.h"
#include "core/progress.h"
#include "core/rng.h"

namespace alignlab {

struct KMeansOptions {
  std::size_t clusters = 8;
  int most_iterations = 50;
  int threads = 1;
  /// "k-means++" (Arthur and Vassilvitskii, SODA 2007): each next centroid a point drawn in
  /// proportion to its squared distance from those chosen. "k-means||" (Bahmani, Moseley, Vattani,
  /// Kumar and Vassilvitskii, VLDB 2012): many points a round, then k-means++ among them, weighted.
  std::string seeding = "k-means++";
  /// Points an iteration, drawn anew (Sculley, "Web-scale k-means clustering", WWW 2010), of which
  /// most_iterations are made; 0: all of them, until nothing moves.
  std::size_t batch = 0;
  std::string kernel = "certified";  // of search.h
};

struct KMeans {
  Matrix centroids;                      // [clusters, d]
  std::vector<std::int32_t> assignment;  // of each point; ties go to the lower cluster
  std::vector<std::int64_t> sizes;       // none is 0
  double objective = 0.0;                // sum of squared distances to the own centroid
  int iterations = 0;
};

/// DataError if there are fewer distinct points than clusters (no cluster may be empty). An empty
/// cluster takes the point that is farthest from its own centroid.
KMeans k_means(MatrixView points, const KMeansOptions& options, Rng rng, Progress& progress);

/// Lloyd's iterations from these centroids, one a cluster; `seeding` and `batch` are not read.
KMeans k_means_from(MatrixView points, Matrix centroids, const KMeansOptions& options,
                    Progress& progress);

/// Squared Euclidean distances of each point to each centroid, [points, clusters], never negative.
Matrix squared_distances(MatrixView points, MatrixView centroids);

}  // namespace alignlab
