// What comes back from a file as it was written.

#include <gtest/gtest.h>

#include <limits>

#include "tests/core/hdf5_fixtures.h"

namespace alignlab {
namespace {

using tests::bytes_of;
using tests::counting_matrix;
using tests::ScratchFolder;
using tests::write_values;

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

TEST(H5File, GoesOnInTheFileItWasMovedTo) {
  const ScratchFolder folder;
  H5File first = H5File::create(folder / "a.h5");
  H5File second = std::move(first);
  write_values<float>(second, "/v", {1});
  second.close();
  EXPECT_EQ(H5File::open(folder / "a.h5").read<float>("/v"), std::vector<float>{1});
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

}  // namespace
}  // namespace alignlab
