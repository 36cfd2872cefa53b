// Files that HDF5 reads, but that H5File would never have written.

#include <gtest/gtest.h>

#include <limits>

#include "tests/core/hdf5_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::forge_array;
using tests::forge_attribute;
using tests::message_of;
using tests::ScratchFolder;
using tests::with_raw_file;
using tests::write_values;

TEST(H5File, RefusesAChecksumThatIsNoPlainString) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  const auto message_with = [&](const std::function<void(hid_t)>& forge) {
    {
      H5File file = H5File::create(path);
      write_values<float>(file, "/v", {1, 2});
    }
    with_raw_file(path, forge);
    const H5File file = H5File::open(path);
    const std::string message = message_of<DataError>([&] { file.read<float>("/v"); });
    EXPECT_EQ(message_of<DataError>([&] { file.content_hash(); }), message);
    return message;
  };
  EXPECT_EQ(message_with([](hid_t file) {
              const hid_t array = H5Oopen(file, "/v", H5P_DEFAULT);
              H5Adelete(array, "xxh3");
              H5Oclose(array);
            }),
            path.string() + ": /v: attribute 'xxh3' is missing");
  const std::string not_plain =
      path.string() + ": /v: attribute 'xxh3' is not a fixed-length string";
  EXPECT_EQ(message_with([](hid_t file) {
              const std::int64_t number = 5;
              forge_attribute(file, "/v", "xxh3", H5T_NATIVE_INT64, 1, &number);
            }),
            not_plain);
  EXPECT_EQ(message_with([](hid_t file) {
              const hid_t type = H5Tcopy(H5T_C_S1);
              H5Tset_size(type, H5T_VARIABLE);
              const char* text = "99aa";
              forge_attribute(file, "/v", "xxh3", type, 1, &text);
              H5Tclose(type);
            }),
            not_plain);
  // Many strings where one is expected must not be read into the room of one.
  EXPECT_EQ(message_with([](hid_t file) {
              const hid_t type = H5Tcopy(H5T_C_S1);
              H5Tset_size(type, 32);
              const std::string many(32 * 500, 'a');
              forge_attribute(file, "/v", "xxh3", type, 500, many.data());
              H5Tclose(type);
            }),
            not_plain);
}

TEST(H5File, RefusesAnIntegerAttributeThatHoldsManyOrAReal) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File::create(path);
  with_raw_file(path, [](hid_t file) {
    const std::vector<std::int64_t> many(1000, 7);
    forge_attribute(file, "/", "many", H5T_NATIVE_INT64, many.size(), many.data());
    const double real = 2.5;
    forge_attribute(file, "/", "real", H5T_NATIVE_DOUBLE, 1, &real);
  });
  const H5File file = H5File::open(path);
  EXPECT_EQ(message_of<DataError>([&] { file.integer_attribute("/", "many"); }),
            path.string() + ": /: attribute 'many' is missing or not an integer");
  EXPECT_EQ(message_of<DataError>([&] { file.integer_attribute("/", "real"); }),
            path.string() + ": /: attribute 'real' is missing or not an integer");
}

TEST(H5File, RefusesATypeOrRankItDoesNotKnow) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File::create(path);
  with_raw_file(path, [](hid_t file) {
    const std::int32_t values[] = {1, 2};
    forge_array(file, "/big_endian", H5T_STD_I32BE, {2}, H5P_DEFAULT, H5T_NATIVE_INT32, values,
                "x");
    forge_array(file, "/unsigned", H5T_STD_U32LE, {2}, H5P_DEFAULT, H5T_NATIVE_INT32, values, "x");
    forge_array(file, "/scalar", H5T_STD_I32LE, {}, H5P_DEFAULT, H5T_NATIVE_INT32, values, "x");
  });
  const H5File file = H5File::open(path);
  const std::string types = ": expected float32, float64, int32, int64 or uint8 (little-endian)";
  EXPECT_EQ(message_of<DataError>([&] { file.type("/big_endian"); }),
            path.string() + ": /big_endian" + types);
  EXPECT_EQ(message_of<DataError>([&] { file.read<std::int32_t>("/unsigned"); }),
            path.string() + ": /unsigned" + types);
  EXPECT_EQ(message_of<DataError>([&] { file.read<std::int32_t>("/scalar"); }),
            path.string() + ": /scalar: expected 1 to 8 dimensions, found 0");
}

TEST(H5File, RefusesAnArrayThatLiesInItsHeader) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File::create(path);
  with_raw_file(path, [](hid_t file) {
    const std::int32_t values[] = {1, 2};
    const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(compact, H5D_COMPACT);
    forge_array(file, "/compact", H5T_STD_I32LE, {2}, compact, H5T_NATIVE_INT32, values, "x");
    H5Pclose(compact);
  });
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(path).read<std::int32_t>("/compact"); }),
            path.string() + ": /compact: expected an array in chunks, as alignlab writes them");
}

