#pragma once

// Linear layers with something between them; the first takes dense rows or sparse bags. Between two
// layers stands ReLU, or a gated linear unit (Dauphin et al., "Language Modeling with Gated
// Convolutional Networks", ICML 2017): of 2h outputs one half times the logistic function of the
// other. A residual perceptron adds a linear map of its inputs to its outputs.

#include <string>
#include <vector>

#include "align/torch/tower.h"

namespace alignlab::align {

/// Dense or sparse rows times a weight [in, out].
torch::Tensor times(const Input& input, const torch::Tensor& weight);

class Perceptron : public Tower {
 public:
  /// Weights are random_tensor(), biases 0.
  Perceptron(std::size_t inputs, const TowerOptions& options, at::Generator source,
             torch::Device device);

  torch::Tensor forward(const Input& input, const Noise* noise) const override;
  std::size_t inputs() const override;
  std::vector<torch::Tensor> weights() const override;
  std::vector<torch::Tensor> biases() const override { return biases_; }
  void save(H5File& file, const std::string& group) const override;
  static Perceptron load(const H5File& file, const std::string& group, torch::Device device);

 private:
  Perceptron() = default;

  bool gated_ = false;
  std::vector<torch::Tensor> weights_;  // [in, out]
  std::vector<torch::Tensor> biases_;   // [1, out]
  torch::Tensor shortcut_;              // [inputs, outputs] of a residual one
};

}  // namespace alignlab::align
