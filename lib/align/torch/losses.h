#pragma once

// What a batch of two-tower training costs. A batch has items of both sides and their groups: items
// of equal group belong together, all others are each other's negatives. Every loss is the mean of
// its two directions (first to second and second to first); with similarities s of a query i to
// candidates, positives P_i of its group and negatives N_i of others,
//
//   infonce   (Radford et al., ICML 2021), masked siblings: the mean over pairs (i, j in P_i) of
//             -log( e^{t s_ij} / (e^{t s_ij} + sum_{k in N_i} e^{t s_ik}) );
//             siblings as positives (Khosla et al., NeurIPS 2020): the mean over i, then over
//             j in P_i, of -log( e^{t s_ij} / sum_{k in P_i, N_i} e^{t s_ik} ).
//             t = 1 / temperature, learned or not, at most 100. `label_smoothing` moves that share
//             of the target evenly to all candidates of the denominator.
//   siglip    (Zhai et al., ICCV 2023): the mean over i of the sum over k of
//             -log sigmoid(z (t s_ik + b)), z = 1 in P_i and -1 in N_i; t and b are learned.
//   hinge-sum (Kiros, Salakhutdinov and Zemel, arXiv:1411.2539): the mean over pairs of
//             sum_{k in N_i} max(0, margin - s_ij + s_ik).
//   hinge-max (Faghri et al., "VSE++", BMVC 2018): the same with the largest term instead of the
//   sum;
//             in the first epoch the sum.
//   vicreg    (Bardes, Ponce and LeCun, ICLR 2022), over pairs, of embeddings as they are:
//             25 mean squared difference + 25 mean_d max(0, 1 - deviation_d) of each side
//             + sum of squared covariances / width of each side.
//   barlow    (Zbontar et al., "Barlow Twins", ICML 2021), over pairs, of standardised embeddings
//             with correlations C: sum_d (1 - C_dd)^2 + 0.0051 sum_{d != e} C_de^2.
//
// s is the cosine. vicreg and barlow have no negatives and no directions.

#include <memory>
#include <string>
#include <vector>

#include "align/torch/tensors.h"

namespace alignlab::align {

/// Embeddings of a side's items as its tower gives them, [n, width], and their groups, int64 [n].
struct EmbeddedSide {
  torch::Tensor rows;
  torch::Tensor groups;
};

struct EmbeddedBatch {
  EmbeddedSide first;
  EmbeddedSide second;
  /// Of earlier batches, without gradients; more negatives. May be empty, [0].
  EmbeddedSide first_memory;
  EmbeddedSide second_memory;
};

class PairLoss {
 public:
  virtual ~PairLoss() = default;
  /// A number; 0 with gradients of 0 where the batch has nothing to tell apart.
  virtual torch::Tensor of(const EmbeddedBatch& batch) const = 0;
  /// What is learned along with the towers.
  virtual std::vector<torch::Tensor> parameters() const { return {}; }
  /// Keeps parameters in bounds, after each step.
  virtual void bound() {}
  virtual void begin_epoch(std::int64_t) {}
  /// Whether batches before this one can serve as negatives.
  virtual bool takes_memory() const { return true; }
};

/// `options` are those of the aligner contrastive.
std::unique_ptr<PairLoss> make_pair_loss(const Section& options, torch::Device device);

}  // namespace alignlab::align
