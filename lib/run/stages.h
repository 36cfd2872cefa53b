#pragma once

// What the stages of a trial share: the store that keeps what they leave, the makers of what they
// run, and the list of what was obtained, for the record.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/progress.h"
#include "record/store.h"
#include "run/makers.h"

namespace alignlab {

class Stages {
 public:
  /// All references must outlive it.
  Stages(const Store& store, const Makers& makers, Progress& progress)
      : store_(store), makers_(makers), progress_(progress) {}

  /// The artifact of `recipe`, to which the stage's name is added.
  Artifact obtain(const std::string& stage, nlohmann::json recipe,
                  const std::function<void(H5File&)>& make);
  void remember(const Artifact& artifact);

  const std::vector<Artifact>& obtained() const { return obtained_; }
  const Store& store() const { return store_; }
  const Makers& makers() const { return makers_; }
  Progress& progress() const { return progress_; }

 private:
  const Store& store_;
  const Makers& makers_;
  Progress& progress_;
  std::vector<Artifact> obtained_;
};

}  // namespace alignlab
