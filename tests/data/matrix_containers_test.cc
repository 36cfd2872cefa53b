// .npz, safetensors and pickles.

#include <cmath>
#include <limits>

#include "tests/data/matrix_fixtures.h"

namespace alignlab {
namespace {

using tests::after;
using tests::bytes_of;
using tests::contains;
using tests::header;
using tests::MatrixFileTest;
using tests::npy;
using tests::two_by_three;
using tests::write_text;

const std::vector<float> kSix{1, 2, 3, 4, 5, 6};

class Npz : public MatrixFileTest {
 protected:
  void write(const std::map<std::string, std::string>& members, bool deflate = false) {
    tests::write_zip(path_, members, deflate);
  }
  std::string six_ = npy(header("<f4", "(2, 3)"), bytes_of(kSix));
  std::string labels_ = npy(header("<i8", "(2,)"), bytes_of<std::int64_t>({8, 9}));
};

TEST_F(Npz, ReadsStoredAndDeflatedMembersInEitherOrder) {
  const std::string by_column =
      npy(header("<f8", "(2, 3)", "True"), bytes_of<double>({1, 4, 2, 5, 3, 6}));
  for (const bool deflate : {false, true}) {
    write({{"rows.npy", six_}, {"columns.npy", by_column}}, deflate);
    EXPECT_EQ(read_matrix(path_, "rows"), two_by_three());
    EXPECT_EQ(read_matrix(path_, "columns"), two_by_three());
  }
}

TEST_F(Npz, ReadsTheRowsAskedForInAnyOrder) {
  std::vector<float> values(3000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  for (const bool deflate : {false, true}) {
    write({{"x.npy", npy(header("<f4", "(1000, 3)"), bytes_of(values))}}, deflate);
    const auto file = open_matrix(path_);
    std::vector<float> rows(6);
    for (const std::size_t first : {998, 0, 500, 499}) {
      file->read_rows(first, rows);
      EXPECT_EQ(rows.front(), static_cast<float>(3 * first));
      EXPECT_EQ(rows.back(), static_cast<float>(3 * first + 5));
    }
  }
}

TEST_F(Npz, TakesTheOnlyMatrixAndTheKeyForOthers) {
  write({{"x.npy", six_}, {"labels.npy", labels_}});
  EXPECT_EQ(read_matrix(path_), two_by_three());
  EXPECT_EQ(read_integers(path_, "labels"), (std::vector<std::int64_t>{8, 9}));
}

TEST_F(Npz, ListsTheMatricesWhereThereAreSeveral) {
  write({{"b.npy", six_},
         {"a.npy", npy(header("<f4", "(1, 2)"), bytes_of<float>({1, 2}))},
         {"labels.npy", labels_}});
  EXPECT_EQ(refusal(), "holds several matrices; expected the key of one, a (1, 2), b (2, 3)");
  EXPECT_EQ(refusal("labbels"), "no array 'labbels' in it (did you mean 'labels'?)");
}

TEST_F(Npz, ReadsPastArraysOfObjectsUnlessTheyAreAskedFor) {
  write({{"x.npy", six_}, {"names.npy", npy(header("|O", "(2,)"), "\x80\x04")}});
  EXPECT_EQ(read_matrix(path_), two_by_three());
  const std::string message = refusal("names");
  EXPECT_TRUE(contains(message, "array 'names': holds Python objects"));
  EXPECT_TRUE(contains(message, "allow_pickle=True)['names'].tolist()"));
}

TEST_F(Npz, NamesTheArrayInItsMessages) {
  write({{"x.npy", npy(header("<f4", "(2, 2)"), bytes_of<float>({1, 2, NAN, 3}))}});
  EXPECT_EQ(refusal(), "array 'x': row 1, column 0: expected a finite value, found nan");
  write({{"x.npy", npy(header("<f4", "(9, 2)"), bytes_of(kSix))}});
  EXPECT_EQ(refusal(), "array 'x': expected 72 bytes of data for shape (9, 2), found 24");
  write({{"x.npy", npy(header("<f4", "(6,)"), bytes_of(kSix))}});
  EXPECT_EQ(refusal(), "array 'x': expected 2 dimensions, found 1");
}

TEST_F(Npz, RefusesAZipFileOfOtherThings) {
  write({{"readme.txt", "hello"}});
  EXPECT_EQ(refusal(), "expected a zip file with .npy members (.npz), found none in it");
  write({{"x.npy", six_}});
  const std::string bytes = read_file(path_);
  write_text(path_, bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(refusal(), "expected a whole zip file, found one that is damaged or cut");
}

TEST_F(Npz, TellsHowToConvertWhatPyTorchSaves) {
  write({{"archive/data.pkl", "\x80\x02"}, {"archive/data/0", "1234"}});
  EXPECT_EQ(refusal(),
            "is a PyTorch file, whose pickle runs code when it is read: convert it with python3 -c "
            "\"import torch,numpy; numpy.save('" +
                (folder_ / "x.npy").string() + "', torch.load('" + path_.string() +
                "', map_location='cpu').float().numpy())\"");
}

/// The place of the size in the central directory: 24 bytes after its signature.
void forge_size(std::string& zip, std::uint32_t size) {
  const std::size_t entry = zip.find("PK\x01\x02");
  ASSERT_NE(entry, std::string::npos);
  zip.replace(entry + 24, 4, bytes_of<std::uint32_t>({size}));
}

TEST_F(Npz, TakesNoMemoryForWhatAForgedSizeClaims) {
  write({{"x.npy", npy(header("<f4", "(250000, 4)"), std::string(4000000, '\0'))}}, true);
  EXPECT_EQ(read_matrix(path_), Matrix(250000, 4));
  std::string bytes = read_file(path_);
  forge_size(bytes, 0xFFFFFFF0U);
  write_text(path_, bytes);
  EXPECT_TRUE(contains(refusal(), "array 'x': its 4294967280 bytes cannot be packed in "));
}

TEST_F(Npz, SurvivesDamage) {
  for (const bool deflate : {false, true}) {
    write({{"x.npy", six_}, {"labels.npy", labels_}}, deflate);
    const std::string bytes = read_file(path_);
    EXPECT_GT(tests::refused_copies(bytes, path_, 250, [&] { read_matrix(path_); }), 75);
  }
}

class Safetensors : public MatrixFileTest {
 protected:
  void write(const std::string& json, const std::string& data) {
    write_text(path_, bytes_of<std::uint64_t>({json.size()}) + json + data);
  }
  std::string refusal_of(const std::string& json, const std::string& data) {
    write(json, data);
    return refusal();
  }
  static std::string tensor(const std::string& name, const std::string& type,
                            const std::string& shape, std::size_t begin, std::size_t end) {
    return "\"" + name + R"(":{"dtype":")" + type + R"(","shape":)" + shape +
           ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  }
};

TEST_F(Safetensors, ReadsEveryRealType) {
  const std::vector<std::uint16_t> halves{0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600};
  const std::vector<std::uint16_t> brains{0x3F80, 0x4000, 0x4040, 0x4080, 0x40A0, 0x40C0};
  write(
      "{" + tensor("d", "F64", "[2,3]", 0, 48) + "," + tensor("h", "F16", "[2,3]", 72, 84) + "," +
          tensor("f", "F32", "[2,3]", 48, 72) + "," + tensor("b", "BF16", "[2,3]", 84, 96) +
          R"(,"__metadata__":{"format":"pt"}}   )",
      bytes_of<double>({1, 2, 3, 4, 5, 6}) + bytes_of(kSix) + bytes_of(halves) + bytes_of(brains));
  for (const char* key : {"d", "h", "f", "b"}) {
    EXPECT_EQ(read_matrix(path_, key), two_by_three()) << key;
  }
  EXPECT_EQ(refusal(),
            "holds several matrices; expected the key of one, b (2, 3), d (2, 3), f (2, 3), h (2, "
            "3)");
}

TEST_F(Safetensors, TakesTheOnlyMatrixAndReadsItsRows) {
  write("{" + tensor("bias", "F32", "[2]", 0, 8) + "," + tensor("x", "F32", "[2,3]", 8, 32) + "," +
            tensor("labels", "I64", "[2]", 32, 48) + "}",
        bytes_of<float>({9, 9}) + bytes_of(kSix) + bytes_of<std::int64_t>({4, 2}));
  EXPECT_EQ(read_matrix(path_), two_by_three());
  EXPECT_EQ(read_integers(path_, "labels"), (std::vector<std::int64_t>{4, 2}));
  const auto file = open_matrix(path_, "x");
  std::vector<float> row(3);
  file->read_rows(1, row);
  EXPECT_EQ(row, (std::vector<float>{4, 5, 6}));
}

TEST_F(Safetensors, RefusesPlacesThatOverlapLeaveHolesOrLieOutside) {
  const std::string data = bytes_of(kSix);
  const auto two = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    return "{" + tensor("a", "F32", "[1,3]", a, b) + "," + tensor("b", "F32", "[1,3]", c, d) + "}";
  };
  EXPECT_EQ(refusal_of(two(0, 12, 8, 20), data),
            "tensor 'b': expected bytes from 12 on, of 24, found 8 to 20");
  EXPECT_EQ(refusal_of(two(0, 12, 16, 28), data),
            "tensor 'b': expected bytes from 12 on, of 24, found 16 to 28");
  EXPECT_EQ(refusal_of(two(0, 12, 12, 25), data),
            "tensor 'b': expected bytes from 12 on, of 24, found 12 to 25");
  EXPECT_EQ(refusal_of(two(0, 12, 12, 11), data),
            "tensor 'b': expected bytes from 12 on, of 24, found 12 to 11");
  EXPECT_EQ(refusal_of(two(0, 12, 12, 24), data + "x"), "expected 24 bytes of tensors, found 25");
  EXPECT_EQ(refusal_of("{" + tensor("a", "F32", "[1,3]", 0, 18446744073709551615U) + "}", data),
            "tensor 'a': expected bytes from 0 on, of 24, found 0 to 18446744073709551615");
}

TEST_F(Safetensors, ComparesTheShapeWithTheBytes) {
  const std::string data = bytes_of(kSix);
  EXPECT_EQ(refusal_of("{" + tensor("a", "F32", "[2,4]", 0, 24) + "}", data),
            "tensor 'a': its 24 bytes are not F32 of shape (2, 4)");
  EXPECT_EQ(refusal_of("{" + tensor("a", "F32", "[4294967296,4294967296]", 0, 24) + "}", data),
            "tensor 'a': its 24 bytes are not F32 of shape (4294967296, 4294967296)");
  EXPECT_EQ(refusal_of("{" + tensor("a", "F8_E4M3", "[4,6]", 0, 24) + "}", data),
            "tensor 'a': expected F16, BF16, F32 or F64, found 'F8_E4M3'");
  EXPECT_EQ(refusal_of("{" + tensor("a", "I32", "[2,3]", 0, 24) + "}", data),
            "tensor 'a': expected float16, bfloat16, float32 or float64, found int32");
}

TEST_F(Safetensors, RefusesAMalformedHeader) {
  EXPECT_EQ(refusal_of("{\"a\":", ""),
            "expected a header that is a JSON object, found something else");
  EXPECT_EQ(refusal_of("{\"a\":1}", ""),
            "tensor 'a': expected dtype, shape and two data_offsets, found 1");
  EXPECT_EQ(
      refusal_of("{" + tensor("a", "F32", "[-2,3]", 0, 24) + "}", bytes_of(kSix)).substr(0, 70),
      "tensor 'a': expected dtype, shape and two data_offsets, found {\"data_o");
  EXPECT_EQ(refusal_of("{" + tensor("a", "F32", "[2,3]", 0, 24) + "," +
                           tensor("a", "F32", "[3,2]", 0, 24) + "}",
                       bytes_of(kSix)),
            "tensor 'a' comes twice");
  EXPECT_EQ(refusal_of("{}", ""), "expected an array, found none");
}

TEST_F(Safetensors, BoundsItsHeader) {
  write("{" + std::string((1 << 23), ' ') + "}", "");
  EXPECT_EQ(refusal(), "expected a header of at most 8388608 bytes, found one of 8388610");
  // A length beyond the file is another format's first bytes.
  write_text(path_, bytes_of<std::uint64_t>({~std::uint64_t{0}}) + "{}");
  EXPECT_TRUE(contains(refusal(), "found another format"));
}

TEST_F(Safetensors, SurvivesDamage) {
  write("{" + tensor("bias", "F32", "[2]", 0, 8) + "," + tensor("x", "F32", "[2,3]", 8, 32) + "}",
        bytes_of<float>({9, 9}) + bytes_of(kSix));
  const std::string bytes = read_file(path_);
  EXPECT_GT(tests::refused_copies(bytes, path_, 600, [&] { read_matrix(path_); }), 300);
}

class Pickle : public MatrixFileTest {
 protected:
  std::string refusal_of(const std::string& bytes) {
    write_text(path_, bytes);
    return after(
        "is a Python pickle, which runs code when it is read: convert it with python3 -c \"",
        refusal());
  }
};

TEST_F(Pickle, IsRefusedWithTheLineThatConvertsIt) {
  const std::string with_pickle =
      "import pickle,numpy; numpy.save('" + (folder_ / "x.npy").string() +
      "', numpy.asarray(pickle.load(open('" + path_.string() + "','rb'))))\"";
  for (const char* start : {"\x80\x02]q", "\x80\x04\x95", "\x80\x05\x95", "(lp0\n", "(dp0\n",
                            "cnumpy.core.multiarray\n_reconstruct\n"}) {
    EXPECT_EQ(refusal_of(start), with_pickle);
  }
}

TEST_F(Pickle, IsConvertedToAnotherFileWhereItIsCalledNpyItself) {
  path_ = folder_ / "x.npy";
  EXPECT_TRUE(refusal_of("\x80\x04\x95")
                  .starts_with("import pickle,numpy; numpy.save('" +
                               (folder_ / "x.floats.npy").string() + "', "));
}

TEST_F(Pickle, IsToldByWhoWroteIt) {
  const std::string with_joblib = "import joblib,numpy; numpy.save('" +
                                  (folder_ / "x.npy").string() + "', numpy.asarray(joblib.load('" +
                                  path_.string() + "')))\"";
  EXPECT_EQ(refusal_of("\x80\x04\x95\x8c\x13joblib.numpy_pickle"), with_joblib);
  EXPECT_EQ(refusal_of("\x78\x9c\x01\x02"), with_joblib);
  EXPECT_TRUE(contains(refusal_of(std::string("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.", 16)),
                       "import torch,numpy; "));
}

TEST_F(Pickle, NeverPutsANameIntoTheLineThatAShellWouldRun) {
  path_ = folder_ / "a$(touch b)'.pkl";
  EXPECT_TRUE(refusal_of("\x80\x04\x95")
                  .starts_with("import pickle,numpy; numpy.save('FILE.npy', "
                               "numpy.asarray(pickle.load(open('FILE','rb'))))\""));
}

}  // namespace
}  // namespace alignlab
