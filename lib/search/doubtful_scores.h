#pragma once

// Candidates that bounds leave in doubt, scored canonically. Private to this module.

#include <cstdint>
#include <span>
#include <vector>

#include "search/bounded_pairs.h"

namespace alignlab {

/// Of one thread.
struct DoubtfulScores {
  std::vector<std::uint32_t> positions;  // in a strip
  std::vector<std::int32_t> ids;
  std::vector<double> scores;  // of those
  std::int64_t scored = 0;     // of all calls

  explicit DoubtfulScores(std::size_t strip_items) : positions(strip_items) {}

  /// Scores the first `count` positions, as far as they exist.
  void score(const Isa& isa, std::span<const float> query, MatrixView rows,
             std::span<const double> bias, const Strip& strip, std::size_t count);
};

/// Tells who asked for it what a search did.
void report(const Kernel& kernel, const char* path, const char* codes,
            const std::vector<DoubtfulScores>& doubtful);

}  // namespace alignlab
