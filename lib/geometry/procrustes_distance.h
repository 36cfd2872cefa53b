#pragma once

// How far apart two sides are once one is turned onto the other (Schoenemann, 1966; as a distance
// of representations: Ding, Denain and Steinhardt, "Grounding Representation Similarity Through
// Statistical Testing", NeurIPS 2021). With centred rows X and Y, each scaled to Frobenius norm 1,
//
//   min over orthogonal Q of ||X - Y Q||_F^2  =  2 - 2 ||X'Y||_*,
//
// the nuclear norm: the sum of singular values. Of unequal widths, the narrower side has columns of
// 0 more. 0 (equal but for a turn, a scale and a translation) to 2 (X'Y = 0). Undefined where all
// rows of a side are equal. Memory is that of the product of the widths.

#include <optional>

#include "geometry/paired_rows.h"

namespace alignlab {

std::optional<double> procrustes_distance(const PairedRows& pairs, int threads = 1);

}  // namespace alignlab
