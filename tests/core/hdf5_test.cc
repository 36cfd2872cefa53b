#include "core/hdf5.h"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <numeric>

#include "core/files.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;

template <typename T>
void write_values(H5File& file, const std::string& array, std::vector<T> values, Shape shape = {}) {
  file.write<T>(array, std::span<const T>(values), std::move(shape));
}

template <typename T>
std::vector<unsigned char> bytes_of(const std::vector<T>& values) {
  std::vector<unsigned char> out(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

Matrix counting_matrix(std::size_t rows, std::size_t cols) {
  Matrix out(rows, cols);
  std::iota(out.values().begin(), out.values().end(), 1.0F);
  return out;
}

/// Opens the file with the library itself, past everything that H5File checks or writes.
void with_raw_file(const fs::path& path, const std::function<void(hid_t)>& work) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  work(file);
  ASSERT_GE(H5Fclose(file), 0);
}

/// Replaces an attribute by `count` values of `type`.
void forge_attribute(hid_t file, const char* object, const char* name, hid_t type, hsize_t count,
                     const void* values) {
  const hid_t id = H5Oopen(file, object, H5P_DEFAULT);
  if (H5Aexists(id, name) > 0) H5Adelete(id, name);
  const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr);
  const hid_t attribute = H5Acreate2(id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(H5Awrite(attribute, type, values), 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Oclose(id);
}

void forge_text_attribute(hid_t file, const char* object, const char* name,
                          const std::string& value) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, value.size());
  forge_attribute(file, object, name, type, 1, value.data());
  H5Tclose(type);
}

/// Stores one array with its right checksum, but in the way `creation` and `type` say.
void forge_array(hid_t file, const char* array, hid_t type, const Shape& shape, hid_t creation,
                 hid_t memory, const void* values, const std::string& xxh3) {
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

template <typename T>
class H5RoundTrip : public ::testing::Test {};
using EveryType = ::testing::Types<float, double, std::int32_t, std::int64_t, std::uint8_t>;
TYPED_TEST_SUITE(H5RoundTrip, EveryType);

TYPED_TEST(H5RoundTrip, KeepsEveryBit) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  std::vector<T> values{T{0}, T{1}, T{2}, Limits::max(), Limits::lowest(), Limits::min()};
  if constexpr (std::is_floating_point_v<T>) {
    values.insert(values.end(), {-T{0}, Limits::denorm_min(), Limits::infinity(),
                                 -Limits::infinity(), Limits::quiet_NaN()});
  }
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "a.h5");
    write_values(file, "/flat", values);
    write_values(file, "/deep/er/still", values, {values.size(), 1, 1});
    write_values(file, "/nothing", std::vector<T>{});
  }
  const H5File file = H5File::open(folder / "a.h5");
  EXPECT_EQ(bytes_of(file.read<T>("/flat")), bytes_of(values));
  EXPECT_EQ(bytes_of(file.read<T>("/deep/er/still")), bytes_of(values));
  EXPECT_EQ(file.read<T>("/nothing"), std::vector<T>{});
  EXPECT_EQ(file.type("/flat"), h5_type_of<T>());
  EXPECT_EQ(file.shape("/flat"), Shape{values.size()});
  EXPECT_EQ(file.shape("/deep/er/still"), (Shape{values.size(), 1, 1}));
  EXPECT_EQ(file.shape("/nothing"), Shape{0});
  file.verify();
}

