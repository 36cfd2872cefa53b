// MATLAB 5 and 7.3 files, and arrays of any HDF5 file.

#include <cmath>

#include "tests/data/matrix_fixtures.h"

namespace alignlab {
namespace {

using tests::bytes_of;
using tests::contains;
using tests::ForeignHdf5;
using tests::matrix_of;
using tests::MatrixFileTest;
using tests::MatVariable;
using tests::two_by_three;
using tests::write_text;

class Matlab5 : public MatrixFileTest {
 protected:
  static MatVariable doubles(const std::string& name, std::vector<std::size_t> dims,
                             const std::vector<double>& by_column) {
    return {name, MAT_C_DOUBLE, MAT_T_DOUBLE, std::move(dims), bytes_of(by_column)};
  }
  void write(const std::vector<MatVariable>& variables, bool deflate = false) {
    tests::write_mat5(path_, variables, deflate);
  }
  MatVariable six_ = doubles("I_tr", {2, 3}, {1, 4, 2, 5, 3, 6});
};

TEST_F(Matlab5, ReadsDoublesAndSingles) {
  const MatVariable singles{
      "S", MAT_C_SINGLE, MAT_T_SINGLE, {2, 3}, bytes_of<float>({1, 4, 2, 5, 3, 6})};
  for (const bool deflate : {false, true}) {
    write({six_, singles}, deflate);
    EXPECT_EQ(read_matrix(path_, "I_tr"), two_by_three());
    EXPECT_EQ(read_matrix(path_, "S"), two_by_three());
    EXPECT_EQ(refusal(), "holds several matrices; expected the key of one, I_tr (2, 3), S (2, 3)");
    EXPECT_EQ(refusal("I_te"), "no array 'I_te' in it (did you mean 'I_tr'?)");
  }
}

TEST_F(Matlab5, ReadsTheRowsAskedFor) {
  write({six_}, true);
  const auto file = open_matrix(path_);
  EXPECT_EQ(file->rows(), 2U);
  EXPECT_EQ(file->cols(), 3U);
  std::vector<float> row(3);
  file->read_rows(1, row);
  EXPECT_EQ(row, (std::vector<float>{4, 5, 6}));
  file->read_rows(0, row);
  EXPECT_EQ(row, (std::vector<float>{1, 2, 3}));
}

TEST_F(Matlab5, ReadsLabelsWhateverTheirClass) {
  write({doubles("L", {3, 1}, {1, 10, 3}),
         {"U", MAT_C_UINT8, MAT_T_UINT8, {1, 3}, bytes_of<std::uint8_t>({1, 10, 3})},
         {"I", MAT_C_INT32, MAT_T_INT32, {1, 3}, bytes_of<std::int32_t>({1, 10, 3})}});
  for (const char* key : {"L", "U", "I"}) {
    EXPECT_EQ(read_integers(path_, key), (std::vector<std::int64_t>{1, 10, 3})) << key;
  }
}

TEST_F(Matlab5, NamesRowAndColumnAsMatlabCountsThem) {
  // Rows and columns from 0, as everywhere.
  write({doubles("X", {2, 3}, {1, 4, 2, 1e300, 3, 6})});
  EXPECT_EQ(refusal(), "variable 'X': row 1, column 1: 1e+300 is beyond float32");
}

TEST_F(Matlab5, RefusesWhatIsNoMatrixOfRealNumbers) {
  write({doubles("cube", {1, 2, 3}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(refusal("cube"), "variable 'cube': expected 2 dimensions, found 3");
  write({{"text", MAT_C_CHAR, MAT_T_UINT8, {1, 3}, "abc"}});
  EXPECT_EQ(refusal("text"), "variable 'text': expected an array of numbers, found another class");
  write({{"i", MAT_C_INT16, MAT_T_INT16, {1, 2}, bytes_of<std::int16_t>({1, 2})}});
  EXPECT_EQ(refusal("i"),
            "variable 'i': expected float16, bfloat16, float32 or float64, found int64");
}

TEST_F(Matlab5, RefusesComplexAndSparseVariables) {
  std::vector<double> re{1, 2};
  std::vector<double> im{3, 4};
  mat_complex_split_t split{re.data(), im.data()};
  std::size_t dims[] = {1, 2};
  mat_uint32_t rows[] = {0};
  mat_uint32_t columns[] = {0, 1, 1};
  double value = 5;
  mat_sparse_t sparse{1, rows, 1, columns, 3, 1, &value};
  mat_t* file = Mat_CreateVer(path_.c_str(), nullptr, MAT_FT_MAT5);
  for (matvar_t* variable :
       {Mat_VarCreate("z", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, &split, MAT_F_COMPLEX),
        Mat_VarCreate("s", MAT_C_SPARSE, MAT_T_DOUBLE, 2, dims, &sparse, 0)}) {
    Mat_VarWrite(file, variable, MAT_COMPRESSION_NONE);
    Mat_VarFree(variable);
  }
  Mat_Close(file);
  EXPECT_EQ(refusal("z"), "variable 'z': expected real numbers, found complex ones");
  EXPECT_EQ(refusal("s"), "variable 's': is sparse: save it as full(...) in MATLAB");
}

TEST_F(Matlab5, RefusesAFileThatIsCut) {
  for (const bool deflate : {false, true}) {
    write({six_}, deflate);
    const std::string bytes = read_file(path_);
    for (const std::size_t kept : {bytes.size() - 1, bytes.size() - 20, std::size_t{131}}) {
      write_text(path_, bytes.substr(0, kept));
      EXPECT_EQ(refusal(), "ends inside a variable");
    }
    write_text(path_, bytes.substr(0, 128));
    EXPECT_EQ(refusal(), "expected an array, found none");
  }
}

TEST_F(Matlab5, TakesNoMemoryForWhatForgedDimensionsClaim) {
  write({six_});
  std::string bytes = read_file(path_);
  // Tag of the variable, flags, then the dimensions: an int32 tag of 8 bytes and their values.
  const std::string dims = bytes_of<std::int32_t>({5, 8, 2, 3});
  const std::size_t at = bytes.find(dims);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 8, 8, bytes_of<std::int32_t>({2000000000, 2000000000}));
  write_text(path_, bytes);
  EXPECT_EQ(refusal(),
            "variable 'I_tr': its 48 bytes are not float64 of shape (2000000000, 2000000000)");
  // With a size to match, which the variable has no room for.
  bytes.replace(at + 8, 8, bytes_of<std::int32_t>({20000, 20000}));
  const std::size_t data = bytes.find(bytes_of<std::int32_t>({9, 48}));
  ASSERT_NE(data, std::string::npos);
  bytes.replace(data + 4, 4, bytes_of<std::uint32_t>({3200000000U}));
  write_text(path_, bytes);
  EXPECT_TRUE(contains(refusal(), "variable 'I_tr': its 3200000000 bytes cannot be packed in "));
}

TEST_F(Matlab5, ReadsWholeNumbersInAsFewBytesAsMatlabKeepsThem) {
  // A 2 x 2 double array kept as uint8: 3 1; 200 0. Big-endian, as MATLAB wrote on other machines.
  std::string bytes = "MATLAB 5.0 MAT-file";
  bytes.resize(124, ' ');
  const auto words = [&](std::initializer_list<std::uint32_t> values) {
    for (const std::uint32_t value : values) {
      for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    }
  };
  bytes += std::string("\x01\x00MI", 4);
  words({14, 48, 6, 8, 6, 0, 5, 8, 2, 2, (1U << 16U) | 1});
  bytes += std::string("X\0\0\0", 4);
  words({(4U << 16U) | 2});
  bytes += std::string("\x03\xc8\x01\x00", 4);
  write_text(path_, bytes);
  EXPECT_EQ(read_matrix(path_, "X"), matrix_of(2, {3, 1, 200, 0}));
  EXPECT_EQ(refusal("Y"), "no array 'Y' in it (did you mean 'X'?)");
}

TEST_F(Matlab5, NoticesADeflatedVariableThatHasChanged) {
  std::vector<double> values(2000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  write({doubles("X", {200, 10}, values)}, true);
  std::string bytes = read_file(path_);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_text(path_, bytes);
  EXPECT_EQ(refusal(), "variable 'X': is damaged");
}

TEST_F(Matlab5, PassesByStructsHoweverForged) {
  std::size_t one[] = {1, 1};
  const char* fields[] = {"a", "b"};
  double value = 7;
  for (const bool deflate : {false, true}) {
    write({six_}, deflate);
    mat_t* file = Mat_Open(path_.c_str(), MAT_ACC_RDWR);
    matvar_t* group = Mat_VarCreateStruct("group", 2, one, fields, 2);
    for (const char* field : fields) {
      Mat_VarSetStructFieldByName(
          group, field, 0, Mat_VarCreate(field, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, &value, 0));
    }
    Mat_VarWrite(file, group, deflate ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE);
    Mat_VarFree(group);
    Mat_Close(file);
    EXPECT_EQ(read_matrix(path_), two_by_three());
    EXPECT_EQ(refusal("group"),
              "variable 'group': expected an array of numbers, found another class");
    const std::string bytes = read_file(path_);
    EXPECT_GT(tests::refused_copies(bytes, path_, 100, [&] { read_matrix(path_, "I_tr"); }), 30);
  }
}

TEST_F(Matlab5, SurvivesDamage) {
  for (const bool deflate : {false, true}) {
    write({six_, doubles("L", {3, 1}, {1, 10, 3})}, deflate);
    const std::string bytes = read_file(path_);
    EXPECT_GT(tests::refused_copies(bytes, path_, 150, [&] { read_matrix(path_, "I_tr"); }), 50);
  }
}

class Hdf5Matrix : public MatrixFileTest {};

TEST_F(Hdf5Matrix, ReadsEveryRealTypeHoweverItIsKept) {
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  {
    const ForeignHdf5 file(path_);
    const std::vector<float> six{1, 2, 3, 4, 5, 6};
    file.add("f4", {2, 3}, six, {H5T_IEEE_F32LE, {}});
    file.add("big", {2, 3}, six, {H5T_IEEE_F32BE, {1, 2}});
    file.add("deep/down/f8", {2, 3}, six, {H5T_IEEE_F64LE, {2, 2}, true});
    file.add("f2", {2, 3}, six, {half, {}});
  }
  H5Tclose(half);
  for (const char* key : {"f4", "big", "deep/down/f8", "/deep/down/f8", "f2"}) {
    EXPECT_EQ(read_matrix(path_, key), two_by_three()) << key;
  }
  EXPECT_EQ(refusal(),
            "holds several matrices; expected the key of one, big (2, 3), deep/down/f8 (2, 3), f2 "
            "(2, 3), f4 (2, 3)");
}

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

TEST_F(Hdf5Matrix, ReadsTheRowsAskedForWhateverTheChunks) {
  const std::vector<std::vector<hsize_t>> all_chunks{{}, {1, 7}, {4, 2}, {100, 7}, {13, 3}};
  for (const auto& chunks : all_chunks) {
    {
      const ForeignHdf5 file(path_);
      file.add("x", {100, 7}, counting(700), {H5T_IEEE_F32LE, chunks, !chunks.empty()});
    }
    const auto file = open_matrix(path_);
    for (const std::size_t first : {0, 50, 51, 10, 97, 3}) {
      for (const std::size_t count : {1, 3}) {
        std::vector<float> rows(count * 7);
        file->read_rows(first, rows);
        for (std::size_t i = 0; i < rows.size(); ++i) {
          ASSERT_EQ(rows[i], static_cast<float>(first * 7 + i));
        }
      }
    }
  }
}

TEST_F(Hdf5Matrix, ReadsIntegers) {
  const std::vector<std::int64_t> wide{1, -2, 3};
  {
    const ForeignHdf5 file(path_);
    file.add("a", {3}, H5T_NATIVE_INT64, wide.data(), {H5T_STD_I16BE, {}});
    file.add("b", {3, 1}, H5T_NATIVE_INT64, wide.data(), {H5T_STD_I64LE, {}});
    file.add("c", {1, 3}, H5T_NATIVE_INT64, wide.data(), {H5T_IEEE_F64LE, {}});
    file.add("d", {3}, H5T_NATIVE_INT64, wide.data(), {H5T_STD_I8LE, {}});
  }
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(read_integers(path_, key), wide) << key;
}

TEST_F(Hdf5Matrix, RefusesOtherTypesAndShapes) {
  const std::vector<float> values(24);
  {
    const ForeignHdf5 file(path_);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    file.add("text", {2, 3}, text, values.data(), {text, {}});
    H5Tclose(text);
    file.add("cube", {2, 3, 4}, values);
    file.add("ints", {2, 3}, H5T_NATIVE_FLOAT, values.data(), {H5T_STD_I32LE, {}});
  }
  EXPECT_EQ(refusal("text"),
            "array 'text': expected float16, float32, float64 or integers, found another type");
  EXPECT_EQ(refusal("cube"), "array 'cube': expected 2 dimensions, found 3");
  EXPECT_TRUE(contains(refusal("ints"), "found int64"));
  EXPECT_TRUE(contains(refusal("cubes"), "no array 'cubes' in it (did you mean 'cube'?)"));
}

TEST_F(Hdf5Matrix, NamesRowAndColumnOfAValueThatIsNotFinite) {
  {
    const ForeignHdf5 file(path_);
    file.add("x", {3, 2}, {1, 2, 3, NAN, 5, 6});
  }
  EXPECT_EQ(refusal(), "array 'x': row 1, column 1: expected a finite value, found nan");
}

TEST_F(Hdf5Matrix, FollowsNoLinkToAnotherFile) {
  {
    const ForeignHdf5 other(folder_ / "other.h5");
    other.add("x", {2, 3}, {1, 2, 3, 4, 5, 6});
  }
  {
    const ForeignHdf5 file(path_);
    H5Lcreate_external("other.h5", "/x", file.id(), "x", H5P_DEFAULT, H5P_DEFAULT);
  }
  EXPECT_EQ(refusal("x"), "no array 'x' in it");
}

TEST_F(Hdf5Matrix, ReadsNoNumbersThatLieInAnotherFile) {
  write_text(folder_ / "raw.bin", std::string(24, 'a'));
  {
    const ForeignHdf5 file(path_);
    const hsize_t extents[] = {2, 3};
    const hid_t space = H5Screate_simple(2, extents, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, (folder_ / "raw.bin").c_str(), 0, 24);
    const hid_t array =
        H5Dcreate2(file.id(), "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Dclose(array);
    H5Pclose(creation);
    H5Sclose(space);
  }
  EXPECT_EQ(refusal(), "array 'x': expected numbers in this file, found some that lie in others");
}

TEST_F(Hdf5Matrix, TakesNoMemoryForWhatAHeaderClaims) {
  {
    const ForeignHdf5 file(path_);
    // Nothing is written: the extents alone are there.
    file.add("x", {1ULL << 40, 1ULL << 20}, H5T_NATIVE_FLOAT, nullptr, {H5T_IEEE_F32LE, {16, 16}});
    file.add("y", {100, 100}, H5T_NATIVE_FLOAT, nullptr, {H5T_IEEE_F32LE, {100, 100}});
    file.add("z", {1ULL << 62, 1ULL << 62}, H5T_NATIVE_FLOAT, nullptr, {H5T_IEEE_F32LE, {16, 16}});
  }
  EXPECT_EQ(refusal("x"),
            "array 'x': its header claims (1099511627776, 1048576) numbers, more than the file can "
            "hold");
  EXPECT_TRUE(contains(refusal("z"), "more than the file can hold"));
  EXPECT_EQ(read_matrix(path_, "y"), Matrix(100, 100));
}

TEST_F(Hdf5Matrix, SurvivesDamage) {
  {
    const ForeignHdf5 file(path_);
    file.add("x", {20, 4}, counting(80), {H5T_IEEE_F32LE, {8, 4}, true});
    file.add("y", {3}, {1, 2, 3});
  }
  const std::string bytes = read_file(path_);
  EXPECT_GT(tests::refused_copies(bytes, path_, 250, [&] { read_matrix(path_, "x"); }), 25);
}

class Matlab73 : public MatrixFileTest {
 protected:
  /// MATLAB's matrix of rows x cols is an HDF5 array of cols x rows.
  void write(const std::vector<hsize_t>& extents, const std::vector<float>& values,
             const ForeignHdf5::Kept& kept = {H5T_IEEE_F64LE, {}}) {
    {
      const ForeignHdf5 file(path_, 512);
      file.add("X", extents, values, kept);
      file.add("#refs#/a", {1, 1}, {0});
    }
    tests::make_matlab73(path_);
  }
};

TEST_F(Matlab73, TurnsItsMatricesRound) {
  for (const auto& chunks : {std::vector<hsize_t>{}, {3, 1}, {1, 2}, {2, 2}, {3, 2}}) {
    write({3, 2}, {1, 4, 2, 5, 3, 6}, {H5T_IEEE_F64LE, chunks, !chunks.empty()});
    EXPECT_EQ(read_matrix(path_), two_by_three());
    const auto file = open_matrix(path_, "X");
    std::vector<float> row(3);
    file->read_rows(1, row);
    EXPECT_EQ(row, (std::vector<float>{4, 5, 6}));
  }
}

TEST_F(Matlab73, ReadsTheRowsAskedFor) {
  // Number r of column c is 100 c + r.
  write({7, 100}, counting(700), {H5T_IEEE_F32LE, {3, 13}, true});
  const auto file = open_matrix(path_);
  EXPECT_EQ(file->rows(), 100U);
  for (const std::size_t first : {0, 97, 12, 13, 50}) {
    std::vector<float> rows(3 * 7);
    file->read_rows(first, rows);
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 7; ++c) {
        ASSERT_EQ(rows[r * 7 + c], static_cast<float>(100 * c + first + r));
      }
    }
  }
}

TEST_F(Matlab73, NamesRowAndColumnOfTheMatrixAsItIsInMatlab) {
  write({3, 2}, {1, 4, 2, 5, 3, INFINITY});
  EXPECT_EQ(refusal(), "array 'X': row 1, column 2: expected a finite value, found inf");
}

TEST_F(Matlab73, ReadsLabels) {
  write({1, 3}, {5, 6, 7});
  EXPECT_EQ(read_integers(path_), (std::vector<std::int64_t>{5, 6, 7}));
}

TEST_F(Matlab73, SurvivesDamage) {
  write({4, 20}, counting(80), {H5T_IEEE_F64LE, {4, 8}, true});
  const std::string bytes = read_file(path_);
  EXPECT_GT(tests::refused_copies(bytes, path_, 250, [&] { read_matrix(path_); }), 25);
}

}  // namespace
}  // namespace alignlab
