// contrastive: two towers f, g into a shared space, trained so that what belongs together is more
// alike than what does not (align/torch/losses.h has the losses and their papers). A batch is drawn
// from the pairs, or from the groups with all of their items; an item of a batch goes through its
// tower once, however many pairs it is in.
//
// With `memory`, the last so many embeddings of each side are further negatives, as they were when
// they were made (Wang et al., "Cross-Batch Memory for Embedding Learning", CVPR 2020).

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "align/common.h"
#include "align/makers.h"
#include "align/torch/augmentation.h"
#include "align/torch/canonical_tower.h"
#include "align/torch/losses.h"
#include "align/torch/tower.h"
#include "align/torch/training.h"
#include "linear/canonical_correlations.h"

namespace alignlab::align {
namespace {

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

/// What a batch is made of: a pair, or a group.
struct Example {
  std::vector<std::int32_t> firsts;
  std::vector<std::int32_t> seconds;
};

std::vector<Example> examples_of(const std::vector<Pair>& pairs, bool groups) {
  std::vector<Example> examples;
  std::unordered_map<std::int32_t, std::size_t> of_group;
  const auto add_once = [](std::vector<std::int32_t>& items, std::int32_t item) {
    if (std::ranges::find(items, item) == items.end()) items.push_back(item);
  };
  for (const Pair& pair : pairs) {
    if (!groups) {
      examples.push_back({{pair.first}, {pair.second}});
      continue;
    }
    const auto [found, is_new] = of_group.emplace(pair.group, examples.size());
    if (is_new) examples.emplace_back();
    add_once(examples[found->second].firsts, pair.first);
    add_once(examples[found->second].seconds, pair.second);
  }
  return examples;
}

/// The items of a batch, each once, in the order in which they come.
std::vector<std::int32_t> items_of(const std::vector<std::int32_t>& batch,
                                   const std::vector<Example>& examples,
                                   std::vector<std::int32_t> Example::*side) {
  std::vector<std::int32_t> items;
  for (const std::int32_t example : batch) {
    const auto& more = examples[static_cast<std::size_t>(example)].*side;
    items.insert(items.end(), more.begin(), more.end());
  }
  std::unordered_set<std::int32_t> seen;
  std::erase_if(items, [&](std::int32_t item) { return !seen.insert(item).second; });
  return items;
}

torch::Tensor groups_of(const std::vector<std::int32_t>& items,
                        const std::vector<std::int32_t>& groups, torch::Device device) {
  std::vector<std::int64_t> out;
  for (const std::int32_t item : items) out.push_back(groups[static_cast<std::size_t>(item)]);
  return torch::tensor(out, torch::kInt64).to(device);
}

/// The last embeddings of a side.
class Memory {
 public:
  Memory(std::int64_t size, torch::Device device)
      : size_(size),
        kept_{torch::zeros({0}).to(device), torch::zeros({0}, torch::kInt64).to(device)} {}

  const EmbeddedSide& kept() const { return kept_; }
  void add(const EmbeddedSide& side) {
    if (size_ == 0) return;
    const auto last = [this](const torch::Tensor& all) {
      return all.slice(0, std::max<std::int64_t>(0, all.size(0) - size_)).clone();
    };
    kept_ = {last(torch::cat({kept_.rows, side.rows.detach()})),
             last(torch::cat({kept_.groups, side.groups}))};
  }

