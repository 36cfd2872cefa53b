#pragma once

// What one pass over the scores leaves behind: all that retrieval metrics and decisions at a
// threshold need, in memory of the relevant pairs alone. `search` makes them, `eval` reads them.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alignlab {

/// For each query and each of its relevant candidates (flat, in the order of Relevance::of): how
/// many candidates score strictly higher, how many others tie with it, and how many of those come
/// earlier in the gallery.
struct Ranks {
  /// `above` of a candidate that a list lacks: behind any k.
  static constexpr std::int64_t kUnlisted = std::int64_t{1} << 60;

  std::vector<std::int64_t> offsets{0};  // query i owns entries offsets[i] .. offsets[i+1]
  std::vector<std::int64_t> above;
  std::vector<std::int64_t> ties;
  std::vector<std::int64_t> ties_before;
  std::vector<float> grades;  // how relevant, above 0; empty: 1 each
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
/// descending, with how many relevant and how many other pairs score at least each of them, and how
/// many of the others exactly that. No threshold between two of these can decide better than the
/// lower of them.
struct ThresholdCurve {
  std::vector<double> thresholds;
  std::vector<std::int64_t> correct;
  std::vector<std::int64_t> wrong;
  std::vector<std::int64_t> tied;
  std::int64_t pairs = 0;
};

/// What an evaluation has found in one direction: all that its metrics are computed from.
struct Retrieval {
  Ranks ranks;
  std::vector<std::int32_t> groups;  // of each query; those of one group are not independent
  std::optional<Decisions> decisions;
  std::optional<double> threshold;      // of the decisions
  std::optional<ThresholdCurve> curve;  // where it was asked for
};

/// By direction ("image_to_text" ...): one, or one for each fold of the protocol.
using Retrievals = std::map<std::string, std::vector<Retrieval>>;

}  // namespace alignlab
