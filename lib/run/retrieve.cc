#include "run/retrieve.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
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

/// Those among the rows of a fold, by their places in it.
std::vector<JudgedPair> picked(const std::vector<JudgedPair>& judged, const ProtocolFold& fold) {
  const auto places = [](const std::vector<std::size_t>& which) {
    std::unordered_map<std::size_t, std::size_t> out;
    for (std::size_t i = 0; i < which.size(); ++i) out[which[i]] = i;
    return out;
  };
  std::vector<JudgedPair> out;
  if (judged.empty()) return out;
  const auto first = places(fold.first), second = places(fold.second);
  for (const JudgedPair& pair : judged) {
    const auto one = first.find(pair.first), other = second.find(pair.second);
    if (one == first.end() || other == second.end()) continue;
    out.push_back({one->second, other->second, pair.grade});
  }
  return out;
}

/// Whether `which` are all rows, in order.
bool are_all(const std::vector<std::size_t>& which, const SearchSide& side) {
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (which[i] != i) return false;
  }
  return which.size() == side.keys.size();
}

/// One direction of one fold, and the notes that it is counted into.
struct Direction {
  const SearchSide& queries;
  const SearchSide& candidates;
  const Relevance& relevant;
  std::optional<double> threshold;
  std::span<const double> query_bias;  // where all pairs are compared on one scale
};

/// What a correction makes of a side as candidates.
struct Corrected {
  std::vector<double> bias;
  std::vector<bool> gate;  // of a gated one
  double seconds = 0.0;
};

Corrected corrected(const Gallery& candidates, const Gallery& bank,
                    const RetrievalRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  Corrected out;
  out.bias = corrected_bias(candidates, bank, *request.correction, request.kernel);
  if (request.correction->is_gated()) {
    out.gate = best_of_bank(candidates, bank, request.kernel);
  }
  out.seconds = seconds_since(start);
  return out;
}

class FoldSearch {
 public:
  FoldSearch(SearchSide first, SearchSide second, RelevantRows relevant,
             const RetrievalRequest& request)
      : request_(request),
        first_(std::move(first)),
        second_(std::move(second)),
        of_first_(std::move(relevant.of_first)),
        of_second_(std::move(relevant.of_second)) {
    const bool corrects_queries = request.correction && request.correction->is_mutual();
    if (!corrects_queries) keep_query_bias();
    if (request.correction) correct();
    if (corrects_queries) keep_query_bias();
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
      if (first != nullptr) {
        out = {listed(*second, first_, second_, of_first_),
               listed(*first, second_, first_, of_second_)};
      } else if (is_gated()) {
        out = {gated(first_, second_, corrected_second_, of_first_),
               gated(second_, first_, corrected_first_, of_second_)};
      } else {
        out = rank_both(first_.rows, second_.rows, of_first_, of_second_, request_.kernel);
      }
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
  const Corrected& corrected_first() const { return corrected_first_; }
  const Corrected& corrected_second() const { return corrected_second_; }

 private:
  bool is_gated() const { return request_.correction && request_.correction->is_gated(); }

  /// A correction reads the other side as it was before its own.
  void correct() {
    const SearchSides* bank = request_.bank;
    corrected_first_ =
        corrected(first_.rows, bank == nullptr ? second_.rows : bank->second.rows, request_);
    corrected_second_ =
        corrected(second_.rows, bank == nullptr ? first_.rows : bank->first.rows, request_);
    if (is_gated()) return;
    first_.rows.bias = corrected_first_.bias;
    second_.rows.bias = corrected_second_.bias;
  }

  void keep_query_bias() {
    first_query_bias_ = first_.rows.bias;
    second_query_bias_ = second_.rows.bias;
  }

  Ranks gated(const SearchSide& queries, const SearchSide& candidates, const Corrected& own,
              const Relevance& relevant) const {
    return rank_gated(queries.rows.vectors, candidates.rows, own.bias, own.gate, relevant,
                      request_.kernel);
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
  Corrected corrected_first_;
  Corrected corrected_second_;
};

ThresholdCurve curve_of(const Direction& direction, const Kernel& kernel) {
  return threshold_curve(direction.queries.rows.vectors, direction.candidates.rows,
                         direction.relevant, kernel, direction.query_bias);
}

Retrieval describe(const Direction& direction, Ranks ranks, const RetrievalRequest& request) {
  Retrieval out;
  out.ranks = std::move(ranks);
  out.groups = direction.queries.groups;
  // Scores of queries that a gate lets through are on another scale than the others'.
  if (request.correction && request.correction->is_gated()) return out;
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

Found retrieve(SearchSides sides, const std::vector<ProtocolFold>& folds,
               const RetrievalRequest& request, Progress& progress) {
  Found out;
  const auto take = [&](SearchSide& side, const std::vector<std::size_t>& which) {
    return folds.size() == 1 && are_all(which, side) ? std::move(side) : picked(side, which);
  };
  for (const ProtocolFold& fold : folds) {
    SearchSide first = take(sides.first, fold.first), second = take(sides.second, fold.second);
    RelevantRows relevant =
        relevant_rows(sides.positives, first.keys, second.keys, picked(sides.judged, fold));
    const FoldSearch search(std::move(first), std::move(second), std::move(relevant), request);
    TwoWayRanks ranks = search.rank(out.search_s, progress);
    const auto add = [&](const std::string& name, const Direction& direction, Ranks own,
                         double correct_s) {
      out.retrievals[name].push_back(describe(direction, std::move(own), request));
      note(out.notes[name], direction, correct_s, request);
    };
    add(sides.first_to_second, search.from_first(), std::move(ranks.of_first),
        search.corrected_second().seconds);
    add(sides.second_to_first, search.from_second(), std::move(ranks.of_second),
        search.corrected_first().seconds);
  }
  return out;
}

Thresholds best_thresholds(SearchSides dev, const RetrievalRequest& request) {
  RelevantRows relevant = relevant_rows(dev.positives, dev.first.keys, dev.second.keys, dev.judged);
  const FoldSearch search(std::move(dev.first), std::move(dev.second), std::move(relevant),
                          request);
  return {best_f1_threshold(curve_of(search.from_first(), request.kernel)),
          best_f1_threshold(curve_of(search.from_second(), request.kernel))};
}

}  // namespace alignlab
