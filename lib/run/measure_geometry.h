#pragma once

// How the rows of two sides lie to each other, whatever a search finds: of rows that belong
// together in pairs, and of each side.

#include <optional>
#include <string>
#include <vector>

#include "geometry/permutation_null.h"
#include "search/search.h"

namespace alignlab {

struct GeometryRow {
  std::string name;
  std::string summary;
  std::optional<double> value;
  std::optional<PermutationNull> null;  // of the pairing, where it is cheap to draw anew
};

struct GeometryRequest {
  MatrixView queries;
  MatrixView candidates;
  /// Rows of equal keys belong together: a query is paired with its first candidate.
  std::vector<std::int32_t> query_keys;
  std::vector<std::int32_t> candidate_keys;
  Similarity similarity = Similarity::kCosine;  // of hubs
  std::size_t neighbours = 10;
  PermutationOptions permutations;
  int threads = 1;
};

/// What is undefined has no value: where widths differ, or few rows are paired. DataError for what
/// is not finite.
std::vector<GeometryRow> measure_geometry(const GeometryRequest& request);

}  // namespace alignlab
