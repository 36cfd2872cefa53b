// What is asked of a file that is whole, but is not there, of another type or too much.

#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/core/hdf5_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_values;

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
            (folder / "empty.h5").string() + ": expected an HDF5 file, found an empty one");
  EXPECT_EQ(message_of<DataError>([&] { H5File::open(folder.path()); }),
            folder.path().string() + ": expected an HDF5 file, found a folder");
  EXPECT_EQ(message_of<DataError>([&] { H5File::create(folder / "no" / "folder.h5"); }),
            (folder / "no" / "folder.h5").string() + ": cannot be created");
}

TEST(Copy, OfWhatIsNotThereNamesBothFiles) {
  const ScratchFolder folder;
  const H5File source = H5File::create(folder / "source.h5");
  H5File target = H5File::create(folder / "target.h5");
  EXPECT_EQ(message_of<DataError>([&] { target.copy_from(source, "/none"); }),
            (folder / "source.h5").string() + ": /none: cannot be copied to " +
                (folder / "target.h5").string());
}

}  // namespace
}  // namespace alignlab
