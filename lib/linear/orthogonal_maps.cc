#include "linear/orthogonal_maps.h"

#include "linear/paired_moments.h"

namespace alignlab {

OrthogonalMaps orthogonal_maps(const Features& first, const std::vector<std::int32_t>& first_groups,
                               const Features& second,
                               const std::vector<std::int32_t>& second_groups, std::size_t width,
                               int threads, Progress& progress) {
  const blas::Threads blas_threads(threads);
  progress.begin("orthogonal maps", 2, "steps");
  const PairedMoments moments = paired_moments({first, first_groups}, {second, second_groups},
                                               PairedMoments::Wanted::kCross, progress);
  progress.advance(1);
  progress.check();
  const blas::SingularTriples found =
      blas::leading_singular_triples(moments.cross, static_cast<Eigen::Index>(width));
  progress.advance(1);
  progress.check();
  progress.end();
  return {centred_directions(found.left, moments.first_mean),
          centred_directions(found.right, moments.second_mean),
          std::vector<double>(found.values.data(), found.values.data() + found.values.size())};
}

}  // namespace alignlab
