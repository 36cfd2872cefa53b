#include "linear/canonical_correlations.h"

#include "linear/paired_moments.h"

namespace alignlab {

CanonicalCorrelations canonical_correlations(const Features& first,
                                             const std::vector<std::int32_t>& first_groups,
                                             const Features& second,
                                             const std::vector<std::int32_t>& second_groups,
                                             const CcaOptions& options, Progress& progress) {
  const blas::Threads threads(options.threads);
  progress.begin("cca", 6, "steps");
  const auto done = [&] {
    progress.advance(1);
    progress.check();
  };
  PairedMoments moments = paired_moments({first, first_groups}, {second, second_groups},
                                         PairedMoments::Wanted::kAll, progress);
  done();
  const blas::Doubles x_root =
      regularised_root(std::move(moments.first), options.first_ridge, "first_ridge");
  done();
  const blas::Doubles y_root =
      regularised_root(std::move(moments.second), options.second_ridge, "second_ridge");
  done();
  blas::Doubles& between = moments.cross;  // whitened in place
  blas::solve(x_root, between);
  blas::solve_transposed_on_the_right(y_root, between);
  done();

  blas::SingularTriples found =
      blas::leading_singular_triples(between, static_cast<Eigen::Index>(options.width));
  done();
  blas::Doubles& a = found.left;
  blas::Doubles& b = found.right;
  blas::solve_transposed(x_root, a);
  blas::solve_transposed(y_root, b);
  done();
  progress.end();
  return {centred_directions(a, moments.first_mean), centred_directions(b, moments.second_mean),
          std::vector<double>(found.values.data(), found.values.data() + found.values.size())};
}

}  // namespace alignlab
