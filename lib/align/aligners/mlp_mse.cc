// mlp-mse: a perceptron f from the features x of the first modality to the feature space of the
// second, trained on sum |f(x) - y|^2 over the training pairs; items of the second modality are
// embedded as their features.
//
// The squared errors of an item's siblings y_1 .. y_m add up to m |f(x) - mean(y)|^2 plus a
// constant, so each item of the first modality is one example with its siblings' mean as target
// and their number as weight: the same gradient at a fraction of the work.
//
// The network's output is f(x) sqrt(d), d the width of the target space. A step of Adam moves every
// weight by about the learning rate whatever the gradient's size, and rows of unit length have
// entries of about 1/sqrt(d): without the factor a wide target would drown in the steps.

#include <cmath>

#include "align/common.h"
#include "align/makers.h"
#include "align/torch/perceptron.h"
#include "align/torch/training.h"

namespace alignlab::align {
namespace {

float output_scale(std::size_t target_width) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(target_width)));
}

class MlpEncoder : public Encoder {
 public:
  MlpEncoder(Perceptron network, Modality source, std::size_t target_width, torch::Device device)
      : network_(std::move(network)),
        source_(source),
        target_width_(target_width),
        device_(device) {}

  Matrix embed(Modality modality, const Features& features) const override {
    if (modality != source_) {
      require_width(modality, features, target_width_);
      return features.to_dense();
    }
    require_width(modality, features, network_.inputs());
    Matrix rows = network_.apply(features, device_);
    for (float& value : rows.values()) value *= output_scale(target_width_);
    return rows;
  }

  void save(H5File& file, const std::string& group) const override {
    network_.save(file, group + "/network");
    file.write<std::int64_t>(group + "/target_width",
                             std::vector{static_cast<std::int64_t>(target_width_)});
    file.set_attribute(group, "source", name_of(source_));
  }

 private:
  Perceptron network_;
  Modality source_;
  std::size_t target_width_;
  torch::Device device_;
};

/// For each item of the first modality with a pair: its partners.
struct Example {
  std::int32_t item;
  std::vector<std::int32_t> partners;
};

std::vector<Example> examples_of(const std::vector<Pair>& pairs) {
  std::vector<Example> examples;
  for (const Pair& pair : pairs) {
    // Pairs come grouped by their first item.
    if (examples.empty() || examples.back().item != pair.first)
      examples.push_back({pair.first, {}});
    examples.back().partners.push_back(pair.second);
  }
  return examples;
}

class MlpMse : public Aligner {
 public:
  MlpMse(const Section& options, const TrainOptions& train) : training_(options), train_(train) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train_split, const DevSplit& dev,
                               std::uint64_t seed, Progress& progress) const override {
    const torch::Device device = prepare_torch(train_);
    const std::vector<Pair> pairs = pairs_of(train_split);
    const std::vector<Example> examples = examples_of(pairs);
    const Features& targets = train_split.second().features;
    const FeatureTable sources(train_split.first().features, device);
    // Tensors are handles: training this network trains the encoder's.
    const Perceptron network(sources.width(),
                             {.shape = TowerShape::kMlp,
                              .hidden = training_.hidden,
                              .channels = {},
                              .width = targets.cols()},
                             generator(seed, "initial weights"), device);
    auto encoder =
        std::make_unique<MlpEncoder>(network, train_split.first().modality, targets.cols(), device);
    const at::Generator source = generator(seed, "dropout");
    const Noise noise{{training_.input_dropout, source}, {training_.dropout, source}};
    const double mean_partners =
        static_cast<double>(pairs.size()) / static_cast<double>(examples.size());

    Trainee trainee;
    trainee.decaying = network.weights();
    trainee.free = network.biases();
    trainee.examples = examples.size();
    trainee.loss = [&](const std::vector<std::int32_t>& batch) {
      std::vector<std::int32_t> items;
      Matrix goal(batch.size(), targets.cols());
      Matrix weight(batch.size(), 1);
      std::vector<float> row(targets.cols());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const Example& example = examples[static_cast<std::size_t>(batch[i])];
        items.push_back(example.item);
        const auto count = static_cast<float>(example.partners.size());
        for (const std::int32_t partner : example.partners) {
          targets.copy_row(static_cast<std::size_t>(partner), row);
          for (std::size_t j = 0; j < row.size(); ++j) goal.row(i)[j] += row[j] / count;
        }
        weight.row(i)[0] = static_cast<float>(count / mean_partners);
      }
      const torch::Tensor off =
          network.forward(sources.rows(items), &noise) * output_scale(targets.cols()) -
          to_tensor(goal).to(device);
      return (off.square().sum(1, /*keepdim=*/true) * to_tensor(weight).to(device)).mean();
    };
    trainee.dev_score = [&] { return score_on(dev, *encoder, train_.threads); };
    train(trainee, training_, seed, "mlp-mse", progress);
    return encoder;
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    const torch::Device device = prepare_torch(train_);
    return std::make_unique<MlpEncoder>(
        Perceptron::load(file, group + "/network", device),
        modality_from(file.text_attribute(group, "source")).value(),
        static_cast<std::size_t>(file.read<std::int64_t>(group + "/target_width").at(0)), device);
  }

 private:
  TrainingOptions training_;
  TrainOptions train_;
};

}  // namespace

AlignerPtr make_mlp_mse(const Section& options, const TrainOptions& train) {
  return std::make_unique<MlpMse>(options, train);
}

}  // namespace alignlab::align
