#pragma once

// Corrections for hubs: candidates that are close to every query. Each adds to a candidate's scores
// a number that says how close it is to a bank of queries, T being `temperature` times the standard
// deviation of the scores of bank and candidates:
//
//   csls              (Conneau et al., "Word Translation Without Parallel Data", ICLR 2018):
//                     2 s(q,g) - r(g), r(g) the mean of the candidate's `neighbours` highest scores
//                     with the bank; what it subtracts for the query changes no order. As a number
//                     a candidate: -r(g) / 2.
//   inverted-softmax  (Smith et al., ICLR 2017): e^{s(q,g)/T} / sum_{b in bank} e^{s(b,g)/T}; as a
//                     number a candidate: -T log sum_b e^{s(b,g)/T}.
//   dual-softmax      (Rocco et al., "Neighbourhood Consensus Networks", NeurIPS 2018): the product
//                     of a softmax over the bank and one over the candidates, which changes no
//                     order; half of the inverted softmax's number. Cheng et al. ("Improving
//                     Video-Text Retrieval by Multi-Stream Corpus Alignment and Dual Softmax Loss",
//                     2021) multiply the score itself with the former: that is not meant here.
//   sinkhorn          (Cuturi, "Sinkhorn Distances", NeurIPS 2013): `iterations` times each query
//                     of the bank's e^{s/T} is scaled to sum to one over candidates, then each
//                     candidate's over the bank; the number is T times the logarithm of the
//                     candidate's factors. Each iteration computes all scores twice.
//   qb-norm           (Bogolin et al., "Cross Modal Retrieval with Querybank Normalisation", CVPR
//                     2022): the inverted softmax, but only for queries whose best candidate is
//                     the best of a query of the bank. Not one number a candidate: rank_gated.
//
// Where the bank is the training items the correction is inductive: each query is answered by
// itself. Where it is the evaluated queries, it is transductive.

#include <string>
#include <vector>

#include "search/search.h"

namespace alignlab {

struct Correction {
  std::string kind = "csls";  // as in correction_catalog(), but "none"
  std::size_t neighbours = 10;
  double temperature = 0.3;
  std::size_t iterations = 10;

  /// Whether it takes from a query's scores what it would take from the query as a candidate, which
  /// counts where pairs of different queries are compared.
  bool is_mutual() const { return kind == "csls" || kind == "dual-softmax" || kind == "sinkhorn"; }
  /// Whether it is for some queries alone; their scores and those of others are not comparable.
  bool is_gated() const { return kind == "qb-norm"; }
};

/// Rows: "none", "csls", "inverted-softmax" ...
const std::vector<CatalogRow>& correction_catalog();
/// The names of those that read "bank", "neighbours", "temperature" or "iterations".
std::vector<std::string> corrections_that_read(const std::string& option);

/// The bias of each candidate: its own, if it has one, with the correction. `bank` holds queries,
/// prepared as those of the search, at least one. Their own biases (of Euclidean order) tell their
/// scores with one candidate apart.
std::vector<double> corrected_bias(const Gallery& candidates, Gallery bank,
                                   const Correction& correction, const Kernel& kernel);

/// For each candidate whether it is the best of some query of the bank.
std::vector<bool> best_of_bank(const Gallery& candidates, const Gallery& bank,
                               const Kernel& kernel);

/// Ranks by the candidates' own bias, but by `bias` for queries whose best candidate is a `gate`.
Ranks rank_gated(MatrixView queries, const Gallery& candidates, const std::vector<double>& bias,
                 const std::vector<bool>& gate, const Relevance& relevant, const Kernel& kernel);

}  // namespace alignlab
