#pragma once

// From a row a word to a row a text:
//
//   mean, max    over the words
//   last         of the last word; of what reads in both directions, where each ends
//   generalised  of each column the values in falling order, weighted by their place and the number
//                of words, with weights that a small GRU in both directions gives to sinusoidal
//                places (Chen et al., "Learning the Best Pooling Strategy for Visual Semantic
//                Embedding", CVPR 2021)

#include <memory>
#include <string>
#include <vector>

#include "align/torch/sequence_encoder.h"

namespace alignlab::align {

class WordPooling {
 public:
  /// `kind` is one of those above. `both_ways`: the second half of a row reads backwards.
  WordPooling(std::string kind, bool both_ways, const at::Generator& source, torch::Device device);
  ~WordPooling();

  /// [texts, width]
  torch::Tensor operator()(const WordRows& rows) const;
  std::vector<NamedTensor> parameters() const;

 private:
  torch::Tensor last(const WordRows& rows) const;
  torch::Tensor generalised(const WordRows& rows) const;

  std::string kind_;
  bool both_ways_;
  std::unique_ptr<SequenceEncoder> places_;  // of generalised pooling
  torch::Tensor weigh_;
};

}  // namespace alignlab::align
