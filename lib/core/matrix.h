#pragma once

// The numeric type that crosses modules: row-major float32, rows contiguous, the first element
// aligned to 64 bytes. A view neither owns nor outlives what it looks at.

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace alignlab {

template <typename T, std::size_t kAlignment>
struct AlignedAllocator {
  using value_type = T;
  template <typename U>
  struct rebind {
    using other = AlignedAllocator<U, kAlignment>;
  };
  AlignedAllocator() = default;
  template <typename U>
  explicit AlignedAllocator(const AlignedAllocator<U, kAlignment>&) {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(kAlignment)));
  }
  void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t(kAlignment)); }
  bool operator==(const AlignedAllocator&) const { return true; }
};

class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(const float* data, std::size_t rows, std::size_t cols)
      : data_(data), rows_(rows), cols_(cols) {}
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  const float* data() const { return data_; }
  std::span<const float> row(std::size_t i) const {
    assert(i < rows_);
    return {data_ + i * cols_, cols_};
  }

 private:
  const float* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols), values_(rows * cols) {}
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  std::span<float> row(std::size_t i) {
    assert(i < rows_);
    return {data() + i * cols_, cols_};
  }
  std::span<const float> row(std::size_t i) const { return MatrixView(*this).row(i); }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }
  operator MatrixView() const { return {data(), rows_, cols_}; }  // NOLINT: a view of itself
  bool operator==(const Matrix& other) const = default;

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::vector<float, AlignedAllocator<float, 64>> values_;
};

}  // namespace alignlab
