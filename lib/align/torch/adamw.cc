#include "align/torch/adamw.h"

#include <cmath>

namespace alignlab::align {
namespace {

constexpr double kMeanKept = 0.9;
constexpr double kVarianceKept = 0.999;
constexpr double kEpsilon = 1e-8;

struct Step {
  float rate;            // lr / (1 - b1^t)
  float variance_scale;  // 1 / (1 - b2^t)
  float shrink;          // 1 - lr decay
};

void step_on_cpu(float* parameter, const float* gradient, float* mean, float* variance,
                 std::int64_t count, const Step& step) {
  constexpr auto kB1 = static_cast<float>(kMeanKept);
  constexpr auto kB2 = static_cast<float>(kVarianceKept);
  constexpr auto kEps = static_cast<float>(kEpsilon);
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = kB1 * mean[i] + (1.0F - kB1) * g;
    const float v = kB2 * variance[i] + (1.0F - kB2) * g * g;
    mean[i] = m;
    variance[i] = v;
    parameter[i] =
        parameter[i] * step.shrink - step.rate * m / (std::sqrt(v * step.variance_scale) + kEps);
  }
}

}  // namespace

AdamW::AdamW(const std::vector<torch::Tensor>& decaying, const std::vector<torch::Tensor>& free,
             double weight_decay) {
  const auto add = [&](const std::vector<torch::Tensor>& parameters, double decay) {
    for (const torch::Tensor& parameter : parameters) {
      const torch::Tensor zeros = torch::zeros_like(parameter, torch::MemoryFormat::Contiguous);
      slots_.push_back({parameter, zeros, zeros.clone(), decay});
    }
  };
  add(decaying, weight_decay);
  add(free, 0.0);
}

void AdamW::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

void AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double rate = learning_rate / (1.0 - std::pow(kMeanKept, t));
  const double variance_scale = 1.0 / (1.0 - std::pow(kVarianceKept, t));
  for (Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const torch::Tensor gradient = slot.parameter.grad().contiguous();
    const double shrink = 1.0 - learning_rate * slot.decay;
    if (slot.parameter.is_cpu()) {
      step_on_cpu(slot.parameter.data_ptr<float>(), gradient.data_ptr<float>(),
                  slot.mean.data_ptr<float>(), slot.variance.data_ptr<float>(),
                  slot.parameter.numel(),
                  {static_cast<float>(rate), static_cast<float>(variance_scale),
                   static_cast<float>(shrink)});
      continue;
    }
    slot.mean.mul_(kMeanKept).add_(gradient, 1.0 - kMeanKept);
    slot.variance.mul_(kVarianceKept).addcmul_(gradient, gradient, 1.0 - kVarianceKept);
    slot.parameter.mul_(shrink).addcdiv_(
        slot.mean, (slot.variance * variance_scale).sqrt().add_(kEpsilon), -rate);
  }
}

}  // namespace alignlab::align
