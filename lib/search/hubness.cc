#include "search/hubness.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/score_moments.h"
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

/// T log sum_b e^{s(b,g)/T} of each candidate.
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

std::vector<double> negative(std::vector<double> values) {
  for (double& value : values) value = -value;
  return values;
}

/// A side's own bias goes into the first sums over it, and is then replaced.
std::vector<double> balanced_bias(Gallery candidates, Gallery bank, double temperature,
                                  std::size_t iterations, const Kernel& kernel) {
  for (std::size_t i = 0; i < iterations; ++i) {
    bank.bias = negative(log_sums(bank.vectors, candidates, temperature, kernel));
    candidates.bias = negative(log_sums(candidates.vectors, bank, temperature, kernel));
  }
  return candidates.bias;
}

Relevance picked(const Relevance& relevant, const std::vector<std::size_t>& queries) {
  if (relevant.grades().empty()) {
    std::vector<std::vector<std::int32_t>> rows;
    for (const std::size_t query : queries) {
      rows.emplace_back(relevant.of(query).begin(), relevant.of(query).end());
    }
    return Relevance(std::move(rows));
  }
  std::vector<std::vector<Relevance::Graded>> rows;
  for (const std::size_t query : queries) {
    auto& row = rows.emplace_back();
    auto at = static_cast<std::size_t>(relevant.offset(query));
    for (const std::int32_t candidate : relevant.of(query)) {
      row.push_back({candidate, relevant.grades()[at++]});
    }
  }
  return Relevance(std::move(rows));
}

Matrix picked(MatrixView rows, const std::vector<std::size_t>& which) {
  Matrix out(which.size(), rows.cols());
  for (std::size_t i = 0; i < which.size(); ++i) {
    std::ranges::copy(rows.row(which[i]), out.row(i).begin());
  }
  return out;
}

void append_query(Ranks& out, const Ranks& from, std::size_t query) {
  const std::int64_t begin = from.offsets[query], end = from.offsets[query + 1];
  const auto append = [&](auto& into, const auto& values) {
    if (!values.empty()) into.insert(into.end(), values.begin() + begin, values.begin() + end);
  };
  append(out.above, from.above);
  append(out.ties, from.ties);
  append(out.ties_before, from.ties_before);
  append(out.grades, from.grades);
  out.offsets.push_back(out.offsets.back() + end - begin);
}

}  // namespace

const std::vector<CatalogRow>& correction_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"none", "scores as they are", {}},
      {"csls", "less half the mean of a candidate's highest scores with a bank of queries", {}},
      {"inverted-softmax", "softmax of a candidate's scores over a bank of queries", {}},
      {"dual-softmax", "that, times the softmax of the query's scores over candidates", {}},
      {"sinkhorn", "scores scaled to sum to one by candidate and by query of the bank", {}},
      {"qb-norm",
       "inverted-softmax, for queries whose best candidate is the best of one of the bank",
       {}},
  };
  return kRows;
}

std::vector<std::string> corrections_that_read(const std::string& option) {
  if (option == "neighbours") return {"csls"};
  if (option == "iterations") return {"sinkhorn"};
  std::vector<std::string> out{"inverted-softmax", "dual-softmax", "sinkhorn", "qb-norm"};
  if (option == "bank") out.insert(out.begin(), "csls");
  return out;
}

std::vector<double> corrected_bias(const Gallery& candidates, Gallery bank,
                                   const Correction& correction, const Kernel& kernel) {
  require_finite(bank.vectors, "queries of the bank");
  require_comparable(bank.vectors, candidates);
  std::vector<double> bias = candidates.bias;
  bias.resize(candidates.vectors.rows(), 0.0);
  const auto halved = [&](const std::vector<double>& subtracted) {
    for (std::size_t g = 0; g < bias.size(); ++g) bias[g] = 0.5 * (bias[g] - subtracted[g]);
    return bias;
  };
  if (correction.kind == "csls") {
    return halved(mean_of_highest(candidates.vectors, bank, correction.neighbours, kernel));
  }
  const double deviation = score_moments(candidates.vectors, bank, kernel).deviation;
  const double temperature = correction.temperature * (deviation > 0.0 ? deviation : 1.0);
  if (correction.kind == "sinkhorn") {
    return balanced_bias(candidates, std::move(bank), temperature, correction.iterations, kernel);
  }
  // A candidate's own bias is in every term of its sum, and so cancels.
  const std::vector<double> sums = log_sums(candidates.vectors, bank, temperature, kernel);
  return correction.kind == "dual-softmax" ? halved(sums) : negative(sums);
}

std::vector<bool> best_of_bank(const Gallery& candidates, const Gallery& bank,
                               const Kernel& kernel) {
  std::vector<bool> out(candidates.vectors.rows(), false);
  for (const std::int32_t id : top_k(bank.vectors, candidates, 1, kernel).ids) {
    out[static_cast<std::size_t>(id)] = true;
  }
  return out;
}

Ranks rank_gated(MatrixView queries, const Gallery& candidates, const std::vector<double>& bias,
                 const std::vector<bool>& gate, const Relevance& relevant, const Kernel& kernel) {
  const TopK best = top_k(queries, candidates, 1, kernel);
  std::vector<std::size_t> plain, corrected;
  std::vector<bool> is_corrected;
  for (std::size_t query = 0; query < queries.rows(); ++query) {
    is_corrected.push_back(best.k > 0 && gate[static_cast<std::size_t>(best.ids[query])]);
    (is_corrected.back() ? corrected : plain).push_back(query);
  }
  const auto ranked = [&](const std::vector<std::size_t>& which, const Gallery& gallery) {
    return rank(picked(queries, which), gallery, picked(relevant, which), kernel);
  };
  const Ranks of_plain = ranked(plain, candidates);
  const Ranks of_corrected = ranked(corrected, {candidates.vectors, bias, candidates.zero_rows});
  Ranks out;
  out.candidates = static_cast<std::int64_t>(candidates.vectors.rows());
  std::size_t next_plain = 0, next_corrected = 0;
  for (const bool own : is_corrected) {
    append_query(out, own ? of_corrected : of_plain, own ? next_corrected++ : next_plain++);
  }
  return out;
}

}  // namespace alignlab
