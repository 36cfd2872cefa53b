#include "core/relevance.h"

#include <algorithm>
#include <unordered_map>

namespace alignlab {

Relevance::Relevance(std::vector<std::vector<std::int32_t>> rows) {
  offsets_.reserve(rows.size() + 1);
  for (auto& row : rows) {
    std::ranges::sort(row);
    candidates_.insert(candidates_.end(), row.begin(), row.end());
    offsets_.push_back(static_cast<std::int64_t>(candidates_.size()));
  }
}

Relevance::Relevance(std::vector<std::vector<Graded>> rows) {
  offsets_.reserve(rows.size() + 1);
  for (auto& row : rows) {
    std::ranges::sort(row, {}, &Graded::candidate);
    for (const Graded& one : row) {
      candidates_.push_back(one.candidate);
      grades_.push_back(one.grade);
    }
    offsets_.push_back(static_cast<std::int64_t>(candidates_.size()));
  }
}

Relevance Relevance::from_groups(std::span<const std::int32_t> query_groups,
                                 std::span<const std::int32_t> candidate_groups) {
  std::unordered_map<std::int32_t, std::vector<std::int32_t>> members;
  for (std::size_t j = 0; j < candidate_groups.size(); ++j) {
    members[candidate_groups[j]].push_back(static_cast<std::int32_t>(j));
  }
  std::vector<std::vector<std::int32_t>> rows(query_groups.size());
  for (std::size_t i = 0; i < query_groups.size(); ++i) {
    const auto found = members.find(query_groups[i]);
    if (found != members.end()) rows[i] = found->second;
  }
  return Relevance(std::move(rows));
}

}  // namespace alignlab
