#pragma once

// Rows less their mean, in double, made block by block: the float32 rows alone are held. Columns
// that are constant become exact zeros. Private to this module.

#include <cstdint>
#include <span>

#include "core/matrix.h"
#include "linear/blas.h"

namespace alignlab {

class CentredRows {
 public:
  /// Rows that outlive it, finite.
  explicit CentredRows(MatrixView rows);

  Eigen::Index count() const { return static_cast<Eigen::Index>(rows_.rows()); }
  Eigen::Index width() const { return static_cast<Eigen::Index>(rows_.cols()); }
  /// False where all rows are equal, or there are none.
  bool vary() const { return vary_; }

  /// Some rows, in this order, an item a column.
  blas::Doubles columns(std::span<const std::int32_t> which) const;
  /// All of them, an item a row.
  blas::Doubles all() const;

 private:
  MatrixView rows_;
  Eigen::VectorXd origin_;  // the first row: taking it away first makes constants exact zeros
  Eigen::VectorXd mean_;    // of what is left
  bool vary_ = false;
};

/// ||x_i||^2 of each centred row.
Eigen::VectorXd squared_norms(const CentredRows& rows);

/// X'Y, row i of the first with row pairing[i] of the second. In blocks.
blas::Doubles cross_product(const CentredRows& first, const CentredRows& second,
                            std::span<const std::int32_t> pairing);

/// X X', whole.
blas::Doubles gram(const CentredRows& rows);

/// ||X'X||_F^2 = ||X X'||_F^2, by the smaller of the two.
double squared_gram_norm(const CentredRows& rows);

}  // namespace alignlab
