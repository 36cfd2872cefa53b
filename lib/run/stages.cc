#include "run/stages.h"

#include <algorithm>

namespace alignlab {

Artifact Stages::obtain(const std::string& stage, nlohmann::json recipe,
                        const std::function<void(H5File&)>& make) {
  progress_.check();
  recipe["stage"] = stage;
  Artifact artifact = store_.obtain(stage, recipe, make, progress_);
  remember(artifact);
  return artifact;
}

void Stages::remember(const Artifact& artifact) {
  if (std::ranges::find(obtained_, artifact.key, &Artifact::key) == obtained_.end()) {
    obtained_.push_back(artifact);
  }
}

}  // namespace alignlab
