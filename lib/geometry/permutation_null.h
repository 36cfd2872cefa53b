#pragma once

// What a measure of paired rows says when the pairing is drawn at random. Most measures of
// similarity are far from 0 for sides that have nothing in common, the more so the wider the sides
// and the fewer the rows; the null says how far. The distribution over random permutations of the
// second side's rows, and
//
//   z = (observed - mean) / deviation,   p = (1 + b) / (1 + B),
//
// b of the B drawn pairings giving at least the observed value (Phipson and Smyth, "Permutation
// P-values Should Never Be Zero", Statistical Applications in Genetics and Molecular Biology 9(1),
// 2010). Equal but for rounding counts as equal. One-sided: of a distance, give the negative.
//
// A measure is asked for one pairing after another. CkaPairings, CcaPairings, NeighbourPairings and
// RsaPairings compute once what pairings share; for any other measure, rows_at(rows, pairing) is
// the second side paired anew.

#include <functional>
#include <optional>

#include "geometry/paired_rows.h"

namespace alignlab {

struct PermutationNull {
  double observed = 0.0;
  double mean = 0.0;        // of the drawn pairings
  double deviation = 0.0;   // of the sample
  std::optional<double> z;  // nothing where all pairings give the same
  double p = 1.0;
};

struct PermutationOptions {
  std::size_t permutations = 1000;  // at least 2
  std::uint64_t seed = 0;
};

using PairedMeasure = std::function<std::optional<double>(Pairing)>;

/// Of `rows` rows on each side. Nothing where the measure is undefined for the observed or for a
/// drawn pairing.
std::optional<PermutationNull> permutation_null(const PairedMeasure& measure, std::size_t rows,
                                                const PermutationOptions& options);

}  // namespace alignlab
