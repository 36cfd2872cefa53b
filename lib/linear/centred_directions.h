#pragma once

// Rows less their mean, on a few directions: what closed forms leave.

#include <span>
#include <vector>

#include "core/features.h"

namespace alignlab {

struct CentredDirections {
  Matrix directions;           // [columns, k]
  std::vector<float> offsets;  // [k], of the mean

  /// [rows, k]. Sparse rows stay sparse.
  Matrix apply(const Features& features) const;
  /// Multiplies each direction by its weight.
  void weigh(std::span<const double> weights);
};

}  // namespace alignlab
