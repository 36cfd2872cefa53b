#pragma once

// Many scores in order, and how many of them another score reaches. Private to this module.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace alignlab {

class ScoreLevels {
 public:
  /// `ascending` is distinct and outlives this; `unit` is that of intervals.
  ScoreLevels(std::span<const double> ascending, double unit);

  std::size_t size() const { return ascending_.size(); }
  /// An interval with an upper end below reaches none.
  float least() const { return low_.front(); }
  /// How many are at most the score.
  std::size_t reached(double score) const;
  double level(std::size_t index) const { return ascending_[index]; }
  /// The same of whatever lies in the interval; nothing where that is in doubt.
  std::optional<std::size_t> reached(float lower, float upper) const {
    const std::size_t surely = at_most(high_, high_begins_, lower);
    const std::size_t perhaps = at_most(low_, low_begins_, upper);
    if (surely != perhaps) return std::nullopt;
    return surely;
  }

 private:
  std::size_t cell_of(float value) const;
  /// Where the levels of each cell begin among sorted ends of levels.
  std::vector<std::uint32_t> begins_of(const std::vector<float>& ends) const;
  std::size_t at_most(const std::vector<float>& ends, const std::vector<std::uint32_t>& begins,
                      float value) const;

  std::span<const double> ascending_;
  std::vector<float> low_;
  std::vector<float> high_;
  // A grid over the levels, so that what an interval reaches is found in a step or two.
  std::size_t cells_;
  float base_;
  float cells_per_unit_;
  std::vector<std::uint32_t> low_begins_;
  std::vector<std::uint32_t> high_begins_;
};

}  // namespace alignlab
