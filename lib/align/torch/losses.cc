#include "align/torch/losses.h"

#include <cmath>

namespace alignlab::align {
namespace {

const double kLargestLogScale = std::log(100.0);
// In place of -infinity, whose gradients are not numbers.
constexpr double kExcluded = -1e9;
constexpr double kLeastNorm = 1e-12;

torch::Tensor unit_rows(const torch::Tensor& rows) {
  return rows / rows.norm(2, /*dim=*/1, /*keepdim=*/true).clamp_min(kLeastNorm);
}

/// One direction: cosines of queries and candidates, and which of these are what to a query.
struct Direction {
  torch::Tensor similarities;  // [queries, candidates]
  torch::Tensor positives;     // bool
  torch::Tensor negatives;     // bool; a sibling in memory is neither
};

Direction direction(const EmbeddedSide& queries, const EmbeddedSide& candidates,
                    const EmbeddedSide& memory) {
  const auto same = [&](const torch::Tensor& groups) {
    return queries.groups.unsqueeze(1) == groups.unsqueeze(0);
  };
  const torch::Tensor positives = same(candidates.groups);
  if (memory.rows.size(0) == 0) {
    return {unit_rows(queries.rows).matmul(unit_rows(candidates.rows).t()), positives,
            positives.logical_not()};
  }
  const torch::Tensor remembered = same(memory.groups);
  return {unit_rows(queries.rows).matmul(unit_rows(torch::cat({candidates.rows, memory.rows})).t()),
          torch::cat({positives, torch::zeros_like(remembered)}, 1),
          torch::cat({positives, remembered}, 1).logical_not()};
}

/// Losses of two directions.
class DirectedLoss : public PairLoss {
 public:
  torch::Tensor of(const EmbeddedBatch& batch) const override {
    return 0.5 * (cost(direction(batch.first, batch.second, batch.second_memory)) +
                  cost(direction(batch.second, batch.first, batch.first_memory)));
  }

 private:
  virtual torch::Tensor cost(const Direction& direction) const = 0;
};

/// exp() of it is what similarities are multiplied by.
class Scale {
 public:
  Scale(double temperature, bool learned, torch::Device device)
      : log_(torch::full({1}, std::log(1.0 / temperature)).to(device).requires_grad_(learned)),
        learned_(learned) {}

  torch::Tensor operator()(const torch::Tensor& similarities) const {
    return similarities * log_.exp();
  }
  void add_to(std::vector<torch::Tensor>& parameters) const {
    if (learned_) parameters.push_back(log_);
  }
  void bound() {
    const torch::NoGradGuard no_grad;
    log_.clamp_max_(kLargestLogScale);
  }

 private:
  torch::Tensor log_;
  bool learned_;
};

class InfoNce : public DirectedLoss {
 public:
  InfoNce(Scale scale, bool siblings_are_positive, double smoothing)
      : scale_(std::move(scale)),
        siblings_are_positive_(siblings_are_positive),
        smoothing_(smoothing) {}

  std::vector<torch::Tensor> parameters() const override {
    std::vector<torch::Tensor> out;
    scale_.add_to(out);
    return out;
  }
  void bound() override { scale_.bound(); }

 private:
  torch::Tensor cost(const Direction& each) const override {
    const torch::Tensor logits = scale_(each.similarities);
    return siblings_are_positive_ ? with_positive_siblings(logits, each)
                                  : with_masked_siblings(logits, each);
  }

  torch::Tensor with_masked_siblings(const torch::Tensor& logits, const Direction& each) const {
    const torch::Tensor others =
        logits.masked_fill(~each.negatives, kExcluded).logsumexp(1, /*keepdim=*/true);
    const torch::Tensor target =
        (1.0 - smoothing_) * logits + smoothing_ * mean_of_own(logits, each);
    const torch::Tensor costs = torch::logaddexp(logits, others) - target;
    return costs.masked_select(each.positives).mean();
  }

  /// Of each pair, the mean over its own denominator: the pair and the query's negatives.
  static torch::Tensor mean_of_own(const torch::Tensor& logits, const Direction& each) {
    const torch::Tensor sum = logits.masked_fill(~each.negatives, 0.0).sum(1, /*keepdim=*/true);
    return (logits + sum) / (each.negatives.sum(1, /*keepdim=*/true) + 1.0);
  }

  torch::Tensor with_positive_siblings(const torch::Tensor& logits, const Direction& each) const {
    const torch::Tensor counted = each.positives | each.negatives;
    const torch::Tensor all = logits.masked_fill(~counted, kExcluded).logsumexp(1);
    const auto mean_over = [&](const torch::Tensor& mask) {
      return logits.masked_fill(~mask, 0.0).sum(1) / mask.sum(1).clamp_min(1);
    };
    const torch::Tensor costs =
        all - (1.0 - smoothing_) * mean_over(each.positives) - smoothing_ * mean_over(counted);
    return costs.masked_select(each.positives.any(1)).mean();
  }

