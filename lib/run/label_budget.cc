#include "run/label_budget.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "core/rng.h"

namespace alignlab {
namespace {

/// Ascending, each once.
std::vector<std::int32_t> shared(const std::vector<std::int32_t>& first,
                                 const std::vector<std::int32_t>& second) {
  const auto sorted = [](std::vector<std::int32_t> groups) {
    std::ranges::sort(groups);
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
  };
  std::vector<std::int32_t> out;
  std::ranges::set_intersection(sorted(first), sorted(second), std::back_inserter(out));
  return out;
}

ModalityItems of_groups(const ModalityItems& items, const std::vector<std::int32_t>& groups) {
  std::vector<std::int32_t> rows;
  ModalityItems out{items.modality, {}, {}};
  for (std::size_t i = 0; i < items.groups.size(); ++i) {
    if (!std::ranges::binary_search(groups, items.groups[i])) continue;
    rows.push_back(static_cast<std::int32_t>(i));
    out.groups.push_back(items.groups[i]);
  }
  out.features = items.features.rows_at(rows);
  return out;
}

}  // namespace

std::size_t paired_groups(const std::vector<std::int32_t>& first,
                          const std::vector<std::int32_t>& second) {
  return shared(first, second).size();
}

SplitItems within_budget(const SplitItems& items, std::size_t groups, std::uint64_t seed) {
  std::vector<std::int32_t> drawn = shared(items.first.groups, items.second.groups);
  Rng(seed, "label budget").shuffle(std::span(drawn));
  drawn.resize(groups);
  std::ranges::sort(drawn);
  return {of_groups(items.first, drawn), of_groups(items.second, drawn)};
}

}  // namespace alignlab
