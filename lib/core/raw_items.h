#pragma once

// The items of one modality in one split, as the data set holds them, before any feature: what a
// feature kind reads. Item i is row i of everything made from it.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/features.h"

namespace alignlab {

class RawItems {
 public:
  virtual ~RawItems() = default;
  virtual std::size_t size() const = 0;
  virtual std::string id(std::size_t item) const = 0;
  /// UTF-8 text, or the bytes of an encoded image or sound. DataError naming the item where there
  /// are none (a missing file), or where a file is no longer the one that was imported.
  virtual std::string content(std::size_t item) const = 0;
  /// Rows of a stored feature matrix. DataError with a suggestion if there is no such name.
  virtual Matrix stored_features(std::string_view name) const = 0;
};

/// Items [first, first + count) of others, which must outlive it.
class ItemSlice final : public RawItems {
 public:
  ItemSlice(const RawItems& whole, std::size_t first, std::size_t count)
      : whole_(whole), first_(first), count_(count) {}
  std::size_t size() const override { return count_; }
  std::string id(std::size_t item) const override { return whole_.id(first_ + item); }
  std::string content(std::size_t item) const override { return whole_.content(first_ + item); }
  Matrix stored_features(std::string_view name) const override {
    const Matrix all = whole_.stored_features(name);
    Matrix out(count_, all.cols());
    std::ranges::copy(all.values().subspan(first_ * all.cols(), count_ * all.cols()),
                      out.values().begin());
    return out;
  }

 private:
  const RawItems& whole_;
  std::size_t first_;
  std::size_t count_;
};

}  // namespace alignlab
