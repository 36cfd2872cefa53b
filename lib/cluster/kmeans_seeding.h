#pragma once

// Where k-means starts (kmeans.h). Private to this module.

#include "cluster/kmeans.h"

namespace alignlab {

/// DataError if there are fewer distinct points than clusters.
Matrix seed_centroids(MatrixView points, const KMeansOptions& options, Rng& rng,
                      Progress& progress);

}  // namespace alignlab
