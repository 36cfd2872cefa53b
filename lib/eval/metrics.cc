#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "eval/median_rank.h"
#include "eval/query_metrics.h"

namespace alignlab {
namespace {

bool is_judged(const Ranks& ranks, std::size_t query) {
  return ranks.offsets[query + 1] > ranks.offsets[query];
}

JudgedQuery judged_query(const Ranks& ranks, std::size_t query, TiePolicy ties) {
  JudgedQuery out{positions_of(ranks, query, ties), 0, ranks.candidates, {}};
  out.relevant = ranks.offsets[query + 1] - ranks.offsets[query];
  if (ranks.grades.empty()) {
    out.grades.assign(static_cast<std::size_t>(out.relevant), 1.0);
  } else {
    out.grades.assign(ranks.grades.begin() + ranks.offsets[query],
                      ranks.grades.begin() + ranks.offsets[query + 1]);
    std::ranges::sort(out.grades, std::greater<>());
  }
  return out;
}

QueryTerms terms_of_ranks(const QueryMetric& metric, std::int64_t k, const JudgedQueries& queries) {
  QueryTerms out{std::vector<double>(queries.size()), std::vector<double>(queries.size()),
                 metric.scale, metric.is_logarithm};
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const JudgedQuery& query = queries[i];
    if (query.relevant == 0) continue;
    if (metric.is_defined != nullptr && !metric.is_defined(query)) continue;
    out.part[i] = metric.value(query, k);
    out.whole[i] = 1.0;
  }
  return out;
}

/// What one query's decisions add to a metric at a threshold.
struct DecidedQuery {
  double predicted;
  double correct;
  double relevant;
  double candidates;
};

struct Fraction {
  double part;
  double whole;
};

Fraction decided(const std::string& row, const DecidedQuery& query) {
  const auto& [predicted, correct, relevant, candidates] = query;
  if (row == "micro_precision@t") return {correct, predicted};
  if (row == "micro_recall@t") return {correct, relevant};
  if (row == "micro_F1@t") return {2.0 * correct, predicted + relevant};
  if (row == "accuracy@t") return {candidates - predicted - relevant + 2.0 * correct, candidates};
  if (row == "macro_precision@t") return {predicted > 0.0 ? correct / predicted : 0.0, 1.0};
  if (row == "macro_recall@t") return {correct / relevant, 1.0};
  return {2.0 * correct / (predicted + relevant), 1.0};  // macro_F1@t
}

QueryTerms terms_of_decisions(const MetricName& metric, const Decisions& decisions,
                              std::int64_t candidates) {
  const std::size_t queries = decisions.relevant.size();
  QueryTerms out{std::vector<double>(queries), std::vector<double>(queries), 100.0, false};
  for (std::size_t i = 0; i < queries; ++i) {
    if (decisions.relevant[i] == 0) continue;
    const Fraction own = decided(
        metric.row,
        {static_cast<double>(decisions.predicted[i]), static_cast<double>(decisions.correct[i]),
         static_cast<double>(decisions.relevant[i]), static_cast<double>(candidates)});
    out.part[i] = own.part;
    out.whole[i] = own.whole;
  }
  return out;
}

/// Calls visit(added, wrong, tied, correct) for each threshold from the highest: how many relevant
/// pairs it adds, how many others score at least that much, how many exactly that, and how many
/// relevant pairs at least that much.
template <typename Visit>
void for_each_threshold(const ThresholdCurve& curve, const Visit& visit) {
  std::int64_t above = 0;
  for (std::size_t l = 0; l < curve.thresholds.size(); ++l) {
    visit(static_cast<double>(curve.correct[l] - above), static_cast<double>(curve.wrong[l]),
          static_cast<double>(curve.tied[l]), static_cast<double>(curve.correct[l]));
    above = curve.correct[l];
  }
}

std::optional<double> pooled_average_precision(const ThresholdCurve& curve) {
  if (curve.thresholds.empty()) return std::nullopt;
  double sum = 0.0;
  for_each_threshold(curve, [&](double added, double wrong, double, double correct) {
    sum += added * correct / (correct + wrong);
  });
  return 100.0 * sum / static_cast<double>(curve.correct.back());
}

std::optional<double> pooled_area_under_roc(const ThresholdCurve& curve) {
  if (curve.thresholds.empty()) return std::nullopt;
  const auto relevant = static_cast<double>(curve.correct.back());
  const double all_wrong = static_cast<double>(curve.pairs) - relevant;
  if (all_wrong == 0.0) return std::nullopt;
  double in_order = 0.0;
  for_each_threshold(curve, [&](double added, double wrong, double tied, double) {
    in_order += added * (all_wrong - wrong + 0.5 * tied);
  });
  return in_order / (relevant * all_wrong);
}

__extension__ using Int128 = __int128;

}  // namespace

