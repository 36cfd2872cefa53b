// ridge: linear regression in closed form from one modality's features to the other's
// (linear/paired_ridge.h). With `direction` to-second, f(x) = W'(x - mean x) is compared with
// y - mean y; to-first likewise with the sides exchanged; both sets the two side by side,
//
//     e(x) = (f(x)/|f(x)|, x~/|x~|),   e(y) = (y~/|y~|, g(y)/|g(y)|),   ~ less the mean,
//
// so that the cosine is the mean of the two comparisons.

#include "align/common.h"
#include "align/makers.h"
#include "linear/paired_ridge.h"

namespace alignlab::align {
namespace {

/// A map out of one modality, and the mean that the other one loses to be compared with it.
using Maps = std::vector<std::pair<Modality, PairedRidge>>;

Matrix less_mean(const Features& features, const std::vector<double>& mean) {
  Matrix out = features.to_dense();
  for (std::size_t i = 0; i < out.rows(); ++i) {
    for (std::size_t j = 0; j < mean.size(); ++j) {
      out.row(i)[j] = static_cast<float>(out.row(i)[j] - mean[j]);
    }
  }
  return out;
}

class RidgeEncoder : public Encoder {
 public:
  explicit RidgeEncoder(Maps maps) : maps_(std::move(maps)) {}

  Matrix embed(Modality modality, const Features& features) const override {
    std::size_t width = 0;
    for (const auto& [source, ridge] : maps_) {
      const std::size_t inputs =
          source == modality ? ridge.map.directions.rows() : ridge.target_mean.size();
      require_width(modality, features, inputs);
      width += ridge.target_mean.size();
    }
    Matrix out(features.rows(), width);
    std::size_t at = 0;
    for (const auto& [source, ridge] : maps_) {
      put_unit_rows(
          source == modality ? ridge.map.apply(features) : less_mean(features, ridge.target_mean),
          out, at);
      at += ridge.target_mean.size();
    }
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    for (const auto& [source, ridge] : maps_) {
      const std::string here = group + "/from_" + std::string(name_of(source));
      file.write_matrix(here + "/directions", ridge.map.directions);
      file.write<float>(here + "/offsets", ridge.map.offsets);
      file.write<double>(here + "/target_mean", ridge.target_mean);
    }
  }

 private:
  Maps maps_;
};

class RidgeAligner : public Aligner {
 public:
  RidgeAligner(const Section& options, const TrainOptions& train)
      : direction_(options.text("direction")),
        ridge_(options.real("ridge")),
        threads_(train.threads) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t,
                               Progress& progress) const override {
    require_pairs(train);
    Maps maps;
    const auto add = [&](const ModalityItems& source, const ModalityItems& target) {
      maps.emplace_back(source.modality,
                        paired_ridge(source.features, source.groups, target.features, target.groups,
                                     ridge_, threads_, progress));
    };
    if (direction_ != "to-first") add(train.first(), train.second());
    if (direction_ != "to-second") add(train.second(), train.first());
    return std::make_unique<RidgeEncoder>(std::move(maps));
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    Maps maps;
    for (const Modality modality : kModalities) {
      const std::string here = group + "/from_" + std::string(name_of(modality));
      if (!file.has(here)) continue;
      maps.emplace_back(modality, PairedRidge{{file.read_matrix(here + "/directions"),
                                               file.read<float>(here + "/offsets")},
                                              file.read<double>(here + "/target_mean")});
    }
    return std::make_unique<RidgeEncoder>(std::move(maps));
  }

 private:
  std::string direction_;
  double ridge_;
  int threads_;
};

}  // namespace

AlignerPtr make_ridge(const Section& options, const TrainOptions& train) {
  return std::make_unique<RidgeAligner>(options, train);
}

}  // namespace alignlab::align
