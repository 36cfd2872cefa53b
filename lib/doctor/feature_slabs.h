#pragma once

// Rows of a stored feature matrix, slab by slab, so that a matrix larger than memory can be looked
// at.

#include <algorithm>
#include <span>
#include <string>

#include "core/progress.h"
#include "data/dataset.h"

namespace alignlab::doctor {

/// Calls visit(row, values) for the rows in order. Slabs without a row that is `wanted` are not
/// read; of the others all rows are visited.
template <typename Wanted, typename Visit>
void visit_feature_rows(const Dataset& dataset, const std::string& array, Progress& progress,
                        const Wanted& wanted, const Visit& visit) {
  constexpr std::uint64_t kSlabBytes = 1 << 24;
  const Shape shape = dataset.file().shape(array);
  const std::uint64_t row_bytes = std::max<std::uint64_t>(1, shape[1] * sizeof(float));
  const std::uint64_t step = std::max<std::uint64_t>(1, kSlabBytes / row_bytes);
  for (std::uint64_t first = 0; first < shape[0]; first += step) {
    progress.check();
    const std::uint64_t count = std::min(step, shape[0] - first);
    progress.advance(count);
    bool any = false;
    for (std::uint64_t i = first; i < first + count && !any; ++i) any = wanted(i);
    if (!any) continue;
    const auto slab = dataset.file().read_rows<float>(array, first, count);
    for (std::uint64_t i = 0; i < count; ++i) {
      visit(first + i, std::span(slab).subspan(i * shape[1], shape[1]));
    }
  }
}

}  // namespace alignlab::doctor
