#pragma once

// Sparse rows of weighted word counts, what bow, tfidf and lsa are made of: a word of the
// vocabulary that stands c > 0 times in a text has there the value f(c) * weight(word), f the
// Frequency of the options.

#include "core/hdf5.h"
#include "features/text/vocabulary.h"

namespace alignlab::features {

class WordWeights {
 public:
  /// Learns the vocabulary (features/text/vocabulary.h) and, where `by_rarity`, the weights
  /// smoothed_idf(word); else all are 1.
  static WordWeights fit(const Section& options, bool by_rarity, const RawItems& train,
                         Progress& progress);
  static WordWeights load(const Section& options, const H5File& file, const std::string& group);

  /// [items, words]. Advances `progress` by one an item.
  SparseRows rows(const RawItems& items, Progress& progress) const;
  void save(H5File& file, const std::string& group) const;

 private:
  WordWeights(const Section& options, Tokenizer tokenizer, StringColumn vocabulary,
              std::vector<float> weights);

  Tokenizer tokenizer_;
  Vocabulary vocabulary_;
  std::vector<float> weights_;
  Frequency frequency_;
};

}  // namespace alignlab::features
