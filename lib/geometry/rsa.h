#pragma once

// Representational similarity analysis (Kriegeskorte, Mur and Bandettini, "Representational
// Similarity Analysis", Frontiers in Systems Neuroscience 2, 2008): Spearman's correlation, with
// average ranks for ties, of the two sides' cosine distances 1 - cos(i, j) over i < j. -1 to 1.
// Undefined for fewer than 3 rows and where all distances of a side are equal. Cosines are
// canonical scores (search/search.h), so that equal rows tie; a row of zeros is at distance 1 from
// all. DataError for more than kMostRsaRows rows: sample them (sample_rows in paired_rows.h).

#include <optional>
#include <vector>

#include "geometry/paired_rows.h"

namespace alignlab {

inline constexpr std::size_t kMostRsaRows = 4000;

std::optional<double> rsa(const PairedRows& pairs, int threads = 1);

/// The same of one pairing after another: distances are ranked once.
class RsaPairings {
 public:
  explicit RsaPairings(const PairedRows& pairs, int threads = 1);

  std::optional<double> operator()(Pairing pairing) const;

 private:
  /// Of pairs i < j, row by row; less their mean.
  struct Ranks {
    std::vector<double> values;
    double square = 0.0;

    Ranks(const NamedRows& side, int threads);
  };

  std::size_t rows_;
  Ranks first_;
  Ranks second_;
};

}  // namespace alignlab
