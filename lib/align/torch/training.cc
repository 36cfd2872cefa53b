#include "align/torch/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "align/torch/adamw.h"

namespace alignlab::align {
namespace {

/// Learning rate factor at `epoch`, a real number of epochs since the start.
double schedule(double epoch, const TrainingOptions& options) {
  const double warmup = std::min(options.warmup_epochs, static_cast<double>(options.epochs));
  if (epoch < warmup) return epoch / warmup;
  const double rest = static_cast<double>(options.epochs) - warmup;
  const double done = rest > 0.0 ? (epoch - warmup) / rest : 1.0;
  return 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(1.0, done)));
}

class BestEpoch {
 public:
  explicit BestEpoch(std::vector<torch::Tensor> parameters) : parameters_(std::move(parameters)) {}

  /// Whether this score is the best so far.
  bool offer(double score) {
    if (best_ && score <= *best_) {
      ++since_;
      return false;
    }
    best_ = score;
    since_ = 0;
    kept_.clear();
    for (const torch::Tensor& parameter : parameters_) kept_.push_back(parameter.detach().clone());
    return true;
  }
  std::int64_t epochs_since() const { return since_; }
  double score() const { return best_.value_or(0.0); }
  void restore() {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < kept_.size(); ++i) parameters_[i].copy_(kept_[i]);
  }

 private:
  std::vector<torch::Tensor> parameters_;
  std::vector<torch::Tensor> kept_;
  std::optional<double> best_;
  std::int64_t since_ = 0;
};

}  // namespace

TrainingOptions::TrainingOptions(const Section& options)
    : epochs(options.integer("epochs")),
      patience(options.integer("patience")),
      batch_size(options.integer("batch_size")),
      learning_rate(options.real("learning_rate")),
      warmup_epochs(options.real("warmup_epochs")),
      weight_decay(options.real("weight_decay")),
      hidden(options.integers("hidden")),
      dropout(options.real("dropout")),
      input_dropout(options.real("input_dropout")) {}

void train(const Trainee& trainee, const TrainingOptions& options, std::uint64_t seed,
           std::string_view label, Progress& progress) {
  AdamW optimizer(trainee.decaying, trainee.free, options.weight_decay);
  std::vector<torch::Tensor> parameters = trainee.decaying;
  parameters.insert(parameters.end(), trainee.free.begin(), trainee.free.end());
  parameters.insert(parameters.end(), trainee.buffers.begin(), trainee.buffers.end());
  BestEpoch best(parameters);
  Rng order(seed, "order of training examples");
  std::vector<std::int32_t> examples(trainee.examples);
  std::iota(examples.begin(), examples.end(), 0);
  const auto batch_size = static_cast<std::size_t>(options.batch_size);
  const std::size_t batches = (examples.size() + batch_size - 1) / batch_size;

  progress.begin(label, static_cast<std::uint64_t>(options.epochs) * batches, "steps");
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    if (trainee.begin_epoch) trainee.begin_epoch(epoch);
    order.shuffle(std::span(examples));
    double loss_sum = 0.0;
    for (std::size_t b = 0; b < batches; ++b) {
      progress.check();
      const double at =
          static_cast<double>(epoch) + static_cast<double>(b + 1) / static_cast<double>(batches);
      const auto from = examples.begin() + static_cast<std::ptrdiff_t>(b * batch_size);
      const auto to = examples.begin() +
                      static_cast<std::ptrdiff_t>(std::min(examples.size(), (b + 1) * batch_size));
      optimizer.zero_grad();
      const torch::Tensor loss = trainee.loss({from, to});
      const double value = loss.item<double>();
      if (!std::isfinite(value)) {
        throw Error(ExitCode::kInternal,
                    fmt::format("{}: the loss is {} in epoch {}; a lower learning_rate may help",
                                label, value, epoch + 1));
      }
      loss.backward();
      optimizer.step(options.learning_rate * schedule(at, options));
      if (trainee.after_step) trainee.after_step();
      loss_sum += value;
      progress.advance(1);
    }
    const double mean_loss = loss_sum / static_cast<double>(batches);
    const std::optional<double> score = trainee.dev_score();
    if (!score) {
      progress.note(fmt::format("epoch {}/{} loss {:.4f}", epoch + 1, options.epochs, mean_loss));
      continue;
    }
    best.offer(*score);
    progress.note(fmt::format("epoch {}/{} loss {:.4f} dev {:.1f} best {:.1f}", epoch + 1,
                              options.epochs, mean_loss, *score, best.score()));
    if (options.patience > 0 && best.epochs_since() >= options.patience) break;
  }
  best.restore();
  progress.end();
}

}  // namespace alignlab::align
