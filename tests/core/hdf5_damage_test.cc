// Files cut, changed or with bits flipped since they were written.

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "core/files.h"
#include "tests/core/hdf5_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;
using tests::with_raw_file;
using tests::write_values;

TEST(H5File, FlippedBitInDataIsADataErrorWhicheverWayItIsRead) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  {
    H5File file = H5File::create(path);
    write_values<std::uint8_t>(file, "/before", {1, 2, 3});
    std::vector<std::uint8_t> marked(64, 0xA5);
    write_values(file, "/marked", marked);
  }
  std::string bytes = read_file(path);
  const std::size_t at = bytes.find(std::string(64, '\xA5'));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 20] ^= 1;
  write_file_atomically(path, bytes);

  const H5File file = H5File::open(path);
  EXPECT_EQ(file.read<std::uint8_t>("/before"), (std::vector<std::uint8_t>{1, 2, 3}));
  const std::string expected =
      path.string() + ": /marked: cannot be read (truncated, or its checksum does not hold)";
  EXPECT_EQ(message_of<DataError>([&] { file.read<std::uint8_t>("/marked"); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { file.read_rows<std::uint8_t>("/marked", 0, 1); }),
            expected);
  EXPECT_EQ(message_of<DataError>([&] { file.verify(); }), expected);
}

TEST(H5File, TruncatedAnywhereNeverGivesOtherData) {
  const ScratchFolder folder;
  const fs::path whole = folder / "whole.h5", cut = folder / "cut.h5";
  std::vector<std::int32_t> values(5000);
  std::iota(values.begin(), values.end(), 0);
  {
    H5File file = H5File::create(whole);
    write_values(file, "/v", values);
  }
  const std::string bytes = read_file(whole);
  for (std::size_t length = 0; length < bytes.size(); length += 97) {
    std::ofstream(cut, std::ios::binary | std::ios::trunc) << bytes.substr(0, length);
    EXPECT_TRUE(contains(message_of<DataError>([&] { H5File::open(cut).read<std::int32_t>("/v"); }),
                         cut.string()))
        << length;
  }
}

TEST(H5File, ChangedWithoutItsChecksumReadsAsCorrupt) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  {
    H5File file = H5File::create(path);
    write_values<std::int32_t>(file, "/a", {1, 2, 3});
    write_values<std::int32_t>(file, "/b", {1, 2, 3});
  }
  with_raw_file(path, [](hid_t file) {
    const hid_t array = H5Dopen2(file, "/b", H5P_DEFAULT);
    const std::int32_t other[] = {1, 2, 4};
    H5Dwrite(array, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, other);
    H5Dclose(array);
  });
  const H5File file = H5File::open(path);
  EXPECT_EQ(file.read<std::int32_t>("/a"), (std::vector<std::int32_t>{1, 2, 3}));
  const std::string expected = path.string() + ": /b: its content differs from its checksum";
  EXPECT_EQ(message_of<DataError>([&] { file.read<std::int32_t>("/b"); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { file.verify(); }), expected);
}

TEST(H5File, VerifiesArraysLargerThanItReadsAtOnce) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  {
    H5File file = H5File::create(path);
    std::vector<std::int32_t> values(5'000'003);
    std::iota(values.begin(), values.end(), 0);
    write_values(file, "/v", values);
  }
  H5File::open(path).verify();
  with_raw_file(path, [](hid_t file) {
    const hid_t array = H5Dopen2(file, "/v", H5P_DEFAULT);
    const hid_t there = H5Dget_space(array);
    const hsize_t last = 5'000'002, one = 1;
    H5Sselect_elements(there, H5S_SELECT_SET, 1, &last);
    const hid_t here = H5Screate_simple(1, &one, nullptr);
    const std::int32_t other = -1;
    H5Dwrite(array, H5T_NATIVE_INT32, here, there, H5P_DEFAULT, &other);
    H5Sclose(here);
    H5Sclose(there);
    H5Dclose(array);
  });
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(path).verify(); }),
            path.string() + ": /v: its content differs from its checksum");
}

}  // namespace
}  // namespace alignlab
