#pragma once

// All scores of queries with a gallery, block by block. Private to this module.

#include <cstddef>
#include <functional>
#include <span>

#include "search/search.h"

namespace alignlab {

/// One block of scores: row i holds query `first_query + i` against `count` candidates that start
/// at `first_candidate`.
struct Tile {
  std::size_t query;
  std::size_t first_candidate;
  std::span<const double> scores;
};

/// DataError that names the row for what is not finite, or the columns where they differ. A NaN
/// would compare as neither above nor tied, and so rank first.
void require_comparable(MatrixView queries, const Gallery& gallery);
/// Its parts, for who has checked the others already.
void require_same_columns(MatrixView queries, const Gallery& gallery);
void require_comparable_queries(MatrixView queries, const Gallery& gallery);
void require_finite(const Gallery& gallery);

/// Calls visit(tile) for every query and gallery block; a query's tiles come in gallery order, on
/// one thread. Which thread and which blocks can never show in what a visitor computes a query.
void for_each_tile(MatrixView queries, const Gallery& gallery, const Kernel& kernel,
                   const std::function<void(const Tile&)>& visit);

}  // namespace alignlab
