#pragma once

// A tower of two branches side by side: canonical directions, found beforehand and left as they
// are, and a network that learns. Each branch has unit length times the root of its share, so the
// cosine of two such rows is the weighted mean of the branches' cosines: training starts from what
// the closed form knows, and learns what it misses.

#include "align/torch/tower.h"
#include "linear/centred_directions.h"

namespace alignlab::align {

class CanonicalTower : public Tower {
 public:
  /// `share` of the similarity, between 0 and 1, is the canonical one.
  CanonicalTower(const CentredDirections& canonical, double share, std::unique_ptr<Tower> learned,
                 torch::Device device);
  static std::unique_ptr<CanonicalTower> load(const H5File& file, const std::string& group,
                                              torch::Device device);

  torch::Tensor forward(const Input& input, const Noise* noise) const override;
  std::size_t inputs() const override { return learned_->inputs(); }
  std::vector<torch::Tensor> weights() const override { return learned_->weights(); }
  std::vector<torch::Tensor> biases() const override { return learned_->biases(); }
  void save(H5File& file, const std::string& group) const override;

 private:
  CanonicalTower(torch::Tensor directions, torch::Tensor offsets, double share,
                 std::unique_ptr<Tower> learned)
      : directions_(std::move(directions)),
        offsets_(std::move(offsets)),
        share_(share),
        learned_(std::move(learned)) {}

  torch::Tensor directions_;  // [columns, k]
  torch::Tensor offsets_;     // [1, k]
  double share_;
  std::unique_ptr<Tower> learned_;
};

}  // namespace alignlab::align
