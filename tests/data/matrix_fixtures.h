#pragma once

// Files of matrices, put together byte by byte or by the libraries that others write them with.

#include <hdf5.h>
#include <matio.h>
#include <zip.h>

#include <map>
#include <string>
#include <vector>

#include "core/matrix.h"
#include "data/matrix_file.h"
#include "tests/data/fixtures.h"

namespace alignlab::tests {

inline std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U);
  if (version > 1) file += std::string(2, '\0');
  return file + header + data;
}

inline std::string header(const std::string& descr, const std::string& shape,
                          const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

inline Matrix matrix_of(std::size_t rows, const std::vector<float>& values) {
  Matrix matrix(rows, values.size() / rows);
  std::ranges::copy(values, matrix.values().begin());
  return matrix;
}

inline Matrix two_by_three() { return matrix_of(2, {1, 2, 3, 4, 5, 6}); }

/// A zip file, its members in order of their names.
inline void write_zip(const std::filesystem::path& path,
                      const std::map<std::string, std::string>& members, bool deflate) {
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const auto& [name, bytes] : members) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t at = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(at),
                             deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9);
  }
  ASSERT_EQ(zip_close(archive), 0);
}

struct MatVariable {
  std::string name;
  matio_classes kind = MAT_C_DOUBLE;
  matio_types type = MAT_T_DOUBLE;
  std::vector<std::size_t> dims;
  std::string bytes;  // column by column
  int flags = 0;
};

inline void write_mat5(const std::filesystem::path& path, std::vector<MatVariable> variables,
                       bool deflate) {
  std::filesystem::remove(path);
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  ASSERT_NE(file, nullptr);
  for (MatVariable& variable : variables) {
    matvar_t* value = Mat_VarCreate(variable.name.c_str(), variable.kind, variable.type,
                                    static_cast<int>(variable.dims.size()), variable.dims.data(),
                                    variable.bytes.data(), variable.flags);
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(Mat_VarWrite(file, value, deflate ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE), 0);
    Mat_VarFree(value);
  }
  Mat_Close(file);
}

/// An HDF5 file written as others write theirs: without what alignlab's own files have.
class ForeignHdf5 {
 public:
  /// `user_block` bytes come before what is HDF5's.
  explicit ForeignHdf5(const std::filesystem::path& path, hsize_t user_block = 0) {
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, user_block);
    file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    H5Pclose(creation);
  }
  ~ForeignHdf5() { H5Fclose(file_); }
  ForeignHdf5(const ForeignHdf5&) = delete;
  ForeignHdf5& operator=(const ForeignHdf5&) = delete;

  hid_t id() const { return file_; }

  struct Kept {
    hid_t as;                     // the type in the file
    std::vector<hsize_t> chunks;  // empty: in one piece
    bool deflate = false;
  };

  /// `memory` is the type of `values`.
  void add(const std::string& name, const std::vector<hsize_t>& extents, hid_t memory,
           const void* values, const Kept& kept) const {
    const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (!kept.chunks.empty()) {
      H5Pset_chunk(creation, static_cast<int>(kept.chunks.size()), kept.chunks.data());
    }
    if (kept.deflate) H5Pset_deflate(creation, 6);
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t array =
        H5Dcreate2(file_, name.c_str(), kept.as, space, links, creation, H5P_DEFAULT);
    ASSERT_GE(array, 0);
    if (values != nullptr) {
      EXPECT_GE(H5Dwrite(array, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    }
    H5Dclose(array);
    H5Pclose(links);
    H5Pclose(creation);
    H5Sclose(space);
  }
  void add(const std::string& name, const std::vector<hsize_t>& extents,
           const std::vector<float>& values, const Kept& kept) const {
    add(name, extents, H5T_NATIVE_FLOAT, values.data(), kept);
  }
  void add(const std::string& name, const std::vector<hsize_t>& extents,
           const std::vector<float>& values) const {
    add(name, extents, values, Kept{H5T_IEEE_F32LE, {}});
  }

 private:
  hid_t file_;
};

/// Reads of one file, whose name says nothing of its format.
class MatrixFileTest : public ::testing::Test {
 protected:
  std::string refusal(const std::string& key = "") {
    return after(path_.string() + ": ", message_of<DataError>([&] { read_matrix(path_, key); }));
  }

  ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "x.bin";
};

/// What MATLAB 7.3 puts before its HDF5 (124 bytes of text, version 0x0200, "IM").
inline void make_matlab73(const std::filesystem::path& path) {
  std::string bytes = read_file(path);
  const std::string text = "MATLAB 7.3 MAT-file, Platform: GLNXA64, Created by a test";
  bytes.replace(0, text.size(), text);
  bytes.replace(124, 4, std::string("\0\x02IM", 4));
  write_text(path, bytes);
}

}  // namespace alignlab::tests
