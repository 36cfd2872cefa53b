#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>

#include "core/lines.h"
#include "core/suggest.h"
#include "data/matrices/container.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kListedArrays = 12;

struct Row {
  bool (*is)(const FileStart& start);
  std::unique_ptr<MatrixContainer> (*open)(const FileStart& start);
};

// A safetensors file has no magic number, so whatever has one comes first.
constexpr std::array<Row, 6> kContainers{{{is_npy, open_npy},
                                          {is_zip, open_npz},
                                          {is_hdf5, open_hdf5},
                                          {is_mat5, open_mat5},
                                          {is_pickle, refuse_pickle},
                                          {is_safetensors, open_safetensors}}};

FileStart start_of(const fs::path& path) {
  const auto fail = [&](std::string_view what) {
    throw DataError(fmt::format("{}: {}", path.string(), what));
  };
  std::error_code error;
  if (!fs::exists(path, error)) fail("no such file");
  if (!fs::is_regular_file(path, error)) fail("expected a file, found something else");
  FileStart start{path, fs::file_size(path, error), std::string(FileStart::kStartBytes, '\0')};
  std::ifstream in(path, std::ios::binary);
  if (error || !in) fail("cannot be read");
  if (start.size == 0) fail("expected an array, found an empty file");
  in.read(start.bytes.data(), static_cast<std::streamsize>(start.bytes.size()));
  start.bytes.resize(static_cast<std::size_t>(in.gcount()));
  return start;
}

std::string listed(const std::vector<ArrayInfo>& arrays) {
  std::string text;
  for (std::size_t i = 0; i < std::min(arrays.size(), kListedArrays); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", excerpt(arrays[i].name),
                        text_of(arrays[i].shape));
  }
  if (arrays.size() > kListedArrays) {
    text += fmt::format(" and {} more", arrays.size() - kListedArrays);
  }
  return text;
}

std::string only_array(const fs::path& path, const std::vector<ArrayInfo>& arrays) {
  if (arrays.size() == 1) return arrays.front().name;
  std::vector<ArrayInfo> matrices;
  std::ranges::copy_if(arrays, std::back_inserter(matrices),
                       [](const ArrayInfo& array) { return array.shape.size() == 2; });
  if (matrices.size() == 1) return matrices.front().name;
  throw DataError(fmt::format(
      "{}: {}", path.string(),
      arrays.empty()     ? "expected an array, found none"
      : matrices.empty() ? "expected a matrix, found only " + listed(arrays)
                         : "holds several matrices; expected the key of one, " + listed(matrices)));
}

void check_key(const fs::path& path, const std::vector<ArrayInfo>& arrays, const std::string& key) {
  if (arrays.size() == 1 && arrays.front().name.empty()) {
    throw DataError(fmt::format("{}: holds one array without a name, found the key '{}'",
                                path.string(), excerpt(key)));
  }
  std::vector<std::string> known;
  for (const ArrayInfo& array : arrays) {
    if (array.name == key) return;
    if (known.size() < kListedArrays) known.push_back(array.name);
  }
  throw DataError(fmt::format("{}: no array '{}' in it{}", path.string(), excerpt(key),
                              excerpt(suggestion(key, known), 400)));
}

}  // namespace

std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  if (a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a) return std::nullopt;
  return a * b;
}

std::optional<std::uint64_t> bytes_of(const ArrayShape& shape, NumberType type) {
  std::optional<std::uint64_t> bytes = width_of(type);
  for (const std::uint64_t extent : shape) {
    if (bytes) bytes = product(*bytes, extent);
  }
  return bytes;
}

std::string text_of(const ArrayShape& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

void NumericArray::fail(std::string_view what) const {
  throw DataError(fmt::format("{}: {}", place_, what));
}

void HeldArray::load() {
  const std::size_t width = format().width();
  const ArrayShape& extents = shape();
  bytes_.resize(static_cast<std::size_t>(*bytes_of(extents, format().type)));
  if (order_ == Order::kRows || extents.size() != 2) {
    read_next(bytes_);
  } else {
    const auto rows = static_cast<std::size_t>(extents[0]);
    const auto cols = static_cast<std::size_t>(extents[1]);
    std::vector<std::byte> column(rows * width);
    for (std::size_t c = 0; c < cols; ++c) {
      read_next(column);
      for (std::size_t r = 0; r < rows; ++r) {
        std::copy_n(column.data() + r * width, width, bytes_.data() + (r * cols + c) * width);
      }
    }
  }
  loaded_ = true;
}

void HeldArray::read(std::uint64_t first, std::span<std::byte> out) {
  if (!loaded_) load();
  const auto from = static_cast<std::size_t>(first) * format().width();
  std::ranges::copy(std::span(bytes_).subspan(from, out.size()), out.begin());
}

std::unique_ptr<NumericArray> open_array(const fs::path& path, const std::string& key) {
  const FileStart start = start_of(path);
  for (const Row& row : kContainers) {
    if (!row.is(start)) continue;
    const std::unique_ptr<MatrixContainer> container = row.open(start);
    const std::vector<ArrayInfo> arrays = container->arrays();
    if (key.empty()) return container->open(only_array(path, arrays));
    // An HDF5 path may be written from the root.
    const std::string name = key.substr(std::min(key.find_first_not_of('/'), key.size()));
    check_key(path, arrays, name);
    return container->open(name);
  }
  throw DataError(
      fmt::format("{}: expected .npy, .npz, safetensors, MATLAB 5 or 7.3, or HDF5, found another "
                  "format",
                  path.string()));
}

}  // namespace alignlab
