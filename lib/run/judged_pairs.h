#pragma once

// The graded judgements of a data set, as pairs of rows of what is evaluated.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/relevance.h"
#include "data/dataset.h"

namespace alignlab {

/// A pair of rows, and how well people say they go together.
struct JudgedPair {
  std::size_t first = 0;
  std::size_t second = 0;
  double grade = 0.0;
};

/// Those between items of two modalities in a split, whichever of both asked; rows are places in
/// the split. A pair that was judged several times comes as often. Empty where there are none.
std::vector<JudgedPair> judged_pairs(const Dataset& dataset, Modality first, Modality second,
                                     Split split);

/// What counts as relevant: items of equal keys ("pairs"), those that were judged so
/// ("judgements": a grade above 0, the highest where there are several), or either, with a grade of
/// at least 1 for equal keys ("both").
inline const std::vector<std::string> kPositives{"pairs", "judgements", "both"};

struct RelevantRows {
  Relevance of_first;
  Relevance of_second;
};
/// `positives` is one of kPositives. Keys are of the rows; grades are there where judgements count.
RelevantRows relevant_rows(const std::string& positives,
                           const std::vector<std::int32_t>& first_keys,
                           const std::vector<std::int32_t>& second_keys,
                           const std::vector<JudgedPair>& judged);

}  // namespace alignlab