TEST(H5File, StoresTheChecksumOfTheLittleEndianBytes) {
  const ScratchFolder folder;
  H5File file = H5File::create(folder / "a.h5");
  write_values<float>(file, "/g/a", {1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(file.array_hash("/g/a"), "22f9f05544bb8065da5bf39245eec019");
  write_values<std::uint8_t>(file, "/none", {});
  EXPECT_EQ(file.array_hash("/none"), "99aa06d3014798d86001c324468d497f");
}

TEST(H5File, KeepsMatricesOfAnyShape) {
  const ScratchFolder folder;
  for (const auto& [rows, cols] : {std::pair{1UL, 1UL},
                                   {0UL, 3UL},
                                   {3UL, 0UL},
                                   {0UL, 0UL},
                                   {7UL, 67UL},
                                   {1000UL, 300UL},
                                   {2UL, 100000UL}}) {
    const Matrix matrix = counting_matrix(rows, cols);
    {
      H5File file = H5File::create(folder / "a.h5");
      file.write_matrix("/m", matrix);
    }
    const H5File file = H5File::open(folder / "a.h5");
    EXPECT_EQ(file.read_matrix("/m"), matrix) << rows << " x " << cols;
    file.verify();
  }
}

TEST(H5File, ReadsTheRowsAskedFor) {
  const ScratchFolder folder;
  H5File file = H5File::create(folder / "a.h5");
  file.write_matrix("/m", counting_matrix(4, 2));
  write_values<std::int64_t>(file, "/v", {10, 20, 30});
  EXPECT_EQ(file.read_rows<float>("/m", 1, 2), (std::vector<float>{3, 4, 5, 6}));
  EXPECT_EQ(file.read_rows<float>("/m", 4, 0), std::vector<float>{});
  EXPECT_EQ(file.read_rows<std::int64_t>("/v", 2, 1), std::vector<std::int64_t>{30});
}

TEST(H5File, RefusesRowsPastTheEnd) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File file = H5File::create(path);
  write_values<std::int64_t>(file, "/v", {10, 20, 30});
  EXPECT_EQ(message_of<DataError>([&] { file.read_rows<std::int64_t>("/v", 2, 2); }),
            path.string() + ": /v: rows 2 to 4 asked, 3 there");
  EXPECT_EQ(message_of<DataError>([&] { file.read_rows<std::int64_t>("/v", 4, 0); }),
            path.string() + ": /v: rows 4 to 4 asked, 3 there");
  // A sum that wraps around must not look small.
  const std::uint64_t last = ~std::uint64_t{0};
  EXPECT_TRUE(contains(message_of<DataError>([&] { file.read_rows<std::int64_t>("/v", last, 2); }),
                       "asked, 3 there"));
}

TEST(H5File, KeepsStringsWithAnyBytes) {
  const ScratchFolder folder;
  StringColumn strings;
  strings.push_back("");
  strings.push_back("Ein Hund – 犬");
  strings.push_back(std::string("\0\n\xff", 3));
  strings.push_back("");
  {
    H5File file = H5File::create(folder / "a.h5");
    file.write_strings("/texts", strings);
    file.write_strings("/none", StringColumn());
  }
  const H5File file = H5File::open(folder / "a.h5");
  const StringColumn back = file.read_strings("/texts");
  EXPECT_EQ(back.offsets(), strings.offsets());
  EXPECT_EQ(back.bytes(), strings.bytes());
  EXPECT_EQ(back[1], "Ein Hund – 犬");
  EXPECT_EQ(file.read_strings("/none").size(), 0U);
}

TEST(H5File, KeepsFeaturesOfBothForms) {
  const ScratchFolder folder;
  const Features dense = counting_matrix(3, 2);
  const Features sparse = SparseRows{4, {0, 2, 2, 3}, {1, 3, 0}, {2.0F, -1.0F, 5.0F}};
  const Features no_rows = SparseRows{5, {0}, {}, {}};
  const Features no_entries = SparseRows{5, {0, 0, 0}, {}, {}};
  {
    H5File file = H5File::create(folder / "a.h5");
    file.write_features("/dense", dense);
    file.write_features("/sparse", sparse);
    file.write_features("/no_rows", no_rows);
    file.write_features("/no_entries", no_entries);
  }
  const H5File file = H5File::open(folder / "a.h5");
  EXPECT_EQ(file.read_features("/dense"), dense);
  EXPECT_EQ(file.read_features("/sparse"), sparse);
  EXPECT_EQ(file.read_features("/no_rows"), no_rows);
  EXPECT_EQ(file.read_features("/no_entries"), no_entries);
}

TEST(H5File, ListsWhatItHoldsSorted) {
  const ScratchFolder folder;
  H5File file = H5File::create(folder / "a.h5");
  write_values<float>(file, "/z", {1});
  write_values<float>(file, "/g/b", {1});
  write_values<float>(file, "/g/a/deep", {1});
  EXPECT_EQ(file.arrays(), (std::vector<std::string>{"/g/a/deep", "/g/b", "/z"}));
  EXPECT_EQ(file.children("/"), (std::vector<std::string>{"g", "z"}));
  EXPECT_EQ(file.children("/g"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(file.children("/none"), std::vector<std::string>{});
  EXPECT_EQ(file.children("/z"), std::vector<std::string>{});  // an array, not a group
  EXPECT_TRUE(file.has("/g/a/deep"));
  EXPECT_TRUE(file.has("/g"));
  EXPECT_TRUE(file.has("/"));
  EXPECT_FALSE(file.has("/g/c"));
  EXPECT_FALSE(file.has("/none/at/all"));
}

TEST(H5File, KeepsAttributesAndReplacesThem) {
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "a.h5");
    file.set_attribute("/", "name", "Grüße");
    file.set_attribute("/", "empty", "");
    file.set_attribute("/", "count", std::numeric_limits<std::int64_t>::min());
    file.set_attribute("/", "changed", "a long first value");
    file.set_attribute("/", "changed", "short");
    file.set_attribute("/", "number", std::int64_t{1});
    file.set_attribute("/", "number", std::int64_t{2});
  }
  const H5File file = H5File::open(folder / "a.h5");
  EXPECT_EQ(file.text_attribute("/", "name"), "Grüße");
  EXPECT_EQ(file.text_attribute("/", "empty"), "");
  EXPECT_EQ(file.integer_attribute("/", "count"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(file.text_attribute("/", "changed"), "short");
  EXPECT_EQ(file.integer_attribute("/", "number"), 2);
  EXPECT_TRUE(file.has_attribute("/", "name"));
  EXPECT_FALSE(file.has_attribute("/", "other"));
}

TEST(H5File, SaysSoWhenAnAttributeIsTooLongToBeStored) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File file = H5File::create(path);
  EXPECT_EQ(
      message_of<DataError>([&] { file.set_attribute("/", "source", std::string(70000, 'x')); }),
      path.string() + ": /: attribute 'source' cannot be written");
}

TEST(H5File, NamesTheAttributeThatIsMissingOrOfAnotherType) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File file = H5File::create(path);
  file.set_attribute("/", "text", "seven");
  file.set_attribute("/", "number", std::int64_t{7});
  EXPECT_EQ(message_of<DataError>([&] { file.text_attribute("/", "none"); }),
            path.string() + ": /: attribute 'none' is missing");
  EXPECT_EQ(message_of<DataError>([&] { file.text_attribute("/", "number"); }),
            path.string() + ": /: attribute 'number' is not a fixed-length string");
  EXPECT_EQ(message_of<DataError>([&] { file.integer_attribute("/", "none"); }),
            path.string() + ": /: attribute 'none' is missing or not an integer");
  EXPECT_EQ(message_of<DataError>([&] { file.integer_attribute("/", "text"); }),
            path.string() + ": /: attribute 'text' is missing or not an integer");
  EXPECT_EQ(message_of<DataError>([&] { file.integer_attribute("/none", "number"); }),
            path.string() + ": /none: not in the file");
}

TEST(H5File, NamesTheArrayThatIsMissingOrOfAnotherTypeOrShape) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File file = H5File::create(path);
  write_values<float>(file, "/v", {1, 2});
  EXPECT_EQ(message_of<DataError>([&] { file.read<float>("/none"); }),
            path.string() + ": /none: no such array in the file");
  EXPECT_EQ(message_of<DataError>([&] { file.read<float>("/"); }),
            path.string() + ": /: no such array in the file");
  EXPECT_EQ(message_of<DataError>([&] { file.read<double>("/v"); }),
            path.string() + ": /v: expected float64, found float32");
  EXPECT_EQ(message_of<DataError>([&] { file.read_rows<std::int32_t>("/v", 0, 1); }),
            path.string() + ": /v: expected int32, found float32");
  EXPECT_EQ(message_of<DataError>([&] { file.read_matrix("/v"); }),
            path.string() + ": /v: expected 2 dimensions, found 1");
  write_values<double>(file, "/d", {1, 2}, {2, 1});
  EXPECT_EQ(message_of<DataError>([&] { file.read_matrix("/d"); }),
            path.string() + ": /d: expected float32, found float64");
}

