#pragma once

// What the ranks of a run add to its table: intervals of its cells, and which rows are best, or not
// significantly worse than the best.

#include <filesystem>

#include "report/table.h"

namespace alignlab {

/// Gives each cell of a metric the 95 % interval of its mean over seeds, of queries drawn anew
/// (eval/resampling.h), in place of the deviation over seeds. `table` is that of `run` alone.
void add_intervals(ResultTable& table, const std::filesystem::path& run);

/// Marks, in each column of a metric, the best mean and those not significantly worse: by a paired
/// randomisation test against the best at 0.05, after Holm over the rows. Columns over pooled pairs
/// have no such test and no marks. Here and above, rows that are not wholly run are left as they
/// are.
void mark_best(ResultTable& table, const std::filesystem::path& run);

}  // namespace alignlab
