#pragma once

// Many strings in one allocation: bytes and offsets, as they lie in the data set file.

#include <cstdint>
#include <string_view>
#include <vector>

namespace alignlab {

class StringColumn {
 public:
  StringColumn() = default;
  /// Precondition: offsets start at 0, ascend, and end at bytes.size().
  StringColumn(std::vector<std::int64_t> offsets, std::vector<std::uint8_t> bytes)
      : offsets_(std::move(offsets)), bytes_(std::move(bytes)) {}

  std::size_t size() const { return offsets_.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[i],
            static_cast<std::size_t>(offsets_[i + 1] - offsets_[i])};
  }
  void push_back(std::string_view text) {
    for (const char c : text) bytes_.push_back(static_cast<std::uint8_t>(c));
    offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
  }
  const std::vector<std::int64_t>& offsets() const { return offsets_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::int64_t> offsets_{0};
  std::vector<std::uint8_t> bytes_;
};

}  // namespace alignlab
