#pragma once

// What one pass over the scores leaves behind: all that retrieval metrics and decisions at a
// threshold need, in memory of the relevant pairs alone. `search` makes them, `eval` reads them.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace alignlab {

/// For each query and each of its relevant candidates (flat, in the order of Relevance::of): how
/// many candidates score strictly higher, how many others tie with it, and how many of those come
/// earlier in the gallery.
struct Ranks {
  std::vector<std::int64_t> offsets{0};  // query i owns entries offsets[i] .. offsets[i+1]
  std::vector<std::int64_t> above;
  std::vector<std::int64_t> ties;
  std::vector<std::int64_t> ties_before;
  std::int64_t candidates = 0;

  std::size_t queries() const { return offsets.size() - 1; }
  bool operator==(const Ranks&) const = default;
};

/// At one threshold, for each query: how many candidates score at least that much, how many of
/// the relevant ones do, and how many are relevant.
struct Decisions {
  std::vector<std::int64_t> predicted;
  std::vector<std::int64_t> correct;
  std::vector<std::int64_t> relevant;
};

/// Over all pairs of queries that have a relevant candidate: the distinct scores of relevant pairs,
/// descending, with how many relevant and how many other pairs score at least each of them. No
/// threshold between two of these can decide better than the lower of them.
struct ThresholdCurve {
  std::vector<double> thresholds;
  std::vector<std::int64_t> correct;
  std::vector<std::int64_t> wrong;
};

}  // namespace alignlab