 private:
  std::int64_t size_;
  EmbeddedSide kept_;
};

class Contrastive : public Aligner {
 public:
  Contrastive(const Section& options, const TrainOptions& train)
      : options_(options), training_(options), train_(train) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train_split, const DevSplit& dev,
                               std::uint64_t seed, Progress& progress) const override {
    const torch::Device device = prepare_torch(train_);
    const std::vector<Example> examples =
        examples_of(pairs_of(train_split), options_.text("batch_of") == "groups");
    const FeatureTable firsts(train_split.first().features, device);
    const FeatureTable seconds(train_split.second().features, device);
    // Tensors are handles: training these towers trains the encoder's.
    std::unique_ptr<Tower> first_tower = tower(train_split.first(), "first_tower", seed, device);
    std::unique_ptr<Tower> second_tower = tower(train_split.second(), "second_tower", seed, device);
    if (options_.real("canonical") > 0.0) {
      add_canonical(train_split, first_tower, second_tower, device, progress);
    }
    const std::shared_ptr<Tower> first = std::move(first_tower);
    const std::shared_ptr<Tower> second = std::move(second_tower);
    auto encoder = std::make_unique<TwoTowers>(first, second, train_split.first().modality, device);
    const std::unique_ptr<PairLoss> loss = make_pair_loss(options_, device);
    const at::Generator source = generator(seed, "dropout");
    const Noise noise{{training_.input_dropout, source}, {training_.dropout, source}};
    Augmentation augment(options_.texts("augment"), seed);
    const std::int64_t remembered = loss->takes_memory() ? options_.integer("memory") : 0;
    Memory first_memory(remembered, device);
    Memory second_memory(remembered, device);

    Trainee trainee;
    for (const Tower* network : {first.get(), second.get()}) {
      for (const torch::Tensor& weight : network->weights()) trainee.decaying.push_back(weight);
      for (const torch::Tensor& bias : network->biases()) trainee.free.push_back(bias);
    }
    for (const torch::Tensor& parameter : loss->parameters()) trainee.free.push_back(parameter);
    trainee.examples = examples.size();
    trainee.begin_epoch = [&](std::int64_t epoch) { loss->begin_epoch(epoch); };
    trainee.loss = [&](const std::vector<std::int32_t>& batch) {
      const auto embedded = [&](const Tower& network, const FeatureTable& table,
                                const ModalityItems& items,
                                std::vector<std::int32_t> Example::*side) {
        const std::vector<std::int32_t> rows = items_of(batch, examples, side);
        return EmbeddedSide{train_forward(network, augment(table.rows(rows)), noise, train_.bf16),
                            groups_of(rows, items.groups, device)};
      };
      const EmbeddedSide u = embedded(*first, firsts, train_split.first(), &Example::firsts);
      const EmbeddedSide v = embedded(*second, seconds, train_split.second(), &Example::seconds);
      const torch::Tensor cost = loss->of({u, v, first_memory.kept(), second_memory.kept()});
      first_memory.add(u);
      second_memory.add(v);
      return cost;
    };
    trainee.after_step = [&] { loss->bound(); };
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
  std::unique_ptr<Tower> tower(const ModalityItems& items, const char* shape, std::uint64_t seed,
                               torch::Device device) const {
    const TowerOptions wanted{
        tower_shape_from(options_.text(shape)),
        training_.hidden,
        options_.integers("channels"),
        static_cast<std::size_t>(options_.integer("width")),
        {options_.text("text_encoder"), options_.text("pooling"), options_.integer("word_width"),
         options_.integer("text_width"), options_.integer("text_layers")}};
    const std::string name(name_of(items.modality));
    return make_tower(items.features, wanted, generator(seed, "initial weights of " + name),
                      device);
  }

  void add_canonical(const TrainSplit& train, std::unique_ptr<Tower>& first,
                     std::unique_ptr<Tower>& second, torch::Device device,
                     Progress& progress) const {
    CcaOptions wanted;
    wanted.threads = train_.threads;
    CanonicalCorrelations found =
        canonical_correlations(train.first().features, train.first().groups,
                               train.second().features, train.second().groups, wanted, progress);
    found.first.weigh(found.correlations);
    found.second.weigh(found.correlations);
    const double share = options_.real("canonical");
    first = std::make_unique<CanonicalTower>(found.first, share, std::move(first), device);
    second = std::make_unique<CanonicalTower>(found.second, share, std::move(second), device);
  }

  Section options_;
  TrainingOptions training_;
  TrainOptions train_;
};

}  // namespace

AlignerPtr make_contrastive(const Section& options, const TrainOptions& train) {
  return std::make_unique<Contrastive>(options, train);
}

}  // namespace alignlab::align
