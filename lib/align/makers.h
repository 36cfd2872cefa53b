#pragma once

// The maker of each aligner, defined in the aligner's own file.

#include <memory>

#include "align/aligner.h"

namespace alignlab::align {

using AlignerPtr = std::unique_ptr<Aligner>;

#define ALIGNER(name, maker, options, learns, draws, forms, summary) \
  AlignerPtr maker(const Section& options_of_the_kind, const TrainOptions& train);
#include "align/aligners.def"
#undef ALIGNER

}  // namespace alignlab::align
