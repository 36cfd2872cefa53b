#pragma once

// Linear layers with ReLU and dropout between them; the first takes dense rows or sparse bags.

#include <string>
#include <vector>

#include "align/torch/tensors.h"

namespace alignlab::align {

/// Draws dropout masks from its own generator; without one, nothing is left out.
struct Dropout {
  double share = 0.0;
  at::Generator source;
  torch::Tensor operator()(const torch::Tensor& values) const;
};

class Perceptron {
 public:
  /// Weights uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio, AISTATS 2010), biases 0.
  Perceptron(std::size_t inputs, const std::vector<std::int64_t>& hidden, std::size_t outputs,
             at::Generator source, torch::Device device);

  torch::Tensor forward(const Input& input, const Dropout* dropout) const;
  /// Without gradients or dropout, in batches: one row an item.
  Matrix apply(const Features& features, torch::Device device) const;

  std::size_t inputs() const;
  /// Weights decay, biases do not.
  const std::vector<torch::Tensor>& weights() const { return weights_; }
  const std::vector<torch::Tensor>& biases() const { return biases_; }

  void save(H5File& file, const std::string& group) const;
  static Perceptron load(const H5File& file, const std::string& group, torch::Device device);

 private:
  Perceptron() = default;

  std::vector<torch::Tensor> weights_;  // [in, out]
  std::vector<torch::Tensor> biases_;   // [1, out]
};

}  // namespace alignlab::align