TEST(H5File, RefusesASecondArrayOfOneName) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File file = H5File::create(path);
  write_values<float>(file, "/v", {1});
  EXPECT_EQ(message_of<DataError>([&] { write_values<float>(file, "/v", {2}); }),
            path.string() + ": /v: cannot be created");
  EXPECT_EQ(file.read<float>("/v"), std::vector<float>{1});
}

TEST(H5File, ThatCannotBeOpenedIsADataErrorNamingIt) {
  const ScratchFolder folder;
  const std::string other =
      ": expected an HDF5 file, found one that is truncated, in use or of "
      "another format";
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(folder / "none.h5"); }),
            (folder / "none.h5").string() + ": no such file");
  write_file_atomically(folder / "text.h5", "not at all HDF5");
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(folder / "text.h5"); }),
            (folder / "text.h5").string() + other);
  write_file_atomically(folder / "empty.h5", "");
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(folder / "empty.h5"); }),
            (folder / "empty.h5").string() + other);
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(folder.path()); }),
            folder.path().string() + other);
  EXPECT_EQ(message_of<DataError>([&] { H5File::create(folder / "no" / "folder.h5"); }),
            (folder / "no" / "folder.h5").string() + ": cannot be created");
}

TEST(H5File, GoesOnInTheFileItWasMovedTo) {
  const ScratchFolder folder;
  H5File first = H5File::create(folder / "a.h5");
  H5File second = std::move(first);
  write_values<float>(second, "/v", {1});
  second.close();
  EXPECT_EQ(H5File::open(folder / "a.h5").read<float>("/v"), std::vector<float>{1});
}

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

