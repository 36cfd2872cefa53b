#include "eval/compatibility.h"

#include <fmt/format.h>

#include <algorithm>

namespace alignlab {
namespace {

struct Counterpart {
  const char* row;
  const char* name;  // "{}" stands for k
  double scale;
};

struct Program {
  const char* name;
  bool last_row_first;  // among ties
  std::vector<Counterpart> counterparts;
};

const std::vector<Program>& programs() {
  static const std::vector<Program> kPrograms{
      {"vsepp", true, {{"R@k", "r{}", 1.0}, {"MedR", "medr", 1.0}, {"MeanR", "meanr", 1.0}}},
      {"clip_benchmark", false, {{"R@k", "retrieval_recall@{}", 0.01}}},
      {"trec",
       true,
       {{"R@k", "success_{}", 0.01},
        {"success@k", "success_{}", 1.0},
        {"recall@k", "recall_{}", 0.01},
        {"precision@k", "P_{}", 0.01},
        {"mAP", "map", 0.01},
        {"mAP@k", "map_cut_{}", 0.01},
        {"MRR", "recip_rank", 1.0},
        {"R-Prec", "Rprec", 0.01},
        {"nDCG@k", "ndcg_cut_{}", 0.01}}},
  };
  return kPrograms;
}

/// The same candidates in the opposite order of the gallery.
Ranks turned(Ranks ranks) {
  for (std::size_t i = 0; i < ranks.ties.size(); ++i) {
    ranks.ties_before[i] = ranks.ties[i] - ranks.ties_before[i];
  }
  return ranks;
}

// trec_eval divides by all that is relevant, however small k is.
void divide_by_all(QueryTerms& terms, const Ranks& ranks, std::int64_t k) {
  for (std::size_t i = 0; i < terms.part.size(); ++i) {
    const std::int64_t relevant = ranks.offsets[i + 1] - ranks.offsets[i];
    if (relevant > k) terms.part[i] *= static_cast<double>(k) / static_cast<double>(relevant);
  }
}

std::optional<double> value_in(const Program& program, const MetricName& metric,
                               const Retrieval& fold) {
  const Ranks ranks = program.last_row_first ? turned(fold.ranks) : fold.ranks;
  const Evidence evidence{ranks, TiePolicy::kIndex};
  if (std::string(program.name) != "trec" || metric.row != "mAP@k") {
    return metric_value(metric, evidence);
  }
  auto terms = query_terms(metric, evidence);
  divide_by_all(*terms, ranks, metric.k);
  return value_of(*terms);
}

}  // namespace

const std::vector<CatalogRow>& compatibility_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"vsepp",
       "of equal scores the last row comes first (numpy.argsort, reversed), so ties are settled by "
       "how rows are ordered; medr and meanr count from 1, as here",
       {}},
      {"clip_benchmark",
       "shares of 1, not percent; equal scores in the order that torch.topk happens to give, here "
       "that of rows",
       {}},
      {"trec",
       "shares of 1, not percent; equal scores by document name, descending, here the last row "
       "first; map_cut_k divides by all relevant documents, not by at most k",
       {}},
  };
  return kRows;
}

std::optional<CompatibleValue> compatible_value(const std::string& program,
                                                const MetricName& metric,
                                                const std::vector<Retrieval>& folds) {
  const auto found = std::ranges::find(programs(), program, &Program::name);
  const auto own = std::ranges::find(found->counterparts, metric.row, &Counterpart::row);
  if (own == found->counterparts.end() || folds.empty()) return std::nullopt;
  double sum = 0.0;
  for (const Retrieval& fold : folds) {
    const auto value = value_in(*found, metric, fold);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return CompatibleValue{fmt::format(fmt::runtime(own->name), metric.k),
                         own->scale * sum / static_cast<double>(folds.size())};
}

}  // namespace alignlab
