#pragma once

// From raw items to features, through the store: an extractor fitted on the training items, then
// the features of one split or of every item. While features are made, finished parts are artifacts
// of their own, so that an extraction that was killed goes on where it stood; they are removed once
// the whole is there.

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/progress.h"
#include "core/splits.h"
#include "data/dataset.h"
#include "features/feature_kind.h"
#include "record/store.h"
#include "run/makers.h"

namespace alignlab {

/// One modality of a data set as one feature kind sees it.
struct FeatureSide {
  Modality modality = Modality::kImage;
  FeatureSpec features;
  std::string raw_hash;  // of all that extraction reads
  Artifact extractor;
};

class FeatureStages {
 public:
  /// Hears of every artifact that was obtained; may be empty.
  using Listener = std::function<void(const Artifact&)>;

  /// All references must outlive it. `threads` is for speed alone.
  FeatureStages(const Dataset& dataset, const Store& store, const Makers& makers, int threads,
                Progress& progress, Listener listener);

  /// Fits the extractor, or finds it. DataError, as of features(), names the data set; here also
  /// where there is nothing to learn from.
  FeatureSide side(Modality modality, const FeatureSpec& features) const;
  /// Row i is item i of the split; without a split, item i of the modality.
  Artifact features(const FeatureSide& from, std::optional<Split> split) const;
  /// Items that features() has made features of; those that the store had do not count.
  std::size_t items_made() const { return items_made_; }

 private:
  Artifact obtain(const std::string& stage, nlohmann::json recipe,
                  const std::function<void(H5File&)>& make) const;
  Features extract(const FeatureSide& from, const RawItems& items,
                   const nlohmann::json& recipe) const;
  Features made(const Extractor& extractor, const RawItems& items) const;
  void remove_parts(const FeatureSide& from, std::size_t items, const nlohmann::json& recipe) const;

  const Dataset& dataset_;
  const Store& store_;
  const Makers& makers_;
  int threads_;
  Progress& progress_;
  Listener listener_;
  mutable std::size_t items_made_ = 0;
};

}  // namespace alignlab
