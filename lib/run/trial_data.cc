#include "run/trial_data.h"

#include "core/hash.h"

namespace alignlab {

std::string content_read(const Dataset& dataset, Modality modality, const FeatureSpec& features) {
  std::string hash = dataset.hash_of_raw(modality);
  if (reads_stored_feature(features)) {
    hash += dataset.hash_of_feature(modality, features.options.text("name"));
  }
  return hash;
}

std::string content_read(const Dataset& dataset, const TrialSpec& spec) {
  return hash_of(content_read(dataset, spec.first, spec.first_features) +
                 content_read(dataset, spec.second, spec.second_features))
      .hex();
}

std::string content_evaluated(const Dataset& dataset, const TrialSpec& spec) {
  return hash_of(dataset.hash_of_raw(spec.first) + dataset.hash_of_raw(spec.second)).hex();
}

}  // namespace alignlab
