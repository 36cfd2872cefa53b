#pragma once

// How much more alike rows i of two matrices are than rows that are paired at random. The sum of
// the dot products of matched rows, against its mean and deviation over all n! pairings, which have
// closed forms (Hoeffding, "A Combinatorial Central Limit Theorem", Annals of Mathematical
// Statistics 22(4), 1951): with both matrices centred to A and B,
//
//   mean = 0,   variance = ||A B'||^2 / (n - 1) = trace(A'A B'B) / (n - 1),
//
// and for many rows the sum is close to normal. No n x n matrix is formed.

#include <optional>

#include "core/matrix.h"

namespace alignlab {

/// In deviations. `a` and `b` are of one shape, finite. Nothing where every pairing gives the same
/// sum, so that there is nothing to tell.
std::optional<double> matched_rows_z(MatrixView a, MatrixView b);

}  // namespace alignlab
