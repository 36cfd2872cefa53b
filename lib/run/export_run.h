#pragma once

// The way out for a trial of a run: the embeddings of its evaluated split as matrices with ids, its
// rankings as TREC run files, or its curves. Embeddings come from the store; nothing is trained.

#include <filesystem>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/progress.h"
#include "record/store.h"

namespace alignlab {

/// Rows name the formats of `alignlab export RUN` and their options.
const std::vector<CatalogRow>& run_export_catalog();

struct RunExport {
  std::filesystem::path run;
  std::filesystem::path out;  // a folder, which must not be there yet
  std::string format;         // in the catalog
  Section options;            // resolved; `row` and `seed` choose the trial
};

/// UsageError unless `row` and `seed` name one trial; DataError where its record or its embeddings
/// are not there. Returns the files written.
std::vector<std::filesystem::path> export_run(const RunExport& request,
                                              const std::filesystem::path& store,
                                              Progress& progress);

}  // namespace alignlab
