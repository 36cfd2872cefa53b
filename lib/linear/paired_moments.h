#pragma once

// First and second moments of two sides over their pairs: every combination of an item of the first
// and an item of the second side that are of equal group counts once. No list of pairs is made,
// dense rows go through in blocks, and sparse rows are never made dense. Private to linear.

#include <cstdint>
#include <vector>

#include "core/features.h"
#include "core/progress.h"
#include "linear/blas.h"
#include "linear/centred_directions.h"

namespace alignlab {

/// Items and the group of each.
struct GroupedFeatures {
  const Features& features;
  const std::vector<std::int32_t>& groups;
};

struct PairedMoments {
  enum class Wanted { kAll, kCross, kFirstAndCross, kSecondAndCross };

  double pairs = 0;
  Eigen::VectorXd first_mean, second_mean;
  blas::Doubles first, second;  // covariances, their lower triangles; empty if not wanted
  blas::Doubles cross;          // [first, second]
};

/// DataError where nothing belongs together, and for a covariance that memory would not hold.
PairedMoments paired_moments(const GroupedFeatures& first, const GroupedFeatures& second,
                             PairedMoments::Wanted wanted, Progress& progress);

/// The Cholesky factor of covariance + ridge mean(diagonal) I. DataError, naming the option that
/// the ridge is, where columns depend on each other and the ridge is too small.
blas::Doubles regularised_root(blas::Doubles covariance, double ridge, const char* option);

/// Directions in columns, and the mean that rows are to lose.
CentredDirections centred_directions(const blas::Doubles& directions, const Eigen::VectorXd& mean);

}  // namespace alignlab
