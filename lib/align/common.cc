#include "align/common.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "search/search.h"

namespace alignlab::align {
namespace {

double hits(const Gallery& queries, const Gallery& candidates, const Relevance& relevant,
            int threads) {
  const Ranks ranks = rank(queries.vectors, candidates, relevant, {"blocked", threads});
  double sum = 0.0;
  double judged = 0.0;
  for (std::size_t i = 0; i < ranks.queries(); ++i) {
    const auto begin = static_cast<std::size_t>(ranks.offsets[i]);
    const auto end = static_cast<std::size_t>(ranks.offsets[i + 1]);
    if (begin == end) continue;
    std::int64_t best = ranks.candidates;
    for (std::size_t r = begin; r < end; ++r) best = std::min(best, ranks.above[r] + ranks.ties[r]);
    sum += (best < 1) + (best < 5) + (best < 10);
    judged += 1.0;
  }
  return judged == 0.0 ? 0.0 : 100.0 * sum / judged;
}

}  // namespace

std::vector<Pair> pairs_of(const TrainSplit& train) {
  require_pairs(train);
  std::unordered_map<std::int32_t, std::vector<std::int32_t>> seconds;
  for (std::size_t j = 0; j < train.second().groups.size(); ++j) {
    seconds[train.second().groups[j]].push_back(static_cast<std::int32_t>(j));
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < train.first().groups.size(); ++i) {
    const std::int32_t group = train.first().groups[i];
    const auto found = seconds.find(group);
    if (found == seconds.end()) continue;
    for (const std::int32_t j : found->second) {
      pairs.push_back({static_cast<std::int32_t>(i), j, group});
    }
  }
  return pairs;
}

void require_pairs(const TrainSplit& train) {
  const std::unordered_set<std::int32_t> groups(train.second().groups.begin(),
                                                train.second().groups.end());
  const auto is_shared = [&](std::int32_t group) { return groups.contains(group); };
  if (std::ranges::any_of(train.first().groups, is_shared)) return;
  throw DataError(fmt::format("the training split has {} {} and {} {} items, but no pair of them",
                              train.first().groups.size(), name_of(train.first().modality),
                              train.second().groups.size(), name_of(train.second().modality)));
}

double dev_score(const Matrix& first, const std::vector<std::int32_t>& first_groups,
                 const Matrix& second, const std::vector<std::int32_t>& second_groups,
                 int threads) {
  const Gallery a = prepare(first, Similarity::kCosine, "dev embeddings of the first modality");
  const Gallery b = prepare(second, Similarity::kCosine, "dev embeddings of the second modality");
  return hits(a, b, Relevance::from_groups(first_groups, second_groups), threads) +
         hits(b, a, Relevance::from_groups(second_groups, first_groups), threads);
}

void require_width(Modality modality, const Features& features, std::size_t expected) {
  if (features.cols() != expected) {
    throw DataError(fmt::format("{} features: expected {} columns, as in training, found {}",
                                name_of(modality), expected, features.cols()));
  }
}

std::optional<double> score_on(const DevSplit& dev, const Encoder& encoder, int threads) {
  if (dev.first().groups.empty() || dev.second().groups.empty()) return std::nullopt;
  return dev_score(encoder.embed(dev.first().modality, dev.first().features), dev.first().groups,
                   encoder.embed(dev.second().modality, dev.second().features), dev.second().groups,
                   threads);
}

}  // namespace alignlab::align
