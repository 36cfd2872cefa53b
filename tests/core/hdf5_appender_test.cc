// Arrays and strings written in pieces.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/hdf5_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::counting_matrix;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_values;

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
