#pragma once

// What is evaluated against what: named protocols, so that a number says which items it is over.

#include <string>
#include <vector>

#include "config/options.h"
#include "core/splits.h"
#include "data/dataset.h"

namespace alignlab {

/// Rows: "all-pairs", "flickr8k-1k" ...
const std::vector<CatalogRow>& protocol_catalog();

/// DataError naming the data set where the split is not what the protocol is defined on.
void check_protocol(const std::string& protocol, const Dataset& dataset, Split split);

/// Items of two modalities are relevant to each other where their keys are equal: their groups, or
/// under "class-labels" their labels. An item without a label is relevant to none.
std::vector<std::int32_t> relevance_keys(const std::string& protocol, const Dataset& dataset,
                                         Modality modality, Split split);

}  // namespace alignlab
