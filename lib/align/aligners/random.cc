// The floor: rows of independent standard normals, whatever the features say. A row depends on the
// seed, the modality and its number alone.

#include "align/common.h"
#include "align/makers.h"
#include "core/rng.h"

namespace alignlab::align {
namespace {

class RandomEncoder : public Encoder {
 public:
  RandomEncoder(std::uint64_t seed, std::size_t width, std::map<Modality, std::size_t> inputs)
      : seed_(seed), width_(width), inputs_(std::move(inputs)) {}

  Matrix embed(Modality modality, const Features& features) const override {
    require_width(modality, features, inputs_.at(modality));
    Rng rng(seed_, "random embeddings of " + std::string(name_of(modality)));
    Matrix out(features.rows(), width_);
    for (float& value : out.values()) value = static_cast<float>(rng.normal());
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    file.write<std::int64_t>(group + "/seed", std::vector{static_cast<std::int64_t>(seed_)});
    for (const auto& [modality, width] : inputs_) {
      file.write<std::int64_t>(group + "/" + std::string(name_of(modality)),
                               std::vector{static_cast<std::int64_t>(width)});
    }
  }

 private:
  std::uint64_t seed_;
  std::size_t width_;
  std::map<Modality, std::size_t> inputs_;  // widths of the features it was fitted on
};

class RandomAligner : public Aligner {
 public:
  explicit RandomAligner(std::size_t width) : width_(width) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit&, std::uint64_t seed,
                               Progress& progress) const override {
    progress.check();
    std::map<Modality, std::size_t> inputs;
    for (const ModalityItems* items : {&train.first(), &train.second()}) {
      inputs[items->modality] = items->features.cols();
    }
    return std::make_unique<RandomEncoder>(seed, width_, std::move(inputs));
  }
  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    const auto seed = file.read<std::int64_t>(group + "/seed").at(0);
    std::map<Modality, std::size_t> inputs;
    for (const Modality modality : kModalities) {
      const std::string array = group + "/" + std::string(name_of(modality));
      if (!file.has(array)) continue;
      inputs[modality] = static_cast<std::size_t>(file.read<std::int64_t>(array).at(0));
    }
    return std::make_unique<RandomEncoder>(static_cast<std::uint64_t>(seed), width_,
                                           std::move(inputs));
  }

 private:
  std::size_t width_;
};

}  // namespace

AlignerPtr make_random(const Section& options, const TrainOptions&) {
  return std::make_unique<RandomAligner>(static_cast<std::size_t>(options.integer("width")));
}

}  // namespace alignlab::align
