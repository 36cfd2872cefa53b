#pragma once

// Similarities of two sides by their canonical correlations (Hotelling, 1936). With centred rows
// X = U_x S_x V_x' and Y = U_y S_y V_y', the correlations r are the singular values of U_x'U_y, and
// there are min(rank X, rank Y) of them. Directions with less than a millionth of a side's largest
// singular value are what rounding to float32 leaves, and no part of its rank.
//
//   svcca  (Raghu et al., "SVCCA", NIPS 2017): the mean of r, each side cut to as few leading
//          singular directions as have 99 % of its variance.
//   pwcca  (Morcos et al., "Insights on Representational Similarity in Neural Networks with
//          Canonical Correlation", NeurIPS 2018): sum_i a_i r_i / sum_i a_i, where
//          a_i = sum_j |h_i'x_j| with h_i the i-th canonical variate of the side that weighs, of
//          unit length, and x_j its centred columns. All directions of both sides count.
//
// Each is 0 to 1, and undefined where all rows of a side are equal. Scaling, translation and
// orthogonal maps of either side change none but the weights of pwcca, which look at columns; an
// invertible linear map of the side that does not weigh leaves pwcca. Where rank X + rank Y reaches
// n, correlations of 1 are forced whatever the rows are: n is to be well above the widths, or look
// at a permutation null. Where correlations are equal, their variates are chosen by LAPACK.

#include <memory>
#include <optional>

#include "geometry/paired_rows.h"

namespace alignlab {

struct CcaSimilarity {
  std::optional<double> svcca;
  std::optional<double> pwcca_by_first;  // weighed by the first side's columns
  std::optional<double> pwcca_by_second;
};

CcaSimilarity cca_similarity(const PairedRows& pairs, int threads = 1);

/// The same of one pairing after another: the sides are decomposed once. In memory of both sides as
/// double. Not for several threads at a time.
class CcaPairings {
 public:
  explicit CcaPairings(const PairedRows& pairs, int threads = 1);
  ~CcaPairings();
  CcaPairings(const CcaPairings&) = delete;
  CcaPairings& operator=(const CcaPairings&) = delete;

  CcaSimilarity operator()(Pairing pairing) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alignlab
