#pragma once

// Random changes to the training images of a batch (features/image/augment.h), from a named stream.

#include <string>
#include <vector>

#include "align/torch/tensors.h"
#include "core/rng.h"

namespace alignlab::align {

class Augmentation {
 public:
  /// `changes` of "flip", "crop" (shifts by up to an eighth of a side) and "jitter" (brightness,
  /// contrast and saturation within a fifth).
  Augmentation(const std::vector<std::string>& changes, std::uint64_t seed);
  /// Batches of pixels are changed; others come back as they are, and take no draw.
  Input operator()(Input batch);

 private:
  bool flip_;
  bool crop_;
  bool jitter_;
  Rng random_;
};

}  // namespace alignlab::align
