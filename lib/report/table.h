#pragma once

// From records to a table: one row a case (and axis values), seeds folded into mean and sample
// deviation (ddof = 1). Numbers are rounded for text, markdown and latex only.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/document.h"
#include "eval/resampling.h"

namespace alignlab {

struct Cell {
  std::vector<double> values;             // one a seed, in the order of the plan
  std::optional<Interval> interval = {};  // shown in place of the deviation
  bool is_marked = false;                 // best, or not significantly worse
  std::optional<double> mean() const;
  /// Of a sample; nothing for fewer than two values.
  std::optional<double> deviation() const;
};

struct TableRow {
  std::string name;
  std::string run;
  std::vector<Cell> cells;
  std::size_t seeds = 0;  // with a record
  std::size_t planned = 0;
  std::size_t failed = 0;
  std::string source = {};  // of figures of others: where they were read; empty for ours

  bool is_published() const { return !source.empty(); }
  /// Whether all of its trials are there, so that their ranks are.
  bool is_whole() const { return !is_published() && seeds > 0 && seeds == planned; }
};

struct ResultTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<TableRow> rows;
  std::vector<std::string> notes;  // what a reader must know: seeds, missing trials
};

/// `columns` overrides those of the runs; ConfigError for one that no record could have. CheckError
/// if the trials differ in what they are evaluated on (protocol, split, modalities, data), unless
/// `mix_protocols`. DataError if a folder is no run.
ResultTable make_table(const std::vector<std::filesystem::path>& runs,
                       const std::vector<std::string>& columns, bool mix_protocols);

inline const std::vector<std::string> kTableFormats{"text", "markdown", "latex", "csv", "json"};
/// Precondition: `format` is one of kTableFormats.
std::string render(const ResultTable& table, const std::string& format);

/// What the table does not hold of `expected` (TOML: [rows."<name>"] with, for each column, a
/// number or { mean = .., within = .. }): one line each.
std::vector<std::string> differences(const ResultTable& table, const Node& expected);

/// `table` as such a file: every mean within three deviations over seeds, or `least_margin` if that
/// is more.
std::string as_expected(const ResultTable& table, double least_margin);

}  // namespace alignlab
