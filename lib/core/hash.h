#pragma once

// XXH3-128 of bytes: names of artifacts and checksums of what they hold. Not cryptographic.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace alignlab {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  /// 32 hexadecimal digits, high half first.
  std::string hex() const;
  bool operator==(const Hash128&) const = default;
};

/// Accumulates; strings are preceded by their length, so that ("ab","c") and ("a","bc") differ.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void add_bytes(std::span<const std::byte> bytes);
  void add(std::string_view text);
  template <typename T>
  requires std::is_arithmetic_v<T>
  void add_value(T value) { add_bytes(std::as_bytes(std::span(&value, 1))); }
  Hash128 digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Hash128 hash_of(std::string_view text);
/// Streams the file. DataError if it cannot be read.
Hash128 hash_of_file(const std::filesystem::path& path);

}  // namespace alignlab
