#pragma once

// The options of every feature kind, as features.def names them, and what holds between options of
// one kind. Free of the libraries that do the work: the front program checks configs with it.

#include <vector>

#include "config/options.h"
#include "features/feature_kind.h"

namespace alignlab::features {

/// What is done to finished rows; every dense kind has it.
Option scale_option(const char* fallback);
/// The same for sparse rows, which stay sparse.
Option sparse_scale_option();
Options joined(const std::vector<Options>& parts);

Options stored_options();

// image/options.cc
Options colour_histogram_options();
Options hog_options();
Options pixels_options();
Options intensity_options();
Options edges_options();
Options lbp_options();
Options visual_word_options();
Options torchscript_options();
/// ConfigError for sizes too small for their cells and thresholds the wrong way round.
void check_image_options(const FeatureSpec& spec, const Place& place);

// text/options.cc
Options bow_options();
Options tfidf_options();
Options bm25_options();
Options hashing_options();
Options lsa_options();
Options word_vectors_options();
Options skip_gram_options();
Options tokens_options();
Options sentence_encoder_options();
/// ConfigError for a file of vectors without its name, or a name without use.
void check_text_options(const FeatureSpec& spec, const Place& place);

// audio/options.cc; audio/settings.h checks them
Options stft_options();
Options log_mel_options();
Options mfcc_options();

}  // namespace alignlab::features
