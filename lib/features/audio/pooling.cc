#include "features/audio/pooling.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace alignlab::features {
namespace {

void pool_run(const Matrix& frames, std::size_t first, std::size_t end, std::size_t statistics,
              std::span<float> out) {
  const std::size_t cols = frames.cols();
  const auto count = static_cast<double>(end - first);
  std::vector<double> sums(cols), squares(cols);
  for (std::size_t i = first; i < end; ++i) {
    for (std::size_t j = 0; j < cols; ++j) sums[j] += frames.row(i)[j];
  }
  for (std::size_t j = 0; j < cols; ++j) out[j] = static_cast<float>(sums[j] / count);
  if (statistics < 2) return;
  for (std::size_t i = first; i < end; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      const double off = frames.row(i)[j] - sums[j] / count;
      squares[j] += off * off;
    }
  }
  for (std::size_t j = 0; j < cols; ++j) {
    out[cols + j] = static_cast<float>(std::sqrt(squares[j] / count));
  }
  if (statistics < 3) return;
  const std::span<float> largest = out.subspan(2 * cols, cols);
  std::ranges::copy(frames.row(first), largest.begin());
  for (std::size_t i = first + 1; i < end; ++i) {
    std::ranges::transform(frames.row(i), largest, largest.begin(),
                           [](float a, float b) { return std::max(a, b); });
  }
}

}  // namespace

void pool(const Matrix& frames, const Pooling& pooling, std::span<float> out) {
  assert(frames.rows() > 0 && out.size() == pooled_width(pooling, frames.cols()));
  const std::size_t width = out.size() / pooling.segments;
  for (std::size_t s = 0; s < pooling.segments; ++s) {
    const std::size_t first = s * frames.rows() / pooling.segments;
    const std::size_t end = std::max(first + 1, (s + 1) * frames.rows() / pooling.segments);
    pool_run(frames, first, end, pooling.statistics, out.subspan(s * width, width));
  }
}

}  // namespace alignlab::features
