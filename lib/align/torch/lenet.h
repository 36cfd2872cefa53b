#pragma once

// A network on pixels of the LeNet type (LeCun, Bottou, Bengio and Haffner, "Gradient-Based
// Learning Applied to Document Recognition", Proc. IEEE 86, 1998): convolutions of 5 x 5, each with
// ReLU and 2 x 2 max-pooling behind it, the last map averaged over a 4 x 4 grid, then a perceptron.
// Pixels 0 .. 255 become -1 .. 1.

#include "align/torch/perceptron.h"
#include "align/torch/tower.h"

namespace alignlab::align {

class LeNet : public Tower {
 public:
  /// DataError if the images are too small for as many convolutions as `channels` has.
  LeNet(const PixelRows& images, const TowerOptions& options, at::Generator source,
        torch::Device device);

  torch::Tensor forward(const Input& input, const Noise* noise) const override;
  std::size_t inputs() const override { return inputs_; }
  std::vector<torch::Tensor> weights() const override;
  std::vector<torch::Tensor> biases() const override;
  void save(H5File& file, const std::string& group) const override;
  static std::unique_ptr<LeNet> load(const H5File& file, const std::string& group,
                                     torch::Device device);

 private:
  LeNet(std::size_t inputs, Perceptron head) : inputs_(inputs), head_(std::move(head)) {}

  std::size_t inputs_;                  // bytes of an image
  std::vector<torch::Tensor> kernels_;  // [out, in, 5, 5]
  std::vector<torch::Tensor> shifts_;   // [out]
  Perceptron head_;
};

}  // namespace alignlab::align
