// contrastive: two towers f, g into a shared space, trained with the symmetric InfoNCE loss of CLIP
// (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML
// 2021). For a batch of pairs (x_i, y_i) with unit embeddings u_i = f(x_i), v_i = g(y_i),
//
//     L = -1/2n sum_i [ log softmax_j(s u_i . v_j)_i + log softmax_j(s u_j . v_i)_i ],
//
// where s is the learned logit scale, clamped at 100, and j runs over the pairs of the batch except
// the siblings of i: another pair of the same group is not a negative.

#include <cmath>
#include <limits>

#include "align/common.h"
#include "align/makers.h"
#include "align/torch/augmentation.h"
#include "align/torch/tower.h"
#include "align/torch/training.h"

namespace alignlab::align {
namespace {

const double kLargestLogScale = std::log(100.0);

class TwoTowers : public Encoder {
 public:
  TwoTowers(std::shared_ptr<const Tower> first, std::shared_ptr<const Tower> second,
            Modality first_modality, torch::Device device)
      : first_(std::move(first)),
        second_(std::move(second)),
        first_modality_(first_modality),
        device_(device) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const Tower& tower = modality == first_modality_ ? *first_ : *second_;
    require_width(modality, features, tower.inputs());
    return tower.apply(features, device_);
  }

  void save(H5File& file, const std::string& group) const override {
    first_->save(file, group + "/first");
    second_->save(file, group + "/second");
    file.set_attribute(group, "first", name_of(first_modality_));
  }

 private:
  std::shared_ptr<const Tower> first_;
  std::shared_ptr<const Tower> second_;
  Modality first_modality_;
  torch::Device device_;
};

/// -infinity where two different pairs of the batch are siblings, 0 elsewhere.
torch::Tensor sibling_mask(const std::vector<std::int32_t>& groups) {
  const auto n = static_cast<std::int64_t>(groups.size());
  torch::Tensor mask = torch::zeros({n, n});
  auto cells = mask.accessor<float, 2>();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      if (i != j && groups[static_cast<std::size_t>(i)] == groups[static_cast<std::size_t>(j)]) {
        cells[i][j] = -std::numeric_limits<float>::infinity();
      }
    }
  }
  return mask;
}

torch::Tensor unit_rows(const torch::Tensor& rows) {
  return rows / rows.norm(2, /*dim=*/1, /*keepdim=*/true).clamp_min(1e-12);
}

class Contrastive : public Aligner {
 public:
  Contrastive(const Section& options, const TrainOptions& train)
      : training_(options),
        train_(train),
        width_(static_cast<std::size_t>(options.integer("width"))),
        temperature_(options.real("temperature")),
        learn_temperature_(options.flag("learn_temperature")),
        channels_(options.integers("channels")),
        augment_(options.texts("augment")) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train_split, const DevSplit& dev,
                               std::uint64_t seed, Progress& progress) const override {
    const torch::Device device = prepare_torch(train_);
    const std::vector<Pair> pairs = pairs_of(train_split);
    const FeatureTable firsts(train_split.first().features, device);
    const FeatureTable seconds(train_split.second().features, device);
    const auto tower = [&](const ModalityItems& items) -> std::shared_ptr<const Tower> {
      const std::string name(name_of(items.modality));
      return make_tower(items.features, {training_.hidden, channels_, width_},
                        generator(seed, "initial weights of " + name), device);
    };
    // Tensors are handles: training these towers trains the encoder's.
    const auto first = tower(train_split.first());
    const auto second = tower(train_split.second());
    auto encoder = std::make_unique<TwoTowers>(first, second, train_split.first().modality, device);
    torch::Tensor log_scale = torch::full({1}, std::log(1.0 / temperature_)).to(device);
    log_scale.requires_grad_(learn_temperature_);
    const Dropout dropout{training_.dropout, generator(seed, "dropout")};
    Augmentation augment(augment_, seed);

    Trainee trainee;
    for (const Tower* network : {first.get(), second.get()}) {
      for (const torch::Tensor& weight : network->weights()) trainee.decaying.push_back(weight);
      for (const torch::Tensor& bias : network->biases()) trainee.free.push_back(bias);
    }
    if (learn_temperature_) trainee.free.push_back(log_scale);
    trainee.examples = pairs.size();
    trainee.loss = [&](const std::vector<std::int32_t>& batch) {
      std::vector<std::int32_t> first_rows, second_rows, groups;
      for (const std::int32_t index : batch) {
        const Pair& pair = pairs[static_cast<std::size_t>(index)];
        first_rows.push_back(pair.first);
        second_rows.push_back(pair.second);
        groups.push_back(pair.group);
      }
      const torch::Tensor u = unit_rows(first->forward(augment(firsts.rows(first_rows)), &dropout));
      const torch::Tensor v =
          unit_rows(second->forward(augment(seconds.rows(second_rows)), &dropout));
      const torch::Tensor logits =
          u.matmul(v.t()) * log_scale.exp() + sibling_mask(groups).to(device);
      const torch::Tensor by_row = logits.log_softmax(1).diagonal();
      const torch::Tensor by_column = logits.log_softmax(0).diagonal();
      return -0.5 * (by_row + by_column).mean();
    };
    trainee.after_step = [&] {
      const torch::NoGradGuard no_grad;
      log_scale.clamp_max_(kLargestLogScale);
    };
    trainee.dev_score = [&] { return score_on(dev, *encoder, train_.threads); };
    train(trainee, training_, seed, "contrastive", progress);
    return encoder;
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    const torch::Device device = prepare_torch(train_);
    return std::make_unique<TwoTowers>(
        load_tower(file, group + "/first", device), load_tower(file, group + "/second", device),
        modality_from(file.text_attribute(group, "first")).value(), device);
  }

 private:
  TrainingOptions training_;
  TrainOptions train_;
  std::size_t width_;
  double temperature_;
  bool learn_temperature_;
  std::vector<std::int64_t> channels_;
  std::vector<std::string> augment_;
};

}  // namespace

AlignerPtr make_contrastive(const Section& options, const TrainOptions& train) {
  return std::make_unique<Contrastive>(options, train);
}

}  // namespace alignlab::align
