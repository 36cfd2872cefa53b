// cca: canonical correlation analysis, regularised (linear/canonical_correlations.h). With the
// directions A, B and the correlations s of the training pairs, items are embedded as
//
//     e(x) = diag(s)^p A'(x - mean x),   e(y) = diag(s)^p B'(y - mean y),
//
// p = `weighting`: 0 gives every direction the same weight, larger ones trust those more that
// correlate more (p = 4 in Gong, Ke, Isard and Lazebnik, "A Multi-View Embedding Space for Modeling
// Internet Images, Tags, and their Semantics", IJCV 106, 2014).

#include <fmt/format.h>

#include <cmath>

#include "align/common.h"
#include "align/makers.h"
#include "core/error.h"
#include "linear/canonical_correlations.h"

namespace alignlab::align {
namespace {

class CcaEncoder : public Encoder {
 public:
  CcaEncoder(CentredDirections first, CentredDirections second, Modality first_modality)
      : first_(std::move(first)), second_(std::move(second)), first_modality_(first_modality) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const CentredDirections& side = modality == first_modality_ ? first_ : second_;
    require_width(modality, features, side.directions.rows());
    return side.apply(features);
  }

  void save(H5File& file, const std::string& group) const override {
    for (const auto& [name, side] : {std::pair("first", &first_), std::pair("second", &second_)}) {
      const std::string here = group + "/" + name;
      file.write_matrix(here + "/directions", side->directions);
      file.write<float>(here + "/offsets", side->offsets);
    }
    file.set_attribute(group, "first", name_of(first_modality_));
  }

 private:
  CentredDirections first_;
  CentredDirections second_;
  Modality first_modality_;
};

CentredDirections weighted(CentredDirections side, const std::vector<double>& weights) {
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const auto weight = static_cast<float>(weights[j]);
    side.offsets[j] *= weight;
    for (std::size_t i = 0; i < side.directions.rows(); ++i) side.directions.row(i)[j] *= weight;
  }
  return side;
}

CentredDirections load_side(const H5File& file, const std::string& group) {
  CentredDirections side{file.read_matrix(group + "/directions"),
                         file.read<float>(group + "/offsets")};
  if (side.offsets.size() != side.directions.cols()) {
    throw DataError(fmt::format("{}: {}: expected an offset a direction, {}, found {}",
                                file.path().string(), group, side.directions.cols(),
                                side.offsets.size()));
  }
  return side;
}

class CanonicalAligner : public Aligner {
 public:
  CanonicalAligner(const Section& options, const TrainOptions& train)
      : cca_{static_cast<std::size_t>(options.integer("width")), options.real("first_ridge"),
             options.real("second_ridge"), train.threads},
        weighting_(options.real("weighting")) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t,
                               Progress& progress) const override {
    CanonicalCorrelations found =
        canonical_correlations(train.first().features, train.first().groups,
                               train.second().features, train.second().groups, cca_, progress);
    std::vector<double> weights;
    for (const double correlation : found.correlations) {
      weights.push_back(std::pow(correlation, weighting_));
    }
    return std::make_unique<CcaEncoder>(weighted(std::move(found.first), weights),
                                        weighted(std::move(found.second), weights),
                                        train.first().modality);
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<CcaEncoder>(load_side(file, group + "/first"),
                                        load_side(file, group + "/second"),
                                        modality_from(file.text_attribute(group, "first")).value());
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
