#include "tests/decompositions.h"

#include <Eigen/Dense>
#include <algorithm>
#include <functional>

namespace alignlab::tests {

SingularTriples singular_triples(const Eigen::MatrixXd& matrix) {
  const auto triples = [](const auto& svd) {
    return SingularTriples{svd.matrixU(), svd.matrixV(), svd.singularValues()};
  };
  constexpr unsigned kThin = Eigen::ComputeThinU | Eigen::ComputeThinV;
  // Jacobi's is the more exact, and slow for large ones.
  if (matrix.size() <= 10'000) return triples(Eigen::JacobiSVD<Eigen::MatrixXd>(matrix, kThin));
  return triples(Eigen::BDCSVD<Eigen::MatrixXd>(matrix, kThin));
}

Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& matrix) {
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(matrix);
  return qr.householderQ() * Eigen::MatrixXd::Identity(matrix.rows(), matrix.cols());
}

Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.colPivHouseholderQr().solve(b);
}

Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& square) {
  Eigen::VectorXd out = Eigen::EigenSolver<Eigen::MatrixXd>(square, false).eigenvalues().real();
  std::sort(out.begin(), out.end(), std::greater<>());
  return out;
}

Projection projection(const Eigen::MatrixXd& matrix, double threshold) {
  Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> decomposition;
  decomposition.setThreshold(threshold);
  decomposition.compute(matrix);
  return {matrix * decomposition.pseudoInverse(), decomposition.rank()};
}

}  // namespace alignlab::tests
