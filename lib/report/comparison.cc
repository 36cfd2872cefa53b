#include "report/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/options.h"
#include "core/error.h"
#include "eval/significance.h"
#include "report/run_rows.h"

namespace alignlab {
namespace {

/// Two rows' retrievals of one pair of seeds.
struct SeedPair {
  const Retrievals* a;
  const Retrievals* other;
};

/// Both rows' queries in one, those of the second in groups of their own behind those of the first.
Retrieval joined(const Retrieval& a, const Retrieval& b, std::int32_t groups,
                 const std::vector<std::int32_t>& known) {
  Retrieval out = a;
  const auto index = [&](std::int32_t group) {
    return static_cast<std::int32_t>(std::ranges::lower_bound(known, group) - known.begin());
  };
  for (std::int32_t& group : out.groups) group = index(group);
  for (const std::int32_t group : b.groups) out.groups.push_back(groups + index(group));
  const std::int64_t entries = a.ranks.offsets.back();
  for (std::size_t i = 1; i < b.ranks.offsets.size(); ++i) {
    out.ranks.offsets.push_back(entries + b.ranks.offsets[i]);
  }
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(out.ranks.above, b.ranks.above);
  append(out.ranks.ties, b.ranks.ties);
  append(out.ranks.ties_before, b.ranks.ties_before);
  append(out.ranks.grades, b.ranks.grades);
  return out;
}

/// For statistics that are no sums: swapping a group swaps its queries.
std::optional<RandomisationTest> test_by_swapping(const std::vector<SeedPair>& pairs,
                                                  const MetricColumn& column, TiePolicy ties,
                                                  const std::vector<std::int32_t>& groups,
                                                  const Randomisation& how) {
  const std::size_t count = groups.size();
  std::vector<std::int32_t> doubled(2 * count);
  for (std::size_t g = 0; g < doubled.size(); ++g) doubled[g] = static_cast<std::int32_t>(g);
  std::vector<Statistic> seeds;
  for (const SeedPair& pair : pairs) {
    Retrievals both;
    for (const auto& [direction, folds] : *pair.a) {
      if (direction != column.place) continue;
      for (std::size_t fold = 0; fold < folds.size(); ++fold) {
        both[direction].push_back(joined(folds[fold], pair.other->at(direction)[fold],
                                         static_cast<std::int32_t>(count), groups));
      }
    }
    const auto own = statistic_of(both, column, ties, doubled);
    if (!own) return std::nullopt;
    seeds.push_back(*own);
  }
  const Statistic mean = mean_of(seeds);
  return randomisation_test(
      count,
      [&](std::span<const std::uint8_t> swapped) -> std::optional<double> {
        std::vector<std::uint32_t> a(2 * count), b(2 * count);
        for (std::size_t g = 0; g < count; ++g) {
          a[g] = b[count + g] = swapped[g] == 0;
          b[g] = a[count + g] = swapped[g] != 0;
        }
        const auto of_a = value_of(mean, a);
        const auto of_b = value_of(mean, b);
        if (!of_a || !of_b) return std::nullopt;
        return *of_a - *of_b;
      },
      how);
}

class Comparer {
 public:
  Comparer(const ComparisonRequest& request, RunRows& rows) : request_(request), rows_(rows) {}

  ComparedRow compare_with(const std::string& other, const std::vector<MetricColumn>& columns,
                           std::size_t& groups) {
    const std::vector<SeedPair> pairs = paired(other);
    if (rows_.ties_of(request_.a) != rows_.ties_of(other)) {
      throw CheckError(fmt::format("{}: rows '{}' and '{}' count ties differently",
                                   request_.run.string(), request_.a, other));
    }
    const std::vector<std::int32_t> known = groups_of(*pairs.front().a);
    for (const SeedPair& pair : pairs) {
      require_same_queries(*pairs.front().a, *pair.a, other);
      require_same_queries(*pair.a, *pair.other, other);
    }
    groups = known.size();
    ComparedRow out{other, pairs.size(), {}};
    for (const MetricColumn& column : columns)
      out.cells.push_back(cell(column, other, pairs, known));
    return out;
  }

 private:
  std::vector<SeedPair> paired(const std::string& other) {
    const Seeds& a = rows_.seeds_of(request_.a);
    const Seeds& b = rows_.seeds_of(other);
    std::vector<SeedPair> out;
    for (const auto& [seed, retrievals] : a) {
      if (b.size() == 1) {
        out.push_back({&retrievals, &b.begin()->second});
      } else if (b.contains(seed)) {
        out.push_back({&retrievals, &b.at(seed)});
      }
    }
    if (a.size() == 1 && b.size() > 1) {
      out.clear();
      for (const auto& [seed, retrievals] : b) out.push_back({&a.begin()->second, &retrievals});
    }
    if (out.empty()) {
      throw DataError(fmt::format("{}: rows '{}' and '{}' have no seed in common",
                                  request_.run.string(), request_.a, other));
    }
    return out;
  }

