#pragma once

// Between alignlab's types and torch's. Private to the aligners that are trained.

#include <torch/torch.h>

#include <string>
#include <string_view>
#include <vector>

#include "align/aligner.h"
#include "core/rng.h"

namespace alignlab::align {

/// Sets torch's threads and gives the device; from then on the process keeps memory that is freed.
/// ConfigError if CUDA is asked for and not there.
torch::Device prepare_torch(const TrainOptions& options);

/// A torch generator on a named stream: weights and dropout masks draw from these, never from
/// torch's global one.
at::Generator generator(std::uint64_t seed, std::string_view purpose);

torch::Tensor to_tensor(const Matrix& matrix);
/// Copies to float32 on the CPU. Precondition: two dimensions.
Matrix to_matrix(const torch::Tensor& tensor);
/// All numbers of a tensor of any shape.
std::vector<float> values_of(const torch::Tensor& tensor);

/// What is learned, as a file names it. Biases and scales do not decay.
struct NamedTensor {
  std::string name;
  torch::Tensor value;
  bool decays;
};

/// Uniform in +-sqrt(6 / fans), with `fans` the sum of inputs and outputs (Glorot and Bengio,
/// AISTATS 2010); to be learned.
torch::Tensor random_tensor(at::IntArrayRef shape, std::int64_t fans, at::Generator source,
                            torch::Device device);

/// Rows of features as a layer takes them, of one form; the tensors of other forms are undefined.
struct Input {
  torch::Tensor dense;    // [n,d]
  torch::Tensor columns;  // sparse: int64, of all rows one after another
  torch::Tensor values;
  torch::Tensor offsets;  // int64, where each row begins
  torch::Tensor pixels;   // uint8 [n,h,w,c]
  torch::Tensor tokens;   // int64 [n,longest], 0 behind a row's end
  torch::Tensor lengths;  // int64 [n], on the CPU, at least 1
  bool is_sparse() const { return columns.defined(); }
  static Input of_dense(torch::Tensor rows) {
    Input input;
    input.dense = std::move(rows);
    return input;
  }
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
  Input sparse_rows(const std::vector<std::int32_t>& indices) const;
  Input token_rows(const std::vector<std::int32_t>& indices) const;

  const SparseRows* sparse_ = nullptr;
  const TokenSequences* tokens_ = nullptr;
  torch::Tensor dense_;
  torch::Tensor pixels_;
  torch::Device device_;
  std::size_t size_;
  std::size_t width_;
};

}  // namespace alignlab::align
