#include "search/search.h"

#include <omp.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "search/best_candidates.h"
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

TopK top_k(MatrixView queries, const Gallery& gallery, std::size_t k, const Kernel& kernel) {
  return SearchIndex(gallery, kernel).top_k(queries, k);
}

struct SearchIndex::Codes {
  Isa isa;
  std::optional<CodedGallery> gallery;
};

SearchIndex::SearchIndex(const Gallery& gallery, const Kernel& kernel)
    : gallery_(gallery), kernel_(kernel), codes_(std::make_unique<Codes>(isa_for(kernel))) {
  require_finite(gallery);
  if (!codes_->isa.dots.empty()) codes_->gallery.emplace(gallery, codes_->isa, kernel.threads);
}

SearchIndex::~SearchIndex() = default;

std::size_t SearchIndex::bytes() const {
  return gallery_.vectors.values().size_bytes() + gallery_.bias.size() * sizeof(double) +
         (codes_->gallery ? codes_->gallery->bytes() : 0);
}

TopK SearchIndex::top_k(MatrixView queries, std::size_t k) {
  require_comparable_queries(queries, gallery_);
  TopK out;
  out.k = std::min(k, gallery_.vectors.rows());
  out.ids.resize(queries.rows() * out.k);
  out.scores.resize(queries.rows() * out.k);
  if (out.ids.empty()) return out;
  if (codes_->gallery && certified_top_k(queries, *codes_->gallery, kernel_, out)) return out;
  std::vector<BestCandidates> best(queries.rows(), BestCandidates(out.k));
  for_each_tile(queries, gallery_, kernel_, [&](const Tile& tile) {
    BestCandidates& own = best[tile.query];
    for (std::size_t j = 0; j < tile.scores.size(); ++j) {
      own.add({tile.scores[j], static_cast<std::int32_t>(tile.first_candidate + j)});
    }
  });
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    const std::vector<Candidate>& sorted = best[i].sorted();
    for (std::size_t r = 0; r < out.k; ++r) {
      out.ids[i * out.k + r] = sorted[r].id;
      out.scores[i * out.k + r] = sorted[r].score;
    }
  }
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
