#pragma once

// What an item is to an aligner: a dense row, a sparse row of a wide space (bag of words), a
// sequence of tokens, or an image.

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

/// Item i is ids[offsets[i]] .. ids[offsets[i+1]): token numbers in their order, perhaps none.
struct TokenSequences {
  std::size_t vocabulary = 0;  // ids are below it
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> ids;
  /// A row a token to start embeddings from, [vocabulary, width]; or no rows.
  Matrix vectors;

  std::size_t rows() const { return offsets.size() - 1; }
  std::span<const std::int32_t> row(std::size_t i) const;
  bool operator==(const TokenSequences& other) const = default;
};

/// Images of one size, each height x width x channels bytes, channels innermost.
struct PixelRows {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;
  std::vector<std::uint8_t> values;

  std::size_t bytes_each() const { return height * width * channels; }
  std::size_t rows() const { return values.empty() ? 0 : values.size() / bytes_each(); }
  std::span<const std::uint8_t> row(std::size_t i) const;
  bool operator==(const PixelRows& other) const = default;
};

/// In the order of Features' alternatives.
enum class FeatureForm { kDense, kSparse, kTokens, kPixels };

const char* name_of(FeatureForm form);

class Features {
 public:
  Features() = default;
  Features(Matrix dense) : rows_(std::move(dense)) {}        // NOLINT: a Matrix is a Features
  Features(SparseRows sparse) : rows_(std::move(sparse)) {}  // NOLINT: so are SparseRows

  Features(TokenSequences tokens) : rows_(std::move(tokens)) {}  // NOLINT
  Features(PixelRows pixels) : rows_(std::move(pixels)) {}       // NOLINT

  FeatureForm form() const { return static_cast<FeatureForm>(rows_.index()); }
  std::size_t rows() const;
  /// Columns of dense and sparse rows, tokens of the vocabulary, bytes of an image.
  std::size_t cols() const;
  /// Precondition: form() matches.
  const Matrix& dense() const { return std::get<Matrix>(rows_); }
  const SparseRows& sparse() const { return std::get<SparseRows>(rows_); }
  const TokenSequences& tokens() const { return std::get<TokenSequences>(rows_); }
  const PixelRows& pixels() const { return std::get<PixelRows>(rows_); }
  /// Writes row i of dense or sparse rows as `cols()` floats.
  void copy_row(std::size_t i, std::span<float> out) const;
  /// Some rows, in this order.
  Features rows_at(std::span<const std::int32_t> rows) const;
  /// All rows as a dense matrix; only for spaces known to be small.
  Matrix to_dense() const;
  bool operator==(const Features& other) const = default;

 private:
  std::variant<Matrix, SparseRows, TokenSequences, PixelRows> rows_;
};

}  // namespace alignlab