  Scale scale_;
  bool siblings_are_positive_;
  double smoothing_;
};

class SigLip : public DirectedLoss {
 public:
  SigLip(Scale scale, double bias, torch::Device device)
      : scale_(std::move(scale)), bias_(torch::full({1}, bias).to(device).requires_grad_()) {}

  std::vector<torch::Tensor> parameters() const override {
    std::vector<torch::Tensor> out{bias_};
    scale_.add_to(out);
    return out;
  }
  void bound() override { scale_.bound(); }

 private:
  torch::Tensor cost(const Direction& each) const override {
    const torch::Tensor logits = scale_(each.similarities) + bias_;
    const torch::Tensor signs = 2.0 * each.positives.to(logits.dtype()) - 1.0;
    return -torch::log_sigmoid(signs * logits)
                .masked_fill(~(each.positives | each.negatives), 0.0)
                .sum(1)
                .mean();
  }

  Scale scale_;
  torch::Tensor bias_;
};

class Hinge : public DirectedLoss {
 public:
  Hinge(double margin, bool hardest) : margin_(margin), hardest_(hardest) {}
  void begin_epoch(std::int64_t epoch) override { is_warm_ = epoch > 0; }

 private:
  torch::Tensor cost(const Direction& each) const override {
    const torch::Tensor queries = each.positives.nonzero().select(1, 0);
    const torch::Tensor own = each.similarities.masked_select(each.positives).unsqueeze(1);
    const torch::Tensor costs =
        torch::relu(margin_ - own + each.similarities.index_select(0, queries))
            .masked_fill(~each.negatives.index_select(0, queries), 0.0);
    return hardest_ && is_warm_ ? std::get<0>(costs.max(1)).mean() : costs.sum(1).mean();
  }

  double margin_;
  bool hardest_;
  bool is_warm_ = false;
};

/// Losses of the pairs themselves, a row each.
class RedundancyLoss : public PairLoss {
 public:
  torch::Tensor of(const EmbeddedBatch& batch) const override {
    const torch::Tensor pairs =
        (batch.first.groups.unsqueeze(1) == batch.second.groups.unsqueeze(0)).nonzero();
    return cost(batch.first.rows.index_select(0, pairs.select(1, 0)),
                batch.second.rows.index_select(0, pairs.select(1, 1)));
  }
  bool takes_memory() const override { return false; }

 private:
  virtual torch::Tensor cost(const torch::Tensor& a, const torch::Tensor& b) const = 0;
};

torch::Tensor squares_off_diagonal(const torch::Tensor& square) {
  return square.square().sum() - square.diagonal().square().sum();
}

class VicReg : public RedundancyLoss {
  torch::Tensor cost(const torch::Tensor& a, const torch::Tensor& b) const override {
    return 25.0 * (a - b).square().mean() + 25.0 * (spread(a) + spread(b)) + redundancy(a) +
           redundancy(b);
  }
  static torch::Tensor centred(const torch::Tensor& rows) { return rows - rows.mean(0, true); }
  static double degrees_of_freedom(const torch::Tensor& rows) {
    return static_cast<double>(std::max<std::int64_t>(1, rows.size(0) - 1));
  }
  /// The small number keeps the root's gradient finite where a column does not vary.
  static torch::Tensor spread(const torch::Tensor& rows) {
    const torch::Tensor variance = centred(rows).square().sum(0) / degrees_of_freedom(rows);
    return torch::relu(1.0 - (variance + 1e-4).sqrt()).mean();
  }
  static torch::Tensor redundancy(const torch::Tensor& rows) {
    const torch::Tensor off = centred(rows);
    return squares_off_diagonal(off.t().matmul(off) / degrees_of_freedom(rows)) /
           static_cast<double>(rows.size(1));
  }
};

class Barlow : public RedundancyLoss {
  torch::Tensor cost(const torch::Tensor& a, const torch::Tensor& b) const override {
    const torch::Tensor correlations =
        standardised(a).t().matmul(standardised(b)) / static_cast<double>(a.size(0));
    return (1.0 - correlations.diagonal()).square().sum() +
           0.0051 * squares_off_diagonal(correlations);
  }
  static torch::Tensor standardised(const torch::Tensor& rows) {
    const torch::Tensor off = rows - rows.mean(0, true);
    return off / (off.square().mean(0, true) + 1e-5).sqrt();
  }
};

}  // namespace

std::unique_ptr<PairLoss> make_pair_loss(const Section& options, torch::Device device) {
  const std::string& name = options.text("loss");
  const Scale scale(options.real("temperature"), options.flag("learn_temperature"), device);
  if (name == "siglip") return std::make_unique<SigLip>(scale, options.real("bias"), device);
  if (name == "hinge-sum") return std::make_unique<Hinge>(options.real("margin"), false);
  if (name == "hinge-max") return std::make_unique<Hinge>(options.real("margin"), true);
  if (name == "vicreg") return std::make_unique<VicReg>();
  if (name == "barlow") return std::make_unique<Barlow>();
  return std::make_unique<InfoNce>(scale, options.text("siblings") == "positive",
                                   options.real("label_smoothing"));
}

}  // namespace alignlab::align
