#pragma once

// Matrices of the linear methods' tests, and the same for Eigen, whose decompositions are their
// oracle.

#include <Eigen/Dense>

#include "core/rng.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

inline Matrix normals(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Rng random(seed, "normals");
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(random.normal());
  return out;
}

inline Eigen::MatrixXd as_eigen(const Matrix& matrix) {
  Eigen::MatrixXd out(matrix.rows(), matrix.cols());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    for (std::size_t j = 0; j < matrix.cols(); ++j) {
      out(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = matrix.row(i)[j];
    }
  }
  return out;
}

}  // namespace alignlab::tests
