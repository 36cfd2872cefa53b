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
  const std::vector<double> scores =
      relevant_scores(queries, gallery, relevant, isa_for(kernel), kernel.threads);
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
  std::vector<double> scores =
      relevant_scores(queries, gallery, relevant, isa_for(kernel), kernel.threads);
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
