#include "search/search.h"

#include <omp.h>

#include <algorithm>
#include <functional>

#include "search/tiles.h"

namespace alignlab {
namespace {

// With fewer relevant candidates than this, comparing with each beats a binary search.
constexpr std::size_t kFewRelevant = 8;

double canonical_score(MatrixView queries, const Gallery& gallery, std::size_t query,
                       std::size_t candidate) {
  const double dot = canonical_dot(queries.row(query), gallery.vectors.row(candidate));
  return gallery.bias.empty() ? dot : dot + gallery.bias[candidate];
}

/// Scores of all relevant pairs, flat in the order of `relevant`.
std::vector<double> relevant_scores(MatrixView queries, const Gallery& gallery,
                                    const Relevance& relevant) {
  std::vector<double> out(static_cast<std::size_t>(relevant.pairs()));
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    std::size_t at = static_cast<std::size_t>(relevant.offset(i));
    for (const std::int32_t candidate : relevant.of(i)) {
      out[at++] = canonical_score(queries, gallery, i, static_cast<std::size_t>(candidate));
    }
  }
  return out;
}

/// Counts one query's candidates against its relevant scores, block by block.
class RankCounter {
 public:
  RankCounter(std::span<const double> scores, std::span<const std::int32_t> candidates)
      : scores_(scores), candidates_(candidates) {
    if (scores.size() <= kFewRelevant) return;
    levels_.assign(scores.begin(), scores.end());
    std::ranges::sort(levels_, std::greater<>());
    levels_.erase(std::unique(levels_.begin(), levels_.end()), levels_.end());
    between_.assign(levels_.size() + 1, 0);
    tied_.assign(levels_.size(), 0);
  }

  void count(const Tile& tile, std::int64_t* above, std::int64_t* ties, std::int64_t* before) {
    if (!levels_.empty()) return count_levels(tile, before);
    for (std::size_t r = 0; r < scores_.size(); ++r) {
      const double own = scores_[r];
      std::int64_t higher = 0;
      std::int64_t equal = 0;
      for (const double score : tile.scores) {
        higher += score > own;
        equal += score == own;
      }
      above[r] += higher;
      ties[r] += equal;
      if (equal == 0) continue;
      for (std::size_t j = 0; j < tile.scores.size(); ++j) {
        const auto candidate = static_cast<std::int64_t>(tile.first_candidate + j);
        before[r] += tile.scores[j] == own && candidate < candidates_[r];
      }
    }
  }

  void finish(std::int64_t* above, std::int64_t* ties) {
    if (!levels_.empty()) {
      std::vector<std::int64_t> higher(levels_.size());
      std::int64_t running = 0;
      for (std::size_t l = 0; l < levels_.size(); ++l) {
        higher[l] = running += between_[l];
        running += tied_[l];
      }
      for (std::size_t r = 0; r < scores_.size(); ++r) {
        const auto level = static_cast<std::size_t>(
            std::ranges::lower_bound(levels_, scores_[r], std::greater<>()) - levels_.begin());
        above[r] = higher[level];
        ties[r] = tied_[level];
      }
    }
    // A candidate ties with itself in the counts above.
    for (std::size_t r = 0; r < scores_.size(); ++r) --ties[r];
  }

 private:
  void count_levels(const Tile& tile, std::int64_t* before) {
    for (std::size_t j = 0; j < tile.scores.size(); ++j) {
      const auto found = std::ranges::lower_bound(levels_, tile.scores[j], std::greater<>());
      const auto level = static_cast<std::size_t>(found - levels_.begin());
      if (found == levels_.end() || *found != tile.scores[j]) {
        ++between_[level];
        continue;
      }
      // Candidates come in gallery order: at a relevant one, what tied so far comes earlier.
      const auto candidate = static_cast<std::int32_t>(tile.first_candidate + j);
      const auto relevant = std::ranges::lower_bound(candidates_, candidate);
      if (relevant != candidates_.end() && *relevant == candidate) {
        before[relevant - candidates_.begin()] = tied_[level];
      }
      ++tied_[level];
    }
  }

  std::span<const double> scores_;
  std::span<const std::int32_t> candidates_;
  // For many relevant candidates: their distinct scores descending, how many candidates score
  // strictly between two of them, and how many tie with each.
  std::vector<double> levels_;
  std::vector<std::int64_t> between_;
  std::vector<std::int64_t> tied_;
};

}  // namespace

const std::vector<CatalogRow>& kernel_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"scalar", "the reference: one score at a time, no intrinsics", {}},
      {"blocked", "exact, cache- and register-blocked (AVX-512, AVX2 or portable)", {}},
  };
  return kRows;
}