std::vector<JudgedQuery> judged_queries_of(const Ranks& ranks, TiePolicy ties) {
  std::vector<JudgedQuery> out;
  out.reserve(ranks.queries());
  for (std::size_t i = 0; i < ranks.queries(); ++i) out.push_back(judged_query(ranks, i, ties));
  return out;
}

std::optional<QueryTerms> query_terms(const MetricName& metric, const Evidence& evidence) {
  if (metric.uses_threshold()) {
    if (evidence.decisions == nullptr) return std::nullopt;
    return terms_of_decisions(metric, *evidence.decisions, evidence.ranks.candidates);
  }
  const QueryMetric* row = find_query_metric(metric.row);
  if (row == nullptr) return std::nullopt;
  if (evidence.judged != nullptr) return terms_of_ranks(*row, metric.k, *evidence.judged);
  return terms_of_ranks(*row, metric.k, judged_queries_of(evidence.ranks, evidence.ties));
}

std::optional<double> value_of(const QueryTerms& terms) {
  const double part = std::accumulate(terms.part.begin(), terms.part.end(), 0.0);
  const double whole = std::accumulate(terms.whole.begin(), terms.whole.end(), 0.0);
  if (whole == 0.0) return std::nullopt;
  const double mean = terms.scale * part / whole;
  return terms.is_logarithm ? std::exp(mean) : mean;
}

std::optional<double> metric_value(const MetricName& metric, const Evidence& evidence) {
  if (metric.row == "MedR") return MedianRank(evidence.ranks, evidence.ties).value();
  if (metric.uses_curve()) {
    if (evidence.curve == nullptr) return std::nullopt;
    return metric.row == "micro_AP" ? pooled_average_precision(*evidence.curve)
                                    : pooled_area_under_roc(*evidence.curve);
  }
  const auto terms = query_terms(metric, evidence);
  return terms ? value_of(*terms) : std::nullopt;
}

std::optional<double> best_f1_threshold(const ThresholdCurve& curve) {
  if (curve.thresholds.empty()) return std::nullopt;
  const std::int64_t relevant = curve.correct.back();
  std::size_t best = 0;
  // F1 = 2c / (c + w + relevant), compared as fractions so that equal values are equal.
  const auto denominator = [&](std::size_t i) {
    return static_cast<Int128>(curve.correct[i] + curve.wrong[i] + relevant);
  };
  for (std::size_t i = 1; i < curve.thresholds.size(); ++i) {
    if (curve.correct[i] * denominator(best) > curve.correct[best] * denominator(i)) best = i;
  }
  return curve.thresholds[best];
}

double tie_rate(const Ranks& ranks) {
  if (ranks.ties.empty()) return 0.0;
  const auto tied = std::ranges::count_if(ranks.ties, [](std::int64_t n) { return n > 0; });
  return 100.0 * static_cast<double>(tied) / static_cast<double>(ranks.ties.size());
}

std::size_t judged_queries(const Ranks& ranks) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < ranks.queries(); ++i) count += is_judged(ranks, i);
  return count;
}

}  // namespace alignlab
