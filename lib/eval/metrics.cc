#include "eval/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/suggest.h"

namespace alignlab {
namespace {

__extension__ using Int128 = __int128;

/// `size` candidates of equal score at 0-based ranks first .. first+size-1, in random order, of
/// which `relevant` are. A known position is a group of size one.
struct TieGroup {
  std::int64_t first;
  std::int64_t size;
  std::int64_t relevant;
};

/// The relevant candidates of one query, best first.
using Positions = std::vector<TieGroup>;

Positions positions_of(const Ranks& ranks, std::size_t query, TiePolicy ties) {
  const auto begin = static_cast<std::size_t>(ranks.offsets[query]);
  const auto end = static_cast<std::size_t>(ranks.offsets[query + 1]);
  Positions out;
  if (ties == TiePolicy::kIndex) {
    for (std::size_t r = begin; r < end; ++r) {
      out.push_back({ranks.above[r] + ranks.ties_before[r], 1, 1});
    }
    std::ranges::sort(out, {}, &TieGroup::first);
    return out;
  }
  // Candidates tie exactly when equally many score above them.
  for (std::size_t r = begin; r < end; ++r) {
    const auto same = std::ranges::find(out, ranks.above[r], &TieGroup::first);
    if (same != out.end()) {
      ++same->relevant;
    } else {
      out.push_back({ranks.above[r], ranks.ties[r] + 1, 1});
    }
  }
  std::ranges::sort(out, {}, &TieGroup::first);
  if (ties == TiePolicy::kExpected) return out;
  Positions known;
  for (const TieGroup& group : out) {
    const std::int64_t skipped = ties == TiePolicy::kOptimistic ? 0 : group.size - group.relevant;
    for (std::int64_t i = 0; i < group.relevant; ++i)
      known.push_back({group.first + skipped + i, 1, 1});
  }
  return known;
}

std::int64_t total_relevant(const Positions& positions) {
  std::int64_t total = 0;
  for (const TieGroup& group : positions) total += group.relevant;
  return total;
}

double expected_found(const Positions& positions, std::int64_t k) {
  double found = 0.0;
  for (const TieGroup& group : positions) {
    const std::int64_t slots = std::clamp<std::int64_t>(k - group.first, 0, group.size);
    found += static_cast<double>(group.relevant) * static_cast<double>(slots) /
             static_cast<double>(group.size);
  }
  return found;
}

/// Probability that the best relevant candidate is at 0-based offset j of its tie group, for j = 0,
/// 1, ...; calls visit(j, probability).
template <typename Visit>
void for_each_best_offset(const TieGroup& group, const Visit& visit) {
  double probability = static_cast<double>(group.relevant) / static_cast<double>(group.size);
  for (std::int64_t j = 0; j <= group.size - group.relevant; ++j) {
    visit(j, probability);
    probability *= static_cast<double>(group.size - group.relevant - j) /
                   static_cast<double>(std::max<std::int64_t>(1, group.size - 1 - j));
  }
}

double hit(const Positions& positions, std::int64_t k) {
  const TieGroup& best = positions.front();
  const std::int64_t slots = std::clamp<std::int64_t>(k - best.first, 0, best.size);
  double missed = 1.0;
  for (std::int64_t i = 0; i < slots && missed > 0.0; ++i) {
    missed *= static_cast<double>(std::max<std::int64_t>(0, best.size - best.relevant - i)) /
              static_cast<double>(best.size - i);
  }
  return 1.0 - missed;
}

double precision(const Positions& positions, std::int64_t k) {
  return expected_found(positions, k) / static_cast<double>(k);
}

double recall(const Positions& positions, std::int64_t k) {
  return expected_found(positions, k) / static_cast<double>(total_relevant(positions));
}

// 2pr/(p+r) = 2 found / (k + relevant): linear in what was found, so its expectation is exact too.
double f1(const Positions& positions, std::int64_t k) {
  return 2.0 * expected_found(positions, k) / static_cast<double>(k + total_relevant(positions));
}

double best_rank(const Positions& positions, std::int64_t) {
  const TieGroup& best = positions.front();
  return static_cast<double>(best.first) +
         static_cast<double>(best.size + 1) / static_cast<double>(best.relevant + 1);
}

double reciprocal_rank(const Positions& positions, std::int64_t) {
  const TieGroup& best = positions.front();
  double expected = 0.0;
  for_each_best_offset(best, [&](std::int64_t j, double probability) {
    expected += probability / static_cast<double>(best.first + j + 1);
  });
  return expected;
}

/// Of the mixture of the queries' best-rank distributions, the mean of its lower and upper median.
double median_rank(const std::vector<Positions>& queries) {
  std::map<std::array<std::int64_t, 3>, double> alike;  // many queries share one distribution
  std::int64_t ranks = 0;
  for (const Positions& positions : queries) {
    const TieGroup& best = positions.front();
    alike[{best.first, best.size, best.relevant}] += 1.0;
    ranks = std::max(ranks, best.first + best.size);
  }
  std::vector<double> mass(static_cast<std::size_t>(ranks), 0.0);
  for (const auto& [group, count] : alike) {
    for_each_best_offset({group[0], group[1], group[2]}, [&](std::int64_t j, double p) {
      mass[static_cast<std::size_t>(group[0] + j)] += count * p;
    });
  }
  const double half = static_cast<double>(queries.size()) / 2.0;
  // Sums of probabilities miss exact halves by rounding; half a query is far larger than that.
  const double slack = 1e-9 * static_cast<double>(queries.size());
  std::optional<std::int64_t> lower;
  double below = 0.0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const double weight = mass[static_cast<std::size_t>(rank)];
    if (weight == 0.0) continue;
    below += weight;
    if (!lower && below >= half - slack) lower = rank;
    if (below > half + slack) return std::floor(static_cast<double>(*lower + rank) / 2.0) + 1.0;
  }
  return static_cast<double>(*lower) + 1.0;
}

struct PerQuery {
  const char* row;
  double (*value)(const Positions&, std::int64_t k);
  double scale;
};

constexpr PerQuery kPerQuery[] = {
    {"R@k", hit, 100.0}, {"precision@k", precision, 100.0}, {"recall@k", recall, 100.0},
    {"F1@k", f1, 100.0}, {"MeanR", best_rank, 1.0},         {"MRR", reciprocal_rank, 1.0},
};

std::vector<Positions> judged_positions(const Ranks& ranks, TiePolicy ties) {
  std::vector<Positions> out;
  for (std::size_t i = 0; i < ranks.queries(); ++i) {
    if (ranks.offsets[i + 1] > ranks.offsets[i]) out.push_back(positions_of(ranks, i, ties));
  }
  return out;
}

std::optional<double> percent(double numerator, double denominator) {
  if (denominator == 0.0) return std::nullopt;
  return 100.0 * numerator / denominator;
}

}  // namespace

