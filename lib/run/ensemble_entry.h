#pragma once

// [[ensemble]] of a config: a row of the table that adds the scores of several cases.
//
//   name     of the row
//   members  names of cases
//   weights  of their scores, each in units of its deviation on dev; 1 where not given
//   seeds    of each member, so many, which share its weight: the ensemble of seed s takes seeds
//            s * seeds, s * seeds + 1, ..., so that no two share one; under a label budget each
//            draws groups of its own
//   set      keys of [eval] that differ from the config's; what its members' cases set of [eval] is
//            for their own rows

#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/options.h"

namespace alignlab {

struct EnsembleEntry {
  std::string name;
  std::vector<std::string> members;
  std::vector<double> weights;  // one a member, or none
  std::int64_t seeds = 1;
  std::vector<std::pair<std::string, Node>> set;  // dotted keys
  Place place;
};

const Options& ensemble_options();

/// ConfigError for an entry that is none.
std::vector<EnsembleEntry> read_ensembles(const Node& document);

}  // namespace alignlab
