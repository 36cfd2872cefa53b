#include "data/npy.h"

#include <cmath>
#include <limits>

#include "data/matrix_file.h"
#include "tests/data/matrix_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::bytes_of;
using tests::contains;
using tests::header;
using tests::message_of;
using tests::npy;
using tests::ScratchFolder;
using tests::two_by_three;
using tests::write_text;

class Npy : public ::testing::Test {
 protected:
  Matrix read(const std::string& file) {
    write_text(path_, file);
    return read_matrix(path_);
  }
  std::string refusal(const std::string& file) {
    return after(path_.string() + ": ", message_of<DataError>([&] { read(file); }));
  }

  ScratchFolder folder_;
  fs::path path_ = folder_ / "m.npy";
  std::vector<float> six_{1, 2, 3, 4, 5, 6};
};

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
  const auto file = open_matrix(path_);
  std::vector<float> rows(4);
  file->read_rows(1, rows);
  EXPECT_EQ(rows, (std::vector<float>{3, 4, 5, 6}));
  rows.resize(2);
  file->read_rows(0, rows);
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
  EXPECT_EQ(read_matrix(path_), matrix);
  // 128 bytes before the data: magic, version, length, and a header padded to a multiple of 64.
  EXPECT_EQ(fs::file_size(path_), 128U + 35U * 4U);
  const std::string start = read_file(path_).substr(0, 128);
  EXPECT_EQ(start.substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 7), } ");
  EXPECT_EQ(start.back(), '\n');
}

TEST_F(Npy, NamesRowAndColumnOfAValueThatIsNotFinite) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(npy(header("<f8", "(1, 3)"), bytes_of<double>({0, std::nan(""), inf}))),
            "row 0, column 1: expected a finite value, found nan");
  EXPECT_EQ(
      refusal(npy(header("<f4", "(3, 2)", "True"), bytes_of<float>({1, 2, 3, 4, 5, -INFINITY}))),
      "row 2, column 1: expected a finite value, found -inf");
  // Beyond the first block of numbers that is read at once.
  std::vector<float> many(200000, 1.0F);
  many[150003] = NAN;
  EXPECT_EQ(refusal(npy(header("<f4", "(50000, 4)"), bytes_of(many))),
            "row 37500, column 3: expected a finite value, found nan");
}

TEST_F(Npy, ReadsHalves) {
  // 1, -2, 65504 (the largest), 2^-24 (the smallest), 2^-14 - 2^-24 (the largest subnormal), -0.
  const std::vector<std::uint16_t> halves{0x3C00, 0xC000, 0x7BFF, 0x0001, 0x03FF, 0x8000};
  const Matrix matrix = read(npy(header("<f2", "(2, 3)"), bytes_of(halves)));
  EXPECT_EQ(std::vector<float>(matrix.values().begin(), matrix.values().end()),
            (std::vector<float>{1.0F, -2.0F, 65504.0F, 5.9604644775390625e-8F,
                                6.097555160522461e-5F, 0.0F}));
  EXPECT_TRUE(std::signbit(matrix.row(1)[2]));
  EXPECT_EQ(refusal(npy(header("<f2", "(1, 2)"), bytes_of<std::uint16_t>({0x3C00, 0xFC00}))),
            "row 0, column 1: expected a finite value, found -inf");
  EXPECT_EQ(refusal(npy(header("<f2", "(1, 2)"), bytes_of<std::uint16_t>({0x7E00, 0}))),
            "row 0, column 0: expected a finite value, found nan");
}

