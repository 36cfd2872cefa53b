#pragma once

// Searches that filter with bounded products of codes and score canonically whatever the bounds
// leave in doubt, so that what they find is what the reference finds. Private to this module;
// arguments have been checked (search/tiles.h). Each returns false, having found nothing, where
// bounds say nothing or too little to be worth it: then every score has to be computed.

#include "search/codes.h"

namespace alignlab {

/// The canonical scores of a query's relevant candidates, flat in the order of `relevant`.
std::vector<double> relevant_scores(MatrixView queries, const Gallery& gallery,
                                    const Relevance& relevant, const Isa& isa, int threads);

/// `out` has its k, and room.
bool certified_top_k(MatrixView queries, CodedGallery& gallery, const Kernel& kernel, TopK& out);

/// Counts for the queries of `few`, each with 1 to kMostLevels relevant candidates of `scores`,
/// into `out`, which has room.
bool certified_rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
                    const std::vector<double>& scores, const std::vector<std::uint32_t>& few,
                    const Isa& isa, const Kernel& kernel, Ranks& out);

/// Both directions of one pass: `rows` as queries, of which those of `few` are counted into
/// `of_rows`, and `columns` as queries, each with one relevant row at most, into `of_columns`. Both
/// have room; the relevant pairs' scores are those of each direction.
struct RankedSide {
  const Gallery& side;
  const Relevance& relevant;  // of the other side's
  const std::vector<double>& scores;
  Ranks& out;
};
bool certified_rank_both(const RankedSide& rows, const std::vector<std::uint32_t>& few,
                         const RankedSide& columns, const Isa& isa, const Kernel& kernel);

/// Queries with the number that each adds to all of its scores, if there is one.
struct BiasedQueries {
  MatrixView rows;
  std::span<const double> bias;

  double bias_of(std::size_t query) const { return bias.empty() ? 0.0 : bias[query]; }
  double score(std::size_t query, double of_pair) const {
    return bias.empty() ? of_pair : of_pair + bias[query];
  }
};

/// How many candidates of each query score at least `threshold`, added to `predicted`.
bool certified_decisions(const BiasedQueries& queries, const Gallery& gallery, double threshold,
                         const Isa& isa, const Kernel& kernel,
                         std::vector<std::int64_t>& predicted);

/// For each of the levels, which ascend, are distinct, and one at least: how many pairs of all
/// candidates with the queries of `which` score at least that much, and how many exactly.
struct LevelCounts {
  std::vector<std::int64_t> reaching;
  std::vector<std::int64_t> equal;
};
bool certified_levels(const BiasedQueries& queries, const Gallery& gallery,
                      std::span<const double> ascending, const std::vector<std::uint32_t>& which,
                      const Isa& isa, const Kernel& kernel, LevelCounts& out);

}  // namespace alignlab
