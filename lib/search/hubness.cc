#include "search/hubness.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/tiles.h"

namespace alignlab {
namespace {

std::vector<double> mean_of_highest(MatrixView candidates, const Gallery& bank,
                                    std::size_t neighbours, const Kernel& kernel) {
  const TopK nearest = top_k(candidates, bank, neighbours, kernel);
  std::vector<double> out;
  for (std::size_t g = 0; g < candidates.rows(); ++g) {
    double sum = 0.0;
    for (std::size_t r = 0; r < nearest.k; ++r) sum += nearest.scores[g * nearest.k + r];
    out.push_back(sum / static_cast<double>(nearest.k));
  }
  return out;
}

/// log sum_b e^{s_b}, kept as the largest s and the sum relative to it while scores come in.
struct LogSum {
  double largest = -std::numeric_limits<double>::infinity();
  double sum = 0.0;

  void add(std::span<const double> scores, double scale) {
    double highest = largest;
    for (const double score : scores) highest = std::max(highest, score * scale);
    sum *= std::exp(largest - highest);
    for (const double score : scores) sum += std::exp(score * scale - highest);
    largest = highest;
  }
  double value() const { return largest + std::log(sum); }
};

std::vector<double> log_sums(MatrixView candidates, const Gallery& bank, double temperature,
                             const Kernel& kernel) {
  std::vector<LogSum> sums(candidates.rows());
  require_comparable(candidates, bank);
  for_each_tile(candidates, bank, kernel,
                [&](const Tile& tile) { sums[tile.query].add(tile.scores, 1.0 / temperature); });
  std::vector<double> out;
  for (const LogSum& sum : sums) out.push_back(temperature * sum.value());
  return out;
}

}  // namespace

const std::vector<CatalogRow>& correction_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"none", "scores as they are", {}},
      {"csls", "less half the mean of a candidate's highest scores with a bank of queries", {}},
      {"inverted-softmax", "softmax of a candidate's scores over a bank of queries", {}},
  };
  return kRows;
}

std::vector<double> corrected_bias(const Gallery& candidates, Gallery bank,
                                   const Correction& correction, const Kernel& kernel) {
  require_finite(bank.vectors, "queries of the bank");
  require_comparable(bank.vectors, candidates);
  std::vector<double> bias = candidates.bias;
  bias.resize(candidates.vectors.rows(), 0.0);
  if (correction.kind == "csls") {
    const auto near = mean_of_highest(candidates.vectors, bank, correction.neighbours, kernel);
    for (std::size_t g = 0; g < bias.size(); ++g) bias[g] = 0.5 * (bias[g] - near[g]);
    return bias;
  }
  // A candidate's own bias is in every term of its sum, and so cancels.
  const double deviation = score_moments(candidates.vectors, bank, kernel).deviation;
  const double temperature = correction.temperature * (deviation > 0.0 ? deviation : 1.0);
  bias = log_sums(candidates.vectors, bank, temperature, kernel);
  for (double& value : bias) value = -value;
  return bias;
}

ScoreMoments score_moments(MatrixView queries, const Gallery& gallery, const Kernel& kernel) {
  require_comparable(queries, gallery);
  // Less one of the scores, so that a mean far from 0 costs no digits.
  const double origin = canonical_dot(queries.row(0), gallery.vectors.row(0)) +
                        (gallery.bias.empty() ? 0.0 : gallery.bias[0]);
  // A sum a query, so that the threads' turns do not show.
  std::vector<double> sums(queries.rows(), 0.0);
  std::vector<double> squares(queries.rows(), 0.0);
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    for (const double score : tile.scores) {
      sums[tile.query] += score - origin;
      squares[tile.query] += (score - origin) * (score - origin);
    }
  });
  double sum = 0.0;
  double square = 0.0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sum += sums[i];
    square += squares[i];
  }
  const auto count = static_cast<double>(queries.rows() * gallery.vectors.rows());
  const double mean = sum / count;
  return {origin + mean, std::sqrt(std::max(0.0, square / count - mean * mean))};
}

}  // namespace alignlab
