#include "eval/query_metrics.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace alignlab {
namespace {

/// How many places of a group are among the first k.
std::int64_t slots(const TieGroup& group, std::int64_t k) {
  return std::clamp<std::int64_t>(k - group.first, 0, group.size);
}

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

double found(const JudgedQuery& query, std::int64_t k) {
  double sum = 0.0;
  for (const TieGroup& group : query.positions) {
    sum += static_cast<double>(group.relevant) * ratio(slots(group, k), group.size);
  }
  return sum;
}

double hit(const JudgedQuery& query, std::int64_t k) {
  const TieGroup& best = query.positions.front();
  double missed = 1.0;
  for (std::int64_t i = 0; i < slots(best, k) && missed > 0.0; ++i) {
    missed *= ratio(std::max<std::int64_t>(0, best.size - best.relevant - i), best.size - i);
  }
  return 1.0 - missed;
}

double precision(const JudgedQuery& query, std::int64_t k) {
  return found(query, k) / static_cast<double>(k);
}

double recall(const JudgedQuery& query, std::int64_t k) {
  return found(query, k) / static_cast<double>(query.relevant);
}

double capped_recall(const JudgedQuery& query, std::int64_t k) {
  return found(query, k) / static_cast<double>(std::min(k, query.relevant));
}

// 2pr/(p+r) = 2 found / (k + relevant): linear in what was found, so its expectation is exact too.
double f1(const JudgedQuery& query, std::int64_t k) {
  return 2.0 * found(query, k) / static_cast<double>(k + query.relevant);
}

double best_rank(const JudgedQuery& query, std::int64_t) {
  const TieGroup& best = query.positions.front();
  return static_cast<double>(best.first) + ratio(best.size + 1, best.relevant + 1);
}

double log_best_rank(const JudgedQuery& query, std::int64_t) {
  const TieGroup& best = query.positions.front();
  double expected = 0.0;
  for_each_best_offset(best.size, best.relevant, [&](std::int64_t j, double probability) {
    expected += probability * std::log(static_cast<double>(best.first + j + 1));
  });
  return expected;
}

double reciprocal_rank(const JudgedQuery& query, std::int64_t) {
  const TieGroup& best = query.positions.front();
  double expected = 0.0;
  for_each_best_offset(best.size, best.relevant, [&](std::int64_t j, double probability) {
    expected += probability / static_cast<double>(best.first + j + 1);
  });
  return expected;
}

/// Sum over relevant candidates among the first k of the precision at their place. At place i of a
/// group (0-based) stands a relevant one with probability r/n, and before it in the group stand
/// i (r-1)/(n-1) others in the mean.
double precisions(const JudgedQuery& query, std::int64_t k) {
  double sum = 0.0;
  double before = 0.0;
  for (const TieGroup& group : query.positions) {
    const double others = group.size == 1 ? 0.0 : ratio(group.relevant - 1, group.size - 1);
    double own = 0.0;
    for (std::int64_t i = 0; i < slots(group, k); ++i) {
      own += (before + static_cast<double>(i) * others + 1.0) /
             static_cast<double>(group.first + i + 1);
    }
    sum += own * ratio(group.relevant, group.size);
    before += static_cast<double>(group.relevant);
  }
  return sum;
}

double average_precision(const JudgedQuery& query, std::int64_t) {
  return precisions(query, query.candidates) / static_cast<double>(query.relevant);
}

double average_precision_at_k(const JudgedQuery& query, std::int64_t k) {
  return precisions(query, k) / static_cast<double>(std::min(k, query.relevant));
}

double average_precision_at_r(const JudgedQuery& query, std::int64_t) {
  return precisions(query, query.relevant) / static_cast<double>(query.relevant);
}

double r_precision(const JudgedQuery& query, std::int64_t) { return recall(query, query.relevant); }

double discount(std::int64_t rank) { return 1.0 / std::log2(static_cast<double>(rank) + 2.0); }

/// `gain` is a group's sum of gains.
template <typename Gain>
double normalised_gain(const JudgedQuery& query, std::int64_t k, const Gain& gain) {
  double sum = 0.0;
  for (const TieGroup& group : query.positions) {
    double discounts = 0.0;
    for (std::int64_t i = 0; i < slots(group, k); ++i) discounts += discount(group.first + i);
    sum += gain(group) * discounts / static_cast<double>(group.size);
  }
  double ideal = 0.0;
  const auto places = std::min<std::size_t>(static_cast<std::size_t>(k), query.grades.size());
  for (std::size_t i = 0; i < places; ++i) {
    ideal += gain(TieGroup{0, 1, 1, query.grades[i], std::exp2(query.grades[i]) - 1.0}) *
             discount(static_cast<std::int64_t>(i));
  }
  return sum / ideal;
}

double ndcg(const JudgedQuery& query, std::int64_t k) {
  return normalised_gain(query, k, [](const TieGroup& group) { return group.grades; });
}

double exponential_ndcg(const JudgedQuery& query, std::int64_t k) {
  return normalised_gain(query, k, [](const TieGroup& group) { return group.exponential_grades; });
}

/// The share of pairs of a relevant and a wrong candidate in which the wrong one comes first. All
/// that stand before a relevant candidate are counted, then the pairs of relevant ones taken away.
double share_closer(const JudgedQuery& query, std::int64_t) {
  double before = 0.0;
  for (const TieGroup& group : query.positions) {
    before += static_cast<double>(group.relevant) *
              (static_cast<double>(group.first) + static_cast<double>(group.size - 1) / 2.0);
  }
  const auto relevant = static_cast<double>(query.relevant);
  const double wrong_before = before / relevant - (relevant - 1.0) / 2.0;
  return wrong_before / static_cast<double>(query.candidates - query.relevant);
}

double area_under_roc(const JudgedQuery& query, std::int64_t) {
  return 1.0 - share_closer(query, 0);
}

bool has_wrong(const JudgedQuery& query) { return query.candidates > query.relevant; }

constexpr QueryMetric kMetrics[] = {
    {"R@k", hit, 100.0},
    {"recall@k", recall, 100.0},
    {"capped_recall@k", capped_recall, 100.0},
    {"precision@k", precision, 100.0},
    {"F1@k", f1, 100.0},
    {"success@k", hit, 1.0},
    {"MeanR", best_rank, 1.0},
    {"GeoMeanR", log_best_rank, 1.0, nullptr, true},
    {"MRR", reciprocal_rank, 1.0},
    {"mAP", average_precision, 100.0},
    {"mAP@k", average_precision_at_k, 100.0},
    {"MAP@R", average_precision_at_r, 100.0},
    {"R-Prec", r_precision, 100.0},
    {"nDCG@k", ndcg, 100.0},
    {"nDCG_exp@k", exponential_ndcg, 100.0},
    {"FOSCTTM", share_closer, 1.0, has_wrong},
    {"macro_AUC", area_under_roc, 1.0, has_wrong},
};

}  // namespace

const QueryMetric* find_query_metric(const std::string& row) {
  const auto found_row = std::ranges::find(kMetrics, row, &QueryMetric::row);
  return found_row == std::end(kMetrics) ? nullptr : found_row;
}

}  // namespace alignlab
