#pragma once

// The items of one modality in one split, as the data set holds them, before any feature: what a
// feature kind reads. Item i is row i of everything made from it.

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

}  // namespace alignlab
