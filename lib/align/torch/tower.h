#pragma once

// A network from the features of one modality to embeddings: what two-tower methods are built of.

#include <memory>
#include <string>
#include <vector>

#include "align/torch/tensors.h"

namespace alignlab::align {

/// Draws dropout masks from a generator of its own.
struct Dropout {
  double share = 0.0;
  at::Generator source;
  torch::Tensor operator()(const torch::Tensor& values) const;
};

/// What training leaves out at random; without it, nothing is left out.
struct Noise {
  Dropout inputs;  // entries of dense rows, words of sparse ones
  Dropout hidden;
};

class Tower {
 public:
  virtual ~Tower() = default;
  virtual torch::Tensor forward(const Input& input, const Noise* noise) const = 0;
  /// Columns of the features it takes.
  virtual std::size_t inputs() const = 0;
  /// Weights decay, biases do not.
  virtual std::vector<torch::Tensor> weights() const = 0;
  virtual std::vector<torch::Tensor> biases() const = 0;
  virtual void save(H5File& file, const std::string& group) const = 0;

  /// Without gradients or dropout, in batches: one row an item.
  Matrix apply(const Features& features, torch::Device device) const;
};

/// forward() of training: where `bf16`, products are of bfloat16 numbers, summed in float32
/// (Micikevicius et al., "Mixed Precision Training", ICLR 2018), as are those of the gradients.
/// float32 comes out.
torch::Tensor train_forward(const Tower& tower, const Input& input, const Noise& noise, bool bf16);

enum class TowerShape {
  kMlp,       // layers with ReLU between them
  kLinear,    // one layer
  kResidual,  // the sum of both
  kGlu,       // layers with gates between them
};

/// "mlp", "linear", "residual" or "glu", as options name them.
TowerShape tower_shape_from(const std::string& name);

/// Of a tower on tokens, as the options of contrastive name them.
struct TextOptions {
  std::string encoder = "bag";
  std::string pooling = "mean";
  std::int64_t word_width = 300;  // of words' vectors, where features have none
  std::int64_t width = 512;       // of what the encoder gives
  std::int64_t layers = 2;        // of a transformer
};

struct TowerOptions {
  TowerShape shape = TowerShape::kMlp;
  std::vector<std::int64_t> hidden;    // widths of hidden layers
  std::vector<std::int64_t> channels;  // of the convolutions, where features are pixels
  std::size_t width = 0;               // of the embeddings
  TextOptions text;                    // where features are tokens
};

/// A perceptron on rows, a LeNet on pixels, a text tower on tokens. DataError for images too small
/// for its convolutions.
std::unique_ptr<Tower> make_tower(const Features& features, const TowerOptions& options,
                                  at::Generator source, torch::Device device);
std::unique_ptr<Tower> load_tower(const H5File& file, const std::string& group,
                                  torch::Device device);

}  // namespace alignlab::align
