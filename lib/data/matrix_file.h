#pragma once

// Matrices as people have them: .npy and .npz of NumPy, safetensors, MATLAB 5 and 7.3, HDF5. What a
// file is decides its content, not its name. A matrix has two dimensions of float16, bfloat16,
// float32 or float64 (the container may allow fewer), at least one column, and is read as float32.
//
// Memory is what a call asks for, and what the container forces: a Fortran-order .npy, a deflated
// member of an .npz and a MATLAB 5 variable are held whole, chunked HDF5 by the chunks a call
// touches. No header makes it allocate more than its file could unpack to.
//
// Everything wrong is a DataError that names the file and, in a container of several, the array.
// Python pickles (.pkl, .pt, joblib, arrays of objects) run code when they are read: they are
// refused with the line of Python that converts them.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

class NumericArray;

class MatrixFile {
 public:
  /// Precondition: `array` has two dimensions of real numbers, and a column.
  explicit MatrixFile(std::unique_ptr<NumericArray> array);
  ~MatrixFile();

  const std::filesystem::path& path() const;
  std::size_t rows() const;
  std::size_t cols() const;
  /// Rows from `first` on, as many as `out` has room for. DataError naming row and column where a
  /// value is not finite or beyond float32. Precondition: there are that many rows, and `out` holds
  /// whole ones.
  void read_rows(std::size_t first, std::span<float> out);

 private:
  std::unique_ptr<NumericArray> array_;
  std::vector<std::byte> block_;
};

/// The same for whole numbers: labels, row numbers. One dimension is one column. Stored as integers
/// of any width, or as real numbers that are whole (MATLAB's).
class IntegerFile {
 public:
  /// Precondition: `array` has one or two dimensions, and a column.
  explicit IntegerFile(std::unique_ptr<NumericArray> array);
  ~IntegerFile();

  const std::filesystem::path& path() const;
  std::size_t rows() const;
  std::size_t cols() const;
  void read_rows(std::size_t first, std::span<std::int64_t> out);

 private:
  std::unique_ptr<NumericArray> array_;
  std::vector<std::byte> block_;
};

/// `key` names the array inside the container; empty: the only matrix there is. DataError listing
/// the matrices where it does not decide.
std::unique_ptr<MatrixFile> open_matrix(const std::filesystem::path& path,
                                        const std::string& key = "");
std::unique_ptr<IntegerFile> open_integers(const std::filesystem::path& path,
                                           const std::string& key = "");

Matrix read_matrix(const std::filesystem::path& path, const std::string& key = "");
/// A vector, or a matrix of one row or one column.
std::vector<std::int64_t> read_integers(const std::filesystem::path& path,
                                        const std::string& key = "");

/// An attribute of an HDF5 file's root, such as the distance of a benchmark; empty where it has
/// none.
std::string text_attribute(const std::filesystem::path& path, const std::string& name);

}  // namespace alignlab
