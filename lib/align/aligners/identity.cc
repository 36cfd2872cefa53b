// identity: features are embeddings already (of CLIP, say), and are evaluated as they are.
// mean-centre: the same, each modality less the mean of its training items. Embeddings of two
// modalities tend to lie in two narrow cones, and this closes the gap between them (Liang et al.,
// "Mind the Gap", NeurIPS 2022).

#include <fmt/format.h>

#include "align/common.h"
#include "align/makers.h"
#include "core/error.h"

namespace alignlab::align {
namespace {

struct Means {
  Modality first_modality = Modality::kImage;
  std::vector<double> first, second;
};

class ShiftEncoder : public Encoder {
 public:
  explicit ShiftEncoder(Means means) : means_(std::move(means)) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const auto& mean = modality == means_.first_modality ? means_.first : means_.second;
    require_width(modality, features, mean.size());
    Matrix out = features.to_dense();
    for (std::size_t i = 0; i < out.rows(); ++i) {
      const auto row = out.row(i);
      for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<float>(row[j] - mean[j]);
    }
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    file.write<double>(group + "/first", means_.first);
    file.write<double>(group + "/second", means_.second);
    file.set_attribute(group, "first", name_of(means_.first_modality));
  }

 private:
  Means means_;
};

std::vector<double> mean_of(const ModalityItems& items) {
  if (items.features.rows() == 0) {
    throw DataError(fmt::format("mean-centre: split train has no {} items to take the mean of",
                                name_of(items.modality)));
  }
  std::vector<double> mean(items.features.cols(), 0.0);
  std::vector<float> row(mean.size());
  for (std::size_t i = 0; i < items.features.rows(); ++i) {
    items.features.copy_row(i, row);
    for (std::size_t j = 0; j < row.size(); ++j) mean[j] += row[j];
  }
  for (double& value : mean) value /= static_cast<double>(items.features.rows());
  return mean;
}

class Shift : public Aligner {
 public:
  explicit Shift(bool centres) : centres_(centres) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t,
                               Progress& progress) const override {
    progress.check();
    const std::size_t first = train.first().features.cols();
    const std::size_t second = train.second().features.cols();
    if (first != second) {
      throw DataError(fmt::format(
          "features that are embeddings already: expected {} and {} features of one width, found "
          "{} and {}",
          name_of(train.first().modality), name_of(train.second().modality), first, second));
    }
    return std::make_unique<ShiftEncoder>(
        centres_ ? Means{train.first().modality, mean_of(train.first()), mean_of(train.second())}
                 : Means{train.first().modality, std::vector<double>(first, 0.0),
                         std::vector<double>(second, 0.0)});
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<ShiftEncoder>(
        Means{modality_from(file.text_attribute(group, "first")).value(),
              file.read<double>(group + "/first"), file.read<double>(group + "/second")});
  }

 private:
  bool centres_;
};

}  // namespace

AlignerPtr make_identity(const Section&, const TrainOptions&) {
  return std::make_unique<Shift>(false);
}
AlignerPtr make_mean_centre(const Section&, const TrainOptions&) {
  return std::make_unique<Shift>(true);
}

}  // namespace alignlab::align
