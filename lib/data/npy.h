#pragma once

// Matrices as NumPy keeps them (.npy, format versions 1.0 to 3.0): two dimensions of '<f4' or
// '<f8', read as float32, in C or in Fortran order. Anything else, a size that differs from what
// the header says, and a float64 beyond float32 are DataErrors that say what was expected and
// what was found. NaN and infinity are passed on: what they mean is the reader's business.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

/// Reads rows as they are asked for. In memory is what was asked; a Fortran-order file, whose rows
/// lie scattered, is held whole.
class NpyFile {
 public:
  explicit NpyFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  /// Rows from `first` on, as many as `out` has room for. Precondition: there are that many, and
  /// `out` holds whole rows.
  void read_rows(std::size_t first, std::span<float> out);

 private:
  void read_values(std::size_t first, std::span<float> out);

  std::filesystem::path path_;
  std::ifstream in_;
  std::uint64_t data_begin_ = 0;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  bool is_double_ = false;
  std::vector<double> doubles_;  // the last ones read, before they are narrowed
  Matrix whole_;                 // of a Fortran-order file
};

Matrix read_npy(const std::filesystem::path& path);
/// Version 1.0, '<f4', C order; whole or not there.
void write_npy(const std::filesystem::path& path, MatrixView matrix);

}  // namespace alignlab
