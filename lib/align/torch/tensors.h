#pragma once

// Between alignlab's types and torch's. Private to the aligners that are trained.

#include <torch/torch.h>

#include <string_view>
#include <vector>

#include "align/aligner.h"
#include "core/rng.h"

namespace alignlab::align {

/// Sets torch's threads and gives the device. ConfigError if CUDA is asked for and not there.
torch::Device prepare_torch(const TrainOptions& options);

/// A torch generator on a named stream: weights and dropout masks draw from these, never from
/// torch's global one.
at::Generator generator(std::uint64_t seed, std::string_view purpose);

torch::Tensor to_tensor(const Matrix& matrix);
/// Copies to float32 on the CPU. Precondition: two dimensions.
Matrix to_matrix(const torch::Tensor& tensor);

/// Rows of features as a layer takes them: dense [n,d], pixels [n,h,w,c], or a bag of (column,
/// value) a row.
struct Input {
  torch::Tensor dense;    // defined for dense features only
  torch::Tensor columns;  // int64, of all rows one after another
  torch::Tensor values;
  torch::Tensor offsets;  // int64, where each row begins
  torch::Tensor pixels;   // uint8, defined for pixels only
  bool is_sparse() const { return !dense.defined() && !pixels.defined(); }
  static Input of_dense(torch::Tensor rows) { return {std::move(rows), {}, {}, {}, {}}; }
};

/// Features kept where training wants them; batches of rows are cut from it.
class FeatureTable {
 public:
  FeatureTable(const Features& features, torch::Device device);
  Input rows(const std::vector<std::int32_t>& indices) const;
  Input slice(std::size_t first, std::size_t count) const;
  std::size_t size() const { return size_; }
  std::size_t width() const { return width_; }

 private:
  const SparseRows* sparse_ = nullptr;
  torch::Tensor dense_;
  torch::Tensor pixels_;
  torch::Device device_;
  std::size_t size_;
  std::size_t width_;
};

}  // namespace alignlab::align
