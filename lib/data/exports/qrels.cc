// TREC qrels, a line `query 0 candidate grade` a judgement (the format of trec_eval's manual).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "data/exports/exports.h"

namespace alignlab::exports {
namespace {

/// The items of the asked split by what the lines call them.
class Names {
 public:
  Names(const Job& job, Modality modality)
      : items_(job.dataset.items(modality)), chosen_(items_of(items_, job.options.text("split"))) {
    const bool are_rows = job.options.text("ids") == "rows";
    if (!are_rows) {
      require_plain_ids(ids_of(items_, chosen_), job.out.string(),
                        "; ids=rows writes row numbers instead");
    }
    for (std::size_t row = 0; row < chosen_.size(); ++row) {
      const std::size_t item = chosen_[row];
      name_of_[item] = are_rows ? fmt::to_string(row) : std::string(items_.ids[item]);
    }
  }

  const Items& items() const { return items_; }
  const std::vector<std::size_t>& chosen() const { return chosen_; }
  /// Null where the item is of another split.
  const std::string* find(std::size_t item) const {
    const auto found = name_of_.find(item);
    return found == name_of_.end() ? nullptr : &found->second;
  }

 private:
  const Items& items_;
  std::vector<std::size_t> chosen_;
  std::unordered_map<std::size_t, std::string> name_of_;
};

/// Of a pair that was judged several times the highest grade: a qrels file names each once.
std::string judged(const Job& job, const Judgements& judgements, const Names& queries,
                   const Names& candidates) {
  std::map<std::pair<std::int64_t, std::int64_t>, float> grades;
  for (std::size_t i = 0; i < judgements.queries.size(); ++i) {
    const float grade = judgements.grades[i];
    if (grade != std::round(grade)) {
      throw DataError(fmt::format(
          "{}: judgement {}: expected a whole grade, which is all that qrels have, found {}",
          job.dataset.path().string(), i, grade));
    }
    const auto pair = std::pair(judgements.queries[i], judgements.candidates[i]);
    const auto [at, is_new] = grades.emplace(pair, grade);
    if (!is_new) at->second = std::max(at->second, grade);
  }
  std::string lines;
  for (const auto& [pair, grade] : grades) {
    const std::string* query = queries.find(static_cast<std::size_t>(pair.first));
    const std::string* candidate = candidates.find(static_cast<std::size_t>(pair.second));
    if (query == nullptr || candidate == nullptr) continue;
    lines += fmt::format("{} 0 {} {}\n", *query, *candidate, grade);
  }
  return lines;
}

std::string paired(const Names& queries, const Names& candidates) {
  std::map<std::int32_t, std::vector<std::size_t>> of_group;
  for (const std::size_t item : candidates.chosen()) {
    of_group[candidates.items().groups[item]].push_back(item);
  }
  std::string lines;
  for (const std::size_t query : queries.chosen()) {
    const auto found = of_group.find(queries.items().groups[query]);
    if (found == of_group.end()) continue;
    for (const std::size_t candidate : found->second) {
      lines += fmt::format("{} 0 {} 1\n", *queries.find(query), *candidates.find(candidate));
    }
  }
  return lines;
}

/// What an option names; `judged` where it leaves it open, or must not name another.
Modality modality_of(const Job& job, const char* option, std::optional<Modality> judged,
                     Modality fallback) {
  const std::optional<Modality> asked = modality_from(job.options.text(option));
  if (asked && judged && *asked != *judged) {
    throw UsageError(
        fmt::format("alignlab export qrels: {}: the judgements of {} have {} {}, not {}", option,
                    job.dataset.path().string(), name_of(*judged), option, name_of(*asked)));
  }
  return asked.value_or(judged.value_or(fallback));
}

}  // namespace

Paths write_qrels(const Job& job) {
  const auto judgements = job.dataset.judgements();
  const auto judged_by = [&](Modality Judgements::*side) {
    return judgements ? std::optional((*judgements).*side) : std::nullopt;
  };
  const Modality query =
      modality_of(job, "queries", judged_by(&Judgements::query_modality), Modality::kText);
  const Modality candidate =
      modality_of(job, "candidates", judged_by(&Judgements::candidate_modality), Modality::kImage);
  const Names queries(job, query);
  const Names candidates(job, candidate);
  const std::string lines =
      judgements ? judged(job, *judgements, queries, candidates) : paired(queries, candidates);
  if (lines.empty()) {
    const std::string& split = job.options.text("split");
    throw DataError(fmt::format("{}: no {} of {} and {} to write{}", job.dataset.path().string(),
                                judgements ? "judgement" : "pair", name_of(query),
                                name_of(candidate), split == "all" ? "" : " in split " + split));
  }
  write_file_atomically(job.out, lines);
  return {job.out};
}

}  // namespace alignlab::exports
