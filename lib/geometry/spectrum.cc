#include "geometry/spectrum.h"

#include <cmath>

#include "geometry/centred_rows.h"
#include "geometry/thin_svd.h"
#include "search/search.h"

namespace alignlab {

std::optional<double> effective_rank(const NamedRows& side, int threads) {
  require_finite(side.rows, side.name);
  const blas::Threads of_blas(threads);
  const CentredRows rows(side.rows);
  if (!rows.vary()) return std::nullopt;
  const Eigen::VectorXd values = singular_values(rows.all());
  const double total = values.sum();
  double entropy = 0.0;
  for (const double value : values) {
    const double share = value / total;
    if (share > 0.0) entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

std::optional<double> participation_ratio(const NamedRows& side, int threads) {
  require_finite(side.rows, side.name);
  const blas::Threads of_blas(threads);
  const CentredRows rows(side.rows);
  if (!rows.vary()) return std::nullopt;
  const double root = squared_norms(rows).sum() / std::sqrt(squared_gram_norm(rows));
  return root * root;
}

}  // namespace alignlab
