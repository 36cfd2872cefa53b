#pragma once

// The metrics as their definitions read, on one known order of a query's candidates; expectations
// by going through every order of the tied ones. For half a dozen candidates at most.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "core/ranks.h"

namespace alignlab::tests {

struct Candidate {
  int score;
  double grade;  // 0: not relevant

  bool is_relevant() const { return grade > 0.0; }
};

/// In gallery order.
using Query = std::vector<Candidate>;
/// The grade of the candidate at each place, best first.
using Order = std::vector<double>;

inline Ranks ranks_of(const std::vector<Query>& queries) {
  Ranks out;
  for (const Query& query : queries) {
    out.candidates = static_cast<std::int64_t>(query.size());
    for (std::size_t r = 0; r < query.size(); ++r) {
      if (!query[r].is_relevant()) continue;
      std::int64_t above = 0, ties = 0, before = 0;
      for (std::size_t j = 0; j < query.size(); ++j) {
        above += query[j].score > query[r].score;
        ties += j != r && query[j].score == query[r].score;
        before += j < r && query[j].score == query[r].score;
      }
      out.above.push_back(above);
      out.ties.push_back(ties);
      out.ties_before.push_back(before);
      out.grades.push_back(static_cast<float>(query[r].grade));
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.above.size()));
  }
  if (std::ranges::all_of(out.grades, [](float grade) { return grade == 1.0F; })) {
    out.grades.clear();
  }
  return out;
}

inline bool is_judged(const Query& query) {
  return std::ranges::any_of(query, &Candidate::is_relevant);
}

/// Every order that the scores allow, each once.
inline std::vector<Order> allowed_orders(const Query& query) {
  std::vector<std::size_t> places(query.size());
  std::iota(places.begin(), places.end(), 0);
  std::vector<Order> out;
  do {
    const bool allowed = std::ranges::is_sorted(
        places, std::greater<>(), [&](std::size_t place) { return query[place].score; });
    if (!allowed) continue;
    Order order;
    for (const std::size_t place : places) order.push_back(query[place].grade);
    out.push_back(order);
  } while (std::ranges::next_permutation(places).found);
  return out;
}

/// The one order in which `first(a, b)` decides between tied candidates.
inline Order settled(Query query, const std::function<bool(Candidate, Candidate)>& first) {
  std::ranges::stable_sort(query, [&](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : first(a, b);
  });
  Order order;
  for (const Candidate& candidate : query) order.push_back(candidate.grade);
  return order;
}

inline double found_among(const Order& order, std::int64_t k) {
  const auto places = std::min<std::ptrdiff_t>(k, std::ssize(order));
  return static_cast<double>(std::count_if(order.begin(), order.begin() + places,
                                           [](double grade) { return grade > 0.0; }));
}

inline std::int64_t best_place(const Order& order) {
  return std::ranges::find_if(order, [](double grade) { return grade > 0.0; }) - order.begin();
}

inline double average_precision(const Order& order, std::int64_t places, double divisor) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(places, std::ssize(order)); ++i) {
    if (order[static_cast<std::size_t>(i)] > 0.0)
      sum += found_among(order, i + 1) / static_cast<double>(i + 1);
  }
  return sum / divisor;
}

/// Of the gains at the places, the sum of gain / log2(place + 2).
inline double discounted(const Order& order, std::int64_t k,
                         const std::function<double(double)>& gain) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(k, std::ssize(order)); ++i) {
    sum += gain(order[static_cast<std::size_t>(i)]) / std::log2(static_cast<double>(i) + 2.0);
  }
  return sum;
}

inline double ndcg(const Order& order, std::int64_t k, const std::function<double(double)>& gain) {
  Order best = order;
  std::ranges::sort(best, std::greater<>());
  return 100.0 * discounted(order, k, gain) / discounted(best, k, gain);
}

/// Of the pairs of a relevant and a wrong candidate, the share with the wrong one first.
inline double misordered(const Order& order) {
  double pairs = 0.0, wrong_first = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      pairs += (order[i] > 0.0) != (order[j] > 0.0);
      wrong_first += order[i] == 0.0 && order[j] > 0.0;
    }
  }
  return pairs == 0.0 ? std::numeric_limits<double>::quiet_NaN() : wrong_first / pairs;
}

using OrderMetric = std::function<double(const Order&, std::int64_t k)>;

