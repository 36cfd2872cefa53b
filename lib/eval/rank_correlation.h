#pragma once

// How far two judgements of the same items agree on their order: Kendall's tau and Spearman's rho,
// -1 to 1. Item i has the values first[i] and second[i]: of equal length and finite. Values are
// equal only where they are the same number. Nothing where a coefficient is undefined: for fewer
// than two items, and where one side is constant. Swapping the sides changes nothing.
//
// Pairs are counted exactly, in O(n log n) (Knight, "A Computer Method for Calculating Kendall's
// Tau with Ungrouped Data", JASA 61, 1966). A pair of items is concordant where both sides order
// it alike, discordant where they order it oppositely, and neither where it ties on a side.

#include <optional>
#include <span>

namespace alignlab {

/// (concordant - discordant) / sqrt(pairs not tied in first * pairs not tied in second) (Kendall,
/// "The Treatment of Ties in Ranking Problems", Biometrika 33, 1945).
std::optional<double> kendall_tau_b(std::span<const double> first, std::span<const double> second);

/// 2 (concordant - discordant) / (n^2 (m - 1) / m), with m the distinct values of the side that has
/// fewer (Stuart, "The Estimation and Comparison of Strengths of Association in Contingency
/// Tables", Biometrika 40, 1953).
std::optional<double> kendall_tau_c(std::span<const double> first, std::span<const double> second);

/// The Pearson correlation of the ranks; equal values share the mean of their ranks.
std::optional<double> spearman_rho(std::span<const double> first, std::span<const double> second);

}  // namespace alignlab
