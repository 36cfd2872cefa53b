#include "core/hash.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;

std::string letters(std::size_t count) {
  std::string out(count, '\0');
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<char>(i % 251);
  return out;
}

// Every expected digest here is what the xxHash library's own one-shot function gives.
TEST(Hash, OfFixedTextsNeverChanges) {
  EXPECT_EQ(hash_of("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_of("abc").hex(), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(hash_of("A cat sits on a mat.").hex(), "71b661b816489a1d5854cc09d01e68b8");
  EXPECT_EQ(hash_of(letters(200000)).hex(), "b0b4a8995101f27bf0543157a23a8634");
}

TEST(Hash, HexShowsTheHighHalfFirstAndKeepsLeadingZeros) {
  EXPECT_EQ((Hash128{.low = 0xabc, .high = 0x1}).hex(), "00000000000000010000000000000abc");
  EXPECT_EQ(Hash128{}.hex(), std::string(32, '0'));
}

TEST(Hasher, AddedBytesAreOneStreamHoweverTheyAreCut) {
  const std::string text = letters(200000);
  for (const std::size_t step : {1UL, 7UL, 4096UL, 199999UL}) {
    Hasher hasher;
    for (std::size_t at = 0; at < text.size(); at += step) {
      hasher.add_bytes(
          std::as_bytes(std::span(text).subspan(at, std::min(step, text.size() - at))));
    }
    EXPECT_EQ(hasher.digest().hex(), "b0b4a8995101f27bf0543157a23a8634") << step;
  }
}

TEST(Hasher, PutsALittleEndianLengthBeforeAText) {
  Hasher hasher;
  hasher.add("ab");
  EXPECT_EQ(hasher.digest().hex(), "25a212f2233721086f8c63c1ad107f4b");
  hasher.add("c");  // a digest does not end the stream
  EXPECT_EQ(hasher.digest().hex(), "f2eda2708bcfd51cc05c0ee4c9f60440");
}

TEST(Hasher, TellsApartTextsThatOnlyDifferInWhereTheyAreCut) {
  std::set<std::string> seen;
  for (const auto& [a, b] : {std::pair{"ab", "c"}, {"a", "bc"}, {"", "abc"}, {"abc", ""}}) {
    Hasher hasher;
    hasher.add(a);
    hasher.add(b);
    seen.insert(hasher.digest().hex());
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(Hasher, AddsValuesAsTheirLittleEndianBytes) {
  Hasher integer, real;
  integer.add_value(std::int32_t{7});
  EXPECT_EQ(integer.digest().hex(), "bc436cfaea3fe1a89284b7aeb2cf9cb7");
  real.add_value(1.5);
  EXPECT_EQ(real.digest().hex(), "8e19d0c57481c05d6d22fe9c07fa4107");
}

TEST(Hasher, MovesWithWhatItHasSeen) {
  Hasher first;
  first.add("ab");
  Hasher second = std::move(first);
  EXPECT_EQ(second.digest().hex(), "25a212f2233721086f8c63c1ad107f4b");
}

TEST(HashOfFile, IsTheHashOfItsBytes) {
  const ScratchFolder folder;
  const auto path = folder / "bytes";
  std::ofstream(path, std::ios::binary) << letters(200000);
  EXPECT_EQ(hash_of_file(path).hex(), "b0b4a8995101f27bf0543157a23a8634");
  std::ofstream(path, std::ios::binary | std::ios::trunc);
  EXPECT_EQ(hash_of_file(path).hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(HashOfFile, ExactlyAsLongAsItsBufferIsReadOnce) {
  const ScratchFolder folder;
  for (const std::size_t size : {65535UL, 65536UL, 65537UL, 131072UL}) {
    std::ofstream(folder / "bytes", std::ios::binary) << letters(size);
    EXPECT_EQ(hash_of_file(folder / "bytes"), hash_of(letters(size))) << size;
  }
}

TEST(HashOfFile, ThatIsMissingIsADataErrorNamingIt) {
  const ScratchFolder folder;
  const auto path = folder / "nothing";
  EXPECT_EQ(message_of<DataError>([&] { hash_of_file(path); }), path.string() + ": cannot be read");
}

TEST(HashOfFile, OfAFolderIsADataErrorAndNotTheHashOfNothing) {
  const ScratchFolder folder;
  EXPECT_EQ(message_of<DataError>([&] { hash_of_file(folder.path()); }),
            folder.path().string() + ": cannot be read");
}

}  // namespace
}  // namespace alignlab
