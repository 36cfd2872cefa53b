#include "linear/canonical_correlations.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "linear/paired_moments.h"
#include "linear/truncated_svd.h"

namespace alignlab {
namespace {

using blas::Doubles;
using Eigen::Index;

/// The Cholesky factor of covariance + ridge mean(diagonal) I.
Doubles regularised_root(Doubles covariance, double ridge, const char* side) {
  const double mean = covariance.diagonal().mean();
  // A side whose columns are all constant has no scale of its own: any will do.
  covariance.diagonal().array() += mean > 0 ? ridge * mean : 1.0;
  if (!blas::factorise(covariance)) {
    throw DataError(fmt::format(
        "cca: the covariance of the {} side cannot be factorised: expected a larger ridge, for "
        "columns depend on each other; found {}",
        side, ridge));
  }
  return covariance;
}

CentredDirections centred(const Doubles& directions, const Eigen::VectorXd& mean) {
  CentredDirections out{Matrix(static_cast<std::size_t>(directions.rows()),
                               static_cast<std::size_t>(directions.cols())),
                        {}};
  for (Index j = 0; j < directions.cols(); ++j) {
    out.offsets.push_back(static_cast<float>(directions.col(j).dot(mean)));
    for (Index i = 0; i < directions.rows(); ++i) {
      out.directions.row(static_cast<std::size_t>(i))[static_cast<std::size_t>(j)] =
          static_cast<float>(directions(i, j));
    }
  }
  return out;
}

}  // namespace

Matrix CentredDirections::apply(const Features& features) const {
  Matrix out = project(features, directions);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const auto row = out.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] -= offsets[j];
  }
  return out;
}

CanonicalCorrelations canonical_correlations(const Features& first,
                                             const std::vector<std::int32_t>& first_groups,
                                             const Features& second,
                                             const std::vector<std::int32_t>& second_groups,
                                             const CcaOptions& options, Progress& progress) {
  const blas::Threads threads(options.threads);
  progress.begin("cca", 5, "steps");
  const auto done = [&] {
    progress.advance(1);
    progress.check();
  };
  PairedMoments moments = paired_moments({first, first_groups}, {second, second_groups}, progress);
  done();
  const Doubles x_root = regularised_root(std::move(moments.first), options.first_ridge, "first");
  done();
  const Doubles y_root =
      regularised_root(std::move(moments.second), options.second_ridge, "second");
  done();
  Doubles& between = moments.cross;  // whitened in place
  blas::solve(x_root, between);
  blas::solve_transposed_on_the_right(y_root, between);
  done();

  // The squares of the shorter side: singular values down to a millionth survive, and directions
  // are wanted for the largest alone.
  const bool wide = between.rows() <= between.cols();
  const Doubles tall = wide ? Doubles(between.transpose()) : between;
  Doubles square = Doubles::Zero(tall.cols(), tall.cols());
  blas::add_gram(square, tall);
  const Index width = std::min(static_cast<Index>(options.width), square.rows());
  const blas::Eigenpairs found = blas::leading_eigenpairs(std::move(square), width);
  done();
  const Eigen::VectorXd values = found.values.cwiseMax(0.0).cwiseSqrt();
  Doubles other = blas::product(tall, found.vectors);
  for (Index j = 0; j < width; ++j) {
    other.col(j) *= values[j] > 0 ? 1.0 / values[j] : 0.0;
  }
  Doubles a = wide ? found.vectors : other;
  Doubles b = wide ? other : found.vectors;
  blas::solve_transposed(x_root, a);
  blas::solve_transposed(y_root, b);
  done();
  progress.end();
  return {centred(a, moments.first_mean), centred(b, moments.second_mean),
          std::vector<double>(values.data(), values.data() + values.size())};
}

}  // namespace alignlab
