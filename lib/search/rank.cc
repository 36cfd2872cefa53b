#include <algorithm>
#include <functional>

#include "search/certified.h"
#include "search/search.h"
#include "search/tiles.h"

namespace alignlab {
namespace {

// With fewer relevant candidates than this, comparing with each beats a binary search.
constexpr std::size_t kFewRelevant = kernels::kMostLevels;

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

/// Counts for the queries of `which` by every score.
void count_all(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
               std::span<const double> scores, const std::vector<std::uint32_t>& which,
               const Kernel& kernel, Ranks& out) {
  if (which.empty()) return;
  Matrix chosen(which.size(), queries.cols());
  std::vector<RankCounter> counters;
  counters.reserve(which.size());
  for (std::size_t i = 0; i < which.size(); ++i) {
    std::ranges::copy(queries.row(which[i]), chosen.row(i).begin());
    const auto first = static_cast<std::size_t>(relevant.offset(which[i]));
    const auto candidates = relevant.of(which[i]);
    counters.emplace_back(scores.subspan(first, candidates.size()), candidates);
  }
  for_each_tile(chosen, gallery, kernel, [&](const Tile& tile) {
    const auto first = relevant.offset(which[tile.query]);
    counters[tile.query].count(tile, out.above.data() + first, out.ties.data() + first,
                               out.ties_before.data() + first);
  });
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const auto first = relevant.offset(which[i]);
    counters[i].finish(out.above.data() + first, out.ties.data() + first);
  }
}

struct Queries {
  std::vector<std::uint32_t> few;   // with relevant candidates, no more than levels
  std::vector<std::uint32_t> many;  // with more
};

Queries sorted_queries(const Relevance& relevant) {
  Queries out;
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    const std::size_t size = relevant.of(i).size();
    if (size == 0) continue;
    (size <= kFewRelevant ? out.few : out.many).push_back(static_cast<std::uint32_t>(i));
  }
  return out;
}

/// With room, and nothing counted.
Ranks uncounted(const Relevance& relevant, std::size_t candidates) {
  Ranks out;
  out.candidates = static_cast<std::int64_t>(candidates);
  out.grades = relevant.grades();
  const auto pairs = static_cast<std::size_t>(relevant.pairs());
  out.above.resize(pairs);
  out.ties.resize(pairs);
  out.ties_before.resize(pairs);
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    out.offsets.push_back(relevant.offset(i) + std::ssize(relevant.of(i)));
  }
  return out;
}

bool one_at_most(const Relevance& relevant) {
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    if (relevant.of(i).size() > 1) return false;
  }
  return true;
}

/// In one pass; false where that is not to be had. `columns` have one relevant row at most.
bool rank_in_one_pass(const Gallery& rows, const Gallery& columns, const Relevance& of_rows,
                      const Relevance& of_columns, const Isa& isa, const Kernel& kernel,
                      Ranks& row_ranks, Ranks& column_ranks) {
  const Queries queries = sorted_queries(of_rows);
  const auto row_scores = relevant_scores(rows.vectors, columns, of_rows, isa, kernel.threads);
  const auto column_scores =
      relevant_scores(columns.vectors, rows, of_columns, isa, kernel.threads);
  row_ranks = uncounted(of_rows, columns.vectors.rows());
  column_ranks = uncounted(of_columns, rows.vectors.rows());
  if (queries.few.empty() ||
      !certified_rank_both({rows, of_rows, row_scores, row_ranks}, queries.few,
                           {columns, of_columns, column_scores, column_ranks}, isa, kernel)) {
    return false;
  }
  count_all(rows.vectors, columns, of_rows, row_scores, queries.many, kernel, row_ranks);
  return true;
}

}  // namespace

Ranks rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
           const Kernel& kernel) {
  require_comparable(queries, gallery);
  const Isa isa = isa_for(kernel);
  const std::vector<double> scores =
      relevant_scores(queries, gallery, relevant, isa, kernel.threads);
  Ranks out = uncounted(relevant, gallery.vectors.rows());
  const auto [few, many] = sorted_queries(relevant);
  if (isa.dots.empty() ||
      !certified_rank(queries, gallery, relevant, scores, few, isa, kernel, out)) {
    count_all(queries, gallery, relevant, scores, few, kernel, out);
  }
  count_all(queries, gallery, relevant, scores, many, kernel, out);
  return out;
}

TwoWayRanks rank_both(const Gallery& first, const Gallery& second, const Relevance& of_first,
                      const Relevance& of_second, const Kernel& kernel) {
  require_comparable(first.vectors, second);
  require_comparable(second.vectors, first);
  const Isa isa = isa_for(kernel);
  TwoWayRanks out;
  if (!isa.dots.empty() && one_at_most(of_second) &&
      rank_in_one_pass(first, second, of_first, of_second, isa, kernel, out.of_first,
                       out.of_second)) {
    return out;
  }
  if (!isa.dots.empty() && one_at_most(of_first) &&
      rank_in_one_pass(second, first, of_second, of_first, isa, kernel, out.of_second,
                       out.of_first)) {
    return out;
  }
  return {rank(first.vectors, second, of_first, kernel),
          rank(second.vectors, first, of_second, kernel)};
}

}  // namespace alignlab
