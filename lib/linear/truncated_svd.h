#pragma once

// Leading right singular vectors of a feature matrix, dense or sparse, by randomised subspace
// iteration (Halko, Martinsson and Tropp, "Finding Structure with Randomness", SIAM Review 53,
// 2011). A sparse matrix stays sparse; only rows x (directions + oversampling) is ever dense.

#include "core/features.h"
#include "core/rng.h"

namespace alignlab {

/// [features.cols(), k] with orthonormal columns, k = min(directions, rows, cols).
Matrix leading_directions(const Features& features, std::size_t directions, Rng rng);

/// features x directions, [rows, k].
Matrix project(const Features& features, const Matrix& directions);

}  // namespace alignlab
