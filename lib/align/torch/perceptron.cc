#include "align/torch/perceptron.h"

#include <cmath>

namespace alignlab::align {
Perceptron::Perceptron(std::size_t inputs, const std::vector<std::int64_t>& hidden,
                       std::size_t outputs, at::Generator source, torch::Device device) {
  std::vector<std::int64_t> widths{static_cast<std::int64_t>(inputs)};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(static_cast<std::int64_t>(outputs));
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const double bound = std::sqrt(6.0 / static_cast<double>(widths[l] + widths[l + 1]));
    torch::Tensor weight = torch::empty({widths[l], widths[l + 1]}).uniform_(-bound, bound, source);
    weights_.push_back(weight.to(device).requires_grad_());
    biases_.push_back(torch::zeros({1, widths[l + 1]}).to(device).requires_grad_());
  }
}

torch::Tensor Perceptron::forward(const Input& input, const Dropout* dropout) const {
  torch::Tensor values;
  if (input.is_sparse()) {
    const torch::Tensor kept = dropout != nullptr ? (*dropout)(input.values) : input.values;
    values = std::get<0>(torch::embedding_bag(weights_[0], input.columns, input.offsets,
                                              /*scale_grad_by_freq=*/false, /*mode=sum*/ 0,
                                              /*sparse=*/false, kept));
  } else {
    values = (dropout != nullptr ? (*dropout)(input.dense) : input.dense).matmul(weights_[0]);
  }
  values = values + biases_[0];
  for (std::size_t l = 1; l < weights_.size(); ++l) {
    values = torch::relu(values);
    if (dropout != nullptr) values = (*dropout)(values);
    values = values.matmul(weights_[l]) + biases_[l];
  }
  return values;
}

std::size_t Perceptron::inputs() const { return static_cast<std::size_t>(weights_[0].size(0)); }

void Perceptron::save(H5File& file, const std::string& group) const {
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    const std::string layer = group + "/" + std::to_string(l);
    file.write_matrix(layer + "/weight", to_matrix(weights_[l]));
    file.write_matrix(layer + "/bias", to_matrix(biases_[l]));
  }
}

Perceptron Perceptron::load(const H5File& file, const std::string& group, torch::Device device) {
  Perceptron out;
  for (std::size_t l = 0; file.has(group + "/" + std::to_string(l)); ++l) {
    const std::string layer = group + "/" + std::to_string(l);
    out.weights_.push_back(to_tensor(file.read_matrix(layer + "/weight")).to(device));
    out.biases_.push_back(to_tensor(file.read_matrix(layer + "/bias")).to(device));
  }
  return out;
}

}  // namespace alignlab::align
