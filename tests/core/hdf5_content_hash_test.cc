// What the hash of a file's content depends on.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/hdf5_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::forge_array;
using tests::ScratchFolder;
using tests::with_raw_file;
using tests::write_values;

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

}  // namespace
}  // namespace alignlab