TEST_F(Npy, ReadsTheByteOrderOfOtherMachines) {
  const std::string ones("\x3f\x80\x00\x00\xc0\x00\x00\x00", 8);
  Matrix expected(1, 2);
  expected.row(0)[0] = 1.0F;
  expected.row(0)[1] = -2.0F;
  EXPECT_EQ(read(npy(header(">f4", "(1, 2)"), ones)), expected);
  EXPECT_EQ(read(npy(header(">f4", "(1, 2)", "True"), ones)), expected);
  const std::string doubles("\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16);
  EXPECT_EQ(read(npy(header(">f8", "(1, 2)"), doubles)), expected);
  EXPECT_EQ(read(npy(header(">f2", "(1, 2)"), std::string("\x3c\x00\xc0\x00", 4))), expected);
}

TEST_F(Npy, ReadsIntegersOfEveryWidthWhereTheyAreAskedFor) {
  const auto integers = [&](const std::string& descr, const std::string& data) {
    write_text(path_, npy(header(descr, "(2,)"), data));
    return read_integers(path_);
  };
  const std::vector<std::int64_t> expected{7, -1};
  EXPECT_EQ(integers("|i1", bytes_of<std::int8_t>({7, -1})), expected);
  EXPECT_EQ(integers("<i2", bytes_of<std::int16_t>({7, -1})), expected);
  EXPECT_EQ(integers("<i4", bytes_of<std::int32_t>({7, -1})), expected);
  EXPECT_EQ(integers("<i8", bytes_of<std::int64_t>({7, -1})), expected);
  EXPECT_EQ(integers("<f4", bytes_of<float>({7, -1})), expected);
  EXPECT_EQ(integers("<f8", bytes_of<double>({7, -1})), expected);
  EXPECT_EQ(integers(">i4", std::string("\0\0\0\x07\xff\xff\xff\xff", 8)), expected);
  const std::vector<std::int64_t> unsigned_ones{200, 3};
  EXPECT_EQ(integers("|u1", bytes_of<std::uint8_t>({200, 3})), unsigned_ones);
  EXPECT_EQ(integers("<u2", bytes_of<std::uint16_t>({200, 3})), unsigned_ones);
  EXPECT_EQ(integers("<u4", bytes_of<std::uint32_t>({200, 3})), unsigned_ones);
  EXPECT_EQ(integers("<u8", bytes_of<std::uint64_t>({200, 3})), unsigned_ones);
}

TEST_F(Npy, ReadsAVectorWhicheverWayItLies) {
  for (const char* shape : {"(3,)", "(3, 1)", "(1, 3)"}) {
    write_text(path_, npy(header("<i4", shape), bytes_of<std::int32_t>({4, 5, 6})));
    EXPECT_EQ(read_integers(path_), (std::vector<std::int64_t>{4, 5, 6}));
  }
}

TEST_F(Npy, RefusesIntegersThatAreNone) {
  const auto refused = [&](const std::string& descr, const std::string& shape,
                           const std::string& data) {
    write_text(path_, npy(header(descr, shape), data));
    return message_of<DataError>([&] { read_integers(path_); }).substr(path_.string().size() + 2);
  };
  EXPECT_EQ(refused("<f4", "(2,)", bytes_of<float>({1, 1.5F})),
            "row 1: expected a whole number, found 1.5");
  EXPECT_EQ(refused("<f8", "(1, 2)", bytes_of<double>({1, NAN})),
            "row 0, column 1: expected a whole number, found nan");
  EXPECT_EQ(refused("<u8", "(1,)", bytes_of<std::uint64_t>({~std::uint64_t{0}})),
            "row 0: expected a number of 64 bits with sign, found more");
  EXPECT_EQ(refused("<i4", "(2, 2)", bytes_of<std::int32_t>({1, 2, 3, 4})),
            "expected a vector, found 2 x 2 numbers");
  EXPECT_EQ(refused("<i4", "()", bytes_of<std::int32_t>({1})),
            "expected 1 or 2 dimensions, found 0");
}

TEST_F(Npy, RefusesADoubleBeyondFloat) {
  EXPECT_EQ(refusal(npy(header("<f8", "(2, 2)"), bytes_of<double>({1, 2, -1e39, 3}))),
            "row 1, column 0: -1e+39 is beyond float32");
  EXPECT_EQ(refusal(npy(header("<f8", "(2, 2)", "True"), bytes_of<double>({1, 2, -1e39, 3}))),
            "row 0, column 1: -1e+39 is beyond float32");
}

TEST_F(Npy, NamesTheTypeThatItDoesNotRead) {
  for (const char* type : {"<c8", "|b1", "<U6", "f4", "<f16", "", "|f4"}) {
    EXPECT_EQ(refusal(npy(header(type, "(2, 3)"), bytes_of(six_))),
              std::string("expected numbers such as '<f4', found '") + type + "'");
  }
  EXPECT_EQ(refusal(npy(header("<i4", "(2, 3)"), bytes_of(six_))),
            "expected float16, bfloat16, float32 or float64, found int32");
  EXPECT_EQ(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }\n",
                        bytes_of(six_)))
                .substr(0, 38),
            "expected numbers, found the record [('");
}

TEST_F(Npy, SaysHowManyDimensionsItFound) {
  EXPECT_EQ(refusal(npy(header("<f4", "(6,)"), bytes_of(six_))), "expected 2 dimensions, found 1");
  EXPECT_EQ(refusal(npy(header("<f4", "()"), bytes_of<float>({1}))),
            "expected 2 dimensions, found 0");
  EXPECT_EQ(refusal(npy(header("<f4", "(1, 2, 3)"), bytes_of(six_))),
            "expected 2 dimensions, found 3");
}

TEST_F(Npy, WantsAColumn) {
  EXPECT_EQ(refusal(npy(header("<f4", "(1000000000000000, 0)"), "")),
            "expected at least one column, found shape (1000000000000000, 0)");
}

TEST_F(Npy, TellsHowToConvertArraysOfObjects) {
  EXPECT_EQ(refusal(npy(header("|O", "(2, 3)"), "\x80\x04")),
            "holds Python objects, which are pickled: convert it with python3 -c \"import numpy; "
            "numpy.save('" +
                (folder_ / "m.floats.npy").string() + "', numpy.asarray(numpy.load('" +
                path_.string() + "', allow_pickle=True).tolist(), 'f4'))\"");
}

TEST_F(Npy, HasNoNames) {
  write_text(path_, npy(header("<f4", "(2, 3)"), bytes_of(six_)));
  EXPECT_EQ(message_of<DataError>([&] { read_matrix(path_, "x"); }),
            path_.string() + ": holds one array without a name, found the key 'x'");
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
  EXPECT_EQ(refusal(""), "expected an array, found an empty file");
  for (const char* other : {"1,2,3\n", "GIF89a"}) {
    EXPECT_EQ(refusal(other),
              "expected .npy, .npz, safetensors, MATLAB 5 or 7.3, or HDF5, found another format");
  }
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
  EXPECT_EQ(message_of<DataError>([&] { read_matrix(folder_ / "none.npy"); }),
            (folder_ / "none.npy").string() + ": no such file");
  EXPECT_EQ(message_of<DataError>([&] { read_matrix(folder_.path()); }),
            folder_.path().string() + ": expected a file, found something else");
}

TEST_F(Npy, SurvivesDamage) {
  for (const std::string& whole : {npy(header("<f4", "(2, 3)"), bytes_of(six_)),
                                   npy(header("<f8", "(3, 1)", "True"), bytes_of(six_), 2)}) {
    EXPECT_GT(tests::refused_copies(whole, path_, 400, [&] { read_matrix(path_); }), 200);
  }
}

}  // namespace
}  // namespace alignlab
