#include "geometry/neighbours.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "search/search.h"

namespace alignlab {
namespace {

// What rounding leaves of a centred score that is 0, squared.
constexpr double kNoise = 1e-24;

/// mean_l <x_i, x_l> of each row.
std::vector<double> mean_scores(MatrixView rows) {
  std::vector<double> mean(rows.cols(), 0.0);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t e = 0; e < row.size(); ++e) mean[e] += row[e];
  }
  std::vector<double> out(rows.rows(), 0.0);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t e = 0; e < row.size(); ++e) out[i] += row[e] * mean[e];
    out[i] /= static_cast<double>(rows.rows());
  }
  return out;
}

std::size_t k_of(const PairedRows& pairs, std::size_t k) {
  require_paired(pairs);
  assert(k >= 1);
  return k < pairs.first.rows.rows() ? k : 0;
}

}  // namespace

NeighbourPairings::Neighbours::Neighbours(const NamedRows& side, std::size_t k, int threads) {
  if (k == 0) return;
  const Gallery gallery = prepare(side.rows, Similarity::kCosine, side.name);
  const TopK found = top_k(gallery.vectors, gallery, k + 1, Kernel{.threads = threads});
  const std::vector<double> means = mean_scores(gallery.vectors);
  std::vector<std::pair<std::int32_t, double>> own;
  for (std::size_t i = 0; i < means.size(); ++i) {
    own.clear();
    // The row itself may not be among them: duplicates of lower index score as much.
    for (std::size_t r = i * found.k; own.size() < k; ++r) {
      if (found.ids[r] == static_cast<std::int32_t>(i)) continue;
      own.emplace_back(found.ids[r], found.scores[r] - means[i]);
    }
    std::ranges::sort(own);
    for (const auto& [id, score] : own) {
      ids.push_back(id);
      centred.push_back(score);
      square += score * score;
    }
  }
}

NeighbourPairings::NeighbourPairings(const PairedRows& pairs, std::size_t k, int threads)
    : rows_(pairs.first.rows.rows()),
      k_(k_of(pairs, k)),
      first_(pairs.first, k_, threads),
      second_(pairs.second, k_, threads) {}

NeighbourAgreement NeighbourPairings::operator()(Pairing pairing) const {
  assert(pairing.size() == rows_);
  if (k_ == 0) return {};
  std::size_t mutual = 0;
  double product = 0.0;
  for (std::size_t i = 0; i < rows_; ++i) {
    const auto row = second_.ids.begin() + pairing[i] * static_cast<std::ptrdiff_t>(k_);
    const auto end = row + static_cast<std::ptrdiff_t>(k_);
    for (std::size_t r = i * k_; r < (i + 1) * k_; ++r) {
      const std::int32_t partner = pairing[static_cast<std::size_t>(first_.ids[r])];
      const auto found = std::lower_bound(row, end, partner);
      if (found == end || *found != partner) continue;
      ++mutual;
      product += first_.centred[r] *
                 second_.centred[static_cast<std::size_t>(found - second_.ids.begin())];
    }
  }
  const auto entries = static_cast<double>(rows_ * k_);
  NeighbourAgreement out{static_cast<double>(mutual) / entries, std::nullopt};
  if (first_.square > kNoise * entries && second_.square > kNoise * entries) {
    out.cknna = std::clamp(product / std::sqrt(first_.square * second_.square), -1.0, 1.0);
  }
  return out;
}

NeighbourAgreement neighbour_agreement(const PairedRows& pairs, std::size_t k, int threads) {
  return NeighbourPairings(pairs, k, threads)(identity_pairing(pairs.first.rows.rows()));
}

}  // namespace alignlab
