#include "run/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "data/matrix_file.h"
#include "data/protocol.h"
#include "data/trec_files.h"
#include "run/retrieve.h"
#include "search/hubness.h"

namespace alignlab {
namespace {

using Reach = EvaluationRequest::Reach;

/// Numbers for names, the same on both sides.
class Names {
 public:
  std::vector<std::int32_t> read(const std::filesystem::path& path, std::size_t rows,
                                 const std::filesystem::path& matrix, bool are_ids) {
    std::vector<std::int32_t> out;
    std::unordered_map<std::string, std::uint64_t> lines_of;
    LineReader lines(path);
    while (lines.next()) {
      const std::string name(lines.text());
      if (are_ids && !lines_of.emplace(name, lines.number()).second) {
        lines.fail(fmt::format("expected each id once, found '{}' as on line {}", excerpt(name),
                               lines_of.at(name)));
      }
      out.push_back(number_of(name));
    }
    if (out.size() != rows) {
      throw DataError(fmt::format("{}: expected {} lines, one for each row of {}, found {}",
                                  path.string(), rows, matrix.string(), out.size()));
    }
    return out;
  }
  std::vector<std::int32_t> rows(std::size_t count) {
    std::vector<std::int32_t> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(number_of(fmt::to_string(i)));
    return out;
  }

