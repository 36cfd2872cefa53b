#pragma once

// From ranks to numbers. Rates are in percent. With ties, `expected` (the default) gives the exact
// expectation over all orders of the tied candidates; `optimistic` and `pessimistic` put relevant
// ones first or last among them; `index` keeps gallery order. Queries without a relevant candidate
// are left out. A metric that is undefined is absent, never 0.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/ranks.h"

namespace alignlab {

enum class TiePolicy { kExpected, kOptimistic, kPessimistic, kIndex };

inline const std::vector<std::string> kTiePolicies{"expected", "optimistic", "pessimistic",
                                                   "index"};
TiePolicy tie_policy_from(const std::string& name);

/// "R@k", "precision@k", "MedR", "micro_F1@t" ...; k stands for a
/// number, t for the threshold of the evaluation.
const std::vector<CatalogRow>& metric_catalog();

/// A metric as a config asks for it.
struct MetricName {
  std::string row;     // "R@k"
  std::int64_t k = 0;  // for rows with k
  std::string text;    // "R@5"
  bool uses_threshold() const { return row.ends_with("@t"); }
  /// Whether it is told by which candidates are the first k.
  bool is_of_first_k() const { return row.ends_with("@k"); }
};
/// ConfigError with a suggestion.
MetricName parse_metric(const std::string& text, const Place& place);

std::optional<double> retrieval_metric(const MetricName& metric, const Ranks& ranks,
                                       TiePolicy ties);
std::optional<double> decision_metric(const MetricName& metric, const Decisions& decisions);

/// The largest threshold with the best micro F1. Nothing when there is no relevant pair.
std::optional<double> best_f1_threshold(const ThresholdCurve& curve);

/// Share, in percent, of (query, relevant) pairs that tie with some other candidate.
double tie_rate(const Ranks& ranks);
/// Queries that have a relevant candidate.
std::size_t judged_queries(const Ranks& ranks);

}  // namespace alignlab
