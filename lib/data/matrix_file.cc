#include "data/matrix_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.h"
#include "data/matrices/container.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockNumbers = 1 << 16;

[[noreturn]] void fail(const NumericArray& array, std::string_view what) {
  throw DataError(fmt::format("{}: {}", array.place(), what));
}

[[noreturn]] void fail_at(const NumericArray& array, std::uint64_t index, std::string_view what) {
  const ArrayShape& shape = array.shape();
  if (shape.size() == 1) fail(array, fmt::format("row {}: {}", index, what));
  fail(array, fmt::format("row {}, column {}: {}", index / shape[1], index % shape[1], what));
}

void check_finite(const NumericArray& array, std::uint64_t first, std::span<const std::byte> block,
                  std::span<const float> values) {
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return;
  const auto at = static_cast<std::size_t>(bad - values.begin());
  const double value = real_at(array.format().type, block, at);
  fail_at(array, first + at,
          std::isfinite(value) ? fmt::format("{} is beyond float32", value)
                               : fmt::format("expected a finite value, found {}", value));
}

/// Calls convert(first, bytes in native order, out) block by block.
template <typename Number, typename Convert>
void read_blocks(NumericArray& array, std::uint64_t first, std::span<Number> out,
                 std::vector<std::byte>& block, const Convert& convert) {
  const std::size_t width = array.format().width();
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t count = std::min(kBlockNumbers, out.size() - done);
    block.resize(count * width);
    array.read(first + done, block);
    to_native_order(array.format(), block);
    convert(first + done, out.subspan(done, count));
    done += count;
  }
}

/// Rows of nothing could be as many as a header likes.
void check_columns(const NumericArray& array) {
  if (array.shape().size() == 2 && array.shape()[1] == 0) {
    fail(array,
         fmt::format("expected at least one column, found shape {}", text_of(array.shape())));
  }
}

std::uint64_t columns_of(const NumericArray& array) {
  return array.shape().size() == 1 ? 1 : array.shape()[1];
}

}  // namespace

MatrixFile::MatrixFile(std::unique_ptr<NumericArray> array) : array_(std::move(array)) {
  assert(array_->shape().size() == 2 && is_real(array_->format().type));
}

MatrixFile::~MatrixFile() = default;

const fs::path& MatrixFile::path() const { return array_->path(); }
std::size_t MatrixFile::rows() const { return array_->shape()[0]; }
std::size_t MatrixFile::cols() const { return array_->shape()[1]; }

void MatrixFile::read_rows(std::size_t first, std::span<float> out) {
  if (out.empty()) return;
  assert(out.size() % cols() == 0 && first + out.size() / cols() <= rows());
  read_blocks(*array_, first * cols(), out, block_,
              [&](std::uint64_t index, std::span<float> values) {
                to_floats(array_->format().type, block_, values);
                check_finite(*array_, index, block_, values);
              });
}

IntegerFile::IntegerFile(std::unique_ptr<NumericArray> array) : array_(std::move(array)) {
  assert(array_->shape().size() == 1 || array_->shape().size() == 2);
}

IntegerFile::~IntegerFile() = default;

const fs::path& IntegerFile::path() const { return array_->path(); }
std::size_t IntegerFile::rows() const { return array_->shape()[0]; }
std::size_t IntegerFile::cols() const { return columns_of(*array_); }

void IntegerFile::read_rows(std::size_t first, std::span<std::int64_t> out) {
  if (out.empty()) return;
  assert(out.size() % cols() == 0 && first + out.size() / cols() <= rows());
  const NumberType type = array_->format().type;
  read_blocks(*array_, first * cols(), out, block_,
              [&](std::uint64_t index, std::span<std::int64_t> values) {
                for (std::size_t i = 0; i < values.size(); ++i) {
                  const auto value = integer_at(type, block_, i);
                  if (!value) {
                    fail_at(*array_, index + i,
                            is_real(type) ? fmt::format("expected a whole number, found {}",
                                                        real_at(type, block_, i))
                                          : "expected a number of 64 bits with sign, found more");
                  }
                  values[i] = *value;
                }
              });
}

std::unique_ptr<MatrixFile> open_matrix(const fs::path& path, const std::string& key) {
  std::unique_ptr<NumericArray> array = open_array(path, key);
  if (!is_real(array->format().type)) {
    fail(*array, fmt::format("expected float16, bfloat16, float32 or float64, found {}",
                             name_of(array->format().type)));
  }
  if (array->shape().size() != 2) {
    fail(*array, fmt::format("expected 2 dimensions, found {}", array->shape().size()));
  }
  check_columns(*array);
  return std::make_unique<MatrixFile>(std::move(array));
}

std::unique_ptr<IntegerFile> open_integers(const fs::path& path, const std::string& key) {
  std::unique_ptr<NumericArray> array = open_array(path, key);
  if (array->shape().empty() || array->shape().size() > 2) {
    fail(*array, fmt::format("expected 1 or 2 dimensions, found {}", array->shape().size()));
  }
  check_columns(*array);
  return std::make_unique<IntegerFile>(std::move(array));
}

Matrix read_matrix(const fs::path& path, const std::string& key) {
  const auto file = open_matrix(path, key);
  Matrix out(file->rows(), file->cols());
  file->read_rows(0, out.values());
  return out;
}

std::vector<std::int64_t> read_integers(const fs::path& path, const std::string& key) {
  const auto file = open_integers(path, key);
  if (file->rows() != 1 && file->cols() != 1) {
    throw DataError(fmt::format("{}: expected a vector, found {} x {} numbers", path.string(),
                                file->rows(), file->cols()));
  }
  std::vector<std::int64_t> out(file->rows() * file->cols());
  file->read_rows(0, out);
  return out;
}

}  // namespace alignlab
