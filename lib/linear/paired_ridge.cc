#include "linear/paired_ridge.h"

#include "linear/paired_moments.h"

namespace alignlab {

PairedRidge paired_ridge(const Features& source, const std::vector<std::int32_t>& source_groups,
                         const Features& target, const std::vector<std::int32_t>& target_groups,
                         double ridge, int threads, Progress& progress) {
  const blas::Threads blas_threads(threads);
  progress.begin("ridge", 2, "steps");
  PairedMoments moments = paired_moments({source, source_groups}, {target, target_groups},
                                         PairedMoments::Wanted::kFirstAndCross, progress);
  progress.advance(1);
  progress.check();
  const blas::Doubles root = regularised_root(std::move(moments.first), ridge, "ridge");
  blas::solve(root, moments.cross);
  blas::solve_transposed(root, moments.cross);
  progress.advance(1);
  progress.check();
  progress.end();
  const Eigen::VectorXd& mean = moments.second_mean;
  return {centred_directions(moments.cross, moments.first_mean),
          std::vector<double>(mean.data(), mean.data() + mean.size())};
}

}  // namespace alignlab
