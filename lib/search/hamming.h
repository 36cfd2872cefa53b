#pragma once

// Approximate search by binary codes: the signs of random projections (Charikar, "Similarity
// Estimation Techniques from Rounding Algorithms", STOC 2002), whose directions are orthogonal in
// groups as large as there are columns (Ji, Li, Yan, Zhang and Tian, "Super-Bit
// Locality-Sensitive Hashing", NIPS 2012). The share of bits in which two codes differ estimates
// the angle between their vectors. The nearest codes are then scored canonically.

#include <memory>

#include "search/search.h"

namespace alignlab {

/// "hamming", with what it can be told.
const CatalogRow& hamming_row();

/// The gallery outlives it. A bias counts only where candidates are scored.
std::unique_ptr<SearchIndex> hamming_index(const Section& options, const Gallery& gallery,
                                           const Kernel& kernel);

}  // namespace alignlab
