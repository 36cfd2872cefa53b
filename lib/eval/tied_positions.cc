#include "eval/tied_positions.h"

#include <algorithm>
#include <cmath>

namespace alignlab {
namespace {

double grade_of(const Ranks& ranks, std::size_t entry) {
  return ranks.grades.empty() ? 1.0 : static_cast<double>(ranks.grades[entry]);
}

TieGroup known(std::int64_t rank, double grade) {
  return {rank, 1, 1, grade, std::exp2(grade) - 1.0};
}

Positions in_gallery_order(const Ranks& ranks, std::size_t begin, std::size_t end) {
  Positions out;
  for (std::size_t r = begin; r < end; ++r) {
    out.push_back(known(ranks.above[r] + ranks.ties_before[r], grade_of(ranks, r)));
  }
  std::ranges::sort(out, {}, &TieGroup::first);
  return out;
}

}  // namespace

TiePolicy tie_policy_from(const std::string& name) {
  return static_cast<TiePolicy>(std::ranges::find(kTiePolicies, name) - kTiePolicies.begin());
}

Positions positions_of(const Ranks& ranks, std::size_t query, TiePolicy ties) {
  const auto begin = static_cast<std::size_t>(ranks.offsets[query]);
  const auto end = static_cast<std::size_t>(ranks.offsets[query + 1]);
  if (ties == TiePolicy::kIndex) return in_gallery_order(ranks, begin, end);
  std::vector<std::size_t> entries;
  for (std::size_t r = begin; r < end; ++r) entries.push_back(r);
  // Candidates tie exactly when equally many score above them.
  std::ranges::sort(entries, [&](std::size_t a, std::size_t b) {
    if (ranks.above[a] != ranks.above[b]) return ranks.above[a] < ranks.above[b];
    return ties == TiePolicy::kPessimistic ? grade_of(ranks, a) < grade_of(ranks, b)
                                           : grade_of(ranks, a) > grade_of(ranks, b);
  });
  Positions out;
  for (std::size_t i = 0; i < entries.size();) {
    const std::int64_t first = ranks.above[entries[i]];
    const std::int64_t size = ranks.ties[entries[i]] + 1;
    std::size_t last = i;
    while (last < entries.size() && ranks.above[entries[last]] == first) ++last;
    const auto relevant = static_cast<std::int64_t>(last - i);
    if (ties == TiePolicy::kExpected) out.push_back({first, size, relevant, 0.0, 0.0});
    std::int64_t rank = first + (ties == TiePolicy::kPessimistic ? size - relevant : 0);
    for (; i < last; ++i, ++rank) {
      const TieGroup one = known(rank, grade_of(ranks, entries[i]));
      if (ties == TiePolicy::kExpected) {
        out.back().grades += one.grades;
        out.back().exponential_grades += one.exponential_grades;
      } else {
        out.push_back(one);
      }
    }
  }
  return out;
}

}  // namespace alignlab
