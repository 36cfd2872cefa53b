// The floor: rows of independent standard normals, whatever the features say. A row depends on the
// seed, the modality and its number alone.

#include "align/makers.h"
#include "core/rng.h"

namespace alignlab::align {
namespace {

class RandomEncoder : public Encoder {
 public:
  RandomEncoder(std::uint64_t seed, std::size_t width) : seed_(seed), width_(width) {}

  Matrix embed(Modality modality, const Features& features) const override {
    Rng rng(seed_, "random embeddings of " + std::string(name_of(modality)));
    Matrix out(features.rows(), width_);
    for (float& value : out.values()) value = static_cast<float>(rng.normal());
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    file.write<std::int64_t>(group + "/seed", std::vector{static_cast<std::int64_t>(seed_)});
  }

 private:
  std::uint64_t seed_;
  std::size_t width_;
};

class RandomAligner : public Aligner {
 public:
  explicit RandomAligner(std::size_t width) : width_(width) {}

  std::unique_ptr<Encoder> fit(const TrainSplit&, const DevSplit&, std::uint64_t seed,
                               Progress&) const override {
    return std::make_unique<RandomEncoder>(seed, width_);
  }
  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    const auto seed = file.read<std::int64_t>(group + "/seed").at(0);
    return std::make_unique<RandomEncoder>(static_cast<std::uint64_t>(seed), width_);
  }

 private:
  std::size_t width_;
};

}  // namespace

AlignerPtr make_random(const Section& options, const TrainOptions&) {
  return std::make_unique<RandomAligner>(static_cast<std::size_t>(options.integer("width")));
}

}  // namespace alignlab::align
