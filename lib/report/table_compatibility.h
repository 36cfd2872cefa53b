#pragma once

#include <filesystem>
#include <string>

#include "report/table.h"

namespace alignlab {

/// Puts behind each column of a metric what another program of the compatibility catalog
/// (eval/compatibility.h) would print for the same ranks, where it has the metric, and a note on
/// what differs. `table` is that of `run` alone; rows that are not wholly run have no such cells.
void add_compatible(ResultTable& table, const std::filesystem::path& run,
                    const std::string& program);

}  // namespace alignlab