/// By row of the metric catalog; all but MedR, which is no mean over queries. NaN where a query has
/// no value. GeoMeanR is the logarithm here.
inline const std::map<std::string, OrderMetric>& order_metrics() {
  static const auto relevant_in = [](const Order& order) {
    return found_among(order, std::ssize(order));
  };
  static const std::map<std::string, OrderMetric> kMetrics{
      {"R@k", [](const Order& o, std::int64_t k) { return found_among(o, k) > 0 ? 100.0 : 0.0; }},
      {"precision@k",
       [](const Order& o, std::int64_t k) {
         return 100.0 * found_among(o, k) / static_cast<double>(k);
       }},
      {"recall@k",
       [](const Order& o, std::int64_t k) { return 100.0 * found_among(o, k) / relevant_in(o); }},
      {"F1@k",
       [](const Order& o, std::int64_t k) {
         const double precision = found_among(o, k) / static_cast<double>(k);
         const double recall = found_among(o, k) / relevant_in(o);
         return found_among(o, k) == 0 ? 0.0 : 200.0 * precision * recall / (precision + recall);
       }},
      {"MeanR",
       [](const Order& o, std::int64_t) { return static_cast<double>(best_place(o) + 1); }},
      {"MRR",
       [](const Order& o, std::int64_t) { return 1.0 / static_cast<double>(best_place(o) + 1); }},
      {"GeoMeanR", [](const Order& o,
                      std::int64_t) { return std::log(static_cast<double>(best_place(o) + 1)); }},
      {"success@k",
       [](const Order& o, std::int64_t k) { return found_among(o, k) > 0 ? 1.0 : 0.0; }},
      {"capped_recall@k",
       [](const Order& o, std::int64_t k) {
         return 100.0 * found_among(o, k) / std::min(static_cast<double>(k), relevant_in(o));
       }},
      {"MAP@R",
       [](const Order& o, std::int64_t) {
         const double all = relevant_in(o);
         return 100.0 * average_precision(o, static_cast<std::int64_t>(all), all);
       }},
      {"nDCG@k", [](const Order& o, std::int64_t k) { return ndcg(o, k, std::identity()); }},
      {"nDCG_exp@k",
       [](const Order& o, std::int64_t k) {
         return ndcg(o, k, [](double grade) { return std::exp2(grade) - 1.0; });
       }},
      {"FOSCTTM", [](const Order& o, std::int64_t) { return misordered(o); }},
      {"macro_AUC", [](const Order& o, std::int64_t) { return 1.0 - misordered(o); }},
      {"mAP",
       [](const Order& o, std::int64_t) {
         return 100.0 * average_precision(o, std::ssize(o), relevant_in(o));
       }},
      {"mAP@k",
       [](const Order& o, std::int64_t k) {
         return 100.0 * average_precision(o, k, std::min(static_cast<double>(k), relevant_in(o)));
       }},
      {"R-Prec",
       [](const Order& o, std::int64_t) {
         const double all = relevant_in(o);
         return 100.0 * found_among(o, static_cast<std::int64_t>(all)) / all;
       }},
  };
  return kMetrics;
}

/// `orders[q]` are the equally likely orders of query q, every one with something relevant. Nothing
/// where no query has a value.
inline std::optional<double> mean_over(const std::vector<std::vector<Order>>& orders,
                                       const OrderMetric& metric, std::int64_t k) {
  double sum = 0.0;
  double queries = 0.0;
  for (const auto& likely : orders) {
    double query = 0.0;
    for (const Order& order : likely) query += metric(order, k);
    if (std::isnan(query)) continue;
    sum += query / static_cast<double>(likely.size());
    queries += 1.0;
  }
  if (queries == 0.0) return std::nullopt;
  return sum / queries;
}

/// floor(mean of lower and upper median of the mixture of 0-based best places) + 1, in integers.
inline double median_rank(const std::vector<std::vector<Order>>& orders) {
  std::int64_t unit = 1;
  for (const auto& likely : orders) unit = std::lcm(unit, std::ssize(likely));
  std::map<std::int64_t, std::int64_t> mass;
  for (const auto& likely : orders) {
    for (const Order& order : likely) mass[best_place(order)] += unit / std::ssize(likely);
  }
  const std::int64_t total = unit * std::ssize(orders);
  std::int64_t below = 0;
  std::optional<std::int64_t> lower;
  for (const auto& [place, weight] : mass) {
    below += weight;
    if (!lower && 2 * below >= total) lower = place;
    if (2 * below > total) return static_cast<double>((*lower + place) / 2 + 1);
  }
  return -1.0;
}

}  // namespace alignlab::tests
