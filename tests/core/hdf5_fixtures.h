#pragma once

// Arrays and matrices to write, and the HDF5 library itself for what H5File never writes.

#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "core/hdf5.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

template <typename T>
void write_values(H5File& file, const std::string& array, std::vector<T> values, Shape shape = {}) {
  file.write<T>(array, std::span<const T>(values), std::move(shape));
}

inline Matrix counting_matrix(std::size_t rows, std::size_t cols) {
  Matrix out(rows, cols);
  std::iota(out.values().begin(), out.values().end(), 1.0F);
  return out;
}

/// Opens the file with the library itself, past everything that H5File checks or writes.
inline void with_raw_file(const std::filesystem::path& path,
                          const std::function<void(hid_t)>& work) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  work(file);
  ASSERT_GE(H5Fclose(file), 0);
}

/// Replaces an attribute by `count` values of `type`.
inline void forge_attribute(hid_t file, const char* object, const char* name, hid_t type,
                            hsize_t count, const void* values) {
  const hid_t id = H5Oopen(file, object, H5P_DEFAULT);
  if (H5Aexists(id, name) > 0) H5Adelete(id, name);
  const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr);
  const hid_t attribute = H5Acreate2(id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(H5Awrite(attribute, type, values), 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Oclose(id);
}

inline void forge_text_attribute(hid_t file, const char* object, const char* name,
                                 const std::string& value) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, value.size());
  forge_attribute(file, object, name, type, 1, value.data());
  H5Tclose(type);
}

/// Stores one array in the way `creation` and `type` say, with `xxh3` for its checksum.
inline void forge_array(hid_t file, const char* array, hid_t type, const Shape& shape,
                        hid_t creation, hid_t memory, const void* values, const std::string& xxh3) {
  const hid_t space =
      shape.empty()
          ? H5Screate(H5S_SCALAR)
          : H5Screate_simple(static_cast<int>(shape.size()),
                             std::vector<hsize_t>(shape.begin(), shape.end()).data(), nullptr);
  const hid_t id = H5Dcreate2(file, array, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(id, 0);
  if (values != nullptr) {
    ASSERT_GE(H5Dwrite(id, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
  }
  H5Dclose(id);
  H5Sclose(space);
  forge_text_attribute(file, array, "xxh3", xxh3);
}

}  // namespace alignlab::tests
