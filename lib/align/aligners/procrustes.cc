// procrustes: each side is turned, and nothing else, into a shared space: e(x) = A'(x - mean x),
// e(y) = B'(y - mean y) with orthonormal A and B that bring the training pairs closest
// (linear/orthogonal_maps.h; for word vectors: Xing et al., "Normalized Word Embedding and
// Orthogonal Transform for Bilingual Word Translation", NAACL 2015).

#include "align/common.h"
#include "align/linear_encoder.h"
#include "align/makers.h"
#include "linear/orthogonal_maps.h"

namespace alignlab::align {
namespace {

class Procrustes : public Aligner {
 public:
  Procrustes(const Section& options, const TrainOptions& train)
      : width_(static_cast<std::size_t>(options.integer("width"))), threads_(train.threads) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t,
                               Progress& progress) const override {
    require_pairs(train);
    OrthogonalMaps found =
        orthogonal_maps(train.first().features, train.first().groups, train.second().features,
                        train.second().groups, width_, threads_, progress);
    return std::make_unique<LinearEncoder>(
        LinearSides{train.first().modality, std::move(found.first), std::move(found.second)});
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<LinearEncoder>(LinearSides::load(file, group));
  }

 private:
  std::size_t width_;
  int threads_;
};

}  // namespace

AlignerPtr make_procrustes(const Section& options, const TrainOptions& train) {
  return std::make_unique<Procrustes>(options, train);
}

}  // namespace alignlab::align
