#include "linear/centred_directions.h"

#include <cassert>

#include "linear/truncated_svd.h"

namespace alignlab {

Matrix CentredDirections::apply(const Features& features) const {
  Matrix out = project(features, directions);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const auto row = out.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] -= offsets[j];
  }
  return out;
}

void CentredDirections::weigh(std::span<const double> weights) {
  assert(weights.size() == directions.cols());
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const auto weight = static_cast<float>(weights[j]);
    offsets[j] *= weight;
    for (std::size_t i = 0; i < directions.rows(); ++i) directions.row(i)[j] *= weight;
  }
}

}  // namespace alignlab
