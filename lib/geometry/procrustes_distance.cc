#include "geometry/procrustes_distance.h"

#include <algorithm>
#include <cmath>

#include "geometry/centred_rows.h"
#include "geometry/thin_svd.h"

namespace alignlab {

std::optional<double> procrustes_distance(const PairedRows& pairs, int threads) {
  require_paired(pairs);
  const blas::Threads of_blas(threads);
  const CentredRows first(pairs.first.rows);
  const CentredRows second(pairs.second.rows);
  if (!first.vary() || !second.vary()) return std::nullopt;
  const double norms =
      std::sqrt(squared_norms(first).sum()) * std::sqrt(squared_norms(second).sum());
  const auto as_given = identity_pairing(pairs.first.rows.rows());
  const double nuclear = singular_values(cross_product(first, second, as_given)).sum();
  return std::clamp(2.0 - 2.0 * nuclear / norms, 0.0, 2.0);
}

}  // namespace alignlab
