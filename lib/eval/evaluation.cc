#include "eval/evaluation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include "eval/median_rank.h"
#include "eval/query_metrics.h"

namespace alignlab {
namespace {

constexpr const char* kBoth = "both";
constexpr const char* kRsum = "rsum";
constexpr const char* kMean = "r_mean";
const std::vector<std::string> kSummed{"R@1", "R@5", "R@10"};
// Of one resample's median; more would make intervals take minutes.
constexpr std::size_t kMostRankEntries = 200'000;

/// The index of each query's group.
std::vector<std::int32_t> indices_of(const Retrieval& retrieval,
                                     const std::vector<std::int32_t>& groups) {
  std::vector<std::int32_t> out;
  out.reserve(retrieval.groups.size());
  for (const std::int32_t group : retrieval.groups) {
    const auto found = std::ranges::lower_bound(groups, group);
    out.push_back(static_cast<std::int32_t>(found - groups.begin()));
  }
  return out;
}

/// The evidence of each fold of a direction, with what all metrics share.
class Folds {
 public:
  Folds(const std::vector<Retrieval>& retrievals, TiePolicy ties,
        const std::vector<std::int32_t>* groups = nullptr) {
    judged_.reserve(retrievals.size());
    for (const Retrieval& own : retrievals) {
      judged_.push_back(judged_queries_of(own.ranks, ties));
      evidence_.push_back({own.ranks, ties, own.decisions ? &*own.decisions : nullptr,
                           own.curve ? &*own.curve : nullptr, &judged_.back()});
      if (groups != nullptr) group_of_.push_back(indices_of(own, *groups));
    }
  }
  Folds(const Folds&) = delete;
  Folds& operator=(const Folds&) = delete;

  std::size_t size() const { return evidence_.size(); }
  const Evidence& evidence(std::size_t fold) const { return evidence_[fold]; }
  /// The index of each query's group among those that the folds were made with.
  const std::vector<std::int32_t>& group_of(std::size_t fold) const { return group_of_[fold]; }

 private:
  std::vector<JudgedQueries> judged_;
  std::vector<Evidence> evidence_;
  std::vector<std::vector<std::int32_t>> group_of_;
};

bool is_told(const MetricName& metric, const EvaluationRequest& request) {
  using Reach = EvaluationRequest::Reach;
  return request.reach == Reach::kAll ||
         (request.reach == Reach::kLists ? metric.is_of_lists() : metric.is_of_first_k());
}

/// What `make` gives for each metric that is told, in their order.
template <typename Make>
auto for_each_metric(const EvaluationRequest& request, const Make& make) {
  std::vector<decltype(make(request.metrics.front()))> out(request.metrics.size());
#pragma omp parallel for schedule(dynamic) num_threads(request.threads)
  for (std::size_t m = 0; m < out.size(); ++m) {
    if (is_told(request.metrics[m], request)) out[m] = make(request.metrics[m]);
  }
  return out;
}

std::optional<double> mean_over_folds(const MetricName& metric, const Folds& folds) {
  double sum = 0.0;
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    const auto value = metric_value(metric, folds.evidence(fold));
    if (!value) return std::nullopt;
    sum += *value;
  }
  if (folds.size() == 0) return std::nullopt;
  return sum / static_cast<double>(folds.size());
}

RatioTerm term_of(const QueryTerms& terms, const std::vector<std::int32_t>& group_of,
                  std::size_t groups) {
  RatioTerm out{terms.scale, std::vector<double>(groups), std::vector<double>(groups),
                terms.is_logarithm};
  for (std::size_t i = 0; i < terms.part.size(); ++i) {
    const auto group = static_cast<std::size_t>(group_of[i]);
    out.numerators[group] += terms.part[i];
    out.denominators[group] += terms.whole[i];
  }
  return out;
}

/// No fewer than the entries of a median, which would take minutes to make of very many.
std::size_t possible_ranks(const Ranks& ranks, TiePolicy ties,
                           const std::vector<std::int32_t>& group_of) {
  std::set<std::tuple<std::int32_t, std::int64_t, std::int64_t, std::int64_t>> counted;
  std::size_t count = 0;
  for (std::size_t i = 0; i < ranks.queries(); ++i) {
    if (ranks.offsets[i + 1] == ranks.offsets[i]) continue;
    const TieGroup best = positions_of(ranks, i, ties).front();
    if (!counted.emplace(group_of[i], best.first, best.size, best.relevant).second) continue;
    count += static_cast<std::size_t>(best.size - best.relevant + 1);
  }
  return count;
}

std::optional<Statistic> median_statistic(const Folds& folds) {
  auto medians = std::make_shared<std::vector<MedianRank>>();
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    const auto& [ranks, ties, decisions, curve, judged] = folds.evidence(fold);
    const std::vector<std::int32_t>& group_of = folds.group_of(fold);
    if (possible_ranks(ranks, ties, group_of) > kMostRankEntries) return std::nullopt;
    medians->emplace_back(ranks, ties, group_of);
  }
  return GroupFunction([medians](Multiplicities multiplicities) -> std::optional<double> {
    double sum = 0.0;
    for (const MedianRank& median : *medians) {
      const auto value = median.value(multiplicities);
      if (!value) return std::nullopt;
      sum += *value;
    }
    return sum / static_cast<double>(medians->size());
  });
}

