#pragma once

// What a text tower does to the vectors of a text's words before it pools them:
//
//   bag          nothing: the vectors as they are
//   gru, bigru   gated recurrent units (Cho et al., EMNLP 2014), forwards or in both directions
//   lstm         long short-term memory (Hochreiter and Schmidhuber, Neural Computation 9, 1997)
//   cnn          convolutions over 3, 4 and 5 words with ReLU (Kim, EMNLP 2014)
//   transformer  self-attention of four heads and a perceptron a layer, each behind a layer norm
//                (Vaswani et al., NeurIPS 2017; Xiong et al., ICML 2020), on sinusoidal positions

#include <memory>
#include <string>
#include <vector>

#include "align/torch/tensors.h"
#include "align/torch/tower.h"

namespace alignlab::align {

/// Vectors of words, [texts, longest, width], and the number of words of each text, int64 on the
/// CPU, at least 1. What lies behind a text's last word is 0.
struct WordRows {
  torch::Tensor values;
  torch::Tensor lengths;

  /// 1 where there is a word, [texts, longest].
  torch::Tensor mask() const;
};

/// Row p: sin and cos of p at wavelengths from 2 pi to 10000 times 2 pi, as numbers of the
/// type of `like`, but no coarser than float32.
torch::Tensor sinusoids(std::int64_t count, std::int64_t width, const torch::Tensor& like);

struct SequenceOptions {
  std::string kind = "bag";
  std::int64_t width = 0;   // of what comes out; bag keeps its own
  std::int64_t layers = 1;  // of a transformer
};

class SequenceEncoder {
 public:
  virtual ~SequenceEncoder() = default;
  /// A row a word; what lies behind the last word of a text is of no meaning.
  virtual torch::Tensor forward(const WordRows& words, const Noise* noise) const = 0;
  /// Of a row that comes out.
  virtual std::int64_t width() const = 0;
  virtual std::vector<NamedTensor> parameters() const = 0;
};

/// `inputs` is the width of the words' vectors. Precondition: a width that check_aligner() allows.
std::unique_ptr<SequenceEncoder> make_sequence_encoder(std::int64_t inputs,
                                                       const SequenceOptions& options,
                                                       const at::Generator& source,
                                                       torch::Device device);

}  // namespace alignlab::align
