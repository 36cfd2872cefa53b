#include "align/common.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"

namespace alignlab::align {
void put_unit_rows(const Matrix& rows, Matrix& out, std::size_t at) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double squares = 0.0;
    for (const float value : rows.row(i)) squares += static_cast<double>(value) * value;
    const double scale = squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      out.row(i)[at + j] = static_cast<float>(scale * rows.row(i)[j]);
    }
  }
}

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
