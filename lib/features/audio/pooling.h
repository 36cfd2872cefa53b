#pragma once

// From frames, as many as a sound is long, to one row of fixed width.

#include <cstddef>
#include <span>

#include "core/matrix.h"

namespace alignlab::features {

struct Pooling {
  /// Means, then deviations (of the population), then maxima: the first so many.
  std::size_t statistics = 1;
  /// The frames are cut into so many runs of equal length (to a frame), pooled one by one, which
  /// keeps the coarse order in time. Where there are fewer frames than runs, runs share frames.
  std::size_t segments = 1;
};

inline std::size_t pooled_width(const Pooling& pooling, std::size_t cols) {
  return pooling.segments * pooling.statistics * cols;
}

/// `frames` has at least one row; `out` holds, segment by segment, each statistic of all columns.
void pool(const Matrix& frames, const Pooling& pooling, std::span<float> out);

}  // namespace alignlab::features
