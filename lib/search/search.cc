#include "search/search.h"

#include <omp.h>

#include <algorithm>
#include <functional>

#include "search/certified.h"
#include "search/tiles.h"

namespace alignlab {

const std::vector<CatalogRow>& kernel_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"certified",
       "exact: filters in 8 or 16 bits with certified bounds, scores what is left",
       {}},
      {"blas", "exact: filters with single-precision matrix products, scores what is left", {}},
      {"scalar", "the reference: one score at a time, no intrinsics", {}},
  };
  return kRows;
}

namespace {

void decide_by_every_score(const BiasedQueries& queries, const Gallery& gallery, double threshold,
                           const Kernel& kernel, std::vector<std::int64_t>& predicted) {
  for_each_tile(queries.rows, gallery, kernel, [&](const Tile& tile) {
    std::int64_t count = 0;
    for (const double score : tile.scores) count += queries.score(tile.query, score) >= threshold;
    predicted[tile.query] += count;
  });
}

/// As certified_levels.
LevelCounts count_every_score(const BiasedQueries& queries, const Gallery& gallery,
                              std::span<const double> ascending, const Relevance& relevant,
                              const Kernel& kernel) {
  // A histogram a thread; counts add up to the same whoever counted.
  struct Histogram {
    std::vector<std::int64_t> counts;
    std::vector<std::int64_t> equal;
  };
  std::vector<Histogram> threads(static_cast<std::size_t>(kernel.threads),
                                 {std::vector<std::int64_t>(ascending.size() + 1),
                                  std::vector<std::int64_t>(ascending.size())});
  for_each_tile(queries.rows, gallery, kernel, [&](const Tile& tile) {
    if (relevant.of(tile.query).empty()) return;
    Histogram& own = threads[static_cast<std::size_t>(omp_get_thread_num())];
    for (const double of_pair : tile.scores) {
      const double score = queries.score(tile.query, of_pair);
      const auto reached =
          static_cast<std::size_t>(std::ranges::upper_bound(ascending, score) - ascending.begin());
      ++own.counts[reached];
      if (reached > 0 && ascending[reached - 1] == score) ++own.equal[reached - 1];
    }
  });
  LevelCounts out{std::vector<std::int64_t>(ascending.size()),
                  std::vector<std::int64_t>(ascending.size())};
  for (const Histogram& own : threads) {
    std::int64_t running = 0;
    for (std::size_t l = ascending.size(); l-- > 0;) {
      out.reaching[l] += running += own.counts[l + 1];
      out.equal[l] += own.equal[l];
    }
  }
  return out;
}

std::vector<double> biased_relevant_scores(const BiasedQueries& queries, const Gallery& gallery,
                                           const Relevance& relevant, const Isa& isa, int threads) {
  std::vector<double> out = relevant_scores(queries.rows, gallery, relevant, isa, threads);
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    const auto first = static_cast<std::size_t>(relevant.offset(i));
    for (std::size_t r = 0; r < relevant.of(i).size(); ++r) {
      out[first + r] = queries.score(i, out[first + r]);
    }
  }
  return out;
}

}  // namespace

Decisions decide(MatrixView rows, const Gallery& gallery, const Relevance& relevant,
                 double threshold, const Kernel& kernel, std::span<const double> query_bias) {
  const BiasedQueries queries{rows, query_bias};
  require_comparable(rows, gallery);
  const Isa isa = isa_for(kernel);
  Decisions out;
  out.predicted.resize(rows.rows());
  out.correct.resize(rows.rows());
  if (isa.dots.empty() ||
      !certified_decisions(queries, gallery, threshold, isa, kernel, out.predicted)) {
    decide_by_every_score(queries, gallery, threshold, kernel, out.predicted);
  }
  const std::vector<double> scores =
      biased_relevant_scores(queries, gallery, relevant, isa, kernel.threads);
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    out.relevant.push_back(static_cast<std::int64_t>(relevant.of(i).size()));
    for (std::size_t r = 0; r < relevant.of(i).size(); ++r) {
      out.correct[i] += scores[static_cast<std::size_t>(relevant.offset(i)) + r] >= threshold;
    }
  }
  return out;
}

ThresholdCurve threshold_curve(MatrixView rows, const Gallery& gallery, const Relevance& relevant,
                               const Kernel& kernel, std::span<const double> query_bias) {
  const BiasedQueries queries{rows, query_bias};
  require_comparable(rows, gallery);
  const Isa isa = isa_for(kernel);
  std::vector<double> scores =
      biased_relevant_scores(queries, gallery, relevant, isa, kernel.threads);
  std::ranges::sort(scores);
  std::vector<double> ascending = scores;
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  ThresholdCurve curve;
  if (ascending.empty()) return curve;
  std::vector<std::uint32_t> judged;
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    if (!relevant.of(i).empty()) judged.push_back(static_cast<std::uint32_t>(i));
  }
  LevelCounts counts;
  if (isa.dots.empty() ||
      !certified_levels(queries, gallery, ascending, judged, isa, kernel, counts)) {
    counts = count_every_score(queries, gallery, ascending, relevant, kernel);
  }
  std::int64_t above = 0;
  for (std::size_t l = ascending.size(); l-- > 0;) {
    const std::int64_t correct = scores.end() - std::ranges::lower_bound(scores, ascending[l]);
    curve.thresholds.push_back(ascending[l]);
    curve.correct.push_back(correct);
    curve.wrong.push_back(counts.reaching[l] - correct);
    curve.tied.push_back(counts.equal[l] - (correct - above));
    above = correct;
  }
  curve.pairs = std::ssize(judged) * static_cast<std::int64_t>(gallery.vectors.rows());
  return curve;
}

}  // namespace alignlab
