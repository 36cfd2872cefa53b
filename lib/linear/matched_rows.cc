#include "linear/matched_rows.h"

#include <Eigen/Dense>
#include <cassert>
#include <cmath>

namespace alignlab {
namespace {

// What rounding leaves of a variance that is 0, as a share of its largest possible value.
constexpr double kLeastRelativeVariance = 1e-20;

Eigen::MatrixXd centred(MatrixView rows) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXd out =
      Eigen::Map<const Floats>(rows.data(), static_cast<Eigen::Index>(rows.rows()),
                               static_cast<Eigen::Index>(rows.cols()))
          .cast<double>();
  out.rowwise() -= out.colwise().mean().eval();
  return out;
}

double squared_norm(MatrixView rows) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.rows() * rows.cols(); ++i) {
    sum += static_cast<double>(rows.data()[i]) * static_cast<double>(rows.data()[i]);
  }
  return sum;
}

}  // namespace

std::optional<double> matched_rows_z(MatrixView a, MatrixView b) {
  assert(a.rows() == b.rows() && a.cols() == b.cols());
  if (a.rows() < 2) return std::nullopt;
  const Eigen::MatrixXd left = centred(a);
  const Eigen::MatrixXd right = centred(b);
  const double sum = left.cwiseProduct(right).sum();
  const Eigen::MatrixXd left_gram = left.transpose() * left;
  const Eigen::MatrixXd right_gram = right.transpose() * right;
  const double variance =
      left_gram.cwiseProduct(right_gram).sum() / static_cast<double>(a.rows() - 1);
  if (variance <= kLeastRelativeVariance * squared_norm(a) * squared_norm(b)) return std::nullopt;
  return sum / std::sqrt(variance);
}

}  // namespace alignlab
