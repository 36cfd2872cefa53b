#pragma once

// Retrieval the slow and obvious way, from nothing of the module under test: every score held,
// every query's candidates sorted.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "core/matrix.h"
#include "core/ranks.h"
#include "core/relevance.h"

namespace alignlab::tests {

/// The canonical dot as its definition reads: lane by lane, then the tree.
inline double dot_by_definition(std::span<const float> a, std::span<const float> b) {
  std::vector<double> lanes(8, 0.0);
  for (std::size_t lane = 0; lane < 8; ++lane) {
    for (std::size_t e = lane; e < a.size(); e += 8) {
      const double product = double{a[e]} * double{b[e]};
      lanes[lane] = lanes[lane] + product;
    }
  }
  std::vector<double> four(4);
  for (std::size_t i = 0; i < 4; ++i) four[i] = lanes[i] + lanes[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

using Scores = std::vector<std::vector<double>>;

inline Scores all_scores(MatrixView queries, MatrixView items, const std::vector<double>& bias) {
  Scores out(queries.rows(), std::vector<double>(items.rows()));
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    for (std::size_t j = 0; j < items.rows(); ++j) {
      out[i][j] = dot_by_definition(queries.row(i), items.row(j));
      if (!bias.empty()) out[i][j] += bias[j];
    }
  }
  return out;
}

/// Candidates best first; equal scores by lower index.
inline std::vector<std::int32_t> ordered(const std::vector<double>& scores) {
  std::vector<std::int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  return order;
}

inline Ranks sorted_ranks(const Scores& scores, const Relevance& relevant, std::size_t candidates) {
  Ranks out;
  out.candidates = static_cast<std::int64_t>(candidates);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::vector<std::int32_t> order = ordered(scores[i]);
    for (const std::int32_t candidate : relevant.of(i)) {
      const auto score_at = [&](std::size_t place) {
        return scores[i][static_cast<std::size_t>(order[place])];
      };
      const auto place =
          static_cast<std::size_t>(std::ranges::find(order, candidate) - order.begin());
      std::size_t first = place, last = place;
      while (first > 0 && score_at(first - 1) == score_at(place)) --first;
      while (last + 1 < order.size() && score_at(last + 1) == score_at(place)) ++last;
      out.above.push_back(static_cast<std::int64_t>(first));
      out.ties.push_back(static_cast<std::int64_t>(last - first));
      out.ties_before.push_back(static_cast<std::int64_t>(place - first));
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.above.size()));
  }
  return out;
}

}  // namespace alignlab::tests
