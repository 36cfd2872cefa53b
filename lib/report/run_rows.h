#pragma once

// The rows of a run's table with what each of their seeds has found, read from the files of ranks
// beside the records, and columns of the table as statistics over groups of queries. Private to
// this module.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/evaluation.h"
#include "record/manifest.h"

namespace alignlab {

/// A metric of a direction or of both.
struct MetricColumn {
  std::string text;
  std::string place;  // a direction, or "both"
  std::string name;
};

/// What each seed of a row has found.
using Seeds = std::map<std::int64_t, Retrievals>;

class RunRows {
 public:
  /// DataError where the folder is no run.
  explicit RunRows(const std::filesystem::path& run) : run_(run), manifest_(read_manifest(run)) {}

  const std::filesystem::path& run() const { return run_; }
  std::vector<std::string> names() const;
  std::vector<std::string> directions() const;
  /// Read once. DataError for a trial that has no record, or failed.
  const Seeds& seeds_of(const std::string& row);
  /// Of a row whose seeds have been read.
  TiePolicy ties_of(const std::string& row) const { return ties_.at(row); }

 private:
  std::filesystem::path run_;
  Manifest manifest_;
  std::map<std::string, Seeds> seeds_;
  std::map<std::string, TiePolicy> ties_;
};

/// ConfigError beginning with `command` for what is no such column.
MetricColumn parse_metric_column(const std::string& text,
                                 const std::vector<std::string>& directions,
                                 const std::string& command);
/// Nothing for columns that are measured and not evaluated, such as times.
std::optional<MetricColumn> find_metric_column(const std::string& text,
                                               const std::vector<std::string>& directions);
Better better_of(const MetricColumn& column);

/// Nothing where the column is undefined there, or no function of single queries.
std::optional<Statistic> statistic_of(const Retrievals& retrievals, const MetricColumn& column,
                                      TiePolicy ties, const std::vector<std::int32_t>& groups);
/// The mean over seeds, as one statistic.
Statistic mean_of(const std::vector<Statistic>& seeds);

}  // namespace alignlab
