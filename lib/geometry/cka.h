#pragma once

// Centred kernel alignment of two sides with linear kernels (Kornblith et al., "Similarity of
// Neural Network Representations Revisited", ICML 2019). With rows centred to X and Y, K = X X' and
// L = Y Y',
//
//   CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)).
//
//   biased    HSIC_0 = tr(K L) / (n-1)^2, so CKA = ||X'Y||_F^2 / (||X'X||_F ||Y'Y||_F), 0 to 1.
//             Undefined where all rows of a side are equal. Far above 0 for independent sides
//             unless n is far above both widths.
//   unbiased  HSIC_1 of Song et al. ("Feature Selection via Dependence Maximization", JMLR 13,
//             2012), as in Nguyen et al. (ICLR 2021) and Davari et al. (2022), whose mean is 0 for
//             independent sides:
//
//               n (n-3) HSIC_1 = tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2)) - 2 1'K~ L~1 / (n-2),
//
//             K~ and L~ with diagonals of 0. With k and l the diagonals of K and L that is
//
//               tr(K L) - n/(n-2) k'l + sum(k) sum(l) / ((n-1)(n-2)).
//
//             -1 to 1. Undefined for fewer than 4 rows, and where HSIC_1 of a side with itself is 0
//             (all rows equal; all but one; orthonormal rows).
//
// Orthogonal maps, isotropic scaling and translation of a side change neither. Computed from
// matrices of widths or of n x n, whichever is less work: the same definition. By widths, rows go
// through in blocks and n may be large. In double.

#include <memory>
#include <optional>

#include "geometry/paired_rows.h"

namespace alignlab {

struct Cka {
  std::optional<double> biased;
  std::optional<double> unbiased;
};

Cka linear_cka(const PairedRows& pairs, int threads = 1);

/// The same of one pairing after another; what does not depend on the pairing is computed once.
/// The rows outlive this. Not for several threads at a time.
class CkaPairings {
 public:
  explicit CkaPairings(const PairedRows& pairs, int threads = 1);
  ~CkaPairings();
  CkaPairings(const CkaPairings&) = delete;
  CkaPairings& operator=(const CkaPairings&) = delete;

  Cka operator()(Pairing pairing) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alignlab
