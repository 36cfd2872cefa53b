#include "linear/ridge.h"

#include <Eigen/Dense>
#include <cassert>
#include <cmath>

namespace alignlab {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::RowVectorXd;

// A deviation below this share of the mean is what rounding leaves of a column that is constant.
constexpr double kLeastRelativeDeviation = 1e-9;

RowMajor as_doubles(MatrixView matrix) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Floats>(matrix.data(), static_cast<Eigen::Index>(matrix.rows()),
                                  static_cast<Eigen::Index>(matrix.cols()))
      .cast<double>();
}

std::vector<double> as_vector(const Row& row) { return {row.data(), row.data() + row.size()}; }

Eigen::Map<const Row> as_row(const std::vector<double>& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

Row inverse_deviations(const RowMajor& centred, const Row& means) {
  Row scales = (centred.colwise().squaredNorm() / static_cast<double>(centred.rows())).cwiseSqrt();
  for (Eigen::Index j = 0; j < scales.size(); ++j) {
    const bool varies = scales[j] > kLeastRelativeDeviation * std::abs(means[j]);
    scales[j] = varies ? 1.0 / scales[j] : 0.0;
  }
  return scales;
}

/// Columns when there are at least as many rows; else the same weights from the smaller system.
RowMajor weights_of(const RowMajor& x, const RowMajor& y, double penalty) {
  const Eigen::Index size = std::min(x.rows(), x.cols());
  // A data set whose columns are all constant has no scale: any penalty gives weight 0.
  const double trace = x.squaredNorm();
  const double lambda = trace > 0 ? penalty * trace / static_cast<double>(size) : 1.0;
  Eigen::MatrixXd gram = Eigen::MatrixXd::Identity(size, size) * lambda;
  if (x.rows() >= x.cols()) {
    gram.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
    return gram.selfadjointView<Eigen::Lower>().llt().solve(x.transpose() * y);
  }
  gram.selfadjointView<Eigen::Lower>().rankUpdate(x);
  return x.transpose() * gram.selfadjointView<Eigen::Lower>().llt().solve(y);
}

}  // namespace

Ridge Ridge::fit(MatrixView x, MatrixView y, double penalty) {
  assert(x.rows() == y.rows() && x.rows() > 0 && penalty > 0);
  RowMajor inputs = as_doubles(x);
  RowMajor outputs = as_doubles(y);
  const Row input_means = inputs.colwise().mean();
  const Row output_means = outputs.colwise().mean();
  inputs.rowwise() -= input_means;
  outputs.rowwise() -= output_means;
  const Row scales = inverse_deviations(inputs, input_means);
  inputs = inputs * scales.asDiagonal();
  const RowMajor weights = weights_of(inputs, outputs, penalty);

  Ridge fit;
  fit.inputs_ = x.cols();
  fit.weights_.assign(weights.data(), weights.data() + weights.size());
  fit.input_means_ = as_vector(input_means);
  fit.input_scales_ = as_vector(scales);
  fit.output_means_ = as_vector(output_means);
  return fit;
}

Matrix Ridge::predict(MatrixView x) const {
  assert(x.cols() == inputs_);
  RowMajor inputs = as_doubles(x);
  inputs.rowwise() -= as_row(input_means_);
  inputs = inputs * as_row(input_scales_).asDiagonal();
  const Eigen::Map<const RowMajor> weights(weights_.data(), static_cast<Eigen::Index>(inputs_),
                                           static_cast<Eigen::Index>(output_means_.size()));
  RowMajor outputs = inputs * weights;
  outputs.rowwise() += as_row(output_means_);
  Matrix out(x.rows(), output_means_.size());
  for (std::size_t i = 0; i < out.values().size(); ++i) {
    out.data()[i] = static_cast<float>(outputs.data()[i]);
  }
  return out;
}

}  // namespace alignlab