TiePolicy tie_policy_from(const std::string& name) {
  return static_cast<TiePolicy>(std::ranges::find(kTiePolicies, name) - kTiePolicies.begin());
}

const std::vector<CatalogRow>& metric_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"R@k", "share of queries with a relevant candidate among the first k (hit rate)", {}},
      {"precision@k", "relevant among the first k / k, mean over queries", {}},
      {"recall@k", "relevant among the first k / all relevant, mean over queries", {}},
      {"F1@k", "harmonic mean of precision@k and recall@k per query, mean over queries", {}},
      {"MedR", "median rank of the best-ranked relevant candidate", {}},
      {"MeanR", "mean rank of the best-ranked relevant candidate", {}},
      {"MRR", "mean reciprocal rank of the best-ranked relevant candidate, 0 to 1", {}},
      {"micro_precision@t", "of all pairs scoring at least t, the relevant share", {}},
      {"micro_recall@t", "of all relevant pairs, the share scoring at least t", {}},
      {"micro_F1@t", "harmonic mean of micro_precision@t and micro_recall@t", {}},
      {"macro_precision@t",
       "precision at t of each query, mean (0 where nothing was predicted)",
       {}},
      {"macro_recall@t", "recall at t of each query, mean", {}},
      {"macro_F1@t", "F1 at t of each query, mean", {}},
  };
  return kRows;
}

