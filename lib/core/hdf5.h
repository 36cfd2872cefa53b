#pragma once

// The one way alignlab reads and writes HDF5. Arrays are chunked, Fletcher32-checksummed and carry
// the XXH3-128 of their data as attribute `xxh3`; reading an array whole verifies it. The file
// closes with `content_hash`, taken over the sorted (path, type, shape, xxh3) of every array.
//
// HDF5 here is not thread-safe: one thread at a time. Errors are DataError naming file and array.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/features.h"
#include "core/hash.h"
#include "core/matrix.h"
#include "core/string_column.h"

namespace alignlab {

enum class H5Type { kFloat32, kFloat64, kInt32, kInt64, kUint8 };

const char* name_of(H5Type type);

template <typename T>
constexpr H5Type h5_type_of() {
  if constexpr (std::is_same_v<T, float>) return H5Type::kFloat32;
  if constexpr (std::is_same_v<T, double>) return H5Type::kFloat64;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5Type::kInt32;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5Type::kInt64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5Type::kUint8;
}

using Shape = std::vector<std::uint64_t>;

class H5File {
 public:
  /// For reading. DataError if it is missing, truncated or not HDF5.
  static H5File open(const std::filesystem::path& path);
  /// For writing; replaces what is there. `shown` is what messages call it, where `path` is a
  /// temporary name.
  static H5File create(const std::filesystem::path& path, const std::filesystem::path& shown = {});
  ~H5File();
  H5File(H5File&&) noexcept;
  H5File& operator=(H5File&&) = delete;
  /// Writes everything out. DataError where the disk does not take it, which the destructor could
  /// not say. Nothing else may be asked afterwards.
  void close();

  const std::filesystem::path& path() const { return path_; }
  bool has(const std::string& object) const;
  /// Names directly under a group, sorted. Empty if there is no such group.
  std::vector<std::string> children(const std::string& group) const;
  /// Paths of every array, sorted.
  std::vector<std::string> arrays() const;

  Shape shape(const std::string& array) const;
  H5Type type(const std::string& array) const;

  template <typename T>
  std::vector<T> read(const std::string& array) const {
    std::vector<T> out(count(array));
    read_whole(array, h5_type_of<T>(), out.data());
    return out;
  }
  Matrix read_matrix(const std::string& array) const;
  /// Rows [first, first + count) of a one- or two-dimensional array.
  template <typename T>
  std::vector<T> read_rows(const std::string& array, std::uint64_t first,
                           std::uint64_t count) const {
    std::vector<T> out(count * row_width(array));
    read_slab(array, h5_type_of<T>(), first, count, out.data());
    return out;
  }
  StringColumn read_strings(const std::string& group) const;
  Features read_features(const std::string& group) const;

  template <typename T>
  void write(const std::string& array, std::span<const T> values, Shape shape = {}) {
    if (shape.empty()) shape = {values.size()};
    write_whole(array, h5_type_of<T>(), shape, values.data());
  }
  void write_matrix(const std::string& array, MatrixView values);
  /// As `<group>/data` (uint8) and `<group>/offsets` (int64).
  void write_strings(const std::string& group, const StringColumn& strings);
  /// Dense: `<group>/dense`; sparse: `<group>/{offsets,columns,values}`; token sequences:
  /// `<group>/{offsets,tokens,vectors}`; pixels: `<group>/pixels` [n,height,width,channels].
  void write_features(const std::string& group, const Features& features);
  /// Copies an array or group with everything in it.
  void copy_from(const H5File& source, const std::string& object);
  /// For an object that is in both, such as the root.
  void copy_attributes_from(const H5File& source, const std::string& object);

  std::string text_attribute(const std::string& object, const std::string& name) const;
  std::int64_t integer_attribute(const std::string& object, const std::string& name) const;
  bool has_attribute(const std::string& object, const std::string& name) const;
  void set_attribute(const std::string& object, const std::string& name, std::string_view value);
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value);

  /// The stored checksum of one array, without reading it.
  std::string array_hash(const std::string& array) const { return text_attribute(array, "xxh3"); }
  /// Over sorted (path, type, shape, xxh3) of the arrays that are, or lie under, one of `objects`
  /// (all, when empty).
  Hash128 content_hash(const std::vector<std::string>& objects = {}) const;
  /// Says that an array tells where content lies, not what it is: content_hash() leaves it out, so
  /// that moving files changes no identity.
  void mark_as_location(const std::string& array);
  /// Reads the arrays at or under `objects` (all, when empty) and compares with their checksums.
  /// DataError naming the first that differs.
  void verify(const std::vector<std::string>& objects = {}) const;

 private:
  friend class H5Appender;
  H5File(std::filesystem::path path, std::int64_t id, std::uint64_t most_bytes)
      : path_(std::move(path)), id_(id), most_bytes_(most_bytes) {}

  TokenSequences read_tokens(const std::string& group) const;
  PixelRows read_pixels(const std::string& group) const;
  std::uint64_t count(const std::string& array) const;
  std::uint64_t row_width(const std::string& array) const;
  void read_whole(const std::string& array, H5Type type, void* out) const;
  void read_slab(const std::string& array, H5Type type, std::uint64_t first, std::uint64_t count,
                 void* out) const;
  void write_whole(const std::string& array, H5Type type, const Shape& shape, const void* values);

  std::filesystem::path path_;
  std::int64_t id_;
  std::uint64_t most_bytes_;  // that an array of this file can hold, whatever its header claims
};

/// Rows written as they come, in bounded memory. finish() stores the checksum; an appender that is
/// destroyed without it leaves an array that reads as corrupt.
class H5Appender {
 public:
  /// `width` is the number of values a row; 0 makes a one-dimensional array.
  H5Appender(H5File& file, std::string array, H5Type type, std::uint64_t width = 0);
  ~H5Appender();
  H5Appender(const H5Appender&) = delete;
  H5Appender& operator=(const H5Appender&) = delete;

  template <typename T>
  void append(std::span<const T> values) {
    append_bytes(h5_type_of<T>(), std::as_bytes(values));
  }
  void finish();

 private:
  void append_bytes(H5Type type, std::span<const std::byte> bytes);
  void flush();

  struct State;
  std::unique_ptr<State> state_;
};

/// Strings or encoded files, appended one by one, as H5File::read_strings reads them.
class H5StringAppender {
 public:
  H5StringAppender(H5File& file, const std::string& group);
  void push_back(std::string_view text);
  void finish();

 private:
  H5Appender data_;
  H5Appender offsets_;
  std::int64_t end_ = 0;
};

}  // namespace alignlab
