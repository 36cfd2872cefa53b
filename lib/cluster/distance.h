#pragma once

// The squared Euclidean distance that this module goes by. Private to it.

#include <array>
#include <span>

namespace alignlab {

/// In eight lanes, which compilers make vector code of; 0 for equal points, and for no others.
inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  std::array<double, 8> lanes{};
  const std::size_t whole = a.size() / lanes.size() * lanes.size();
  for (std::size_t e = 0; e < whole; e += lanes.size()) {
    for (std::size_t l = 0; l < lanes.size(); ++l) {
      const double off = static_cast<double>(a[e + l]) - static_cast<double>(b[e + l]);
      lanes[l] += off * off;
    }
  }
  for (std::size_t e = whole; e < a.size(); ++e) {
    const double off = static_cast<double>(a[e]) - static_cast<double>(b[e]);
    lanes[e - whole] += off * off;
  }
  double sum = 0.0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

}  // namespace alignlab