 private:
  std::int32_t number_of(const std::string& name) {
    return numbers_.emplace(name, static_cast<std::int32_t>(numbers_.size())).first->second;
  }
  std::unordered_map<std::string, std::int32_t> numbers_;
};

Gallery prepared(const std::filesystem::path& path, Similarity similarity) {
  const Matrix rows = read_matrix(path);
  if (rows.rows() == 0) {
    throw DataError(fmt::format("{}: expected a row at least, found none", path.string()));
  }
  return prepare(rows, similarity, path.string());
}

void require_same_width(const Gallery& a, const std::filesystem::path& of_a, const Gallery& b,
                        const std::filesystem::path& of_b) {
  if (a.vectors.cols() == b.vectors.cols()) return;
  throw DataError(fmt::format("{}: expected {} columns, as in {}, found {}", of_b.string(),
                              a.vectors.cols(), of_a.string(), b.vectors.cols()));
}

struct Keys {
  std::vector<std::int32_t> queries;
  std::vector<std::int32_t> candidates;
};

Keys read_keys(const EmbeddingScoreRequest& request, std::size_t queries, std::size_t candidates) {
  const RowPairing& pairing = request.pairing;
  if (!pairing.query_names && !pairing.candidate_names && queries != candidates) {
    throw DataError(fmt::format(
        "{}: expected {} rows, as in {}, found {}; where several rows belong to one, name them "
        "with --query-groups or --candidate-groups",
        request.candidates.string(), queries, request.queries.string(), candidates));
  }
  Names names;
  const auto keys = [&](const std::optional<std::filesystem::path>& file, bool are_ids,
                        std::size_t rows, const std::filesystem::path& matrix) {
    return file ? names.read(*file, rows, matrix, are_ids) : names.rows(rows);
  };
  Keys out;
  out.queries = keys(pairing.query_names, pairing.query_names_are_ids, queries, request.queries);
  out.candidates = keys(pairing.candidate_names, pairing.candidate_names_are_ids, candidates,
                        request.candidates);
  return out;
}

/// The first side is that of the queries, whichever holds images.
SearchSides load_sides(const EmbeddingScoreRequest& request) {
  SearchSides out{{prepared(request.queries, request.similarity), {}, {}},
                  {prepared(request.candidates, request.similarity), {}, {}},
                  kQueryToCandidate,
                  kCandidateToQuery};
  require_same_width(out.first.rows, request.queries, out.second.rows, request.candidates);
  Keys keys = read_keys(request, out.first.rows.vectors.rows(), out.second.rows.vectors.rows());
  out.first.groups = out.first.keys = std::move(keys.queries);
  out.second.groups = out.second.keys = std::move(keys.candidates);
  return out;
}

std::vector<ProtocolFold> folds_of(const SearchSides& sides, const EmbeddingScoreRequest& request) {
  if (sides.first.groups.size() <= sides.second.groups.size()) {
    return protocol_folds(request.protocol, sides.first.groups, sides.second.groups,
                          request.queries.string());
  }
  auto folds = protocol_folds(request.protocol, sides.second.groups, sides.first.groups,
                              request.candidates.string());
  for (ProtocolFold& fold : folds) std::swap(fold.first, fold.second);
  return folds;
}

void require_something_relevant(const Score& score, const std::string& what) {
  for (const auto& [direction, folds] : score.retrievals) {
    for (const Retrieval& fold : folds) {
      if (judged_queries(fold.ranks) > 0) return;
    }
  }
  throw DataError(fmt::format("{}: expected a query with something relevant, found none", what));
}

void evaluate_into(Score& score, const ScoreRequest& request) {
  score.metrics = evaluate(score.retrievals, request.evaluation);
  if (request.intervals) {
    score.intervals = intervals_of(score.retrievals, request.evaluation, *request.intervals);
  }
  for (const auto& [direction, folds] : score.retrievals) {
    for (const Retrieval& fold : folds) {
      score.tie_rate[direction] += tie_rate(fold.ranks) / static_cast<double>(folds.size());
    }
  }
}

void note_left_out(Score& score) {
  for (const auto& [direction, folds] : score.retrievals) {
    std::size_t left_out = 0;
    for (const Retrieval& fold : folds)
      left_out += fold.ranks.queries() - judged_queries(fold.ranks);
    if (left_out == 0) continue;
    score.notices.push_back(fmt::format(
        "{}: {} queries have no relevant candidate and are left out", direction, left_out));
  }
}

}  // namespace

Score score_embeddings(EmbeddingScoreRequest request, Progress& progress) {
  request.evaluation.reach = Reach::kAll;
  SearchSides sides = load_sides(request);
  RetrievalRequest search;
  search.kernel.threads = request.threads;
  search.draws_curve = std::ranges::any_of(request.evaluation.metrics, &MetricName::uses_curve);
  search.thresholds = {request.threshold, request.threshold};
  std::optional<SearchSides> bank;
  if (request.correction != "none") {
    search.correction = Correction{request.correction, request.correction_neighbours,
                                   request.correction_temperature, request.correction_iterations};
    if (request.query_bank) {
      bank = SearchSides{{prepared(*request.query_bank, request.similarity), {}, {}},
                         {prepared(*request.candidate_bank, request.similarity), {}, {}},
                         "",
                         ""};
      require_same_width(sides.first.rows, request.queries, bank->first.rows, *request.query_bank);
      require_same_width(sides.first.rows, request.queries, bank->second.rows,
                         *request.candidate_bank);
      search.bank = &*bank;
    }
  }
  Score out;
  const auto folds = folds_of(sides, request);
  Found found = retrieve(std::move(sides), folds, search, progress);
  out.retrievals = std::move(found.retrievals);
  require_something_relevant(out, request.queries.string());
  evaluate_into(out, request);
  note_left_out(out);
  for (const auto& [direction, notes] : found.notes) {
    if (notes.zero_queries == 0) continue;
    out.notices.push_back(fmt::format("{}: {} queries are zero or constant and score 0 with all",
                                      direction, notes.zero_queries));
  }
  if (search.correction && !bank) {
    out.notices.push_back(request.correction +
                          " looks at all evaluated queries: the result is transductive");
  }
  return out;
}

Score score_rankings(RankingScoreRequest request) {
  request.evaluation.reach = Reach::kLists;
  ListedRanks listed = listed_ranks(read_run(request.run), read_qrels(request.qrels));
  Score out;
  Retrieval retrieval;
  retrieval.ranks = std::move(listed.ranks);
  for (std::size_t i = 0; i < listed.queries.size(); ++i) {
    retrieval.groups.push_back(static_cast<std::int32_t>(i));
  }
  out.retrievals[kQueryToCandidate].push_back(std::move(retrieval));
  require_something_relevant(out, request.qrels.string());
  evaluate_into(out, request);
  const auto note = [&](std::size_t count, const std::string& what) {
    if (count > 0) out.notices.push_back(fmt::format("{} {}", count, what));
  };
  note(listed.without_relevant, "judged queries have no relevant document and are left out");
  note(
      listed.without_list,
      "judged queries are not in the run: those with a relevant document count as finding nothing");
  note(listed.unjudged, "queries of the run are not judged and are left out");
  return out;
}

std::vector<GeometryRow> geometry_of(const EmbeddingScoreRequest& request,
                                     const PermutationOptions& permutations) {
  const Matrix queries = read_matrix(request.queries);
  const Matrix candidates = read_matrix(request.candidates);
  const Keys keys = read_keys(request, queries.rows(), candidates.rows());
  GeometryRequest asked;
  asked.queries = queries;
  asked.candidates = candidates;
  asked.query_keys = keys.queries;
  asked.candidate_keys = keys.candidates;
  asked.similarity = request.similarity;
  asked.permutations = permutations;
  asked.threads = request.threads;
  return measure_geometry(asked);
}

ByMetric<double> with_ties(const Score& score, EvaluationRequest request, TiePolicy ties) {
  request.ties = ties;
  const bool are_lists = score.retrievals.size() == 1;
  request.reach = are_lists ? Reach::kLists : Reach::kAll;
  return evaluate(score.retrievals, request);
}

}  // namespace alignlab
