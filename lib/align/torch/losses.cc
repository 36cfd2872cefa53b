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

/// Which candidates are what to a query, bool [queries, candidates].
struct Masks {
  torch::Tensor positives;
  torch::Tensor negatives;  // a sibling in memory is neither
};

/// One direction: cosines of queries and candidates, those in memory last.
struct Direction {
  torch::Tensor similarities;
  torch::Tensor query_groups;
  torch::Tensor candidate_groups;  // but of memory
  torch::Tensor memory_groups;
  /// Candidate i is the one positive of query i, and all others are negatives: no masks are needed.
  bool one_to_one;

  Masks masks() const {
    const auto same = [&](const torch::Tensor& groups) {
      return query_groups.unsqueeze(1) == groups.unsqueeze(0);
    };
    const torch::Tensor positives = same(candidate_groups);
    if (memory_groups.size(0) == 0) return {positives, positives.logical_not()};
    const torch::Tensor remembered = same(memory_groups);
    return {torch::cat({positives, torch::zeros_like(remembered)}, 1),
            torch::cat({positives, remembered}, 1).logical_not()};
  }
};

bool are_one_to_one(const torch::Tensor& a, const torch::Tensor& b) {
  return a.equal(b) && std::get<0>(torch::_unique(a)).size(0) == a.size(0);
}

/// `between` holds the cosines of queries and candidates, whose rows are of unit length.
Direction direction(const EmbeddedSide& queries, const EmbeddedSide& candidates,
                    const EmbeddedSide& memory, const torch::Tensor& between, bool one_to_one) {
  const bool remembers = memory.rows.size(0) > 0;
  return {remembers ? torch::cat({between, queries.rows.matmul(unit_rows(memory.rows).t())}, 1)
                    : between,
          queries.groups, candidates.groups, memory.groups, one_to_one && !remembers};
}

/// Losses of two directions.
class DirectedLoss : public PairLoss {
 public:
  torch::Tensor of(const EmbeddedBatch& batch) const override {
    const EmbeddedSide first{unit_rows(batch.first.rows), batch.first.groups};
    const EmbeddedSide second{unit_rows(batch.second.rows), batch.second.groups};
    // One product serves both directions.
    const torch::Tensor between = first.rows.matmul(second.rows.t());
    const bool one_to_one = are_one_to_one(first.groups, second.groups);
    return 0.5 * (cost(direction(first, second, batch.second_memory, between, one_to_one)) +
                  cost(direction(second, first, batch.first_memory, between.t(), one_to_one)));
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
    if (each.one_to_one) return without_siblings(logits);
    return siblings_are_positive_ ? with_positive_siblings(logits, each.masks())
                                  : with_masked_siblings(logits, each.masks());
  }

  /// What both of the others come to.
  torch::Tensor without_siblings(const torch::Tensor& logits) const {
    const torch::Tensor own = logits.diagonal();
    const torch::Tensor costs = logits.logsumexp(1) - own;
    if (smoothing_ == 0.0) return costs.mean();
    return (costs + smoothing_ * (own - logits.mean(1))).mean();
  }

  torch::Tensor with_masked_siblings(const torch::Tensor& logits, const Masks& each) const {
    const torch::Tensor others = logits.masked_fill(~each.negatives, kExcluded).logsumexp(1);
    const torch::Tensor queries = each.positives.nonzero().select(1, 0);
    const torch::Tensor own = logits.masked_select(each.positives);
    const torch::Tensor costs = torch::logaddexp(own, others.index_select(0, queries)) - own;
    if (smoothing_ == 0.0) return costs.mean();
    // Of each pair, the mean over its own denominator: the pair and the query's negatives.
    const torch::Tensor sums = logits.masked_fill(~each.negatives, 0.0).sum(1);
    const torch::Tensor counts = each.negatives.sum(1) + 1.0;
    const torch::Tensor means =
        (own + sums.index_select(0, queries)) / counts.index_select(0, queries);
    return (costs + smoothing_ * (own - means)).mean();
  }

  torch::Tensor with_positive_siblings(const torch::Tensor& logits, const Masks& each) const {
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
    const Masks masks = each.masks();
    const torch::Tensor signs = 2.0 * masks.positives.to(logits.dtype()) - 1.0;
    return -torch::log_sigmoid(signs * logits)
                .masked_fill(~(masks.positives | masks.negatives), 0.0)
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
    const Masks masks = each.masks();
    const torch::Tensor queries = masks.positives.nonzero().select(1, 0);
    const torch::Tensor own = each.similarities.masked_select(masks.positives).unsqueeze(1);
    const torch::Tensor costs =
        torch::relu(margin_ - own + each.similarities.index_select(0, queries))
            .masked_fill(~masks.negatives.index_select(0, queries), 0.0);
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
