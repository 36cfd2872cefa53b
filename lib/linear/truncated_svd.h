#pragma once

// Leading right singular vectors of a feature matrix, dense or sparse, by randomised subspace
// iteration (Halko, Martinsson and Tropp, "Finding Structure with Randomness", SIAM Review 53,
// 2011). A sparse matrix stays sparse; only rows x (directions + oversampling) is ever dense.

#include <vector>

#include "core/features.h"
#include "core/rng.h"

namespace alignlab {

struct LeadingDirections {
  /// [features.cols(), k] with orthonormal columns, k = min(wanted, rows, cols).
  Matrix directions;
  /// For each the length of features x direction; descending but for rounding.
  std::vector<float> singular_values;
};

LeadingDirections leading_directions(const Features& features, std::size_t wanted, Rng rng);

/// features x directions, [rows, k].
Matrix project(const Features& features, const Matrix& directions);

}  // namespace alignlab
