// The images themselves, 8-bit RGB with channels innermost, for networks that learn from pixels.

#include <opencv2/imgproc.hpp>

#include "features/each_item.h"
#include "features/image/decode.h"
#include "features/makers.h"

namespace alignlab::features {
namespace {

constexpr std::size_t kChannels = 3;

class PixelReader : public Extractor {
 public:
  explicit PixelReader(ImageShape shape) : shape_(shape) {}

  Features extract(const RawItems& items, int threads, Progress& progress) const override {
    const auto side = static_cast<std::size_t>(shape_.size);
    PixelRows out{side, side, kChannels, {}};
    out.values.resize(items.size() * out.bytes_each());
    for_each_item(items, threads, progress, [&](std::size_t i, const std::string& content) {
      cv::Mat row(shape_.size, shape_.size, CV_8UC3, out.values.data() + i * out.bytes_each());
      cv::cvtColor(decode_image(content, items.id(i), shape_), row, cv::COLOR_BGR2RGB);
    });
    return out;
  }
  void save(H5File&, const std::string&) const override {}

 private:
  ImageShape shape_;
};

class PixelKind : public FeatureKind {
 public:
  explicit PixelKind(ImageShape shape) : shape_(shape) {}
  bool learns() const override { return false; }
  std::unique_ptr<Extractor> fit(const RawItems&, int, Progress&) const override {
    return std::make_unique<PixelReader>(shape_);
  }
  std::unique_ptr<Extractor> load(const H5File&, const std::string&) const override {
    return std::make_unique<PixelReader>(shape_);
  }

 private:
  ImageShape shape_;
};

}  // namespace

FeatureKindPtr make_pixels(const Section& options) {
  return std::make_unique<PixelKind>(image_shape(options));
}

}  // namespace alignlab::features