TEST(ContentHash, OfAFixedFileNeverChanges) {
  // The xxHash library's digest of path, type, shape and checksum of both arrays in order, each
  // after its length.
  const ScratchFolder folder;
  H5File file = H5File::create(folder / "a.h5");
  write_values<std::int64_t>(file, "/ids", {-1, 7});
  write_values<float>(file, "/g/a", {1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(file.content_hash().hex(), "f3cc713a4dba4612d87dc5612f2ebe38");
}

TEST(ContentHash, DoesNotDependOnTheOrderOfWritingOrOnAttributes) {
  const ScratchFolder folder;
  H5File one = H5File::create(folder / "one.h5");
  write_values<float>(one, "/a", {1, 2});
  write_values<std::int32_t>(one, "/g/b", {3});
  H5File other = H5File::create(folder / "other.h5");
  write_values<std::int32_t>(other, "/g/b", {3});
  write_values<float>(other, "/a", {1, 2});
  other.set_attribute("/", "name", "renamed");
  other.set_attribute("/a", "producer", "someone");
  EXPECT_EQ(one.content_hash(), other.content_hash());
}

TEST(ContentHash, DoesNotDependOnCompressionOrChunks) {
  const ScratchFolder folder;
  const std::vector<float> zeros(200000, 0.0F);
  const std::string checksum =
      hash_of({reinterpret_cast<const char*>(zeros.data()), zeros.size() * sizeof(float)}).hex();
  {
    H5File plain = H5File::create(folder / "plain.h5");
    write_values(plain, "/v", zeros, {zeros.size(), 1});
  }
  H5File::create(folder / "packed.h5");
  with_raw_file(folder / "packed.h5", [&](hid_t file) {
    const hid_t packed = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {100000, 1};
    H5Pset_chunk(packed, 2, chunk);
    H5Pset_deflate(packed, 9);
    H5Pset_fletcher32(packed);
    forge_array(file, "/v", H5T_IEEE_F32LE, {zeros.size(), 1}, packed, H5T_NATIVE_FLOAT,
                zeros.data(), checksum);
    H5Pclose(packed);
  });
  ASSERT_LT(fs::file_size(folder / "packed.h5") * 20, fs::file_size(folder / "plain.h5"));
  const H5File plain = H5File::open(folder / "plain.h5");
  const H5File packed = H5File::open(folder / "packed.h5");
  EXPECT_EQ(packed.read<float>("/v"), zeros);
  packed.verify();
  EXPECT_EQ(packed.content_hash(), plain.content_hash());
}

TEST(ContentHash, ChangesWithEachValueTypeShapeAndPath) {
  const ScratchFolder folder;
  std::vector<std::string> hashes;
  const auto note = [&](const std::function<void(H5File&)>& fill) {
    H5File file = H5File::create(folder / "a.h5");
    fill(file);
    hashes.push_back(file.content_hash().hex());
  };
  note([](H5File&) {});
  note([](H5File& file) { write_values<std::int32_t>(file, "/v", {0, 0}); });
  note([](H5File& file) { write_values<std::int32_t>(file, "/v", {0, 1}); });
  note([](H5File& file) { write_values<float>(file, "/v", {0, 0}); });
  note([](H5File& file) { write_values<std::int64_t>(file, "/v", {0}); });
  note([](H5File& file) { write_values<std::int32_t>(file, "/v", {0, 0}, {1, 2}); });
  note([](H5File& file) { write_values<std::int32_t>(file, "/v", {0, 0}, {2, 1}); });
  note([](H5File& file) { write_values<std::int32_t>(file, "/w", {0, 0}); });
  note([](H5File& file) {
    write_values<std::int32_t>(file, "/v", {0, 0});
    write_values<std::int32_t>(file, "/w", {});
  });
  std::ranges::sort(hashes);
  EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end());
}

TEST(ContentHash, OfSomeObjectsIgnoresTheOthers) {
  const ScratchFolder folder;
  H5File small = H5File::create(folder / "small.h5");
  write_values<float>(small, "/g/a", {1});
  H5File large = H5File::create(folder / "large.h5");
  write_values<float>(large, "/g/a", {1});
  write_values<float>(large, "/gg/a", {1});  // begins with the same letters
  write_values<float>(large, "/h", {1});
  EXPECT_EQ(large.content_hash({"/g"}), small.content_hash());
  EXPECT_EQ(large.content_hash({"/g/a"}), small.content_hash());
  EXPECT_NE(large.content_hash({"/g", "/h"}), small.content_hash());
  EXPECT_NE(large.content_hash(), small.content_hash());
}

TEST(Copy, BringsArraysGroupsAttributesAndChecksums) {
  const ScratchFolder folder;
  {
    H5File source = H5File::create(folder / "source.h5");
    write_values<float>(source, "/g/a", {1, 2});
    write_values<float>(source, "/g/deep/b", {3});
    write_values<float>(source, "/left", {4});
    source.set_attribute("/g/a", "producer", "someone");
    source.set_attribute("/g", "cols", std::int64_t{5});
  }
  const H5File source = H5File::open(folder / "source.h5");
  {
    H5File target = H5File::create(folder / "target.h5");
    target.copy_from(source, "/g");
    H5File deep = H5File::create(folder / "deep.h5");
    deep.copy_from(source, "/g/deep/b");
  }
  const H5File target = H5File::open(folder / "target.h5");
  EXPECT_EQ(target.arrays(), (std::vector<std::string>{"/g/a", "/g/deep/b"}));
  EXPECT_EQ(target.read<float>("/g/a"), (std::vector<float>{1, 2}));
  EXPECT_EQ(target.text_attribute("/g/a", "producer"), "someone");
  EXPECT_EQ(target.integer_attribute("/g", "cols"), 5);
  EXPECT_EQ(target.content_hash(), source.content_hash({"/g"}));
  EXPECT_EQ(H5File::open(folder / "deep.h5").read<float>("/g/deep/b"), std::vector<float>{3});
}

TEST(Copy, OfWhatIsNotThereNamesBothFiles) {
  const ScratchFolder folder;
  const H5File source = H5File::create(folder / "source.h5");
  H5File target = H5File::create(folder / "target.h5");
  EXPECT_EQ(message_of<DataError>([&] { target.copy_from(source, "/none"); }),
            (folder / "source.h5").string() + ": /none: cannot be copied to " +
                (folder / "target.h5").string());
}

TEST(H5Appender, GivesWhatOneWriteGivesAcrossSeveralFlushes) {
  const ScratchFolder folder;
  Matrix rows = counting_matrix(90'001, 7);  // 2.5 MB
  {
    H5File whole = H5File::create(folder / "whole.h5");
    whole.write_matrix("/m", rows);
    write_values(whole, "/v", std::vector<float>(rows.values().begin(), rows.values().end()));
    H5File parts = H5File::create(folder / "parts.h5");
    H5Appender matrix(parts, "/m", H5Type::kFloat32, 7);
    H5Appender flat(parts, "/v", H5Type::kFloat32);
    // Pieces end inside rows, and one piece is larger than all that is held back.
    std::size_t at = 0;
    for (std::size_t step = 1; at < rows.values().size(); step = step * 3 + 1) {
      const std::size_t now = std::min(step, rows.values().size() - at);
      matrix.append<float>(rows.values().subspan(at, now));
      flat.append<float>(rows.values().subspan(at, now));
      at += now;
    }
    matrix.finish();
    flat.finish();
  }
  const H5File whole = H5File::open(folder / "whole.h5");
  const H5File parts = H5File::open(folder / "parts.h5");
  EXPECT_EQ(parts.read_matrix("/m"), rows);
  EXPECT_EQ(parts.shape("/v"), Shape{rows.values().size()});
  EXPECT_EQ(parts.content_hash(), whole.content_hash());
  parts.verify();
}

TEST(H5Appender, FlushesManySmallPieces) {
  const ScratchFolder folder;
  constexpr std::int64_t kCount = 300'000;  // 2.4 MB, one value at a time
  {
    H5File file = H5File::create(folder / "a.h5");
    H5Appender appender(file, "/v", H5Type::kInt64);
    for (std::int64_t i = 0; i < kCount; ++i) appender.append<std::int64_t>(std::span(&i, 1));
    appender.finish();
  }
  const auto values = H5File::open(folder / "a.h5").read<std::int64_t>("/v");
  ASSERT_EQ(values.size(), static_cast<std::size_t>(kCount));
  for (std::int64_t i = 0; i < kCount; ++i) ASSERT_EQ(values[static_cast<std::size_t>(i)], i);
}

TEST(H5Appender, OfNothingLeavesAnEmptyArray) {
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "a.h5");
    H5Appender(file, "/v", H5Type::kUint8).finish();
    H5Appender(file, "/m", H5Type::kFloat32, 3).finish();
  }
  const H5File file = H5File::open(folder / "a.h5");
  EXPECT_EQ(file.read<std::uint8_t>("/v"), std::vector<std::uint8_t>{});
  EXPECT_EQ(file.read_matrix("/m"), Matrix(0, 3));
  file.verify();
}