  void require_same_queries(const Retrievals& a, const Retrievals& b,
                            const std::string& other) const {
    bool are_same = a.size() == b.size();
    for (const auto& [direction, folds] : a) {
      const auto own = b.find(direction);
      are_same = are_same && own != b.end() && own->second.size() == folds.size();
      for (std::size_t fold = 0; are_same && fold < folds.size(); ++fold) {
        are_same = own->second[fold].groups == folds[fold].groups &&
                   own->second[fold].ranks.offsets == folds[fold].ranks.offsets &&
                   own->second[fold].ranks.candidates == folds[fold].ranks.candidates;
      }
    }
    if (are_same) return;
    throw CheckError(fmt::format("{}: rows '{}' and '{}' are not evaluated on the same queries",
                                 request_.run.string(), request_.a, other));
  }

  Statistic statistic(const MetricColumn& column, const std::string& row,
                      const std::vector<const Retrievals*>& seeds,
                      const std::vector<std::int32_t>& groups) const {
    std::vector<Statistic> out;
    for (const Retrievals* seed : seeds) {
      const auto own = statistic_of(*seed, column, rows_.ties_of(row), groups);
      if (!own) {
        throw DataError(
            fmt::format("{}: {} of row '{}' cannot be compared: it is undefined, or no "
                        "function of single queries",
                        request_.run.string(), column.text, row));
      }
      out.push_back(*own);
    }
    return mean_of(out);
  }

  ComparedCell cell(const MetricColumn& column, const std::string& other,
                    const std::vector<SeedPair>& pairs, const std::vector<std::int32_t>& groups) {
    std::vector<const Retrievals*> of_a, of_other;
    for (const SeedPair& pair : pairs) {
      of_a.push_back(pair.a);
      of_other.push_back(pair.other);
    }
    const Statistic a = statistic(column, request_.a, of_a, groups);
    const Statistic b = statistic(column, other, of_other, groups);
    const auto value_a = estimate_of(a, groups.size());
    const auto value_b = estimate_of(b, groups.size());
    if (!value_a || !value_b) {
      throw DataError(fmt::format("{}: {} of row '{}' is undefined", request_.run.string(),
                                  column.text, value_a ? other : request_.a));
    }
    ComparedCell out{column.text, *value_a, *value_b, *value_a - *value_b, {}, 1.0, 1.0, {}};
    const Resamples resamples{request_.seed, groups.size(), request_.resamples};
    if (const auto found = paired_bootstrap(resamples, a, b, request_.rule)) {
      out.interval = found->interval;
    }
    const Randomisation how{request_.seed, request_.resamples};
    const bool are_ratios = a.ratios() != nullptr && b.ratios() != nullptr;
    const auto test = are_ratios
                          ? randomisation_test(*a.ratios(), *b.ratios(), how)
                          : test_by_swapping(pairs, column, rows_.ties_of(request_.a), groups, how);
    if (test) out.p = test->p_value;
    if (are_ratios) {
      out.detectable = minimum_detectable_difference(difference_of(*a.ratios(), *b.ratios()));
    }
    return out;
  }

  const ComparisonRequest& request_;
  RunRows& rows_;
};

std::string row_named(const std::vector<std::string>& known, const std::string& name) {
  if (std::ranges::find(known, name) == known.end()) {
    fail_unknown("row", name, known, {"alignlab compare", 0, 0});
  }
  return name;
}

}  // namespace

Comparison compare(const ComparisonRequest& request) {
  RunRows rows(request.run);
  const std::vector<std::string> names = rows.names();
  Comparison out{row_named(names, request.a), 0, {}};
  std::vector<std::string> others;
  for (const std::string& name : request.others) {
    if (name == request.a) {
      throw ConfigError(
          fmt::format("alignlab compare: expected another row than '{}', found it again", name));
    }
    others.push_back(row_named(names, name));
  }
  if (others.empty()) {
    std::ranges::copy_if(names, std::back_inserter(others),
                         [&](const std::string& name) { return name != request.a; });
  }
  std::vector<MetricColumn> columns;
  for (const std::string& metric : request.metrics) {
    columns.push_back(parse_metric_column(metric, rows.directions(), "alignlab compare"));
  }
  Comparer comparer(request, rows);
  for (const std::string& other : others) {
    out.rows.push_back(comparer.compare_with(other, columns, out.groups));
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::vector<double> p_values;
    for (const ComparedRow& row : out.rows) p_values.push_back(row.cells[c].p);
    const std::vector<double> adjusted = holm_adjusted(p_values);
    for (std::size_t r = 0; r < out.rows.size(); ++r) out.rows[r].cells[c].adjusted_p = adjusted[r];
  }
  return out;
}

}  // namespace alignlab
