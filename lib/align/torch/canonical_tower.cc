#include "align/torch/canonical_tower.h"

#include <cmath>

#include "align/torch/perceptron.h"

namespace alignlab::align {
namespace {

constexpr double kLeastNorm = 1e-12;

torch::Tensor of_length(const torch::Tensor& rows, double length) {
  return rows * (length / rows.norm(2, /*dim=*/1, /*keepdim=*/true).clamp_min(kLeastNorm));
}

torch::Tensor row_of(const std::vector<float>& values) {
  return torch::tensor(values, torch::kFloat32).unsqueeze(0);
}

}  // namespace

CanonicalTower::CanonicalTower(const CentredDirections& canonical, double share,
                               std::unique_ptr<Tower> learned, torch::Device device)
    : CanonicalTower(to_tensor(canonical.directions).to(device),
                     row_of(canonical.offsets).to(device), share, std::move(learned)) {}

torch::Tensor CanonicalTower::forward(const Input& input, const Noise* noise) const {
  const torch::Tensor canonical = [&] {
    // As it is in float32, whatever the products of training are in.
    const c10::impl::ExcludeDispatchKeyGuard no_casts(c10::autocast_dispatch_keyset);
    return times(input, directions_) - offsets_;
  }();
  return torch::cat({of_length(canonical, std::sqrt(share_)),
                     of_length(learned_->forward(input, noise), std::sqrt(1.0 - share_))},
                    1);
}

void CanonicalTower::save(H5File& file, const std::string& group) const {
  file.write_matrix(group + "/canonical/directions", to_matrix(directions_));
  file.write<float>(group + "/canonical/offsets", values_of(offsets_));
  file.write<double>(group + "/canonical/share", std::vector{share_});
  learned_->save(file, group + "/learned");
}

std::unique_ptr<CanonicalTower> CanonicalTower::load(const H5File& file, const std::string& group,
                                                     torch::Device device) {
  return std::unique_ptr<CanonicalTower>(
      new CanonicalTower(to_tensor(file.read_matrix(group + "/canonical/directions")).to(device),
                         row_of(file.read<float>(group + "/canonical/offsets")).to(device),
                         file.read<double>(group + "/canonical/share").at(0),
                         load_tower(file, group + "/learned", device)));
}

}  // namespace alignlab::align
