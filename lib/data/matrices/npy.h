#pragma once

// The header of a .npy file, which an .npz has once a member (NumPy, numpy.lib.format, versions 1.0
// to 3.0): magic, version, length, and a Python dictionary with 'descr', 'fortran_order', 'shape'.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "data/matrices/container.h"

namespace alignlab {

struct NpyHeader {
  NumberFormat format;
  bool fortran_order = false;
  ArrayShape shape;
  std::uint64_t data_begin = 0;
};

/// What a header is read from.
struct NpySource {
  std::string place;           // for messages
  std::uint64_t size = 0;      // of header and data together
  std::filesystem::path path;  // for the line that converts an array of objects
  std::string array;           // likewise
  /// The next `count` bytes, or as many as there are.
  std::function<std::string(std::size_t count)> read;
};

/// DataError unless the data after the header is exactly what the header says.
NpyHeader read_npy_header(const NpySource& source);

}  // namespace alignlab
