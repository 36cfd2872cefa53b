#include "features/audio/sound_kind.h"

#include <fmt/format.h>

#include <algorithm>

#include "features/audio/decode.h"

namespace alignlab::features {
namespace {

class SoundKind : public FeatureKind {
 public:
  SoundKind(std::string name, double highest_hz, FeatureKindPtr kind)
      : name_(std::move(name)), highest_hz_(highest_hz), kind_(std::move(kind)) {}

  bool learns() const override { return kind_->learns(); }

  std::unique_ptr<Extractor> fit(const RawItems& train, int threads,
                                 Progress& progress) const override {
    const int rate_hz = highest_rate(train, progress);
    if (train.size() > 0 && rate_hz < 2.0 * highest_hz_) {
      progress.warn(
          fmt::format("{}: no training sound has a sampling rate above {} Hz, so bands above {} Hz "
                      "tell nothing: set rate = {}",
                      name_, rate_hz, rate_hz / 2, std::max(rate_hz, kLowestTargetHz)));
    }
    return kind_->fit(train, threads, progress);
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return kind_->load(file, group);
  }

 private:
  /// Of the sounds up to the first that reaches the last band.
  int highest_rate(const RawItems& train, const Progress& progress) const {
    int highest = 0;
    for (std::size_t i = 0; i < train.size() && highest < 2.0 * highest_hz_; ++i) {
      progress.check();
      highest = std::max(highest, rate_of_sound(train.content(i), train.id(i)));
    }
    return highest;
  }

  std::string name_;
  double highest_hz_;
  FeatureKindPtr kind_;
};

}  // namespace

FeatureKindPtr make_sound_kind(const std::string& name, double highest_hz, std::size_t width,
                               DescribeItem describe) {
  return std::make_unique<SoundKind>(name, highest_hz,
                                     make_unfitted_kind(width, std::move(describe)));
}

}  // namespace alignlab::features
