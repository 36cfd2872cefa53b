#pragma once

// Ridge regression in closed form (Hoerl and Kennard, "Ridge Regression: Biased Estimation for
// Nonorthogonal Problems", Technometrics 12(1), 1970) of columns y on standardised columns x:
//
//   W = (X'X + lambda I)^-1 X'(Y - mean),   lambda = penalty * trace(X'X) / min(n, d)
//
// The weight of the penalty is relative, so that one value serves features of any scale, number and
// width. A column of x that does not vary is given weight 0. Solved in double, in the n x n system
// X X' + lambda I where there are fewer rows than columns. One thread; thread-safe once fitted.

#include <cstddef>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

class Ridge {
 public:
  /// `x` [n, d] and `y` [n, k], both finite; n >= 1, penalty > 0.
  static Ridge fit(MatrixView x, MatrixView y, double penalty);

  /// [rows, k] for `x` [rows, d].
  Matrix predict(MatrixView x) const;

 private:
  Ridge() = default;

  std::size_t inputs_ = 0;
  std::vector<double> weights_;  // [d, k], rows contiguous
  std::vector<double> input_means_;
  std::vector<double> input_scales_;  // 1 / deviation, 0 where there is none
  std::vector<double> output_means_;
};

}  // namespace alignlab