TEST(H5Appender, DroppedBeforeItsFinishLeavesAnArrayThatReadsAsCorrupt) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  {
    H5File file = H5File::create(path);
    H5Appender appender(file, "/v", H5Type::kUint8);
    const std::uint8_t byte = 1;
    appender.append<std::uint8_t>(std::span(&byte, 1));
  }
  const H5File file = H5File::open(path);
  const std::string expected = path.string() + ": /v: attribute 'xxh3' is missing";
  EXPECT_EQ(message_of<DataError>([&] { file.read<std::uint8_t>("/v"); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { file.content_hash(); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { file.verify(); }), expected);
}

TEST(H5Appender, RefusesAnotherTypeAndAHalfRow) {
  const ScratchFolder folder;
  const fs::path path = folder / "a.h5";
  H5File file = H5File::create(path);
  H5Appender appender(file, "/m", H5Type::kFloat32, 2);
  const std::vector<std::int32_t> integers{1, 2};
  EXPECT_EQ(message_of<DataError>([&] { appender.append<std::int32_t>(integers); }),
            path.string() + ": /m: expected float32, found int32");
  const std::vector<float> three{1, 2, 3};
  appender.append<float>(three);
  EXPECT_EQ(message_of<DataError>([&] { appender.finish(); }),
            path.string() + ": /m: ends inside a row");
}

TEST(H5StringAppender, GivesWhatOneWriteGivesAcrossSeveralFlushes) {
  const ScratchFolder folder;
  StringColumn strings;
  {
    H5File parts = H5File::create(folder / "parts.h5");
    H5StringAppender appender(parts, "/s");
    for (int i = 0; i < 3000; ++i) {
      const std::string text(static_cast<std::size_t>(i % 1500), static_cast<char>(i));
      strings.push_back(text);
      appender.push_back(text);
    }
    appender.finish();
    H5File whole = H5File::create(folder / "whole.h5");
    whole.write_strings("/s", strings);
  }
  const H5File parts = H5File::open(folder / "parts.h5");
  const StringColumn back = parts.read_strings("/s");
  EXPECT_EQ(back.offsets(), strings.offsets());
  EXPECT_EQ(back.bytes(), strings.bytes());
  EXPECT_EQ(parts.content_hash(), H5File::open(folder / "whole.h5").content_hash());
}

TEST(H5StringAppender, OfNothingGivesNoStrings) {
  const ScratchFolder folder;
  H5File file = H5File::create(folder / "a.h5");
  H5StringAppender(file, "/s").finish();
  EXPECT_EQ(file.read_strings("/s").size(), 0U);
}

}  // namespace
}  // namespace alignlab
