#pragma once

// Searches drawn at random: shapes that fill no block or panel, and values that rounding, ties and
// ranges of floats make hard.

#include <array>
#include <cfloat>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/relevance.h"
#include "core/rng.h"
#include "search/search.h"

namespace alignlab::tests {

enum class Style {
  kNormal,
  kQuantised,
  kDuplicates,
  kZeroRows,
  kDenormal,
  kHuge,
  kMixed,      // magnitudes far apart in each row
  kMixedRows,  // rows far apart in length
  kOneHot,
  kConstant
};
constexpr int kStyles = 10;

inline float value_of(Style style, Rng& rng) {
  switch (style) {
    case Style::kQuantised:
      return static_cast<float>(rng.between(-1, 1));
    case Style::kDenormal:
      return static_cast<float>(rng.between(-3, 3)) * std::numeric_limits<float>::denorm_min();
    case Style::kHuge:
      return (rng.chance(0.5) ? FLT_MAX : -FLT_MAX) * static_cast<float>(rng.uniform());
    case Style::kMixed:
      return std::ldexp(static_cast<float>(rng.normal()), rng.between(-120, 120));
    case Style::kConstant:
      return 0.1F;
    default:
      return static_cast<float>(rng.normal());
  }
}

inline Matrix random_rows(std::size_t rows, std::size_t cols, Style style, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = value_of(style, rng);
  for (std::size_t i = 0; i < rows; ++i) {
    if (style == Style::kDuplicates && i > 0 && rng.chance(0.6)) {
      std::ranges::copy(std::as_const(out).row(rng.below(i)), out.row(i).begin());
    } else if (style == Style::kZeroRows && rng.chance(0.5)) {
      std::ranges::fill(out.row(i), 0.0F);
    } else if (style == Style::kOneHot) {
      std::ranges::fill(out.row(i), rng.chance(0.5) ? 0.0F : -0.0F);
      out.row(i)[rng.below(cols)] = rng.chance(0.5) ? 1.0F : -3.0F;
    } else if (style == Style::kMixedRows) {
      const int exponent = rng.between(-140, 120);
      for (float& value : out.row(i)) value = std::ldexp(value, exponent);
    }
  }
  return out;
}

/// Some queries without any relevant candidate, some with few, some with nearly all.
inline Relevance random_relevance(std::size_t queries, std::size_t candidates, Rng& rng) {
  std::vector<std::vector<std::int32_t>> rows(queries);
  for (auto& row : rows) {
    const double share = std::array{0.0, 0.03, 0.1, 0.4, 0.9}[rng.below(5)];
    for (std::size_t j = 0; j < candidates; ++j) {
      if (rng.chance(share)) row.push_back(static_cast<std::int32_t>(j));
    }
    rng.shuffle(std::span(row));
  }
  return Relevance(std::move(rows));
}

struct Case {
  Matrix queries;
  Gallery gallery;
  Relevance relevant;
  std::string name;
};

inline Case random_case(std::uint64_t seed) {
  Rng rng(seed, "case");
  std::size_t query_count = rng.below(71), item_count = rng.below(71);
  std::size_t cols = 1 + rng.below(67);
  // Some galleries span several blocks: many short rows, or rows so wide that a block holds few.
  if (seed % 12 == 5) item_count = 500 + rng.below(700), cols = 1 + rng.below(9);
  if (seed % 50 == 7) query_count = rng.below(5), item_count = 30 + rng.below(20), cols = 2049;
  const auto style = static_cast<Style>(rng.below(kStyles));
  Case out;
  out.queries = random_rows(query_count, cols, style, rng);
  out.gallery.vectors = random_rows(item_count, cols, style, rng);
  const int biased = rng.between(0, 2);
  for (std::size_t j = 0; biased > 0 && j < item_count; ++j) {
    out.gallery.bias.push_back(biased == 1 ? rng.normal() : rng.between(-1, 1));
  }
  out.relevant = random_relevance(query_count, item_count, rng);
  out.name = "seed " + std::to_string(seed) + ": " + std::to_string(query_count) + " x " +
             std::to_string(item_count) + " x " + std::to_string(cols) + ", style " +
             std::to_string(static_cast<int>(style)) + ", bias " + std::to_string(biased);
  return out;
}

}  // namespace alignlab::tests
