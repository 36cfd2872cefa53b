#pragma once

// Where a query's relevant candidates stand, under a policy for ties. With ties, `expected` leaves
// them in groups of equal score, over whose orders metrics take the exact expectation; `optimistic`
// and `pessimistic` put relevant ones (the more relevant first, or last) before or behind the
// others; `index` keeps gallery order.

#include <cstdint>
#include <string>
#include <vector>

#include "core/ranks.h"

namespace alignlab {

enum class TiePolicy { kExpected, kOptimistic, kPessimistic, kIndex };

inline const std::vector<std::string> kTiePolicies{"expected", "optimistic", "pessimistic",
                                                   "index"};
TiePolicy tie_policy_from(const std::string& name);

/// `size` candidates of equal score at 0-based ranks first .. first+size-1, in random order, of
/// which `relevant` are. A known position is a group of size one.
struct TieGroup {
  std::int64_t first;
  std::int64_t size;
  std::int64_t relevant;
  double grades;              // the sum over the relevant ones
  double exponential_grades;  // the sum of 2^grade - 1
};

/// The relevant candidates of one query, best first.
using Positions = std::vector<TieGroup>;

Positions positions_of(const Ranks& ranks, std::size_t query, TiePolicy ties);

inline std::int64_t total_relevant(const Positions& positions) {
  std::int64_t total = 0;
  for (const TieGroup& group : positions) total += group.relevant;
  return total;
}

}  // namespace alignlab
