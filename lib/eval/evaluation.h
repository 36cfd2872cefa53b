#pragma once

// All metrics of an evaluation: of each direction, over the folds of its protocol, of both
// directions together ("both": rsum and r_mean), and their confidence intervals.
//
// Where a protocol has folds, a metric is the mean of its values in them. Intervals are of queries
// drawn anew by group, jointly for all directions and folds, with the gallery as it is
// (resampling.h).

#include <map>
#include <string>
#include <vector>

#include "eval/metrics.h"
#include "eval/resampling.h"

namespace alignlab {

struct EvaluationRequest {
  std::vector<MetricName> metrics;
  TiePolicy ties = TiePolicy::kExpected;
  /// What ranks tell: of lists that were cut off, the first k alone; of whole lists that may lack
  /// candidates, more.
  enum class Reach { kAll, kLists, kFirstK } reach = Reach::kAll;
  int threads = 1;  // metrics side by side
};

template <typename T>
using ByMetric = std::map<std::string, std::map<std::string, T>>;  // direction or "both" -> name

/// What is undefined is absent; of decisions there is also "threshold" (the mean over folds).
ByMetric<double> evaluate(const Retrievals& retrievals, const EvaluationRequest& request);

/// The group ids of all queries, each once, ascending.
std::vector<std::int32_t> groups_of(const Retrievals& retrievals);

/// The metrics as functions of how often each of `groups` is drawn, which hold those of the
/// queries. Left out are metrics over pooled pairs, MedR where ties spread it over very many ranks,
/// and what is undefined. The statistics own what they need.
ByMetric<Statistic> statistics_of(const Retrievals& retrievals, const EvaluationRequest& request,
                                  const std::vector<std::int32_t>& groups);

struct IntervalRequest {
  IntervalRule rule;
  std::size_t resamples = 10'000;
  std::uint64_t seed = 0;
  int threads = 1;
};
ByMetric<Interval> intervals_of(const Retrievals& retrievals, const EvaluationRequest& request,
                                const IntervalRequest& how);

}  // namespace alignlab
