#pragma once

// What measures of geometry look at: one side's embeddings, or those of two sides whose rows i are
// the same item. Widths may differ. Where an item has several rows on one side (captions of an
// image), callers choose or repeat rows so that they pair. Rows are not owned. A measure checks
// what it is given: NaN or infinity is a DataError that names the row, unequal numbers of rows are
// one that names both sides. Where a measure is undefined it has no value. On one thread the
// same rows give the same bits; on more, sums may be in another order.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/matrix.h"

namespace alignlab {

struct NamedRows {
  MatrixView rows;
  std::string name;  // whose rows they are, in errors: "embeddings of image"
};

struct PairedRows {
  NamedRows first;
  NamedRows second;
};

/// Row i of the first side goes with row pairing[i] of the second: a permutation of all rows.
using Pairing = std::span<const std::int32_t>;

void require_paired(const PairedRows& pairs);

/// 0, 1, ..., n - 1: rows as they are paired.
std::vector<std::int32_t> identity_pairing(std::size_t n);

/// `most` distinct ones of 0 .. n-1, ascending, each set equally likely; all where there are fewer.
std::vector<std::int32_t> sample_rows(std::size_t n, std::size_t most, std::uint64_t seed);

/// Some rows, in this order: a sample of a side, or a side paired anew.
Matrix rows_at(MatrixView rows, std::span<const std::int32_t> which);

}  // namespace alignlab
