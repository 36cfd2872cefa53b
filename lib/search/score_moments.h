#pragma once

// Mean and standard deviation of all scores of queries and candidates, without computing
// scores where that is less work and tells as much: with q = q* + q', g = g* + g' and b = b* + b'
// (means and what is left), the variance of q.g + b over all pairs is
//
//   mean_i (q'_i.g*)^2 + mean_j (q*.g'_j + b'_j)^2 + sum_kl S_kl T_kl,
//
// S and T being the covariance matrices of both sides, since all else averages to zero.

#include "search/search.h"

namespace alignlab {

struct ScoreMoments {
  double mean = 0.0;
  double deviation = 0.0;  // of the population
};

/// There must be some scores. The same bits whatever the kernel and its threads; a deviation of 0
/// where all scores are equal.
ScoreMoments score_moments(MatrixView queries, const Gallery& gallery, const Kernel& kernel);

}  // namespace alignlab
