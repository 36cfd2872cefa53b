#pragma once

// First and second moments of two sides over their pairs: every combination of an item of the first
// and an item of the second side that are of equal group counts once. No list of pairs is made,
// dense rows go through in blocks, and sparse rows are never made dense. Private to linear.

#include <cstdint>
#include <vector>

#include "core/features.h"
#include "core/progress.h"
#include "linear/blas.h"

namespace alignlab {

/// Items and the group of each.
struct GroupedFeatures {
  const Features& features;
  const std::vector<std::int32_t>& groups;
};

struct PairedMoments {
  double pairs = 0;
  Eigen::VectorXd first_mean, second_mean;
  blas::Doubles first, second;  // covariances, their lower triangles
  blas::Doubles cross;          // [first, second]
};

/// DataError where nothing belongs together.
PairedMoments paired_moments(const GroupedFeatures& first, const GroupedFeatures& second,
                             Progress& progress);

}  // namespace alignlab
