#pragma once

// What a column of a table can be: a metric of a direction, the sum of both directions, or a time.

#include <string>
#include <vector>

#include "config/options.h"

namespace alignlab {

/// "<direction>.<metric>", "rsum" ... with what they show, for `list`.
const std::vector<CatalogRow>& column_catalog();

/// ConfigError, with a suggestion, for what no record of trials of these directions
/// ("image_to_text" ...) could hold.
void check_column(const std::string& column, const std::vector<std::string>& directions,
                  const Place& place);

/// The metric that a column shows: "R@1" of "image_to_text.R@1"; empty where it shows none that
/// an evaluation is told to compute.
std::string metric_of_column(const std::string& column);

}  // namespace alignlab
