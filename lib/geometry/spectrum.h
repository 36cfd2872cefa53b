#pragma once

// How many directions a side's centred rows X make use of, with s the singular values of X.
//
//   effective_rank       exp(-sum p log p), p = s / sum(s) (Roy and Vetterli, "The Effective Rank",
//                        EUSIPCO 2007).
//   participation_ratio  (sum s^2)^2 / sum s^4: of the variances along principal directions.
//
// Each is 1 (one direction) to min(n - 1, width) (all alike), and undefined where all rows are
// equal. Neither changes with scale, translation or orthogonal maps. DataError as in paired_rows.h.

#include <optional>

#include "geometry/paired_rows.h"

namespace alignlab {

std::optional<double> effective_rank(const NamedRows& side, int threads = 1);
std::optional<double> participation_ratio(const NamedRows& side, int threads = 1);

}  // namespace alignlab