std::optional<Statistic> statistic_of(const MetricName& metric, const Folds& folds,
                                      std::size_t groups) {
  if (folds.size() == 0) return std::nullopt;
  if (metric.row == "MedR") return median_statistic(folds);
  RatioSum sum;
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    const auto terms = query_terms(metric, folds.evidence(fold));
    if (!terms) return std::nullopt;
    sum.terms.push_back(term_of(*terms, folds.group_of(fold), groups));
  }
  for (RatioTerm& term : sum.terms) term.scale /= static_cast<double>(folds.size());
  return sum;
}

/// "rsum" and "r_mean" where every direction has the rates that they are made of.
template <typename T, typename Combine>
void add_sums(ByMetric<T>& values, const Combine& combine) {
  if (values.size() != 2) return;
  std::vector<const T*> rates;
  for (const auto& [direction, own] : values) {
    for (const std::string& name : kSummed) {
      const auto rate = own.find(name);
      if (rate == own.end()) return;
      rates.push_back(&rate->second);
    }
  }
  auto& both = values[kBoth];
  both.emplace(kRsum, combine(rates, 1.0));
  both.emplace(kMean, combine(rates, 1.0 / static_cast<double>(rates.size())));
}

}  // namespace

ByMetric<double> evaluate(const Retrievals& retrievals, const EvaluationRequest& request) {
  ByMetric<double> out;
  for (const auto& [direction, folds] : retrievals) {
    auto& own = out[direction];
    const Folds evidence(folds, request.ties);
    const auto values = for_each_metric(
        request, [&](const MetricName& metric) { return mean_over_folds(metric, evidence); });
    for (std::size_t m = 0; m < values.size(); ++m) {
      if (values[m]) own[request.metrics[m].text] = *values[m];
    }
    double thresholds = 0.0;
    for (const Retrieval& fold : folds) thresholds += fold.threshold.value_or(0.0);
    if (!folds.empty() && folds.front().threshold) {
      own["threshold"] = thresholds / static_cast<double>(folds.size());
    }
  }
  add_sums(out, [](const std::vector<const double*>& rates, double scale) {
    double sum = 0.0;
    for (const double* rate : rates) sum += *rate;
    return scale * sum;
  });
  return out;
}

std::vector<std::int32_t> groups_of(const Retrievals& retrievals) {
  std::vector<std::int32_t> out;
  for (const auto& [direction, folds] : retrievals) {
    for (const Retrieval& fold : folds) {
      out.insert(out.end(), fold.groups.begin(), fold.groups.end());
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

ByMetric<Statistic> statistics_of(const Retrievals& retrievals, const EvaluationRequest& request,
                                  const std::vector<std::int32_t>& groups) {
  ByMetric<Statistic> out;
  for (const auto& [direction, folds] : retrievals) {
    auto& own = out[direction];
    const Folds evidence(folds, request.ties, &groups);
    auto statistics = for_each_metric(request, [&](const MetricName& metric) {
      auto statistic = statistic_of(metric, evidence, groups.size());
      if (statistic && !estimate_of(*statistic, groups.size())) statistic.reset();
      return statistic;
    });
    for (std::size_t m = 0; m < statistics.size(); ++m) {
      if (statistics[m]) own.emplace(request.metrics[m].text, std::move(*statistics[m]));
    }
  }
  add_sums(out, [](const std::vector<const Statistic*>& rates, double scale) {
    RatioSum sum;
    for (const Statistic* rate : rates) {
      for (RatioTerm term : rate->ratios()->terms) {
        term.scale *= scale;
        sum.terms.push_back(std::move(term));
      }
    }
    return Statistic(std::move(sum));
  });
  return out;
}

ByMetric<Interval> intervals_of(const Retrievals& retrievals, const EvaluationRequest& request,
                                const IntervalRequest& how) {
  const std::vector<std::int32_t> groups = groups_of(retrievals);
  ByMetric<Interval> out;
  if (groups.empty()) return out;
  std::vector<std::pair<std::string, std::string>> names;
  std::vector<Statistic> statistics;
  for (const auto& [direction, own] : statistics_of(retrievals, request, groups)) {
    for (const auto& [name, statistic] : own) {
      names.emplace_back(direction, name);
      statistics.push_back(statistic);
    }
  }
  const auto found =
      bootstrap({how.seed, groups.size(), how.resamples, how.threads}, statistics, how.rule);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (found[i]) out[names[i].first][names[i].second] = found[i]->interval;
  }
  return out;
}

}  // namespace alignlab
