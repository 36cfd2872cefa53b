#pragma once

// Ridge regression from one side to the other over all pairs of items of equal group, in closed
// form from their covariances:
//
//   W = (C_xx + r mean(diag C_xx) I)^-1 C_xy,   y - mean y  ~  W'(x - mean x).
//
// Relative to the mean variance, one r serves features of any scale. Sparse rows stay sparse, on
// either side.

#include <cstdint>
#include <vector>

#include "core/progress.h"
#include "linear/centred_directions.h"

namespace alignlab {

struct PairedRidge {
  CentredDirections map;            // [columns of the source, columns of the target]
  std::vector<double> target_mean;  // over the pairs
};

/// DataError where no two items are of equal group, or a ridge of 0 leaves no solution.
PairedRidge paired_ridge(const Features& source, const std::vector<std::int32_t>& source_groups,
                         const Features& target, const std::vector<std::int32_t>& target_groups,
                         double ridge, int threads, Progress& progress);

}  // namespace alignlab
