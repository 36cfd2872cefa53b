// cca: canonical correlation analysis, regularised (linear/canonical_correlations.h). With the
// directions A, B and the correlations s of the training pairs, items are embedded as
//
//     e(x) = diag(s)^p A'(x - mean x),   e(y) = diag(s)^p B'(y - mean y),
//
// p = `weighting`: 0 gives every direction the same weight, larger ones trust those more that
// correlate more (p = 4 in Gong, Ke, Isard and Lazebnik, "A Multi-View Embedding Space for Modeling
// Internet Images, Tags, and their Semantics", IJCV 106, 2014).

#include <cmath>

#include "align/common.h"
#include "align/linear_encoder.h"
#include "align/makers.h"
#include "linear/canonical_correlations.h"

namespace alignlab::align {
namespace {

class CanonicalAligner : public Aligner {
 public:
  CanonicalAligner(const Section& options, const TrainOptions& train)
      : cca_{static_cast<std::size_t>(options.integer("width")), options.real("first_ridge"),
             options.real("second_ridge"), train.threads},
        weighting_(options.real("weighting")) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t,
                               Progress& progress) const override {
    require_pairs(train);
    CanonicalCorrelations found =
        canonical_correlations(train.first().features, train.first().groups,
                               train.second().features, train.second().groups, cca_, progress);
    for (double& correlation : found.correlations) correlation = std::pow(correlation, weighting_);
    found.first.weigh(found.correlations);
    found.second.weigh(found.correlations);
    return std::make_unique<LinearEncoder>(
        LinearSides{train.first().modality, std::move(found.first), std::move(found.second)});
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<LinearEncoder>(LinearSides::load(file, group));
  }

 private:
  CcaOptions cca_;
  double weighting_;
};

}  // namespace

AlignerPtr make_cca(const Section& options, const TrainOptions& train) {
  return std::make_unique<CanonicalAligner>(options, train);
}

}  // namespace alignlab::align
