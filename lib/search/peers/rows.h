#pragma once

// What peers have in common. Private to them.

#include <algorithm>
#include <limits>
#include <utility>

#include "search/search.h"

namespace alignlab::peers {

/// Rows with a last column of their bias, or of `else_value` where there is none but the other side
/// has one.
inline Matrix widened(MatrixView rows, std::span<const double> bias, float else_value) {
  Matrix out(rows.rows(), rows.cols() + 1);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::ranges::copy(rows.row(i), out.row(i).begin());
    out.row(i).back() = bias.empty() ? else_value : static_cast<float>(bias[i]);
  }
  return out;
}

/// Room for k candidates a query, none found yet.
inline TopK nothing_found(std::size_t queries, std::size_t k) {
  TopK out;
  out.k = k;
  out.ids.assign(queries * k, -1);
  out.scores.assign(queries * k, -std::numeric_limits<double>::infinity());
  return out;
}

}  // namespace alignlab::peers
