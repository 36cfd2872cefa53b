#pragma once

// Whether items have the same neighbours on both sides (Huh et al., "The Platonic Representation
// Hypothesis", ICML 2024). N_X(i) are the k rows nearest to row i by cosine, itself left out, as
// the search finds them (search/search.h): rows scaled to unit length in float32, canonical scores,
// equal ones by lower index. A row of zeros scores 0 with all.
//
//   mutual_knn  the mean over i of |N_X(i) and N_Y(i)| / k. 0 to 1; k / (n-1) by chance.
//   cknna       centred kernel alignment of mutual nearest neighbours:
//
//                 A(X, Y) = sum_i sum_{j in N_X(i) and N_Y(i)} c_X(i, j) c_Y(i, j),
//                 c_X(i, j) = <x_i, x_j> - mean_l <x_i, x_l>  over all l, i among them,
//                 cknna = A(X, Y) / sqrt(A(X, X) A(Y, Y)),
//
//               of unit rows x. -1 to 1; 0 where no neighbour is mutual. This is the formula of the
//               paper's appendix; the authors' program centres the masked matrices instead.
//               Undefined where A of a side with itself is 0: all rows point the same way.
//
// Both are undefined where there are not k other rows. Isotropic scaling of a side and orthogonal
// maps leave them (but for ties that rounding breaks); translation does not.

#include <optional>
#include <vector>

#include "geometry/paired_rows.h"

namespace alignlab {

struct NeighbourAgreement {
  std::optional<double> mutual_knn;
  std::optional<double> cknna;
};

/// k of at least 1.
NeighbourAgreement neighbour_agreement(const PairedRows& pairs, std::size_t k, int threads = 1);

/// The same of one pairing after another: neighbours are found once, by the order in which rows are
/// given, so that ties stay broken as they are.
class NeighbourPairings {
 public:
  NeighbourPairings(const PairedRows& pairs, std::size_t k, int threads = 1);

  NeighbourAgreement operator()(Pairing pairing) const;

 private:
  struct Neighbours {
    std::vector<std::int32_t> ids;  // [n, k], those of a row ascending
    std::vector<double> centred;    // c of each
    double square = 0.0;            // A of the side with itself

    Neighbours(const NamedRows& side, std::size_t k, int threads);
  };

  std::size_t rows_;
  std::size_t k_;  // 0: there are fewer rows
  Neighbours first_;
  Neighbours second_;
};

}  // namespace alignlab
