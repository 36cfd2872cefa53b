// TREC qrels, a line `query 0 candidate grade` a judgement (the format of trec_eval's manual).

#include <fmt/format.h>

#include <map>

#include "core/error.h"
#include "core/files.h"
#include "data/exports/exports.h"

namespace alignlab::exports {
namespace {

std::string judged(const Dataset& dataset, const Judgements& judgements) {
  const Items& queries = dataset.items(judgements.query_modality);
  const Items& candidates = dataset.items(judgements.candidate_modality);
  std::string lines;
  for (std::size_t i = 0; i < judgements.queries.size(); ++i) {
    lines += fmt::format(
        "{} 0 {} {}\n", queries.ids[static_cast<std::size_t>(judgements.queries[i])],
        candidates.ids[static_cast<std::size_t>(judgements.candidates[i])], judgements.grades[i]);
  }
  return lines;
}

std::string paired(const Items& queries, const Items& candidates, const std::string& split) {
  std::map<std::int32_t, std::vector<std::size_t>> of_group;
  for (const std::size_t item : items_of(candidates, split)) {
    of_group[candidates.groups[item]].push_back(item);
  }
  std::string lines;
  for (const std::size_t query : items_of(queries, split)) {
    const auto found = of_group.find(queries.groups[query]);
    if (found == of_group.end()) continue;
    for (const std::size_t candidate : found->second) {
      lines += fmt::format("{} 0 {} 1\n", queries.ids[query], candidates.ids[candidate]);
    }
  }
  return lines;
}

}  // namespace

Paths write_qrels(const Job& job) {
  const auto judgements = job.dataset.judgements();
  const Modality query =
      judgements ? judgements->query_modality : modality_from(job.options.text("queries")).value();
  const Modality candidate = judgements ? judgements->candidate_modality
                                        : modality_from(job.options.text("candidates")).value();
  for (const Modality modality : {query, candidate}) {
    const Items& items = job.dataset.items(modality);
    require_plain_ids(ids_of(items, items_of(items, "all")), job.out.string());
  }
  const std::string lines = judgements
                                ? judged(job.dataset, *judgements)
                                : paired(job.dataset.items(query), job.dataset.items(candidate),
                                         job.options.text("split"));
  if (lines.empty()) {
    throw DataError(fmt::format("{}: no judgement and no pair of {} and {} to write",
                                job.dataset.path().string(), name_of(query), name_of(candidate)));
  }
  write_file_atomically(job.out, lines);
  return {job.out};
}

}  // namespace alignlab::exports
