#pragma once

// Orders that rows of features are found in where nobody meant them: what to try when features do
// not seem to belong to the items they are stored for.

#include <cstddef>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace alignlab::doctor {

struct RowOrder {
  std::string_view name;     // "tiled"
  std::string_view meaning;  // completes "with the rows ..."
  std::vector<std::size_t> item_of_row;
};

/// Item i in row i.
RowOrder stored_order(const Items& items);

/// Orders other than the stored one, each once:
///
///   reversed     the last item first
///   sorted       by id, bytewise
///   shifted      one row late, or one row early; the last then stands first, and the other way
///   tiled        the first item of every group, then every second item, ...
///   interleaved  all items of the first group, then all of the second, ...
///
/// Groups are in the order of their first items.
std::vector<RowOrder> likely_orders(const Items& items);

}  // namespace alignlab::doctor
