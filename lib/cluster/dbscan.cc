#include "cluster/dbscan.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "cluster/distance.h"

namespace alignlab {
namespace {

std::vector<std::size_t> within_reach(MatrixView points, std::size_t of, double squared_reach) {
  std::vector<std::size_t> out;
  for (std::size_t j = 0; j < points.rows(); ++j) {
    if (squared_distance(points.row(of), points.row(j)) <= squared_reach) out.push_back(j);
  }
  return out;
}

}  // namespace

std::vector<std::int32_t> dbscan(MatrixView points, std::span<const double> weights,
                                 const DbscanOptions& options) {
  assert(weights.size() == points.rows());
  const double squared_reach = options.reach * options.reach;
  std::vector<std::int32_t> cluster(points.rows(), kNoise);
  std::vector<bool> visited(points.rows(), false);
  std::int32_t clusters = 0;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    if (visited[i] || cluster[i] != kNoise) continue;
    bool is_new = false;
    std::vector<std::size_t> open{i};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (visited[at]) continue;
      visited[at] = true;
      const std::vector<std::size_t> near = within_reach(points, at, squared_reach);
      double weight = 0.0;
      for (const std::size_t j : near) weight += weights[j];
      if (weight < options.core_weight) continue;
      is_new = true;
      cluster[at] = clusters;
      for (const std::size_t j : near) {
        if (cluster[j] != kNoise) continue;
        cluster[j] = clusters;
        if (!visited[j]) open.push_back(j);
      }
    }
    clusters += is_new;
  }
  return cluster;
}

double median_nearest_distance(MatrixView points) {
  std::vector<double> nearest(points.rows(), std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double distance = squared_distance(points.row(i), points.row(j));
      nearest[i] = std::min(nearest[i], distance);
      nearest[j] = std::min(nearest[j], distance);
    }
  }
  const auto middle = nearest.begin() + static_cast<std::ptrdiff_t>(nearest.size() / 2);
  std::ranges::nth_element(nearest, middle);
  return std::sqrt(*middle);
}

}  // namespace alignlab
