#pragma once

// Linear layers with ReLU and dropout between them; the first takes dense rows or sparse bags.

#include <string>
#include <vector>

#include "align/torch/tower.h"

namespace alignlab::align {

class Perceptron : public Tower {
 public:
  /// Weights uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio, AISTATS 2010), biases 0.
  Perceptron(std::size_t inputs, const std::vector<std::int64_t>& hidden, std::size_t outputs,
             at::Generator source, torch::Device device);

  torch::Tensor forward(const Input& input, const Dropout* dropout) const override;
  std::size_t inputs() const override;
  std::vector<torch::Tensor> weights() const override { return weights_; }
  std::vector<torch::Tensor> biases() const override { return biases_; }
  void save(H5File& file, const std::string& group) const override;
  static Perceptron load(const H5File& file, const std::string& group, torch::Device device);

 private:
  Perceptron() = default;

  std::vector<torch::Tensor> weights_;  // [in, out]
  std::vector<torch::Tensor> biases_;   // [1, out]
};

}  // namespace alignlab::align
