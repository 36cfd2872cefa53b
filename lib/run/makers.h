#pragma once

// What does the work, given to the planner by the program that links it; the planner needs none
// of it.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "align/aligner.h"
#include "features/feature_kind.h"
#include "search/search.h"

namespace alignlab {

struct Makers {
  std::function<std::unique_ptr<FeatureKind>(const FeatureSpec&)> feature_kind;
  std::function<std::unique_ptr<Aligner>(const std::string&, const Section&, const TrainOptions&)>
      aligner;
  /// An index of FAISS or hnswlib (search/approximate.h).
  std::function<std::unique_ptr<SearchIndex>(const std::string&, const Section&, const Gallery&,
                                             int threads)>
      peer_index;
  /// The device that "auto" means here.
  std::function<std::string(const std::string&)> device;
  std::map<std::string, std::string> libraries;
};

}  // namespace alignlab
