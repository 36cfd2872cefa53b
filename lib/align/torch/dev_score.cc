// dev_score() of align/common.h, by matrix products in float32: it is asked for after every epoch,
// and to tell epochs apart needs no canonical scores.

#include "align/common.h"
#include "align/torch/tensors.h"
#include "search/search.h"

namespace alignlab::align {
namespace {

constexpr std::int64_t kQueryBlock = 512;
// Products of the same rows may differ by rounding where they stand in different blocks.
constexpr double kRounding = 1e-6;
constexpr double kBelowEveryCosine = -2.0;

struct Side {
  torch::Tensor rows;    // of unit length
  torch::Tensor groups;  // int32
};

Side side_of(const Matrix& rows, const std::vector<std::int32_t>& groups, const char* name) {
  return {to_tensor(prepare(rows, Similarity::kCosine, name).vectors),
          torch::tensor(groups, torch::kInt32)};
}

double hits(const Side& queries, const Side& candidates) {
  double sum = 0.0;
  std::int64_t judged = 0;
  const torch::Tensor gallery = candidates.rows.t();
  for (std::int64_t first = 0; first < queries.rows.size(0); first += kQueryBlock) {
    const torch::Tensor scores = queries.rows.slice(0, first, first + kQueryBlock).matmul(gallery);
    const torch::Tensor own = queries.groups.slice(0, first, first + kQueryBlock).unsqueeze(1) ==
                              candidates.groups.unsqueeze(0);
    const torch::Tensor best = scores.masked_fill(~own, kBelowEveryCosine).amax(1, true);
    const torch::Tensor asked = own.any(1);
    const torch::Tensor before = ((scores >= best - kRounding) & ~own).sum(1).masked_select(asked);
    for (const std::int64_t k : {1, 5, 10}) sum += (before < k).sum().item<double>();
    judged += asked.sum().item<std::int64_t>();
  }
  return judged == 0 ? 0.0 : 100.0 * sum / static_cast<double>(judged);
}

}  // namespace

double dev_score(const Matrix& first, const std::vector<std::int32_t>& first_groups,
                 const Matrix& second, const std::vector<std::int32_t>& second_groups,
                 int threads) {
  const torch::NoGradGuard no_grad;
  at::set_num_threads(threads);
  const Side a = side_of(first, first_groups, "dev embeddings of the first modality");
  const Side b = side_of(second, second_groups, "dev embeddings of the second modality");
  return hits(a, b) + hits(b, a);
}

}  // namespace alignlab::align
