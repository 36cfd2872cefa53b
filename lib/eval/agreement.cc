#include "eval/agreement.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

namespace alignlab {
namespace {

struct Cell {
  std::size_t first;
  std::size_t second;
  std::int64_t items;
};

/// How many items each pair of clusters shares; only cells that hold some. Clusters are numbered as
/// they first occur, so that neither names nor their order show in the rounding of a sum.
struct Contingency {
  std::int64_t items = 0;
  std::vector<std::int64_t> first_sizes;
  std::vector<std::int64_t> second_sizes;
  std::vector<Cell> cells;  // by first, then by second
};

std::vector<std::size_t> numbered(std::span<const std::int32_t> labels,
                                  std::vector<std::int64_t>& sizes) {
  std::unordered_map<std::int32_t, std::size_t> number_of;
  std::vector<std::size_t> numbers;
  numbers.reserve(labels.size());
  for (const std::int32_t label : labels) {
    const auto [known, is_new] = number_of.try_emplace(label, sizes.size());
    if (is_new) sizes.push_back(0);
    ++sizes[known->second];
    numbers.push_back(known->second);
  }
  return numbers;
}

Contingency contingency_of(std::span<const std::int32_t> first,
                           std::span<const std::int32_t> second) {
  assert(first.size() == second.size());
  Contingency table;
  table.items = static_cast<std::int64_t>(first.size());
  const std::vector<std::size_t> a = numbered(first, table.first_sizes);
  const std::vector<std::size_t> b = numbered(second, table.second_sizes);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  pairs.reserve(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) pairs.emplace_back(a[i], b[i]);
  std::ranges::sort(pairs);
  for (const auto& [in_first, in_second] : pairs) {
    if (table.cells.empty() || table.cells.back().first != in_first ||
        table.cells.back().second != in_second) {
      table.cells.push_back({in_first, in_second, 0});
    }
    ++table.cells.back().items;
  }
  return table;
}

/// What a cell adds to the information, in nats; a clustering's entropy is its information with
/// itself, by the same arithmetic, so that equal partitions agree exactly.
double information_term(double cell, double first_size, double second_size, double items) {
  return cell / items * std::log(items * cell / (first_size * second_size));
}

double entropy(const std::vector<std::int64_t>& sizes, double items) {
  double sum = 0.0;
  for (const std::int64_t size : sizes) {
    const auto s = static_cast<double>(size);
    sum += information_term(s, s, s, items);
  }
  return sum;
}

double mean_entropy(const Contingency& table) {
  const auto items = static_cast<double>(table.items);
  return 0.5 * (entropy(table.first_sizes, items) + entropy(table.second_sizes, items));
}

double mutual_information(const Contingency& table) {
  double sum = 0.0;
  for (const Cell& cell : table.cells) {
    sum += information_term(
        static_cast<double>(cell.items), static_cast<double>(table.first_sizes[cell.first]),
        static_cast<double>(table.second_sizes[cell.second]), static_cast<double>(table.items));
  }
  return std::max(0.0, sum);
}

/// The mean of information_term over the hypergeometric distribution of what a cell holds. The
/// weights run from the mode outwards by ratios and are divided by their sum: logarithms of
/// factorials would cancel and lose half of the digits where there are many items.
double expected_term(double first_size, double second_size, double items) {
  constexpr double kNegligible = 1e-30;
  const double outside = items - first_size - second_size;
  const double least = std::max(0.0, -outside);
  const double most = std::min(first_size, second_size);
  const double mode =
      std::clamp(std::floor((first_size + 1.0) * (second_size + 1.0) / (items + 2.0)), least, most);
  double weights = 0.0, sum = 0.0;
  const auto add = [&](double cell, double weight) {
    weights += weight;
    if (cell > 0.0) sum += weight * information_term(cell, first_size, second_size, items);
  };
  add(mode, 1.0);
  double weight = 1.0;
  for (double cell = mode; cell < most && weight > kNegligible; cell += 1.0) {
    weight *= (first_size - cell) * (second_size - cell) / ((cell + 1.0) * (outside + cell + 1.0));
    add(cell + 1.0, weight);
  }
  weight = 1.0;
  for (double cell = mode; cell > least && weight > kNegligible; cell -= 1.0) {
    weight *= cell * (outside + cell) / ((first_size - cell + 1.0) * (second_size - cell + 1.0));
    add(cell - 1.0, weight);
  }
  return sum / weights;
}

using SizeCounts = std::map<std::int64_t, std::int64_t>;

SizeCounts counted(const std::vector<std::int64_t>& sizes) {
  SizeCounts counts;
  for (const std::int64_t size : sizes) ++counts[size];
  return counts;
}

double expected_information(const Contingency& table) {
  const SizeCounts first = counted(table.first_sizes), second = counted(table.second_sizes);
  double sum = 0.0;
  for (const auto& [first_size, first_count] : first) {
    for (const auto& [second_size, second_count] : second) {
      sum += static_cast<double>(first_count) * static_cast<double>(second_count) *
             expected_term(static_cast<double>(first_size), static_cast<double>(second_size),
                           static_cast<double>(table.items));
    }
  }
  return sum;
}

bool are_both_one_cluster(const Contingency& table) {
  return table.first_sizes.size() == 1 && table.second_sizes.size() == 1;
}

bool are_both_single_items(const Contingency& table) {
  const auto items = static_cast<std::size_t>(table.items);
  return table.first_sizes.size() == items && table.second_sizes.size() == items;
}

/// The label with most votes among the neighbours that there are.
std::optional<std::int32_t> vote(std::span<const std::int32_t> neighbours,
                                 std::span<const std::int32_t> labels) {
  std::vector<std::pair<std::int32_t, std::size_t>> votes;  // by their nearest member
  for (const std::int32_t neighbour : neighbours) {
    assert(neighbour >= -1 && neighbour < static_cast<std::int64_t>(labels.size()));
    if (neighbour < 0) continue;
    const std::int32_t label = labels[static_cast<std::size_t>(neighbour)];
    const auto known =
        std::ranges::find(votes, label, &std::pair<std::int32_t, std::size_t>::first);
    if (known != votes.end()) {
      ++known->second;
    } else {
      votes.emplace_back(label, 1);
    }
  }
  // The first of several largest ones.
  const auto most =
      std::ranges::max_element(votes, {}, &std::pair<std::int32_t, std::size_t>::second);
  if (most == votes.end()) return std::nullopt;
  return most->first;
}

}  // namespace

std::optional<double> normalised_mutual_information(std::span<const std::int32_t> first,
                                                    std::span<const std::int32_t> second) {
  if (first.empty() && second.empty()) return std::nullopt;
  const Contingency table = contingency_of(first, second);
  if (are_both_one_cluster(table)) return 1.0;
  return std::min(1.0, mutual_information(table) / mean_entropy(table));
}

std::optional<double> adjusted_mutual_information(std::span<const std::int32_t> first,
                                                  std::span<const std::int32_t> second) {
  if (first.empty() && second.empty()) return std::nullopt;
  const Contingency table = contingency_of(first, second);
  // Only here is the expected information the largest possible.
  if (are_both_one_cluster(table) || are_both_single_items(table)) return 1.0;
  const double expected = expected_information(table);
  return (mutual_information(table) - expected) / (mean_entropy(table) - expected);
}

std::optional<double> purity(const ClusteredClasses& labels) {
  if (labels.clusters.empty() && labels.classes.empty()) return std::nullopt;
  const Contingency table = contingency_of(labels.clusters, labels.classes);
  std::vector<std::int64_t> most(table.first_sizes.size(), 0);
  for (const Cell& cell : table.cells) most[cell.first] = std::max(most[cell.first], cell.items);
  std::int64_t pure = 0;
  for (const std::int64_t items : most) pure += items;
  return 100.0 * static_cast<double>(pure) / static_cast<double>(table.items);
}

std::vector<std::optional<std::int32_t>> classify_by_neighbours(
    std::span<const std::int32_t> neighbours, std::size_t k, std::span<const std::int32_t> labels) {
  assert(k > 0 && neighbours.size() % k == 0);
  std::vector<std::optional<std::int32_t>> classes;
  classes.reserve(neighbours.size() / k);
  for (std::size_t begin = 0; begin < neighbours.size(); begin += k) {
    classes.push_back(vote(neighbours.subspan(begin, k), labels));
  }
  return classes;
}

std::optional<double> accuracy(std::span<const std::int32_t> classes,
                               std::span<const std::optional<std::int32_t>> predicted) {
  assert(classes.size() == predicted.size());
  if (classes.empty()) return std::nullopt;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) right += predicted[i] == classes[i];
  return 100.0 * static_cast<double>(right) / static_cast<double>(classes.size());
}

std::optional<double> macro_f1(std::span<const std::int32_t> classes,
                               std::span<const std::optional<std::int32_t>> predicted) {
  assert(classes.size() == predicted.size());
  if (classes.empty()) return std::nullopt;
  struct Counts {
    std::int64_t right = 0;
    std::int64_t named = 0;  // by either side
  };
  std::map<std::int32_t, Counts> of_class;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    ++of_class[classes[i]].named;
    if (!predicted[i]) continue;
    ++of_class[*predicted[i]].named;
    of_class[classes[i]].right += *predicted[i] == classes[i];
  }
  // Precision right/p and recall right/r have the harmonic mean 2 right / (p + r).
  double sum = 0.0;
  for (const auto& [label, counts] : of_class) {
    sum += 2.0 * static_cast<double>(counts.right) / static_cast<double>(counts.named);
  }
  return 100.0 * sum / static_cast<double>(of_class.size());
}

}  // namespace alignlab
