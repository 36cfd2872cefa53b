#pragma once

// [[published]] of a config: a row of the table that holds figures of others, with where they were
// read.
//
//   name    of the row
//   source  where the figures stand
//   split   that they are of, test unless it says dev
//   values  { "image_to_text.R@1" = 22.3, ... }; rsum is added where all six rates are given

#include <string>
#include <vector>

#include "config/document.h"
#include "config/options.h"
#include "record/manifest.h"

namespace alignlab {

const Options& published_options();

/// ConfigError for an entry that is none, or has a value for what no trial could have. `directions`
/// are those of the trials.
std::vector<PublishedRow> read_published(const Node& document,
                                         const std::vector<std::string>& directions);

}  // namespace alignlab
