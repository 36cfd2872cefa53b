#pragma once

// A config, resolved: every trial it describes, with all that can be checked without the data.

#include <string>
#include <vector>

#include "config/sweep.h"
#include "record/manifest.h"
#include "run/spec.h"

namespace alignlab {

struct TableSpec {
  std::vector<std::string> columns;
};

/// A whole config, resolved for every trial before the first one starts.
struct Experiment {
  std::string name;
  std::vector<TrialSpec> trials;     // in table order, each once
  std::vector<std::string> notices;  // what was dropped or collapsed, for the user
  TableSpec table;
  std::vector<PublishedRow> published;  // to be shown above them
};

/// The sections that are no catalog, with their options; those above all sections come first.
const std::vector<CatalogRow>& section_catalog();

Experiment resolve_experiment(const Node& document, const std::vector<Override>& overrides);

}  // namespace alignlab
