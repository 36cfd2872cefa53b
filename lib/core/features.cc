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

namespace {

SparseRows picked(const SparseRows& from, std::span<const std::int32_t> rows) {
  SparseRows out;
  out.cols = from.cols;
  for (const std::int32_t row : rows) {
    const auto columns = from.row_columns(static_cast<std::size_t>(row));
    const auto values = from.row_values(static_cast<std::size_t>(row));
    out.columns.insert(out.columns.end(), columns.begin(), columns.end());
    out.values.insert(out.values.end(), values.begin(), values.end());
    out.offsets.push_back(static_cast<std::int64_t>(out.columns.size()));
  }
  return out;
}

TokenSequences picked(const TokenSequences& from, std::span<const std::int32_t> rows) {
  TokenSequences out;
  out.vocabulary = from.vocabulary;
  out.vectors = from.vectors;
  for (const std::int32_t row : rows) {
    const auto ids = from.row(static_cast<std::size_t>(row));
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    out.offsets.push_back(static_cast<std::int64_t>(out.ids.size()));
  }
  return out;
}

PixelRows picked(const PixelRows& from, std::span<const std::int32_t> rows) {
  PixelRows out{from.height, from.width, from.channels, {}};
  for (const std::int32_t row : rows) {
    const auto image = from.row(static_cast<std::size_t>(row));
    out.values.insert(out.values.end(), image.begin(), image.end());
  }
  return out;
}

Matrix picked(const Matrix& from, std::span<const std::int32_t> rows) {
  Matrix out(rows.size(), from.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(from.row(static_cast<std::size_t>(rows[i])), out.row(i).begin());
  }
  return out;
}

}  // namespace

Features Features::rows_at(std::span<const std::int32_t> rows) const {
  return std::visit([&](const auto& from) { return Features(picked(from, rows)); }, rows_);
}

Matrix Features::to_dense() const {
  Matrix out(rows(), cols());
  for (std::size_t i = 0; i < rows(); ++i) copy_row(i, out.row(i));
  return out;
}

}  // namespace alignlab
