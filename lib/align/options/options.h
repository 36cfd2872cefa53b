#pragma once

// The options of every aligner, as aligners.def names them, and what holds between options of one.
// Free of torch: the front program checks configs with it.

#include <array>

#include "config/options.h"
#include "core/features.h"

namespace alignlab::align {

Options random_options();
Options no_options();

// closed_forms.cc
Options ridge_options();
Options procrustes_options();
Options cca_options();
Options csa_options();
Options asif_options();

// trained.cc
Options mlp_mse_options();
Options autoencoder_options();
Options contrastive_options();
/// ConfigError for what cannot be together.
void check_mlp_mse(const Section& options, const Place& place);
void check_contrastive(const Section& options, const std::array<FeatureForm, 2>& forms,
                       const Place& place);

// clusters.cc
Options cluster_matching_options();

}  // namespace alignlab::align
