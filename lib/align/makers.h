#pragma once

// The maker of each aligner, defined in the aligner's own file.

#include <memory>

#include "align/aligner.h"

namespace alignlab::align {

using AlignerPtr = std::unique_ptr<Aligner>;

AlignerPtr make_random(const Section& options, const TrainOptions& train);
AlignerPtr make_mlp_mse(const Section& options, const TrainOptions& train);
AlignerPtr make_contrastive(const Section& options, const TrainOptions& train);
AlignerPtr make_cluster_matching(const Section& options, const TrainOptions& train);

}  // namespace alignlab::align
