#include "align/torch/perceptron.h"

namespace alignlab::align {
namespace {

Input with_noise(Input input, const Noise* noise) {
  if (noise == nullptr) return input;
  torch::Tensor& entries = input.is_sparse() ? input.values : input.dense;
  entries = noise->inputs(entries);
  return input;
}

}  // namespace

torch::Tensor times(const Input& input, const torch::Tensor& weight) {
  if (!input.is_sparse()) return input.dense.matmul(weight);
  return std::get<0>(torch::embedding_bag(weight, input.columns, input.offsets,
                                          /*scale_grad_by_freq=*/false, /*mode=sum*/ 0,
                                          /*sparse=*/false, input.values));
}

Perceptron::Perceptron(std::size_t inputs, const TowerOptions& options, at::Generator source,
                       torch::Device device)
    : gated_(options.shape == TowerShape::kGlu) {
  const auto in = static_cast<std::int64_t>(inputs);
  const auto out = static_cast<std::int64_t>(options.width);
  std::int64_t before = in;
  const auto add_layer = [&](std::int64_t width) {
    weights_.push_back(random_tensor({before, width}, before + width, source, device));
    biases_.push_back(torch::zeros({1, width}).to(device).requires_grad_());
  };
  if (options.shape != TowerShape::kLinear) {
    for (const std::int64_t width : options.hidden) {
      add_layer(gated_ ? 2 * width : width);
      before = width;
    }
  }
  add_layer(out);
  if (options.shape == TowerShape::kResidual)
    shortcut_ = random_tensor({in, out}, in + out, source, device);
}

torch::Tensor Perceptron::forward(const Input& input, const Noise* noise) const {
  const Input noisy = with_noise(input, noise);
  torch::Tensor values = times(noisy, weights_[0]) + biases_[0];
  for (std::size_t l = 1; l < weights_.size(); ++l) {
    values = gated_ ? torch::glu(values, /*dim=*/1) : torch::relu(values);
    if (noise != nullptr) values = noise->hidden(values);
    values = values.matmul(weights_[l]) + biases_[l];
  }
  return shortcut_.defined() ? values + times(noisy, shortcut_) : values;
}

std::size_t Perceptron::inputs() const { return static_cast<std::size_t>(weights_[0].size(0)); }

std::vector<torch::Tensor> Perceptron::weights() const {
  std::vector<torch::Tensor> all = weights_;
  if (shortcut_.defined()) all.push_back(shortcut_);
  return all;
}

void Perceptron::save(H5File& file, const std::string& group) const {
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    const std::string layer = group + "/" + std::to_string(l);
    file.write_matrix(layer + "/weight", to_matrix(weights_[l]));
    file.write_matrix(layer + "/bias", to_matrix(biases_[l]));
  }
  if (shortcut_.defined()) file.write_matrix(group + "/shortcut", to_matrix(shortcut_));
  file.set_attribute(group, "gated", std::int64_t{gated_});
}

Perceptron Perceptron::load(const H5File& file, const std::string& group, torch::Device device) {
  Perceptron out;
  for (std::size_t l = 0; file.has(group + "/" + std::to_string(l)); ++l) {
    const std::string layer = group + "/" + std::to_string(l);
    out.weights_.push_back(to_tensor(file.read_matrix(layer + "/weight")).to(device));
    out.biases_.push_back(to_tensor(file.read_matrix(layer + "/bias")).to(device));
  }
  if (file.has(group + "/shortcut")) {
    out.shortcut_ = to_tensor(file.read_matrix(group + "/shortcut")).to(device);
  }
  out.gated_ = file.integer_attribute(group, "gated") != 0;
  return out;
}

}  // namespace alignlab::align
