#include "align/torch/tower.h"

#include <ATen/autocast_mode.h>

#include "align/torch/canonical_tower.h"
#include "align/torch/lenet.h"
#include "align/torch/perceptron.h"
#include "align/torch/text_tower.h"

namespace alignlab::align {
namespace {

constexpr std::size_t kInferenceBatch = 1024;

/// While it lives, torch casts the operands of products on the CPU; on CUDA by its own switch.
class Bfloat16Products {
 public:
  Bfloat16Products() {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    set(true);
  }
  ~Bfloat16Products() {
    set(false);
    // The casts of weights that it keeps would be those of before the next step.
    at::autocast::clear_cache();
  }
  Bfloat16Products(const Bfloat16Products&) = delete;
  Bfloat16Products& operator=(const Bfloat16Products&) = delete;

 private:
  static void set(bool on) {
    at::autocast::set_cpu_enabled(on);
    at::autocast::set_enabled(on);
  }
};

}  // namespace

torch::Tensor Dropout::operator()(const torch::Tensor& values) const {
  if (share == 0.0) return values;
  const torch::Tensor kept =
      torch::empty(values.sizes(), torch::kFloat32).bernoulli_(1.0 - share, source);
  return values * kept.to(values.device()) / (1.0 - share);
}

TowerShape tower_shape_from(const std::string& name) {
  if (name == "linear") return TowerShape::kLinear;
  if (name == "residual") return TowerShape::kResidual;
  return name == "glu" ? TowerShape::kGlu : TowerShape::kMlp;
}

torch::Tensor train_forward(const Tower& tower, const Input& input, const Noise& noise, bool bf16) {
  if (!bf16) return tower.forward(input, &noise);
  const Bfloat16Products guard;
  return tower.forward(input, &noise).to(torch::kFloat32);
}

Matrix Tower::apply(const Features& features, torch::Device device) const {
  const torch::NoGradGuard no_grad;
  const FeatureTable table(features, device);
  Matrix out;
  for (std::size_t first = 0; first == 0 || first < table.size(); first += kInferenceBatch) {
    const std::size_t count = std::min(kInferenceBatch, table.size() - first);
    const Matrix rows = to_matrix(forward(table.slice(first, count), nullptr));
    if (first == 0) out = Matrix(features.rows(), rows.cols());
    if (count > 0) std::ranges::copy(rows.values(), out.row(first).data());
  }
  return out;
}

std::unique_ptr<Tower> make_tower(const Features& features, const TowerOptions& options,
                                  at::Generator source, torch::Device device) {
  if (features.form() == FeatureForm::kPixels) {
    return std::make_unique<LeNet>(features.pixels(), options, std::move(source), device);
  }
  if (features.form() == FeatureForm::kTokens) {
    return std::make_unique<TextTower>(features.tokens(), options, source, device);
  }
  return std::make_unique<Perceptron>(features.cols(), options, std::move(source), device);
}

std::unique_ptr<Tower> load_tower(const H5File& file, const std::string& group,
                                  torch::Device device) {
  if (file.has(group + "/canonical")) return CanonicalTower::load(file, group, device);
  if (file.has(group + "/convolutions")) return LeNet::load(file, group, device);
  if (file.has(group + "/text")) return TextTower::load(file, group, device);
  return std::make_unique<Perceptron>(Perceptron::load(file, group, device));
}

}  // namespace alignlab::align
