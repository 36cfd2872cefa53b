#pragma once

// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019) with one pass
// over memory a parameter and step. For the small, wide towers trained here the optimizer would
// otherwise cost as much as the network.
//
//   m <- b1 m + (1-b1) g        v <- b2 v + (1-b2) g^2
//   p <- p - lr (decay p + (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps))

#include <cstdint>
#include <vector>

#include "align/torch/tensors.h"

namespace alignlab::align {

class AdamW {
 public:
  /// `decaying` parameters feel `weight_decay`, `free` ones do not.
  AdamW(const std::vector<torch::Tensor>& decaying, const std::vector<torch::Tensor>& free,
        double weight_decay);
  void zero_grad();
  /// A parameter without a gradient stays as it is.
  void step(double learning_rate);

 private:
  struct Slot {
    torch::Tensor parameter;
    torch::Tensor mean;      // m
    torch::Tensor variance;  // v
    double decay;
  };
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace alignlab::align
