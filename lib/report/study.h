#pragma once

// Three questions about finished runs. Where does the variance of a number come from: seeds or
// queries? How do the rows rank over runs and seeds, and do the ranks differ by more than chance?
// Which metrics order the trials otherwise than the others do? Numbers of the first two are from
// the files of ranks, of the last from the records.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/variance.h"

namespace alignlab {

struct StudyRequest {
  std::vector<std::filesystem::path> runs;
  /// Columns, e.g. "image_to_text.R@1"; empty: rsum. Agreement is of these where there are two or
  /// more, and else of all that the records have in common.
  std::vector<std::string> metrics;
  RankRule rule;  // its level is that of all intervals
};

struct StudiedCell {
  std::string metric;
  std::map<std::int64_t, double> values;  // by seed, where it is defined
  std::optional<SeedSummary> over_seeds;  // where every seed has a value
  // Standard errors of the mean over seeds and queries, by source (VarianceParts). With one seed
  // there is only that of the queries (the delta method). None for what is no sum over queries, and
  // where seeds have other groups of queries.
  std::optional<double> by_seeds;
  std::optional<double> by_queries;
  std::optional<double> by_residual;
};
struct StudiedRow {
  std::string run;    // its name; its folder where several have the name
  std::string name;   // of the run's table
  std::string title;  // the name, with the run where there are several
  std::vector<std::int64_t> seeds;
  std::vector<StudiedCell> cells;
};

struct RankedRow {
  std::string name;
  std::optional<double> mean;        // 1 is best
  std::optional<Interval> interval;  // needs two blocks
  std::size_t blocks = 0;            // in which it has a value
};
/// Of the rows that all runs have, for one metric. A block is a seed of a run; a row of one seed
/// stands in all blocks of its run.
struct RowRanks {
  std::string metric;
  std::size_t blocks = 0;
  std::vector<RankedRow> rows;
  std::optional<FriedmanTest> friedman;
};

/// Of metrics that every trial has; those where less is better are turned round. Rows of one name
/// are one row, whichever runs they are of.
struct MetricAgreement {
  std::size_t trials = 0;
  std::vector<std::string> metrics;
  std::vector<std::vector<std::optional<double>>> tau;  // Kendall's tau-b of each pair
  std::vector<std::vector<std::string>> best;  // rows of the best mean over trials, by metric
};

struct Study {
  std::vector<StudiedRow> rows;
  std::vector<RowRanks> ranks;  // of each metric; none where no_ranks says why
  std::string no_ranks;
  std::optional<MetricAgreement> agreement;  // or no_agreement says why not
  std::string no_agreement;
  std::vector<std::string> notices;  // what was left out, and why
};

/// ConfigError for an unknown metric, with a suggestion; UsageError for a run given twice;
/// DataError for a folder that is no run, and for one of which a trial has failed or not run.
/// Preconditions: a run; 0 < level < 1.
Study study(const StudyRequest& request);

}  // namespace alignlab
