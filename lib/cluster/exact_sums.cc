#include "cluster/exact_sums.h"

#include <algorithm>
#include <cmath>

namespace alignlab {

ExactSums::ExactSums(MatrixView points, std::size_t clusters, std::size_t most)
    : points_(points),
      sums_(clusters * points.cols(), 0.0),
      sizes_(clusters, 0),
      assignment_(points.rows(), -1) {
  float largest = 0.0F;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (const float value : points.row(i)) largest = std::max(largest, std::abs(value));
  }
  // Multiples of `unit` below 2^52 are exact in double; so are their sums.
  const double whole =
      static_cast<double>(largest) * static_cast<double>(std::max<std::size_t>(1, most));
  const double unit = whole > 0.0 ? std::ldexp(1.0, std::ilogb(whole) + 1 - 52) : 1.0;
  rounding_ = 0x1.8p52 * unit;
}

void ExactSums::follow(const std::vector<std::int32_t>& assignment, int threads) {
  std::vector<Move> moves;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] == assignment_[i]) continue;
    moves.push_back({i, assignment_[i], assignment[i]});
    if (assignment_[i] >= 0) --sizes_[static_cast<std::size_t>(assignment_[i])];
    ++sizes_[static_cast<std::size_t>(assignment[i])];
  }
  // Each thread has columns of its own.
  constexpr std::size_t kLeastColumns = 64;
  const std::size_t columns = points_.cols();
  const auto parts = static_cast<std::int64_t>(
      std::clamp<std::size_t>(columns / kLeastColumns, 1, static_cast<std::size_t>(threads)));
#pragma omp parallel for num_threads(static_cast <int>(parts)) schedule(static)
  for (std::int64_t part = 0; part < parts; ++part) {
    const auto at = [&](std::int64_t p) {
      return static_cast<std::size_t>(p) * columns / static_cast<std::size_t>(parts);
    };
    apply(moves, at(part), at(part + 1));
  }
  assignment_ = assignment;
}

void ExactSums::apply(const std::vector<Move>& moves, std::size_t first, std::size_t last) {
  const double rounding = rounding_;
  for (const Move& move : moves) {
    const float* row = points_.row(move.point).data();
    double* to = sums_.data() + static_cast<std::size_t>(move.to) * points_.cols();
    if (move.from < 0) {
      for (std::size_t e = first; e < last; ++e) to[e] += (row[e] + rounding) - rounding;
      continue;
    }
    double* from = sums_.data() + static_cast<std::size_t>(move.from) * points_.cols();
    for (std::size_t e = first; e < last; ++e) {
      const double value = (row[e] + rounding) - rounding;
      from[e] -= value;
      to[e] += value;
    }
  }
}

Matrix ExactSums::means() const {
  Matrix out(sizes_.size(), points_.cols());
  for (std::size_t c = 0; c < sizes_.size(); ++c) {
    for (std::size_t e = 0; e < points_.cols(); ++e) {
      out.row(c)[e] =
          static_cast<float>(sums_[c * points_.cols() + e] / static_cast<double>(sizes_[c]));
    }
  }
  return out;
}

}  // namespace alignlab
