#include "data/npy.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_text;

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U);
  if (version > 1) file += std::string(2, '\0');
  return file + header + data;
}

std::string header(const std::string& descr, const std::string& shape,
                   const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

class Npy : public ::testing::Test {
 protected:
  Matrix read(const std::string& file) {
    write_text(path_, file);
    return read_npy(path_);
  }
  std::string refusal(const std::string& file) {
    const std::string message = message_of<DataError>([&] { read(file); });
    const std::string prefix = path_.string() + ": ";
    EXPECT_TRUE(message.starts_with(prefix)) << message;
    return message.substr(std::min(prefix.size(), message.size()));
  }

  ScratchFolder folder_;
  fs::path path_ = folder_ / "m.npy";
  std::vector<float> six_{1, 2, 3, 4, 5, 6};
};

Matrix two_by_three() {
  Matrix matrix(2, 3);
  for (std::size_t i = 0; i < 6; ++i) matrix.values()[i] = static_cast<float>(i + 1);
  return matrix;
}

TEST_F(Npy, ReadsEveryVersion) {
  for (const char version : {1, 2, 3}) {
    EXPECT_EQ(read(npy(header("<f4", "(2, 3)"), bytes_of(six_), version)), two_by_three());
  }
}

TEST_F(Npy, ReadsDoublesAsFloats) {
  const std::vector<double> doubles{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(read(npy(header("<f8", "(2, 3)"), bytes_of(doubles))), two_by_three());
}

TEST_F(Npy, ReadsFortranOrder) {
  const std::vector<float> by_column{1, 4, 2, 5, 3, 6};
  EXPECT_EQ(read(npy(header("<f4", "(2, 3)", "True"), bytes_of(by_column))), two_by_three());
  const std::vector<double> doubles{1, 4, 2, 5, 3, 6};
  EXPECT_EQ(read(npy(header("<f8", "(2, 3)", "True"), bytes_of(doubles))), two_by_three());
}

TEST_F(Npy, ReadsTheRowsAskedFor) {
  write_text(path_, npy(header("<f4", "(3, 2)"), bytes_of(six_)));
  NpyFile file(path_);
  std::vector<float> rows(4);
  file.read_rows(1, rows);
  EXPECT_EQ(rows, (std::vector<float>{3, 4, 5, 6}));
  rows.resize(2);
  file.read_rows(0, rows);
  EXPECT_EQ(rows, (std::vector<float>{1, 2}));
}

TEST_F(Npy, ReadsAMatrixWithoutRows) {
  EXPECT_EQ(read(npy(header("<f4", "(0, 3)"), "")), Matrix(0, 3));
  EXPECT_EQ(read(npy(header("<f4", "(0, 3)", "True"), "")), Matrix(0, 3));
}

TEST_F(Npy, ReadsBackWhatItWrites) {
  Matrix matrix(5, 7);
  for (std::size_t i = 0; i < 35; ++i) matrix.values()[i] = std::sin(static_cast<float>(i));
  write_npy(path_, matrix);
  EXPECT_EQ(read_npy(path_), matrix);
  // 128 bytes before the data: magic, version, length, and a header padded to a multiple of 64.
  EXPECT_EQ(fs::file_size(path_), 128U + 35U * 4U);
  const std::string start = read_file(path_).substr(0, 128);
  EXPECT_EQ(start.substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 7), } ");
  EXPECT_EQ(start.back(), '\n');
}

TEST_F(Npy, PassesNanAndInfinityOn) {
  const double inf = std::numeric_limits<double>::infinity();
  const Matrix matrix =
      read(npy(header("<f8", "(1, 3)"), bytes_of<double>({std::nan(""), inf, -inf})));
  EXPECT_TRUE(std::isnan(matrix.row(0)[0]));
  EXPECT_EQ(matrix.row(0)[1], std::numeric_limits<float>::infinity());
  EXPECT_EQ(matrix.row(0)[2], -std::numeric_limits<float>::infinity());
}

TEST_F(Npy, RefusesADoubleBeyondFloat) {
  EXPECT_EQ(refusal(npy(header("<f8", "(2, 2)"), bytes_of<double>({1, 2, -1e39, 3}))),
            "row 1, column 0: -1e+39 is beyond float32");
  EXPECT_EQ(refusal(npy(header("<f8", "(2, 2)", "True"), bytes_of<double>({1, 2, -1e39, 3}))),
            "row 0, column 1: -1e+39 is beyond float32");
}

TEST_F(Npy, NamesTheTypeThatItDoesNotRead) {
  for (const char* type : {"<i8", ">f4", "|u1", "<f2", "|O"}) {
    EXPECT_EQ(refusal(npy(header(type, "(2, 3)"), bytes_of(six_))),
              std::string("expected type '<f4' or '<f8', found '") + type + "'");
  }
  EXPECT_EQ(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }\n",
                        bytes_of(six_)))
                .substr(0, 50),
            "expected type '<f4' or '<f8', found the record [('");
}

