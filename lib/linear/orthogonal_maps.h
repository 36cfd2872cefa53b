#pragma once

// Orthonormal directions A, B of two sides that maximise trace(A' C_xy B), C_xy the covariance over
// the pairs of items of equal group: the k leading singular vectors of C_xy. Of square matrices of
// equal columns, A B' is the solution of the orthogonal Procrustes problem (Schoenemann, "A
// Generalized Solution of the Orthogonal Procrustes Problem", Psychometrika 31, 1966); of unequal
// ones this is its two-sided form. Neither side's covariance is needed, and sparse rows stay
// sparse.

#include <cstdint>
#include <vector>

#include "core/progress.h"
#include "linear/centred_directions.h"

namespace alignlab {

struct OrthogonalMaps {
  CentredDirections first, second;
  std::vector<double> covariances;  // descending
};

/// `width` directions, fewer where there are fewer columns. DataError where no two items are of
/// equal group.
OrthogonalMaps orthogonal_maps(const Features& first, const std::vector<std::int32_t>& first_groups,
                               const Features& second,
                               const std::vector<std::int32_t>& second_groups, std::size_t width,
                               int threads, Progress& progress);

}  // namespace alignlab
