#pragma once

// Do the rows of a run differ by more than chance? Each of some rows is compared with one, on the
// same queries and seed by seed: a difference with its interval (paired bootstrap), a p-value
// (paired randomisation test, groups of queries as units), the p-value that many comparisons leave
// (Holm, over the rows compared for one metric), and the difference that would have been found.
//
// A row whose method draws nothing has one seed, which is paired with each of the other's.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "eval/evaluation.h"

namespace alignlab {

struct ComparisonRequest {
  std::filesystem::path run;
  std::string a;                     // rows of its table
  std::vector<std::string> others;   // empty: all but a
  std::vector<std::string> metrics;  // columns, e.g. "image_to_text.R@1", "rsum"
  IntervalRule rule;
  std::size_t resamples = 10'000;  // of the interval, and arrangements of the test
  std::uint64_t seed = 0;
};

/// Of one row with `a`, for one metric; differences are a's value less the row's.
struct ComparedCell {
  std::string metric;
  double a = 0.0;
  double other = 0.0;
  double difference = 0.0;
  std::optional<Interval> interval;
  double p = 1.0;
  double adjusted_p = 1.0;
  std::optional<double> detectable;  // at 80 % power and alpha 0.05
};
struct ComparedRow {
  std::string name;
  std::size_t seeds = 0;  // pairs of them
  std::vector<ComparedCell> cells;
};
struct Comparison {
  std::string a;
  std::size_t groups = 0;
  std::vector<ComparedRow> rows;
};

/// ConfigError for unknown rows and metrics, with a suggestion; CheckError where rows are not
/// evaluated on the same queries; DataError where records are missing or metrics cannot be
/// compared.
Comparison compare(const ComparisonRequest& request);

}  // namespace alignlab
