// What is made of arrays: matrices, columns of strings, and features in each of their forms.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "core/hdf5.h"
#include "core/hdf5_handles.h"

namespace alignlab {

using namespace hdf5;

Matrix H5File::read_matrix(const std::string& array) const {
  const Shape dims = shape(array);
  if (dims.size() != 2)
    fail(path_, array, fmt::format("expected 2 dimensions, found {}", dims.size()));
  Matrix out(dims[0], dims[1]);
  read_whole(array, H5Type::kFloat32, out.data());
  return out;
}

StringColumn H5File::read_strings(const std::string& group) const {
  auto offsets = read<std::int64_t>(group + "/offsets");
  auto bytes = read<std::uint8_t>(group + "/data");
  if (offsets.empty() || offsets.front() != 0 || !std::ranges::is_sorted(offsets) ||
      offsets.back() != static_cast<std::int64_t>(bytes.size())) {
    fail(path_, group + "/offsets", "expected ascending offsets that end with the data");
  }
  return {std::move(offsets), std::move(bytes)};
}

TokenSequences H5File::read_tokens(const std::string& group) const {
  TokenSequences tokens;
  tokens.vocabulary = static_cast<std::size_t>(integer_attribute(group, "vocabulary"));
  tokens.offsets = read<std::int64_t>(group + "/offsets");
  tokens.ids = read<std::int32_t>(group + "/tokens");
  tokens.vectors = read_matrix(group + "/vectors");
  if (tokens.offsets.empty() || tokens.offsets.front() != 0 ||
      !std::ranges::is_sorted(tokens.offsets) ||
      tokens.offsets.back() != static_cast<std::int64_t>(tokens.ids.size())) {
    fail(path_, group, "expected token sequences whose offsets end with the tokens");
  }
  for (const std::int32_t id : tokens.ids) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokens.vocabulary) {
      fail(path_, group + "/tokens", fmt::format("token {} of {}", id, tokens.vocabulary));
    }
  }
  return tokens;
}

PixelRows H5File::read_pixels(const std::string& group) const {
  const Shape dims = shape(group + "/pixels");
  if (dims.size() != 4) {
    fail(path_, group + "/pixels", fmt::format("expected 4 dimensions, found {}", dims.size()));
  }
  return {dims[1], dims[2], dims[3], read<std::uint8_t>(group + "/pixels")};
}

Features H5File::read_features(const std::string& group) const {
  if (has(group + "/dense")) return read_matrix(group + "/dense");
  if (has(group + "/tokens")) return read_tokens(group);
  if (has(group + "/pixels")) return read_pixels(group);
  SparseRows rows;
  const std::int64_t cols = integer_attribute(group, "cols");
  if (cols < 0 || cols > std::numeric_limits<std::int32_t>::max()) {
    fail(path_, group,
         fmt::format("attribute 'cols': expected 0 to {}, found {}",
                     std::numeric_limits<std::int32_t>::max(), cols));
  }
  rows.cols = static_cast<std::size_t>(cols);
  rows.offsets = read<std::int64_t>(group + "/offsets");
  rows.columns = read<std::int32_t>(group + "/columns");
  rows.values = read<float>(group + "/values");
  if (rows.offsets.empty() || rows.offsets.front() != 0 || !std::ranges::is_sorted(rows.offsets) ||
      rows.offsets.back() != static_cast<std::int64_t>(rows.columns.size()) ||
      rows.columns.size() != rows.values.size()) {
    fail(path_, group, "expected sparse rows whose offsets, columns and values agree");
  }
  for (const std::int32_t column : rows.columns) {
    if (column < 0 || static_cast<std::size_t>(column) >= rows.cols) {
      fail(path_, group + "/columns", fmt::format("column {} of {}", column, rows.cols));
    }
  }
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto columns = rows.row_columns(i);
    if (std::ranges::adjacent_find(columns, std::greater_equal<>()) != columns.end()) {
      fail(path_, group + "/columns", fmt::format("the columns of row {} do not ascend", i));
    }
  }
  return rows;
}

void H5File::write_matrix(const std::string& array, MatrixView values) {
  write_whole(array, H5Type::kFloat32, {values.rows(), values.cols()}, values.data());
}

void H5File::write_strings(const std::string& group, const StringColumn& strings) {
  write<std::int64_t>(group + "/offsets", strings.offsets());
  write<std::uint8_t>(group + "/data", strings.bytes());
}

void H5File::write_features(const std::string& group, const Features& features) {
  if (features.form() == FeatureForm::kDense) {
    write_matrix(group + "/dense", features.dense());
    return;
  }
  if (features.form() == FeatureForm::kTokens) {
    const TokenSequences& tokens = features.tokens();
    write<std::int64_t>(group + "/offsets", tokens.offsets);
    write<std::int32_t>(group + "/tokens", tokens.ids);
    write_matrix(group + "/vectors", tokens.vectors);
    set_attribute(group, "vocabulary", static_cast<std::int64_t>(tokens.vocabulary));
    return;
  }
  if (features.form() == FeatureForm::kPixels) {
    const PixelRows& pixels = features.pixels();
    write<std::uint8_t>(group + "/pixels", pixels.values,
                        {pixels.rows(), pixels.height, pixels.width, pixels.channels});
    return;
  }
  const SparseRows& rows = features.sparse();
  write<std::int64_t>(group + "/offsets", rows.offsets);
  write<std::int32_t>(group + "/columns", rows.columns);
  write<float>(group + "/values", rows.values);
  set_attribute(group, "cols", static_cast<std::int64_t>(rows.cols));
}

}  // namespace alignlab
