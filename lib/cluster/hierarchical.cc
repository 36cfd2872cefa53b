#include "cluster/hierarchical.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "cluster/distance.h"

namespace alignlab {
namespace {

/// Costs of merging two clusters, for the clusters that are left. A union takes the place of one
/// of its parts.
class Costs {
 public:
  Costs(Linkage linkage, MatrixView points, std::span<const double> weights)
      : linkage_(linkage),
        size_(points.rows()),
        weights_(weights.begin(), weights.end()),
        costs_(size_ * size_) {
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double squares = squared_distance(points.row(i), points.row(j));
        set(i, j,
            linkage == Linkage::kAverage
                ? std::sqrt(squares)
                : squares * weights_[i] * weights_[j] / (weights_[i] + weights_[j]));
      }
      left_.push_back(i);
    }
  }

  const std::vector<std::size_t>& left() const { return left_; }
  double of(std::size_t i, std::size_t j) const { return costs_[i * size_ + j]; }

  /// The cheapest partner; `preferred` where it is as cheap as any, or chains would not end.
  std::size_t partner(std::size_t i, std::size_t preferred) const {
    std::size_t best = preferred;
    double least = preferred == i ? std::numeric_limits<double>::infinity() : of(i, preferred);
    for (const std::size_t j : left_) {
      if (j == i || !(of(i, j) < least)) continue;
      least = of(i, j);
      best = j;
    }
    return best;
  }

  /// Lance and Williams' rules; the union stands where `kept` stood.
  void merge(std::size_t kept, std::size_t gone) {
    const double both = of(kept, gone);
    std::erase(left_, gone);
    for (const std::size_t k : left_) {
      if (k == kept) continue;
      set(kept, k,
          linkage_ == Linkage::kAverage ? mean(kept, gone, k) : increase(kept, gone, k, both));
    }
    weights_[kept] += weights_[gone];
  }

 private:
  double mean(std::size_t kept, std::size_t gone, std::size_t k) const {
    return (weights_[kept] * of(kept, k) + weights_[gone] * of(gone, k)) /
           (weights_[kept] + weights_[gone]);
  }
  double increase(std::size_t kept, std::size_t gone, std::size_t k, double both) const {
    return ((weights_[kept] + weights_[k]) * of(kept, k) +
            (weights_[gone] + weights_[k]) * of(gone, k) - weights_[k] * both) /
           (weights_[kept] + weights_[gone] + weights_[k]);
  }
  void set(std::size_t i, std::size_t j, double cost) {
    costs_[i * size_ + j] = costs_[j * size_ + i] = cost;
  }

  Linkage linkage_;
  std::size_t size_;
  std::vector<double> weights_;
  std::vector<double> costs_;
  std::vector<std::size_t> left_;
};

std::size_t root_of(std::vector<std::size_t>& parents, std::size_t i) {
  while (parents[i] != i) i = parents[i] = parents[parents[i]];
  return i;
}

/// Chains find merges out of order; sorted by cost they are a dendrogram, whose unions get numbers.
std::vector<Merge> in_order(std::vector<Merge> merges, std::size_t points) {
  std::ranges::stable_sort(merges, {}, &Merge::cost);
  std::vector<std::size_t> parents(points);
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  std::vector<std::int32_t> number(points);
  std::iota(number.begin(), number.end(), 0);
  for (std::size_t m = 0; m < merges.size(); ++m) {
    const std::size_t a = root_of(parents, static_cast<std::size_t>(merges[m].one));
    const std::size_t b = root_of(parents, static_cast<std::size_t>(merges[m].other));
    merges[m].one = std::min(number[a], number[b]);
    merges[m].other = std::max(number[a], number[b]);
    parents[b] = a;
    number[a] = static_cast<std::int32_t>(points + m);
  }
  return merges;
}

}  // namespace

std::vector<Merge> merges_by(Linkage linkage, MatrixView points, std::span<const double> weights) {
  assert(weights.size() == points.rows());
  Costs costs(linkage, points, weights);
  std::vector<Merge> merges;
  std::vector<std::size_t> chain;
  while (costs.left().size() > 1) {
    if (chain.empty()) chain.push_back(costs.left().front());
    const std::size_t last = chain.back();
    const std::size_t before = chain.size() > 1 ? chain[chain.size() - 2] : last;
    const std::size_t next = costs.partner(last, before);
    if (next != before || chain.size() == 1) {
      chain.push_back(next);
      continue;
    }
    merges.push_back({static_cast<std::int32_t>(std::min(last, before)),
                      static_cast<std::int32_t>(std::max(last, before)), costs.of(last, before)});
    costs.merge(std::min(last, before), std::max(last, before));
    chain.resize(chain.size() - 2);
  }
  return in_order(std::move(merges), points.rows());
}

std::vector<std::int32_t> cut(const std::vector<Merge>& merges, std::size_t points,
                              std::size_t clusters) {
  assert(clusters >= 1 && clusters <= points);
  std::vector<std::size_t> parents(points + merges.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  for (std::size_t m = 0; m < points - clusters; ++m) {
    parents[static_cast<std::size_t>(merges[m].one)] = points + m;
    parents[static_cast<std::size_t>(merges[m].other)] = points + m;
  }
  std::vector<std::int32_t> number(parents.size(), -1);
  std::vector<std::int32_t> out;
  std::int32_t next = 0;
  for (std::size_t i = 0; i < points; ++i) {
    std::int32_t& own = number[root_of(parents, i)];
    if (own < 0) own = next++;
    out.push_back(own);
  }
  return out;
}

}  // namespace alignlab
