#pragma once

// What the readers of lib/data/matrices share. A container is a file that holds one or several
// arrays; it is one file here and its row in containers.cc. Shapes and sizes are checked when an
// array is opened, so that what is allocated later is bounded by what the file can hold.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "data/matrices/numbers.h"

namespace alignlab {

using ArrayShape = std::vector<std::uint64_t>;

/// Deflate packs at most 1032 to 1 (zlib technical details, zlib.net/zlib_tech.html).
inline constexpr std::uint64_t kMostDeflation = 1032;

/// Nothing where the product is beyond 64 bits.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b);
std::optional<std::uint64_t> bytes_of(const ArrayShape& shape, NumberType type);
/// "(2, 3)".
std::string text_of(const ArrayShape& shape);

/// One array of a file, read a stretch at a time.
class NumericArray {
 public:
  virtual ~NumericArray() = default;
  NumericArray(const NumericArray&) = delete;
  NumericArray& operator=(const NumericArray&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// For messages: the file, and the array where the file names it.
  const std::string& place() const { return place_; }
  const ArrayShape& shape() const { return shape_; }
  const NumberFormat& format() const { return format_; }
  /// Numbers from `first` on, counted with the last dimension fastest, as they lie in the file.
  virtual void read(std::uint64_t first, std::span<std::byte> out) = 0;

 protected:
  NumericArray(std::filesystem::path path, std::string place, ArrayShape shape, NumberFormat format)
      : path_(std::move(path)),
        place_(std::move(place)),
        shape_(std::move(shape)),
        format_(format) {}
  [[noreturn]] void fail(std::string_view what) const;

 private:
  std::filesystem::path path_;
  std::string place_;
  ArrayShape shape_;
  NumberFormat format_;
};

/// An array that can only be read from its beginning on: held whole from the first read.
class HeldArray : public NumericArray {
 public:
  void read(std::uint64_t first, std::span<std::byte> out) override;

 protected:
  enum class Order { kRows, kColumns };

  HeldArray(std::filesystem::path path, std::string place, ArrayShape shape, NumberFormat format,
            Order order)
      : NumericArray(std::move(path), std::move(place), std::move(shape), format), order_(order) {}

 private:
  /// The next bytes as the file has them; called for all of them, in turn.
  virtual void read_next(std::span<std::byte> out) = 0;
  void load();

  Order order_;
  bool loaded_ = false;
  std::vector<std::byte> bytes_;
};

struct ArrayInfo {
  std::string name;  // empty in a container of one nameless array
  ArrayShape shape;
};

class MatrixContainer {
 public:
  virtual ~MatrixContainer() = default;
  virtual std::vector<ArrayInfo> arrays() = 0;
  /// `name` is one of arrays().
  virtual std::unique_ptr<NumericArray> open(const std::string& name) = 0;
};

/// What a format is told by.
struct FileStart {
  std::filesystem::path path;
  std::uint64_t size = 0;
  std::string bytes;  // the first ones, at most kStartBytes

  static constexpr std::size_t kStartBytes = 4096;
};

/// The array that `key` names; empty: the only one with two dimensions, or the only one.
std::unique_ptr<NumericArray> open_array(const std::filesystem::path& path, const std::string& key);

bool is_npy(const FileStart& start);
std::unique_ptr<MatrixContainer> open_npy(const FileStart& start);
bool is_zip(const FileStart& start);
std::unique_ptr<MatrixContainer> open_npz(const FileStart& start);
bool is_safetensors(const FileStart& start);
std::unique_ptr<MatrixContainer> open_safetensors(const FileStart& start);
bool is_mat5(const FileStart& start);
std::unique_ptr<MatrixContainer> open_mat5(const FileStart& start);
bool is_hdf5(const FileStart& start);
std::unique_ptr<MatrixContainer> open_hdf5(const FileStart& start);
bool is_pickle(const FileStart& start);
/// Always a DataError, with the line of Python that converts the file.
[[noreturn]] std::unique_ptr<MatrixContainer> refuse_pickle(const FileStart& start);

/// What writes and reads pickles, in the line that converts them.
enum class Pickler { kPickle, kJoblib, kTorch, kNumpy };
/// "python3 -c ..." for a file, and an array of it.
std::string conversion(Pickler pickler, const std::filesystem::path& path,
                       const std::string& array = "");

}  // namespace alignlab
