#pragma once

// Corrections for hubs: candidates that are close to every query. Each adds to a candidate's scores
// a number that says how close it is to a bank of queries:
//
//   csls              (Conneau et al., "Word Translation Without Parallel Data", ICLR 2018):
//                     2 s(q,g) - r(g), r(g) the mean of the candidate's `neighbours` highest scores
//                     with the bank; what it subtracts for the query changes no order. As a number
//                     a candidate: -r(g) / 2.
//   inverted-softmax  (Smith et al., ICLR 2017): e^{s(q,g)/T} / sum_{b in bank} e^{s(b,g)/T}; as a
//                     number a candidate: -T log sum_b e^{s(b,g)/T}. T is `temperature` times the
//                     standard deviation of the scores of bank and candidates.
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
};

/// Rows: "none", "csls", "inverted-softmax".
const std::vector<CatalogRow>& correction_catalog();

/// The bias of each candidate: its own, if it has one, with the correction. `bank` holds queries,
/// prepared as those of the search, at least one. Their own biases (of Euclidean order) tell their
/// scores with one candidate apart.
std::vector<double> corrected_bias(const Gallery& candidates, Gallery bank,
                                   const Correction& correction, const Kernel& kernel);

struct ScoreMoments {
  double mean = 0.0;
  double deviation = 0.0;  // of the population
};

/// Over all scores of queries and candidates; there must be some.
ScoreMoments score_moments(MatrixView queries, const Gallery& gallery, const Kernel& kernel);

}  // namespace alignlab
