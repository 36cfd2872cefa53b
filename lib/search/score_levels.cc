#include "search/score_levels.h"

#include <algorithm>
#include <cassert>

#include "search/codes.h"

namespace alignlab {
namespace {

constexpr std::size_t kMostCells = 65536;

}  // namespace

ScoreLevels::ScoreLevels(std::span<const double> ascending, double unit) : ascending_(ascending) {
  assert(!ascending.empty());
  for (const double level : ascending) {
    low_.push_back(rounded_down(level * unit));
    high_.push_back(rounded_up(level * unit));
  }
  cells_ = std::min(kMostCells, 8 * ascending.size());
  base_ = low_.front();
  const float range = high_.back() - base_;
  cells_per_unit_ = range > 0.0F ? static_cast<float>(cells_) / range : 0.0F;
  low_begins_ = begins_of(low_);
  high_begins_ = begins_of(high_);
}

std::size_t ScoreLevels::reached(double score) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(ascending_, score) - ascending_.begin());
}

// Never falls as the value rises, which is all that the search asks of it.
std::size_t ScoreLevels::cell_of(float value) const {
  const float cell = (value - base_) * cells_per_unit_;
  if (!(cell > 0.0F)) return 0;
  if (cell >= static_cast<float>(cells_)) return cells_ - 1;
  return static_cast<std::size_t>(cell);
}

std::vector<std::uint32_t> ScoreLevels::begins_of(const std::vector<float>& ends) const {
  std::vector<std::uint32_t> begins(cells_ + 1, 0);
  for (const float end : ends) ++begins[cell_of(end) + 1];
  for (std::size_t c = 0; c < cells_; ++c) begins[c + 1] += begins[c];
  return begins;
}

std::size_t ScoreLevels::at_most(const std::vector<float>& ends,
                                 const std::vector<std::uint32_t>& begins, float value) const {
  const std::size_t cell = cell_of(value);
  const auto first = ends.begin() + begins[cell];
  const auto last = ends.begin() + begins[cell + 1];
  return static_cast<std::size_t>(std::upper_bound(first, last, value) - ends.begin());
}

}  // namespace alignlab
