#pragma once

// Hubs: candidates that are among the nearest of very many queries (Radovanovic, Nanopoulos and
// Ivanovic, "Hubs in Space: Popular Nearest Neighbors in High-Dimensional Data", JMLR 11, 2010). Of
// N_k(g), the number of queries that have candidate g in their first k:
//
//   skewness        mean (N_k - mean)^3 / deviation^3, of the population; undefined where all N_k
//                   are equal
//   antihub_share   of the candidates, 0 to 1, those with N_k = 0
//   largest         the largest N_k
//
// Queries and candidates may be of different modalities, or the same rows.

#include <cstdint>
#include <optional>

#include "search/search.h"

namespace alignlab {

struct Hubness {
  std::optional<double> skewness;
  double antihub_share = 0.0;
  std::int64_t largest = 0;
};

/// Of the lists of a search among `candidates` rows. Ids of -1, where an approximate search found
/// fewer, are skipped. Undefined where there is no list or no candidate.
std::optional<Hubness> hubness(const TopK& found, std::size_t candidates);

}  // namespace alignlab
