#pragma once

// Lloyd's k-means with k-means++ seeding (Arthur and Vassilvitskii, "k-means++: The Advantages of
// Careful Seeding", SODA 2007). Assignment is exact and canonical (search.h), sums are in double in
// item order: the same points, k and seed give the same bits for any number of threads.

#include <cstdint>
#include <vector>

#include "core/matrix.h"
#include "core/progress.h"
#include "core/rng.h"

namespace alignlab {

struct KMeansOptions {
  std::size_t clusters = 8;
  int most_iterations = 50;
  int threads = 1;
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

/// Squared Euclidean distances of each point to each centroid, [points, clusters], never negative.
Matrix squared_distances(MatrixView points, MatrixView centroids);

}  // namespace alignlab