Ranks rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
           const Kernel& kernel) {
  require_comparable(queries, gallery);
  const std::vector<double> scores = relevant_scores(queries, gallery, relevant);
  Ranks out;
  out.candidates = static_cast<std::int64_t>(gallery.vectors.rows());
  out.above.resize(scores.size());
  out.ties.resize(scores.size());
  out.ties_before.resize(scores.size());
  std::vector<RankCounter> counters;
  counters.reserve(relevant.queries());
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    const auto first = static_cast<std::size_t>(relevant.offset(i));
    counters.emplace_back(std::span(scores).subspan(first, relevant.of(i).size()), relevant.of(i));
    out.offsets.push_back(relevant.offset(i) + static_cast<std::int64_t>(relevant.of(i).size()));
  }
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    const auto first = relevant.offset(tile.query);
    counters[tile.query].count(tile, out.above.data() + first, out.ties.data() + first,
                               out.ties_before.data() + first);
  });
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const auto first = relevant.offset(i);
    counters[i].finish(out.above.data() + first, out.ties.data() + first);
  }
  return out;
}

TopK top_k(MatrixView queries, const Gallery& gallery, std::size_t k, const Kernel& kernel) {
  require_comparable(queries, gallery);
  TopK out;
  out.k = std::min(k, gallery.vectors.rows());
  out.ids.resize(queries.rows() * out.k);
  out.scores.resize(queries.rows() * out.k);
  if (out.k == 0) return out;
  std::vector<std::size_t> held(queries.rows(), 0);
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    std::int32_t* ids = out.ids.data() + tile.query * out.k;
    double* best = out.scores.data() + tile.query * out.k;
    std::size_t& count = held[tile.query];
    for (std::size_t j = 0; j < tile.scores.size(); ++j) {
      const double score = tile.scores[j];
      if (count == out.k && !(score > best[count - 1])) continue;
      // Candidates come in index order, so an equal score stays behind those already held.
      std::size_t at = count < out.k ? count++ : count - 1;
      for (; at > 0 && best[at - 1] < score; --at) {
        best[at] = best[at - 1];
        ids[at] = ids[at - 1];
      }
      best[at] = score;
      ids[at] = static_cast<std::int32_t>(tile.first_candidate + j);
    }
  });
  return out;
}

Decisions decide(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
                 double threshold, const Kernel& kernel) {
  require_comparable(queries, gallery);
  Decisions out;
  out.predicted.resize(queries.rows());
  out.correct.resize(queries.rows());
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    std::int64_t count = 0;
    for (const double score : tile.scores) count += score >= threshold;
    out.predicted[tile.query] += count;
  });
  const std::vector<double> scores = relevant_scores(queries, gallery, relevant);
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    out.relevant.push_back(static_cast<std::int64_t>(relevant.of(i).size()));
    for (std::size_t r = 0; r < relevant.of(i).size(); ++r) {
      out.correct[i] += scores[static_cast<std::size_t>(relevant.offset(i)) + r] >= threshold;
    }
  }
  return out;
}

ThresholdCurve threshold_curve(MatrixView queries, const Gallery& gallery,
                               const Relevance& relevant, const Kernel& kernel) {
  require_comparable(queries, gallery);
  std::vector<double> scores = relevant_scores(queries, gallery, relevant);
  std::ranges::sort(scores, std::greater<>());
  ThresholdCurve curve;
  curve.thresholds = scores;
  curve.thresholds.erase(std::unique(curve.thresholds.begin(), curve.thresholds.end()),
                         curve.thresholds.end());
  // A histogram a thread; counts add up to the same whoever counted.
  std::vector<std::vector<std::int64_t>> at_level(
      static_cast<std::size_t>(kernel.threads),
      std::vector<std::int64_t>(curve.thresholds.size() + 1, 0));
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    if (relevant.of(tile.query).empty()) return;
    auto& counts = at_level[static_cast<std::size_t>(omp_get_thread_num())];
    for (const double score : tile.scores) {
      const auto level = std::ranges::lower_bound(curve.thresholds, score, std::greater<>());
      ++counts[static_cast<std::size_t>(level - curve.thresholds.begin())];
    }
  });
  std::int64_t all = 0;
  for (std::size_t l = 0; l < curve.thresholds.size(); ++l) {
    for (const auto& counts : at_level) all += counts[l];
    const auto correct =
        std::ranges::upper_bound(scores, curve.thresholds[l], std::greater<>()) - scores.begin();
    curve.correct.push_back(correct);
    curve.wrong.push_back(all - correct);
  }
  return curve;
}

}  // namespace alignlab
