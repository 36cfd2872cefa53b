#pragma once

// Where embeddings lie on the unit sphere. Rows are scaled to unit length in double; rows of zeros
// have no direction and are left out.
//
//   modality_gap  ||mean u - mean v||, of the unit vectors of two sides (Liang et al., "Mind the
//                 Gap", NeurIPS 2022). 0 to 2. Sides need not be paired. Undefined where widths
//                 differ or a side has no direction.
//   alignment     the mean of ||u_i - v_i||^2 over pairs that both have a direction (Wang and
//   Isola,
//                 "Understanding Contrastive Representation Learning through Alignment and
//                 Uniformity on the Hypersphere", ICML 2020). 0 to 4, less is closer. Undefined
//                 where widths differ or no pair is left.
//   uniformity    log of the mean of exp(-2 ||u_i - u_j||^2) over i < j (the same paper). -8 to 0,
//                 less is more uniform; 0 where all directions are equal. Undefined for fewer than
//                 two directions. Over all pairs, in blocks.
//
// DataError as in paired_rows.h.

#include <optional>

#include "geometry/paired_rows.h"

namespace alignlab {

std::optional<double> modality_gap(const NamedRows& first, const NamedRows& second);
std::optional<double> alignment(const PairedRows& pairs);
std::optional<double> uniformity(const NamedRows& side, int threads = 1);

}  // namespace alignlab
