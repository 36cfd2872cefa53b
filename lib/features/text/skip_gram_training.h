#pragma once

// Word vectors learned from texts: the skip-gram model with negative sampling of Mikolov,
// Sutskever, Chen, Corrado and Dean, "Distributed Representations of Words and Phrases and their
// Compositionality", NIPS 2013. For a word with input vector h, a word beside it with output vector
// u_0, and words drawn at random with output vectors u_1 .. u_k, the loss is
//
//     -ln s(h . u_0) - sum_{i > 0} ln s(-h . u_i),   s(x) = 1 / (1 + exp(-x)).
//
// As in the authors' program (https://code.google.com/archive/p/word2vec) words are drawn in
// proportion to count^0.75; of a word of frequency f only the share sqrt(t/f) + t/f is kept, with
// t = `subsample`; the window is of a random size up to `window`; the step falls linearly to a
// ten-thousandth. The order of the texts is kept.
//
// What vectors learn follows the number of steps: after five passes over a few thousand captions
// they still point the same way, and rows pooled from them are as good as equal. So the number of
// passes follows the length of the corpus unless it is told. On dev, trained by `contrastive`, the
// rsum of 1,500 scenes (50,000 words) is 54 after 5 passes, 127 after 25 and 154 after 100; that of
// Flickr8k (324,000 words) 131 after 5 and 183 after 15.
//
// One thread; the same seed gives the same bits. Time is about that of
// tokens x epochs x window x (negatives + 1) x 6 width multiplications.

#include <cstdint>
#include <span>

#include "config/options.h"
#include "core/features.h"
#include "core/progress.h"
#include "features/text/vocabulary.h"

namespace alignlab::features {

/// The options skip_gram_options() of features/catalog.cc.
struct SkipGramOptions {
  explicit SkipGramOptions(const Section& options);
  std::size_t width;
  int window;
  int negatives;
  int epochs;  // 0: skip_gram_passes()
  double subsample;
  double learning_rate;
  std::uint64_t seed;
};

/// Passes over a corpus of `words` words that make 5 million of them, 5 to 1000.
int skip_gram_passes(std::size_t words);

/// One gradient step of size `rate` for the word of the vector `input`. `targets` are rows of
/// `outputs`: the word beside it, then those drawn. `gradient` is scratch of the same width.
void skip_gram_step(std::span<float> input, Matrix& outputs, std::span<const std::int32_t> targets,
                    float rate, std::span<float> gradient);

/// Input vectors [texts.vocabulary, width], a row a token number. Notes the epochs. ConfigError
/// where steps of the learning rate lead to infinity.
Matrix train_skip_gram(const TokenSequences& texts, const SkipGramOptions& options,
                       Progress& progress);

/// The same from the words of the vocabulary in the training texts; others are left out.
Matrix train_skip_gram(const RawItems& train, const Tokenizer& tokenizer,
                       const Vocabulary& vocabulary, const SkipGramOptions& options,
                       Progress& progress);

}  // namespace alignlab::features
