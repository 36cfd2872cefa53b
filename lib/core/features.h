#pragma once

// What an item is to an aligner: a dense row, or a sparse row of a wide space (bag of words).

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

/// Compressed sparse rows: row i holds the entries offsets[i] .. offsets[i+1], columns ascending.
struct SparseRows {
  std::size_t cols = 0;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;

  std::size_t rows() const { return offsets.size() - 1; }
  std::span<const std::int32_t> row_columns(std::size_t i) const;
  std::span<const float> row_values(std::size_t i) const;
  bool operator==(const SparseRows& other) const = default;
};

enum class FeatureForm { kDense, kSparse };

const char* name_of(FeatureForm form);

class Features {
 public:
  Features() = default;
  Features(Matrix dense) : rows_(std::move(dense)) {}        // NOLINT: a Matrix is a Features
  Features(SparseRows sparse) : rows_(std::move(sparse)) {}  // NOLINT: so are SparseRows

  FeatureForm form() const { return static_cast<FeatureForm>(rows_.index()); }
  std::size_t rows() const;
  std::size_t cols() const;
  /// Precondition: form() matches.
  const Matrix& dense() const { return std::get<Matrix>(rows_); }
  const SparseRows& sparse() const { return std::get<SparseRows>(rows_); }
  /// Writes row i as `cols()` floats, whatever the form.
  void copy_row(std::size_t i, std::span<float> out) const;
  /// All rows as a dense matrix; only for spaces known to be small.
  Matrix to_dense() const;
  bool operator==(const Features& other) const = default;

 private:
  std::variant<Matrix, SparseRows> rows_;
};

}  // namespace alignlab
