#pragma once

// Anyone's embeddings or rankings, evaluated as a trial's are: with no data set and no training.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "eval/evaluation.h"
#include "run/measure_geometry.h"
#include "search/search.h"

namespace alignlab {

/// How the rows of two matrices belong together. Rows are relevant to each other where they have
/// the same name: one a line in a file each, or their number from 0 on where there is no file.
struct RowPairing {
  std::optional<std::filesystem::path> query_names;
  std::optional<std::filesystem::path> candidate_names;
  bool query_names_are_ids = false;  // each comes once
  bool candidate_names_are_ids = false;
};

struct ScoreRequest {
  EvaluationRequest evaluation;  // its reach is set here
  std::optional<IntervalRequest> intervals;
};

struct EmbeddingScoreRequest : ScoreRequest {
  std::filesystem::path queries;
  std::filesystem::path candidates;
  RowPairing pairing;
  Similarity similarity = Similarity::kCosine;
  std::string protocol = "all-pairs";  // images are the side with fewer rows
  std::optional<double> threshold;     // of metrics at one
  std::string correction = "none";
  std::size_t correction_neighbours = 10;
  double correction_temperature = 0.3;
  std::size_t correction_iterations = 10;
  std::optional<std::filesystem::path> query_bank;      // queries that a correction reads; both or
  std::optional<std::filesystem::path> candidate_bank;  // none: the evaluated ones, transductive
  int threads = 1;
};

struct RankingScoreRequest : ScoreRequest {
  std::filesystem::path run;
  std::filesystem::path qrels;
};

struct Score {
  Retrievals retrievals;
  ByMetric<double> metrics;
  ByMetric<Interval> intervals;
  std::map<std::string, double> tie_rate;  // by direction, in percent
  std::vector<std::string> notices;        // what a reader of the numbers should know
};

inline constexpr const char* kQueryToCandidate = "query_to_candidate";
inline constexpr const char* kCandidateToQuery = "candidate_to_query";

/// DataError, UsageError.
Score score_embeddings(EmbeddingScoreRequest request, Progress& progress);
Score score_rankings(RankingScoreRequest request);

/// How the rows of both sides lie to each other (run/measure_geometry.h), by the pairing of the
/// request. Widths may differ.
std::vector<GeometryRow> geometry_of(const EmbeddingScoreRequest& request,
                                     const PermutationOptions& permutations);

/// The same metrics where ties fall for, or against, what is relevant.
ByMetric<double> with_ties(const Score& score, EvaluationRequest request, TiePolicy ties);

}  // namespace alignlab
