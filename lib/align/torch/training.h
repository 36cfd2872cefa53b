#pragma once

// The one loop of gradient training: epochs of shuffled batches, AdamW with linear warm-up and a
// cosine fall, and the epoch of the best dev score kept.

#include <functional>
#include <optional>
#include <vector>

#include "align/torch/tensors.h"

namespace alignlab::align {

struct TrainingOptions {
  std::int64_t epochs;
  std::int64_t patience;
  std::int64_t batch_size;
  double learning_rate;
  double warmup_epochs;
  double weight_decay;
  std::vector<std::int64_t> hidden;
  double dropout;
  double input_dropout;

  explicit TrainingOptions(const Section& options);
};

struct Trainee {
  std::vector<torch::Tensor> decaying;  // parameters under weight decay
  std::vector<torch::Tensor> free;      // the others
  std::vector<torch::Tensor> buffers;   // not learned, but of an epoch as the parameters are
  std::size_t examples = 0;             // an epoch goes once through 0 .. examples-1
  /// The loss of a batch of examples.
  std::function<torch::Tensor(const std::vector<std::int32_t>& batch)> loss;
  /// Told the number of each epoch, from 0. May be empty.
  std::function<void(std::int64_t epoch)> begin_epoch;
  /// After each step, to keep parameters in bounds. May be empty.
  std::function<void()> after_step;
  /// Larger is better; nothing when there is no dev split, and then the last epoch is kept.
  std::function<std::optional<double>()> dev_score;
};

/// Leaves the parameters at their best epoch. Error if the loss is no longer finite.
void train(const Trainee& trainee, const TrainingOptions& options, std::uint64_t seed,
           std::string_view label, Progress& progress);

}  // namespace alignlab::align
