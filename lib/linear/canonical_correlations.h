#pragma once

// Regularised canonical correlation analysis (Hotelling, "Relations Between Two Sets of Variates",
// Biometrika 28, 1936; Vinod, "Canonical Ridge and Econometrics of Joint Production", Journal of
// Econometrics 4, 1976) over the pairs of two sides: every item of the first with every item of the
// second that is of equal group. With covariances C_xx, C_yy, C_xy over these pairs,
//
//   R_xx = C_xx + r mean(diag C_xx) I = L_x L_x',   R_yy likewise,
//   T = L_x^-1 C_xy L_y'^-1 = U S V' ;   A = L_x'^-1 U_k,   B = L_y'^-1 V_k,
//
// so that A' R_xx A = B' R_yy B = I and A' C_xy B = diag(correlations). Relative to the mean
// variance, one r serves features of any scale. All in double; sparse rows stay sparse, and what is
// dense is columns x columns. The signs of directions are fixed: same input, same bits.

#include <cstdint>
#include <vector>

#include "core/features.h"
#include "core/progress.h"
#include "linear/centred_directions.h"

namespace alignlab {

struct CanonicalCorrelations {
  CentredDirections first, second;
  std::vector<double> correlations;  // descending, 0 to 1
};

struct CcaOptions {
  std::size_t width = 128;  // directions; fewer where there are fewer columns
  double first_ridge = 1.0;
  double second_ridge = 1.0;
  int threads = 1;
};

/// `first_groups[i]` is the group of row i. DataError where no two items are of equal group, and
/// where a side's covariance cannot be factorised (a ridge of 0, and columns that depend on each
/// other).
CanonicalCorrelations canonical_correlations(const Features& first,
                                             const std::vector<std::int32_t>& first_groups,
                                             const Features& second,
                                             const std::vector<std::int32_t>& second_groups,
                                             const CcaOptions& options, Progress& progress);

}  // namespace alignlab
