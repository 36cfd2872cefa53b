#pragma once

// Singular values without squaring, by LAPACK's divide and conquer, so that small ones keep their
// digits. Private to this module.

#include "linear/blas.h"

namespace alignlab {

/// matrix = left diag(values) right, values descending; k = min(rows, columns) of them.
struct ThinSvd {
  Eigen::VectorXd values;
  blas::Doubles left;   // [rows, k]
  blas::Doubles right;  // [k, columns]
};

ThinSvd thin_svd(blas::Doubles matrix);
Eigen::VectorXd singular_values(blas::Doubles matrix);

/// How many are more than what rounding to float32 leaves of none: a millionth of the largest.
Eigen::Index numerical_rank(const Eigen::VectorXd& values);

}  // namespace alignlab
