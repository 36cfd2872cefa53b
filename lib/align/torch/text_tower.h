#pragma once

// A network on sequences of words: a vector a word, from the features where these have vectors and
// learned on from there; an encoder (align/torch/sequence_encoder.h); one row a text by pooling
// (align/torch/word_pooling.h); then a perceptron. Training leaves out words, as zeros, and entries
// of the pooled row. A text without words is one word that is not in the vocabulary.

#include "align/torch/perceptron.h"
#include "align/torch/sequence_encoder.h"
#include "align/torch/tower.h"
#include "align/torch/word_pooling.h"

namespace alignlab::align {

class TextTower : public Tower {
 public:
  TextTower(const TokenSequences& tokens, const TowerOptions& options, const at::Generator& source,
            torch::Device device);
  static std::unique_ptr<TextTower> load(const H5File& file, const std::string& group,
                                         torch::Device device);

  torch::Tensor forward(const Input& input, const Noise* noise) const override;
  std::size_t inputs() const override { return static_cast<std::size_t>(vectors_.size(0)); }
  std::vector<torch::Tensor> weights() const override;
  std::vector<torch::Tensor> biases() const override;
  void save(H5File& file, const std::string& group) const override;

 private:
  TextTower(torch::Tensor vectors, const TextOptions& options, Perceptron head,
            torch::Device device);
  std::vector<NamedTensor> parameters() const;  // but the head's

  torch::Tensor vectors_;  // [vocabulary, width]
  TextOptions options_;
  std::unique_ptr<SequenceEncoder> encoder_;
  WordPooling pooling_;
  Perceptron head_;
};

}  // namespace alignlab::align
