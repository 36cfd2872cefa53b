#include "run/judged_pairs.h"

#include <algorithm>
#include <map>

namespace alignlab {
namespace {

constexpr std::size_t kElsewhere = static_cast<std::size_t>(-1);

/// The place in the split of each item.
std::vector<std::size_t> places_of(const Items& items, Split split) {
  std::vector<std::size_t> out(items.size(), kElsewhere);
  std::size_t place = 0;
  for (const std::size_t item : items.of_split(split)) out[item] = place++;
  return out;
}

using Grades = std::vector<std::map<std::int32_t, float>>;

Relevance relevance_of(const Grades& grades) {
  std::vector<std::vector<Relevance::Graded>> rows;
  for (const auto& own : grades) {
    auto& row = rows.emplace_back();
    for (const auto& [candidate, grade] : own) row.push_back({candidate, grade});
  }
  return Relevance(std::move(rows));
}

void add_pairs(Grades& grades, const Relevance& pairs) {
  for (std::size_t query = 0; query < pairs.queries(); ++query) {
    for (const std::int32_t candidate : pairs.of(query)) grades[query][candidate] = 1.0F;
  }
}

void add_grade(std::map<std::int32_t, float>& row, std::size_t candidate, double grade) {
  float& own = row[static_cast<std::int32_t>(candidate)];
  own = std::max(own, static_cast<float>(grade));
}

}  // namespace

std::vector<JudgedPair> judged_pairs(const Dataset& dataset, Modality first, Modality second,
                                     Split split) {
  const auto judgements = dataset.judgements();
  if (!judgements) return {};
  const bool first_asked = judgements->query_modality == first;
  if ((first_asked ? judgements->candidate_modality : judgements->query_modality) != second ||
      (first_asked ? judgements->query_modality : judgements->candidate_modality) != first) {
    return {};
  }
  const auto& of_first = first_asked ? judgements->queries : judgements->candidates;
  const auto& of_second = first_asked ? judgements->candidates : judgements->queries;
  const auto first_places = places_of(dataset.items(first), split);
  const auto second_places = places_of(dataset.items(second), split);
  std::vector<JudgedPair> out;
  for (std::size_t i = 0; i < of_first.size(); ++i) {
    const std::size_t one = first_places[static_cast<std::size_t>(of_first[i])];
    const std::size_t other = second_places[static_cast<std::size_t>(of_second[i])];
    if (one == kElsewhere || other == kElsewhere) continue;
    out.push_back({one, other, static_cast<double>(judgements->grades[i])});
  }
  return out;
}

RelevantRows relevant_rows(const std::string& positives,
                           const std::vector<std::int32_t>& first_keys,
                           const std::vector<std::int32_t>& second_keys,
                           const std::vector<JudgedPair>& judged) {
  RelevantRows pairs{Relevance::from_groups(first_keys, second_keys),
                     Relevance::from_groups(second_keys, first_keys)};
  if (positives == "pairs") return pairs;
  Grades of_first(first_keys.size()), of_second(second_keys.size());
  if (positives == "both") {
    add_pairs(of_first, pairs.of_first);
    add_pairs(of_second, pairs.of_second);
  }
  for (const JudgedPair& pair : judged) {
    if (!(pair.grade > 0.0)) continue;
    add_grade(of_first[pair.first], pair.second, pair.grade);
    add_grade(of_second[pair.second], pair.first, pair.grade);
  }
  return {relevance_of(of_first), relevance_of(of_second)};
}

}  // namespace alignlab
