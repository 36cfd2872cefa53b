// csa: canonical similarity analysis (Li, Chinchali and Topcu, "CSA: Data-efficient Mapping of
// Unimodal Features to Multimodal Features", ICLR 2025, arXiv:2410.07610): canonical directions as
// in cca, on few of which, a = A'(x - mean x) and b = B'(y - mean y), the similarity is
//
//     S(x, y) = sum_i s_i a_i b_i / (|a| |b|),
//
// s the correlations. That is a cosine of rows of unit length,
//
//     e(x) = (sqrt(s) a / |a|, sqrt(1 - sum_i s_i a_i^2 / |a|^2), 0),
//     e(y) = (sqrt(s) b / |b|, 0, sqrt(1 - sum_i s_i b_i^2 / |b|^2)),
//
// whose last two coordinates never meet. In contrast to cca, what correlates little still counts in
// the norm: an item that is mostly noise is like nothing.

#include <cmath>

#include "align/common.h"
#include "align/linear_encoder.h"
#include "align/makers.h"
#include "linear/canonical_correlations.h"

namespace alignlab::align {
namespace {

class SimilarityEncoder : public Encoder {
 public:
  SimilarityEncoder(LinearSides sides, std::vector<double> correlations)
      : sides_(std::move(sides)), correlations_(std::move(correlations)) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const CentredDirections& side = sides_.of(modality);
    require_width(modality, features, side.directions.rows());
    const Matrix coordinates = side.apply(features);
    const std::size_t width = correlations_.size();
    const std::size_t remainder = modality == sides_.first_modality ? width : width + 1;
    Matrix out(coordinates.rows(), width + 2);
    for (std::size_t i = 0; i < out.rows(); ++i) {
      const auto from = coordinates.row(i);
      const auto to = out.row(i);
      double squares = 0.0, kept = 0.0;
      for (std::size_t j = 0; j < width; ++j) {
        const double square = static_cast<double>(from[j]) * from[j];
        squares += square;
        kept += correlations_[j] * square;
      }
      if (squares == 0.0) continue;  // the mean itself is like nothing
      for (std::size_t j = 0; j < width; ++j) {
        to[j] = static_cast<float>(std::sqrt(correlations_[j] / squares) * from[j]);
      }
      to[remainder] = static_cast<float>(std::sqrt(std::max(0.0, 1.0 - kept / squares)));
    }
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    sides_.save(file, group);
    file.write<double>(group + "/correlations", correlations_);
  }

 private:
  LinearSides sides_;
  std::vector<double> correlations_;
};

class SimilarityAligner : public Aligner {
 public:
  SimilarityAligner(const Section& options, const TrainOptions& train)
      : cca_{static_cast<std::size_t>(options.integer("width")), options.real("first_ridge"),
             options.real("second_ridge"), train.threads} {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t,
                               Progress& progress) const override {
    require_pairs(train);
    CanonicalCorrelations found =
        canonical_correlations(train.first().features, train.first().groups,
                               train.second().features, train.second().groups, cca_, progress);
    for (double& correlation : found.correlations) correlation = std::min(1.0, correlation);
    return std::make_unique<SimilarityEncoder>(
        LinearSides{train.first().modality, std::move(found.first), std::move(found.second)},
        std::move(found.correlations));
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<SimilarityEncoder>(LinearSides::load(file, group),
                                               file.read<double>(group + "/correlations"));
  }

 private:
  CcaOptions cca_;
};

}  // namespace

AlignerPtr make_csa(const Section& options, const TrainOptions& train) {
  return std::make_unique<SimilarityAligner>(options, train);
}

}  // namespace alignlab::align
