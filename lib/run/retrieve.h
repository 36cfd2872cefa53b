#pragma once

// The search of an evaluation: two sides of prepared rows, in the folds of a protocol, searched in
// both directions at once. What a trial does with its embeddings, and `score` with anyone's.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "data/protocol.h"
#include "record/retrieval_file.h"
#include "run/judged_pairs.h"
#include "search/hubness.h"
#include "search/search.h"

namespace alignlab {

struct SearchSide {
  Gallery rows;                      // with the bias that they have as candidates
  std::vector<std::int32_t> keys;    // items of equal keys are relevant to each other
  std::vector<std::int32_t> groups;  // what belongs together when queries are drawn anew
};

struct SearchSides {
  SearchSide first;
  SearchSide second;
  std::string first_to_second;  // names of the directions
  std::string second_to_first;
  std::vector<JudgedPair> judged = {};  // pairs of rows that people judged
  std::string positives = "pairs";      // what is relevant: of kPositives
};

struct Thresholds {
  std::optional<double> first_to_second;
  std::optional<double> second_to_first;
};

struct RetrievalRequest {
  Kernel kernel;                         // exact
  std::optional<Correction> correction;  // a gated one: no decisions, no curve, no index
  const SearchSides* bank = nullptr;     // of the correction; null: the evaluated queries
  Thresholds thresholds;                 // decisions are made where there is one
  bool draws_curve = false;
  std::int64_t repetitions = 1;
  /// Searches for lists of so many with an index of this kind, and not by rank.
  std::function<std::unique_ptr<SearchIndex>(const Gallery&)> make_index = {};
  std::size_t longest_list = 0;
  bool measures_costs = false;  // of the index, or of exact search by the kernel
};

/// Takes the sides, whose rows are copied only where there are several folds.
Found retrieve(SearchSides sides, const std::vector<ProtocolFold>& folds,
               const RetrievalRequest& request, Progress& progress);

/// Those with the best micro F1 on these sides, corrected as the request says, by no gated one.
Thresholds best_thresholds(SearchSides dev, const RetrievalRequest& request);

}  // namespace alignlab
