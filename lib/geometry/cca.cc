#include "geometry/cca.h"

#include <Eigen/Dense>
#include <algorithm>

#include "geometry/centred_rows.h"
#include "geometry/thin_svd.h"

namespace alignlab {
namespace {

constexpr double kKeptVariance = 0.99;
// So that rounding of sums takes no direction more.
constexpr double kSlack = 1e-12;

struct OneSide {
  blas::Doubles basis;       // U', a column an item
  blas::Doubles loadings;    // U'X = S V'
  Eigen::Index leading = 0;  // directions with the variance that svcca keeps

  explicit OneSide(MatrixView of) {
    const CentredRows rows(of);
    if (!rows.vary()) return;
    const ThinSvd svd = thin_svd(rows.all());
    const Eigen::Index rank = numerical_rank(svd.values);
    const Eigen::VectorXd values = svd.values.head(rank);
    basis = svd.left.leftCols(rank).transpose();
    loadings = values.asDiagonal() * svd.right.topRows(rank);
    const double wanted = kKeptVariance * values.squaredNorm() * (1.0 - kSlack);
    double kept = 0.0;
    while (kept < wanted) {
      kept += values[leading] * values[leading];
      ++leading;
    }
  }
};

blas::Doubles paired_anew(const blas::Doubles& items, Pairing pairing) {
  blas::Doubles out(items.rows(), items.cols());
  for (std::size_t i = 0; i < pairing.size(); ++i) {
    out.col(static_cast<Eigen::Index>(i)) = items.col(pairing[i]);
  }
  return out;
}

double mean_correlation(blas::Doubles product) {
  return std::min(1.0, singular_values(std::move(product)).mean());
}

/// `variates` in terms of the basis, a row each.
double weighed_mean(const blas::Doubles& variates, const blas::Doubles& loadings,
                    const Eigen::VectorXd& correlations) {
  blas::Doubles products = blas::Doubles::Zero(variates.rows(), loadings.cols());
  blas::add_product(products, variates, loadings.transpose());
  const Eigen::VectorXd weights = products.cwiseAbs().rowwise().sum();
  return std::min(1.0, weights.dot(correlations) / weights.sum());
}

}  // namespace

struct CcaPairings::State {
  OneSide first;
  OneSide second;
  int threads;
};

CcaPairings::CcaPairings(const PairedRows& pairs, int threads) {
  require_paired(pairs);
  const blas::Threads of_blas(threads);
  state_ = std::make_unique<State>(OneSide(pairs.first.rows), OneSide(pairs.second.rows), threads);
}

CcaPairings::~CcaPairings() = default;

CcaSimilarity CcaPairings::operator()(Pairing pairing) const {
  const auto& [first, second, threads] = *state_;
  if (first.leading == 0 || second.leading == 0) return {};
  const blas::Threads of_blas(threads);
  blas::Doubles product = blas::Doubles::Zero(first.basis.rows(), second.basis.rows());
  blas::add_product(product, first.basis, paired_anew(second.basis, pairing));
  const double svcca = mean_correlation(product.topLeftCorner(first.leading, second.leading));
  const ThinSvd svd = thin_svd(std::move(product));
  return {svcca, weighed_mean(svd.left.transpose(), first.loadings, svd.values),
          weighed_mean(svd.right, second.loadings, svd.values)};
}

CcaSimilarity cca_similarity(const PairedRows& pairs, int threads) {
  return CcaPairings(pairs, threads)(identity_pairing(pairs.first.rows.rows()));
}

}  // namespace alignlab