TEST(H5File, RefusesAHeaderThatClaimsMoreThanTheFileCanHold) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File::create(path);
  with_raw_file(path, [](hid_t file) {
    const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {1024, 1};
    H5Pset_chunk(chunked, 2, chunk);
    forge_array(file, "/large", H5T_IEEE_F32LE, {1ULL << 28, 4}, chunked, H5T_NATIVE_FLOAT, nullptr,
                "x");
    forge_array(file, "/endless", H5T_IEEE_F32LE, {1ULL << 40, 1ULL << 20}, chunked,
                H5T_NATIVE_FLOAT, nullptr, "x");
    H5Pclose(chunked);
  });
  const H5File file = H5File::open(path);
  EXPECT_EQ(message_of<DataError>([&] { file.read_matrix("/large"); }),
            path.string() + ": /large: its header claims more than the file can hold");
  EXPECT_EQ(message_of<DataError>([&] { file.read<float>("/endless"); }),
            path.string() + ": /endless: its header claims an impossible size");
}

TEST(H5File, RefusesStringsWhoseOffsetsDoNotFitTheirBytes) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  const std::vector<std::vector<std::int64_t>> wrong{{},        {1, 3},       {0, 2}, {0, 4},
                                                     {0, 3, 2}, {0, 5, 1, 3}, {-1, 3}};
  for (const auto& offsets : wrong) {
    H5File file = H5File::create(path);
    write_values<std::int64_t>(file, "/s/offsets", offsets);
    write_values<std::uint8_t>(file, "/s/data", {'a', 'b', 'c'});
    EXPECT_EQ(message_of<DataError>([&] { file.read_strings("/s"); }),
              path.string() + ": /s/offsets: expected ascending offsets that end with the data");
  }
}

TEST(H5File, RefusesSparseRowsThatDoNotFitTogether) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  const auto message_with = [&](std::vector<std::int64_t> offsets,
                                std::vector<std::int32_t> columns, std::size_t values,
                                std::int64_t cols) {
    H5File file = H5File::create(path);
    write_values(file, "/f/offsets", offsets);
    write_values(file, "/f/columns", columns);
    write_values(file, "/f/values", std::vector<float>(values, 1.0F));
    file.set_attribute("/f", "cols", cols);
    return message_of<DataError>([&] { file.read_features("/f"); });
  };
  const std::string disagree =
      path.string() + ": /f: expected sparse rows whose offsets, columns and values agree";
  EXPECT_EQ(message_with({}, {}, 0, 3), disagree);
  EXPECT_EQ(message_with({0, 2}, {0, 1}, 1, 3), disagree);
  EXPECT_EQ(message_with({0, 1}, {0, 1}, 2, 3), disagree);
  EXPECT_EQ(message_with({0, 2, 1, 2}, {0, 1}, 2, 3), disagree);
  EXPECT_EQ(message_with({1, 2}, {0, 1}, 2, 3), disagree);
  EXPECT_EQ(message_with({0, 2}, {0, 3}, 2, 3), path.string() + ": /f/columns: column 3 of 3");
  EXPECT_EQ(message_with({0, 2}, {-1, 0}, 2, 3), path.string() + ": /f/columns: column -1 of 3");
}

TEST(H5File, RefusesSparseRowsOfAForgedWidth) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  for (const std::int64_t cols : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max()}) {
    {
      H5File file = H5File::create(path);
      file.write_features("/f", SparseRows{3, {0, 1}, {0}, {1.0F}});
      file.set_attribute("/f", "cols", cols);
    }
    EXPECT_EQ(message_of<DataError>([&] { H5File::open(path).read_features("/f"); }),
              path.string() + ": /f: attribute 'cols': expected 0 to 2147483647, found " +
                  std::to_string(cols));
  }
}

TEST(H5File, RefusesSparseRowsWhoseColumnsDoNotAscend) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  for (const std::vector<std::int32_t>& columns :
       {std::vector<std::int32_t>{2, 1}, std::vector<std::int32_t>{1, 1}}) {
    H5File file = H5File::create(path);
    file.write_features("/f", SparseRows{3, {0, 2}, columns, {1.0F, 1.0F}});
    EXPECT_EQ(message_of<DataError>([&] { file.read_features("/f"); }),
              path.string() + ": /f/columns: the columns of row 0 do not ascend");
  }
  // Across the border of two rows they may fall.
  H5File file = H5File::create(path);
  const Features fine = SparseRows{3, {0, 1, 2}, {2, 0}, {1.0F, 1.0F}};
  file.write_features("/f", fine);
  EXPECT_EQ(file.read_features("/f"), fine);
}

}  // namespace
}  // namespace alignlab
