#include "core/features.h"

#include <algorithm>

namespace alignlab {

std::span<const std::int32_t> SparseRows::row_columns(std::size_t i) const {
  return {columns.data() + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
}

std::span<const float> SparseRows::row_values(std::size_t i) const {
  return {values.data() + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
}

std::span<const std::int32_t> TokenSequences::row(std::size_t i) const {
  return {ids.data() + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
}

std::span<const std::uint8_t> PixelRows::row(std::size_t i) const {
  return {values.data() + i * bytes_each(), bytes_each()};
}

const char* name_of(FeatureForm form) {
  switch (form) {
    case FeatureForm::kDense:
      return "dense";
    case FeatureForm::kSparse:
      return "sparse";
    case FeatureForm::kTokens:
      return "tokens";
    case FeatureForm::kPixels:
      return "pixels";
  }
  return "";
}

std::size_t Features::rows() const {
  switch (form()) {
    case FeatureForm::kDense:
      return dense().rows();
    case FeatureForm::kSparse:
      return sparse().rows();
    case FeatureForm::kTokens:
      return tokens().rows();
    case FeatureForm::kPixels:
      return pixels().rows();
  }
  return 0;
}

std::size_t Features::cols() const {
  switch (form()) {
    case FeatureForm::kDense:
      return dense().cols();
    case FeatureForm::kSparse:
      return sparse().cols;
    case FeatureForm::kTokens:
      return tokens().vocabulary;
    case FeatureForm::kPixels:
      return pixels().bytes_each();
  }
  return 0;
}

void Features::copy_row(std::size_t i, std::span<float> out) const {
  assert(form() == FeatureForm::kDense || form() == FeatureForm::kSparse);
  assert(out.size() == cols());
  if (form() == FeatureForm::kDense) {
    std::ranges::copy(dense().row(i), out.begin());
    return;
  }
  std::ranges::fill(out, 0.0F);
  const auto columns = sparse().row_columns(i);
  const auto values = sparse().row_values(i);
  for (std::size_t k = 0; k < columns.size(); ++k) out[columns[k]] = values[k];
}

Features Features::rows_at(std::span<const std::int32_t> rows) const {
  assert(form() == FeatureForm::kDense || form() == FeatureForm::kSparse);
  if (form() == FeatureForm::kDense) {
    Matrix out(rows.size(), cols());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::ranges::copy(dense().row(static_cast<std::size_t>(rows[i])), out.row(i).begin());
    }
    return out;
  }
  SparseRows out;
  out.cols = cols();
  for (const std::int32_t row : rows) {
    const auto columns = sparse().row_columns(static_cast<std::size_t>(row));
    const auto values = sparse().row_values(static_cast<std::size_t>(row));
    out.columns.insert(out.columns.end(), columns.begin(), columns.end());
    out.values.insert(out.values.end(), values.begin(), values.end());
    out.offsets.push_back(static_cast<std::int64_t>(out.columns.size()));
  }
  return out;
}

Matrix Features::to_dense() const {
  Matrix out(rows(), cols());
  for (std::size_t i = 0; i < rows(); ++i) copy_row(i, out.row(i));
  return out;
}

}  // namespace alignlab
