#pragma once

// Items made in memory, and feature kinds as a config would name them.

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/raw_items.h"
#include "features/feature_kind.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

class Items : public RawItems {
 public:
  Items() = default;
  explicit Items(std::vector<std::string> contents) : contents_(std::move(contents)) {}
  /// Rows of a feature stored as "stored".
  explicit Items(Matrix rows) : contents_(rows.rows()), stored_(std::move(rows)) {}

  std::size_t size() const override { return contents_.size(); }
  std::string id(std::size_t item) const override { return "item-" + std::to_string(item); }
  std::string content(std::size_t item) const override { return contents_.at(item); }
  Matrix stored_features(std::string_view name) const override {
    if (name != "stored") throw DataError("no such stored feature");
    return stored_;
  }
  void set_stored(Matrix rows) { stored_ = std::move(rows); }

  /// Item i alone.
  Items only(std::size_t i) const {
    Items out({contents_.at(i)});
    out.stored_ = Matrix(1, stored_.cols());
    if (stored_.rows() > 0) std::ranges::copy(stored_.row(i), out.stored_.row(0).begin());
    return out;
  }

  /// These, then the others.
  Items and_then(const Items& others) const {
    Items out(contents_);
    out.contents_.insert(out.contents_.end(), others.contents_.begin(), others.contents_.end());
    out.stored_ = Matrix(out.contents_.size(), stored_.cols());
    std::ranges::copy(stored_.values(), out.stored_.values().begin());
    std::ranges::copy(others.stored_.values(),
                      out.stored_.values().subspan(stored_.values().size()).begin());
    return out;
  }

 private:
  std::vector<std::string> contents_;
  Matrix stored_;
};

/// What a config with `kind` and the lines `options` means.
inline FeatureSpec spec_of(const std::string& kind, Modality modality,
                           const std::string& options = "") {
  const Node written = parse_toml(options, "test");
  const auto rows = feature_rows(kind, modality, {"test", 0, 0});
  return {kind, resolve(&written, feature_options(rows), "features")};
}

/// Fits on `train` and extracts `items`.
inline Features extracted(const FeatureSpec& spec, const Items& train, const Items& items) {
  Silent silent;
  return make_feature_kind(spec)->fit(train, 1, silent)->extract(items, 1, silent);
}

inline std::string png_of(const cv::Mat& image) {
  std::vector<unsigned char> bytes;
  cv::imencode(".png", image, bytes);
  return {bytes.begin(), bytes.end()};
}

/// One colour, in OpenCV's order of channels.
inline cv::Mat plain_image(int side, int blue, int green, int red) {
  return cv::Mat(side, side, CV_8UC3, cv::Scalar(blue, green, red));
}

inline void expect_near(const std::vector<float>& found, const std::vector<double>& expected,
                        double margin = 1e-5) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], margin) << i;
}

inline std::vector<float> dense_row(const Features& features, std::size_t i) {
  std::vector<float> out(features.cols());
  features.copy_row(i, out);
  return out;
}

/// The unscaled row of one image.
inline std::vector<float> image_row(const std::string& kind, const std::string& options,
                                    const cv::Mat& image) {
  const FeatureSpec spec = spec_of(kind, Modality::kImage, options + "\nscale = \"none\"");
  return dense_row(extracted(spec, {}, Items({png_of(image)})), 0);
}

}  // namespace alignlab::tests
