#pragma once

// Embeddings as a search compares them: prepared for its similarity and, for an ensemble, those of
// its members side by side, each times the root of its weight over the standard deviation of its
// scores on dev. The dot product of two such rows is the weighted sum of the members' scores in
// units of their deviations, which is all that score fusion by z-scores tells apart.

#include <filesystem>
#include <vector>

#include "record/store.h"
#include "run/spec.h"
#include "search/search.h"

namespace alignlab {

/// The deviations of the members' scores on dev, kept in an artifact of stage "fusion".
std::vector<double> read_deviations(const std::filesystem::path& fusion);

/// `embeddings` are the artifacts of the members, or of the one model; `deviations` of an ensemble
/// as many. The rows of one modality.
Gallery searched_rows(const TrialSpec& spec, const std::vector<std::filesystem::path>& embeddings,
                      const std::vector<double>& deviations, Modality modality);

/// Rows in which items of equal key are the same and others are not: what an oracle would give.
Gallery oracle_rows(const std::vector<std::int32_t>& keys);

}  // namespace alignlab
