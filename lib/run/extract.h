#pragma once

// `alignlab extract`: features of every item of a modality, stored in the data set under a name.
// Fitted on the training items alone; resumable, for it goes through the store.

#include <filesystem>
#include <string>

#include "core/progress.h"
#include "features/feature_kind.h"
#include "record/store.h"
#include "run/makers.h"

namespace alignlab {

struct ExtractRequest {
  std::filesystem::path dataset;
  Modality modality = Modality::kImage;
  FeatureSpec features;  // of a dense kind
  std::string name;
  int threads = 1;
};

struct ExtractSummary {
  std::size_t items = 0;
  std::size_t width = 0;
  std::size_t made = 0;  // of the items; the others' rows were in the store
  double seconds = 0;    // of making them, without fitting and storing
  int threads = 1;       // that it took, no more than there are items
};

/// DataError if there is a feature of that name already, and for a damaged data set; whatever
/// extraction throws.
ExtractSummary extract_features(const ExtractRequest& request, const Store& store,
                                const Makers& makers, Progress& progress);

}  // namespace alignlab
