#include "run/retrieve.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "eval/metrics.h"
#include "run/search_costs.h"
#include "search/approximate.h"

namespace alignlab {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <typename T>
std::vector<T> picked(const std::vector<T>& values, const std::vector<std::size_t>& which) {
  std::vector<T> out;
  out.reserve(which.size());
  for (const std::size_t row : which) out.push_back(values[row]);
  return out;
}

SearchSide picked(const SearchSide& side, const std::vector<std::size_t>& which) {
  SearchSide out;
  out.rows.vectors = Matrix(which.size(), side.rows.vectors.cols());
  for (std::size_t i = 0; i < which.size(); ++i) {
    std::ranges::copy(side.rows.vectors.row(which[i]), out.rows.vectors.row(i).begin());
  }
  if (!side.rows.bias.empty()) out.rows.bias = picked(side.rows.bias, which);
  out.rows.zero_rows = side.rows.zero_rows;  // of the whole side
  out.keys = picked(side.keys, which);
  out.groups = picked(side.groups, which);
  return out;
}

/// One direction of one fold, and the notes that it is counted into.
struct Direction {
  const SearchSide& queries;
  const SearchSide& candidates;
  const Relevance& relevant;
  std::optional<double> threshold;
  std::span<const double> query_bias;  // where all pairs are compared on one scale
};

struct Corrected {
  double first_s = 0.0;
  double second_s = 0.0;
};

/// Gives both sides the bias of the correction as candidates.
Corrected correct(SearchSide& first, SearchSide& second, const RetrievalRequest& request) {
  Corrected out;
  const auto biased = [&](const Gallery& candidates, Gallery bank, double& seconds) {
    const auto start = std::chrono::steady_clock::now();
    auto bias = corrected_bias(candidates, std::move(bank), *request.correction, request.kernel);
    seconds = seconds_since(start);
    return bias;
  };
  // A correction reads the other side as it was before its own.
  const bool own_bank = request.bank == nullptr;
  auto of_first =
      biased(first.rows, own_bank ? second.rows : request.bank->second.rows, out.first_s);
  auto of_second =
      biased(second.rows, own_bank ? first.rows : request.bank->first.rows, out.second_s);
  first.rows.bias = std::move(of_first);
  second.rows.bias = std::move(of_second);
  return out;
}

class FoldSearch {
 public:
  FoldSearch(SearchSide first, SearchSide second, const RetrievalRequest& request)
      : request_(request),
        first_(std::move(first)),
        second_(std::move(second)),
        of_first_(Relevance::from_groups(first_.keys, second_.keys)),
        of_second_(Relevance::from_groups(second_.keys, first_.keys)) {
    // csls subtracts as much for a query as for a candidate; a softmax over queries nothing.
    const bool corrects_queries = request.correction && request.correction->kind == "csls";
    if (request.correction && !corrects_queries) keep_query_bias();
    if (request.correction) corrected_ = correct(first_, second_, request);
    if (!request.correction || corrects_queries) keep_query_bias();
  }

  /// Adds the seconds of each repetition to `seconds`.
  TwoWayRanks rank(std::vector<double>& seconds, Progress& progress) const {
    // Building them is no part of a search.
    const auto first = request_.make_index ? request_.make_index(first_.rows) : nullptr;
    const auto second = request_.make_index ? request_.make_index(second_.rows) : nullptr;
    seconds.resize(static_cast<std::size_t>(request_.repetitions), 0.0);
    TwoWayRanks out;
    for (double& sample : seconds) {
      progress.check();
      const auto start = std::chrono::steady_clock::now();
      out = first == nullptr
                ? rank_both(first_.rows, second_.rows, of_first_, of_second_, request_.kernel)
                : TwoWayRanks{listed(*second, first_, second_, of_first_),
                              listed(*first, second_, first_, of_second_)};
      sample += seconds_since(start);
    }
    return out;
  }

  Direction from_first() const {
    return {first_, second_, of_first_, request_.thresholds.first_to_second, first_query_bias_};
  }
  Direction from_second() const {
    return {second_, first_, of_second_, request_.thresholds.second_to_first, second_query_bias_};
  }
  const Corrected& corrected() const { return corrected_; }

 private:
  void keep_query_bias() {
    first_query_bias_ = first_.rows.bias;
    second_query_bias_ = second_.rows.bias;
  }

  Ranks listed(SearchIndex& index, const SearchSide& queries, const SearchSide& candidates,
               const Relevance& relevant) const {
    return ranks_of_lists(index.top_k(queries.rows.vectors, request_.longest_list), relevant,
                          candidates.rows.vectors.rows());
  }

  const RetrievalRequest& request_;
  SearchSide first_;
  SearchSide second_;
  Relevance of_first_;
  Relevance of_second_;
  std::vector<double> first_query_bias_;
  std::vector<double> second_query_bias_;
  Corrected corrected_;
};

ThresholdCurve curve_of(const Direction& direction, const Kernel& kernel) {
  return threshold_curve(direction.queries.rows.vectors, direction.candidates.rows,
                         direction.relevant, kernel, direction.query_bias);
}

Retrieval describe(const Direction& direction, Ranks ranks, const RetrievalRequest& request) {
  Retrieval out;
  out.ranks = std::move(ranks);
  out.groups = direction.queries.groups;
  if (direction.threshold) {
    out.threshold = direction.threshold;
    out.decisions =
        decide(direction.queries.rows.vectors, direction.candidates.rows, direction.relevant,
               *direction.threshold, request.kernel, direction.query_bias);
  }
  if (request.draws_curve) out.curve = curve_of(direction, request.kernel);
  return out;
}

void note(SearchNotes& notes, const Direction& direction, double correct_s,
          const RetrievalRequest& request) {
  notes.zero_queries = direction.queries.rows.zero_rows;
  notes.zero_candidates = direction.candidates.rows.zero_rows;
  if (request.correction) {
    notes.bias.push_back(direction.candidates.rows.bias);
    notes.correct_s.resize(1, 0.0);
    notes.correct_s.front() += correct_s;
  }
  // Of folds, which are alike, the first tells.
  if (!request.measures_costs || !notes.costs.empty()) return;
  const Gallery& gallery = direction.candidates.rows;
  notes.costs = search_costs(
      direction.queries.rows.vectors, gallery,
      [&] {
        return request.make_index ? request.make_index(gallery)
                                  : exact_index(gallery, request.kernel);
      },
      request.kernel.threads);
}

}  // namespace

Found retrieve(const SearchSides& sides, const std::vector<ProtocolFold>& folds,
               const RetrievalRequest& request, Progress& progress) {
  Found out;
  for (const ProtocolFold& fold : folds) {
    const FoldSearch search(picked(sides.first, fold.first), picked(sides.second, fold.second),
                            request);
    TwoWayRanks ranks = search.rank(out.search_s, progress);
    const auto add = [&](const std::string& name, const Direction& direction, Ranks own,
                         double correct_s) {
      out.retrievals[name].push_back(describe(direction, std::move(own), request));
      note(out.notes[name], direction, correct_s, request);
    };
    add(sides.first_to_second, search.from_first(), std::move(ranks.of_first),
        search.corrected().second_s);
    add(sides.second_to_first, search.from_second(), std::move(ranks.of_second),
        search.corrected().first_s);
  }
  return out;
}

Thresholds best_thresholds(const SearchSides& dev, const RetrievalRequest& request) {
  const FoldSearch search(dev.first, dev.second, request);
  return {best_f1_threshold(curve_of(search.from_first(), request.kernel)),
          best_f1_threshold(curve_of(search.from_second(), request.kernel))};
}

}  // namespace alignlab
