#pragma once

// Metrics of one query's ranking, in expectation over the orders of tied candidates. Private to
// this module.

#include <cstdint>
#include <string>
#include <vector>

#include "eval/tied_positions.h"

namespace alignlab {

struct JudgedQuery {
  Positions positions;  // of relevant candidates; a query without any is left out of all metrics
  std::int64_t relevant;
  std::int64_t candidates;
  std::vector<double> grades;  // of relevant candidates, descending
};

std::vector<JudgedQuery> judged_queries_of(const Ranks& ranks, TiePolicy ties);

/// What a query adds to the mean of a metric.
struct QueryMetric {
  const char* row;
  double (*value)(const JudgedQuery& query, std::int64_t k);
  double scale;
  bool (*is_defined)(const JudgedQuery& query) = nullptr;  // null: always
  bool is_logarithm = false;
};

/// Null for a row that is no mean over queries.
const QueryMetric* find_query_metric(const std::string& row);

/// Probability that the best relevant candidate is at 0-based offset j of its tie group, for j = 0,
/// 1, ...; calls visit(j, probability).
template <typename Visit>
void for_each_best_offset(std::int64_t size, std::int64_t relevant, const Visit& visit) {
  double probability = static_cast<double>(relevant) / static_cast<double>(size);
  for (std::int64_t j = 0; j <= size - relevant; ++j) {
    visit(j, probability);
    probability *= static_cast<double>(size - relevant - j) /
                   static_cast<double>(size - 1 - j > 0 ? size - 1 - j : 1);
  }
}

}  // namespace alignlab