MetricName parse_metric(const std::string& text, const Place& place) {
  const std::size_t at = text.find('@');
  MetricName metric{text, 0, text};
  if (at != std::string::npos && !text.ends_with("@t")) {
    metric.row = text.substr(0, at) + "@k";
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + at + 1, end, metric.k);
    if (error != std::errc() || stop != end || metric.k < 1 || text[at + 1] == '0') {
      metric.row = text;
    }
  }
  std::vector<std::string> known;
  for (const CatalogRow& row : metric_catalog()) known.push_back(row.name);
  if (std::ranges::find(known, metric.row) == known.end()) {
    // What is near the row is the better guess, what was written the better name.
    throw ConfigError(fmt::format("{}: unknown metric '{}'{}", place.text(), text,
                                  suggestion(metric.row, known)));
  }
  // "R@k" itself is a row's name, not a metric.
  if (metric.row.ends_with("@k") && metric.k < 1) {
    throw ConfigError(fmt::format("{}: '{}': expected a number after '@'", place.text(), text));
  }
  return metric;
}

std::optional<double> retrieval_metric(const MetricName& metric, const Ranks& ranks,
                                       TiePolicy ties) {
  const std::vector<Positions> queries = judged_positions(ranks, ties);
  if (queries.empty()) return std::nullopt;
  if (metric.row == "MedR") return median_rank(queries);
  const auto found = std::ranges::find(kPerQuery, metric.row, &PerQuery::row);
  double sum = 0.0;
  for (const Positions& positions : queries) sum += found->value(positions, metric.k);
  return found->scale * sum / static_cast<double>(queries.size());
}

std::optional<double> decision_metric(const MetricName& metric, const Decisions& decisions) {
  double predicted = 0.0, correct = 0.0, relevant = 0.0;
  double precisions = 0.0, recalls = 0.0, f1s = 0.0, queries = 0.0;
  for (std::size_t i = 0; i < decisions.relevant.size(); ++i) {
    if (decisions.relevant[i] == 0) continue;
    const auto p = static_cast<double>(decisions.predicted[i]);
    const auto c = static_cast<double>(decisions.correct[i]);
    const auto r = static_cast<double>(decisions.relevant[i]);
    predicted += p;
    correct += c;
    relevant += r;
    precisions += p > 0.0 ? c / p : 0.0;
    recalls += c / r;
    f1s += 2.0 * c / (p + r);
    queries += 1.0;
  }
  if (metric.row == "micro_precision@t") return percent(correct, predicted);
  if (metric.row == "micro_recall@t") return percent(correct, relevant);
  if (metric.row == "micro_F1@t") return percent(2.0 * correct, predicted + relevant);
  if (metric.row == "macro_precision@t") return percent(precisions, queries);
  if (metric.row == "macro_recall@t") return percent(recalls, queries);
  return percent(f1s, queries);
}

std::optional<double> best_f1_threshold(const ThresholdCurve& curve) {
  if (curve.thresholds.empty()) return std::nullopt;
  const std::int64_t relevant = curve.correct.back();
  std::size_t best = 0;
  // F1 = 2c / (c + w + relevant), compared as fractions so that equal values are equal.
  const auto denominator = [&](std::size_t i) {
    return static_cast<Int128>(curve.correct[i] + curve.wrong[i] + relevant);
  };
  for (std::size_t i = 1; i < curve.thresholds.size(); ++i) {
    if (curve.correct[i] * denominator(best) > curve.correct[best] * denominator(i)) best = i;
  }
  return curve.thresholds[best];
}

double tie_rate(const Ranks& ranks) {
  if (ranks.ties.empty()) return 0.0;
  const auto tied = std::ranges::count_if(ranks.ties, [](std::int64_t n) { return n > 0; });
  return 100.0 * static_cast<double>(tied) / static_cast<double>(ranks.ties.size());
}

std::size_t judged_queries(const Ranks& ranks) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < ranks.queries(); ++i)
    count += ranks.offsets[i + 1] > ranks.offsets[i];
  return count;
}

}  // namespace alignlab
