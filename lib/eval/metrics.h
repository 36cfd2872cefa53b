#pragma once

// From ranks to numbers. Rates and means of rates are in percent; what is not says so in its row.
// Expectations over ties are exact. Queries without a relevant candidate are left out. A metric
// that is undefined is absent, never 0.
//
// Nearly every metric is a sum over queries divided by another one (QueryTerms): from these come
// its value, and its intervals by resampling the queries. Those that are not (MedR, and areas under
// curves over pooled pairs) are values alone.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/ranks.h"
#include "eval/tied_positions.h"

namespace alignlab {

enum class Better { kHigher, kLower };

/// A row of the catalog: "R@k", "MedR", "micro_F1@t" ...; k stands for a number, t for the
/// threshold of the evaluation.
struct MetricRow {
  std::string name;
  std::string summary;  // its formula
  Better better;
  std::string reference;  // where it is defined, or by whom it is used so
  Options options = {};
};
const std::vector<MetricRow>& metric_catalog();

/// A metric as a config asks for it.
struct MetricName {
  std::string row;     // "R@k"
  std::int64_t k = 0;  // for rows with k
  std::string text;    // "R@5"
  bool uses_threshold() const { return row.ends_with("@t"); }
  /// Whether it is of all pairs' scores at once.
  bool uses_curve() const { return row == "micro_AP" || row == "micro_AUC"; }
  /// Whether it is told by which candidates are the first k.
  bool is_of_first_k() const { return row.ends_with("@k"); }
  /// Whether lists tell it that may not hold all relevant candidates: those count as never found.
  bool is_of_lists() const {
    return is_of_first_k() || row == "mAP" || row == "MAP@R" || row == "R-Prec" || row == "MRR";
  }
};
/// ConfigError with a suggestion.
MetricName parse_metric(const std::string& text, const Place& place);
Better better_of(const MetricName& metric);

/// The positions of every query's relevant candidates, worked out once for several metrics.
struct JudgedQuery;
using JudgedQueries = std::vector<JudgedQuery>;

/// What the metrics of one direction are computed from.
struct Evidence {
  const Ranks& ranks;
  TiePolicy ties = TiePolicy::kExpected;
  const Decisions* decisions = nullptr;   // for metrics at a threshold
  const ThresholdCurve* curve = nullptr;  // for those that use it
  const JudgedQueries* judged = nullptr;  // of these ranks and ties; null: worked out where needed
};

/// Over all queries, or with any weights of them, the metric is scale * sum(part) / sum(whole), or
/// e to the power of that. Queries that are left out have 0 in both.
struct QueryTerms {
  std::vector<double> part;
  std::vector<double> whole;
  double scale = 1.0;
  bool is_logarithm = false;
};
/// Nothing for a metric that is no such ratio, or whose evidence is not there.
std::optional<QueryTerms> query_terms(const MetricName& metric, const Evidence& evidence);
std::optional<double> value_of(const QueryTerms& terms);

std::optional<double> metric_value(const MetricName& metric, const Evidence& evidence);

/// The largest threshold with the best micro F1. Nothing when there is no relevant pair.
std::optional<double> best_f1_threshold(const ThresholdCurve& curve);

/// Share, in percent, of (query, relevant) pairs that tie with some other candidate.
double tie_rate(const Ranks& ranks);
/// Queries that have a relevant candidate.
std::size_t judged_queries(const Ranks& ranks);

}  // namespace alignlab
