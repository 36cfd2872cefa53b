#pragma once

// The maker of each feature kind, defined in the kind's own file, and the few things they share.
// Makers give unscaled rows; make_feature_kind() joins parts and scales.

#include <functional>
#include <memory>

#include "features/feature_kind.h"

namespace alignlab::features {

using FeatureKindPtr = std::unique_ptr<FeatureKind>;

FeatureKindPtr make_stored(const Section& options);
FeatureKindPtr make_colour_histogram(const Section& options);
FeatureKindPtr make_hog(const Section& options);
FeatureKindPtr make_pixels(const Section& options);
FeatureKindPtr make_raw(const Section& options);
FeatureKindPtr make_gray(const Section& options);
FeatureKindPtr make_edges(const Section& options);
FeatureKindPtr make_lbp(const Section& options);
FeatureKindPtr make_bag_of_visual_words(const Section& options);
FeatureKindPtr make_bag_of_words(const Section& options);
FeatureKindPtr make_tfidf(const Section& options);
FeatureKindPtr make_bm25(const Section& options);
FeatureKindPtr make_hashing(const Section& options);
FeatureKindPtr make_lsa(const Section& options);
FeatureKindPtr make_word_vectors(const Section& options);
FeatureKindPtr make_skip_gram(const Section& options);
FeatureKindPtr make_tokens(const Section& options);
FeatureKindPtr make_stft(const Section& options);
FeatureKindPtr make_log_mel(const Section& options);
FeatureKindPtr make_mfcc(const Section& options);

/// In a library of its own, alignlab_torchscript: LibTorch takes half a second to start, and a
/// program that does without it (most tests) need not wait. Null in such a program.
[[gnu::weak]] FeatureKindPtr make_torchscript(const Section& options);
[[gnu::weak]] FeatureKindPtr make_sentence_encoder(const Section& options);

/// A kind that learns nothing: each row is a function of one item; called from several threads.
/// `describe(item content, id, out)` fills a row of `width` floats.
using DescribeItem =
    std::function<void(const std::string& content, const std::string& id, std::span<float> out)>;
FeatureKindPtr make_unfitted_kind(std::size_t width, DescribeItem describe);

}  // namespace alignlab::features
