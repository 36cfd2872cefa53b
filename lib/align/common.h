#pragma once

// What aligners share whatever they are built on: pairs, dev scores, checks of what they are given.

#include <cstdint>
#include <optional>
#include <vector>

#include "align/aligner.h"

namespace alignlab::align {

/// An item of the first and one of the second modality that belong together.
struct Pair {
  std::int32_t first;
  std::int32_t second;
  std::int32_t group;
};

/// Every combination of items of equal group, in the order of the first modality's items, then of
/// the second's. DataError if none.
std::vector<Pair> pairs_of(const TrainSplit& train);

/// DataError if pairs_of() would be empty.
void require_pairs(const TrainSplit& train);

/// The rows scaled to unit length, 0 where they are 0, into `out` from column `at` on.
void put_unit_rows(const Matrix& rows, Matrix& out, std::size_t at);

/// R@1 + R@5 + R@10 of both directions by cosine, 0 to 600, ties with items of other groups counted
/// against the method: what training keeps the best epoch by. Sets torch's threads.
double dev_score(const Matrix& first, const std::vector<std::int32_t>& first_groups,
                 const Matrix& second, const std::vector<std::int32_t>& second_groups, int threads);

/// DataError unless the features are `expected` wide.
void require_width(Modality modality, const Features& features, std::size_t expected);

/// dev_score of an encoder; nothing when there is no dev split to choose on.
std::optional<double> score_on(const DevSplit& dev, const Encoder& encoder, int threads);

}  // namespace alignlab::align