TEST_F(Npy, SaysHowManyDimensionsItFound) {
  EXPECT_EQ(refusal(npy(header("<f4", "(6,)"), bytes_of(six_))), "expected 2 dimensions, found 1");
  EXPECT_EQ(refusal(npy(header("<f4", "()"), bytes_of<float>({1}))),
            "expected 2 dimensions, found 0");
  EXPECT_EQ(refusal(npy(header("<f4", "(1, 2, 3)"), bytes_of(six_))),
            "expected 2 dimensions, found 3");
}

TEST_F(Npy, ComparesTheShapeWithTheSizeOfTheFile) {
  const std::string data = bytes_of(six_);
  EXPECT_EQ(refusal(npy(header("<f4", "(2, 3)"), data.substr(1))),
            "expected 24 bytes of data for shape (2, 3), found 23");
  EXPECT_EQ(refusal(npy(header("<f4", "(2, 3)"), data + "x")),
            "expected 24 bytes of data for shape (2, 3), found 25");
}

TEST_F(Npy, TakesNoMemoryForWhatAForgedHeaderClaims) {
  const std::string data = bytes_of(six_);
  EXPECT_EQ(refusal(npy(header("<f4", "(1000000000000, 3)"), data)),
            "expected 12000000000000 bytes of data for shape (1000000000000, 3), found 24");
  EXPECT_EQ(refusal(npy(header("<f4", "(4294967296, 4294967296)"), data)),
            "expected more than 2^64 bytes of data for shape (4294967296, 4294967296), found 24");
  EXPECT_TRUE(contains(refusal(npy(header("<f4", "(99999999999999999999999, 3)"), data)),
                       "expected a .npy header"));
  std::string long_header = npy(header("<f4", "(2, 3)"), data, 2);
  long_header.replace(8, 4, "\xff\xff\xff\x7f");
  EXPECT_EQ(refusal(long_header), "ends inside its header");
}

TEST_F(Npy, RefusesWhatIsNoNpyFile) {
  EXPECT_EQ(refusal("\x89HDF\r\n\x1a\n and so on"), "expected a .npy file, found another format");
  EXPECT_EQ(refusal(""), "expected a .npy file, found another format");
  EXPECT_EQ(refusal("\x93NUMPY\x01"), "ends inside its header");
  EXPECT_EQ(refusal(npy(header("<f4", "(2, 3)"), "", 4)),
            "expected .npy version 1, 2 or 3, found 4");
  const std::string whole = npy(header("<f4", "(2, 3)"), "");
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)), "ends inside its header");
}

TEST_F(Npy, RefusesAHeaderThatNumpyWouldNotWrite) {
  for (const std::string& wrong :
       {std::string("{}"), std::string("{'descr': '<f4', 'shape': (2, 3)}"),
        std::string("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}"),
        std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}"),
        std::string("{'descr': '<f4', 'descr': '<f4', 'shape': (2, 3)}"),
        header("<f4", "(2, 3)") + "x", std::string("import os")}) {
    EXPECT_TRUE(
        contains(refusal(npy(wrong, bytes_of(six_))),
                 "expected a .npy header with 'descr', 'fortran_order' and 'shape', found '"))
        << wrong;
  }
}

TEST_F(Npy, NamesAFileThatIsNotThere) {
  EXPECT_EQ(message_of<DataError>([&] { read_npy(folder_ / "none.npy"); }),
            (folder_ / "none.npy").string() + ": no such file");
  EXPECT_EQ(message_of<DataError>([&] { read_npy(folder_.path()); }),
            folder_.path().string() + ": expected a file, found something else");
}

TEST_F(Npy, SurvivesDamage) {
  for (const std::string& whole : {npy(header("<f4", "(2, 3)"), bytes_of(six_)),
                                   npy(header("<f8", "(3, 1)", "True"), bytes_of(six_), 2)}) {
    EXPECT_GT(tests::refused_copies(whole, path_, 2000, [&] { read_npy(path_); }), 1000);
  }
}

}  // namespace
}  // namespace alignlab
