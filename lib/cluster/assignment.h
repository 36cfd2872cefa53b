#pragma once

// The linear assignment problem, solved exactly by shortest augmenting paths (Jonker and
// Volgenant, "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment
// Problems", Computing 38, 1987), in O(n^3).

#include <cstdint>
#include <span>
#include <vector>

namespace alignlab {

/// The column given to each row so that the sum of gains is largest. `gains` is row-major, n x n,
/// finite. Deterministic; among equal optima the choice is fixed by the input.
std::vector<std::int32_t> best_assignment(std::span<const double> gains, std::size_t n);

}  // namespace alignlab
