#include <fmt/format.h>

#include "core/error.h"
#include "features/kind_options.h"

namespace alignlab::features {
namespace {

Option image_size_option(std::int64_t fallback = 64, std::int64_t least = 16) {
  return {.name = "size",
          .summary = "pixels: images are resized to size x size",
          .fallback = fallback,
          .least = static_cast<double>(least),
          .most = 1024};
}

Option image_resize_option() {
  return {.name = "resize",
          .summary =
              "squash changes the aspect, crop takes the centre square, pad fills the short "
              "side up with grey",
          .fallback = std::string("squash"),
          .choices = {"squash", "crop", "pad"}};
}

Option image_grid_option(std::int64_t fallback) {
  return {.name = "grid",
          .summary = "the image is cut into grid x grid cells",
          .fallback = fallback,
          .least = 1,
          .most = 16};
}

}  // namespace

Options colour_histogram_options() {
  return {image_size_option(),
          image_resize_option(),
          {.name = "bins",
           .summary = "bins of each channel",
           .fallback = std::int64_t{8},
           .least = 2,
           .most = 64},
          image_grid_option(2),
          {.name = "weighting",
           .summary = "hellinger: roots of the bins' shares; none: the shares",
           .fallback = std::string("hellinger"),
           .choices = {"none", "hellinger"}},
          scale_option("l2")};
}

Options hog_options() {
  return {image_size_option(),
          image_resize_option(),
          {.name = "cell",
           .summary = "pixels of a cell's side",
           .fallback = std::int64_t{8},
           .least = 4,
           .most = 64},
          {.name = "orientations",
           .summary = "bins of unsigned gradient direction",
           .fallback = std::int64_t{9},
           .least = 2,
           .most = 36},
          scale_option("l2")};
}

Options pixels_options() { return {image_size_option(), image_resize_option()}; }

Options intensity_options() {
  return {image_size_option(32), image_resize_option(), scale_option("none")};
}

Options edges_options() {
  return {image_size_option(),
          image_resize_option(),
          image_grid_option(4),
          {.name = "orientations",
           .summary = "bins of unsigned gradient direction",
           .fallback = std::int64_t{8},
           .least = 2,
           .most = 36},
          {.name = "canny_low",
           .summary = "gradient that continues an edge",
           .fallback = 100.0,
           .least = 0,
           .most = 2000},
          {.name = "canny_high",
           .summary = "gradient that begins an edge",
           .fallback = 200.0,
           .least = 0,
           .most = 2000},
          scale_option("l2")};
}

Options lbp_options() {
  return {image_size_option(),
          image_resize_option(),
          image_grid_option(4),
          {.name = "radius",
           .summary = "pixels from a pixel to its 8 neighbours",
           .fallback = std::int64_t{1},
           .least = 1,
           .most = 7},
          {.name = "patterns",
           .summary = "uniform: 58 patterns and all others; rotation-invariant: 9 and all others",
           .fallback = std::string("uniform"),
           .choices = {"uniform", "rotation-invariant"}},
          scale_option("l2")};
}

Options visual_word_options() {
  return {image_size_option(256, 64),
          image_resize_option(),
          {.name = "keypoints",
           .summary = "most ORB keypoints of an image",
           .fallback = std::int64_t{300},
           .least = 1,
           .most = 5000},
          {.name = "words",
           .summary = "size of the vocabulary",
           .fallback = std::int64_t{256},
           .least = 2,
           .most = 65536},
          {.name = "sample",
           .summary = "descriptors of training images that the vocabulary is learned from",
           .fallback = std::int64_t{20000},
           .least = 1,
           .most = 10000000},
          {.name = "weighting",
           .summary = "hellinger: roots of the words' shares; tfidf: shares weighted by rarity",
           .fallback = std::string("hellinger"),
           .choices = {"none", "hellinger", "tfidf"}},
          scale_option("l2")};
}

Options torchscript_options() {
  return {{.name = "file",
           .summary = "the TorchScript file",
           .fallback = std::string(),
           .required = true,
           .names_file = true},
          image_size_option(224),
          image_resize_option(),
          {.name = "normalisation",
           .summary = "what becomes of 0 .. 255: none leaves it, unit makes it 0 .. 1, symmetric "
                      "-1 .. 1, imagenet and clip standardise by those sets' means and deviations",
           .fallback = std::string("imagenet"),
           .choices = {"none", "unit", "symmetric", "imagenet", "clip"}},
          {.name = "channels",
           .summary = "order of the colours",
           .fallback = std::string("rgb"),
           .choices = {"rgb", "bgr"}},
          {.name = "output",
           .summary = "position or key among several outputs; empty: the first tensor",
           .fallback = std::string()},
          {.name = "pooling",
           .summary = "of maps [n, channels, height, width]: mean over the map, or none",
           .fallback = std::string("mean"),
           .choices = {"none", "mean"}},
          {.name = "method",
           .summary = "the method that takes the images",
           .fallback = std::string("forward")},
          {.name = "batch",
           .summary = "images that go through the network at once, for each thread",
           .fallback = std::int64_t{16},
           .least = 1,
           .most = 4096},
          scale_option("none")};
}

void check_image_options(const FeatureSpec& spec, const Place& place) {
  const Section& options = spec.options;
  const auto& values = options.values();
  if (values.contains("cell") && options.integer("size") < 2 * options.integer("cell")) {
    throw ConfigError(
        fmt::format("{}: a block of hog is two cells wide: expected size >= {}, found {}",
                    place.text(), 2 * options.integer("cell"), options.integer("size")));
  }
  if (values.contains("canny_low") && options.real("canny_low") > options.real("canny_high")) {
    throw ConfigError(fmt::format("{}: expected canny_low <= canny_high, found {} and {}",
                                  place.text(), options.real("canny_low"),
                                  options.real("canny_high")));
  }
  if (values.contains("radius")) {
    const auto least = 2 * options.integer("radius") + options.integer("grid");
    if (options.integer("size") < least) {
      throw ConfigError(fmt::format(
          "{}: lbp has no patterns at the border: expected size >= 2 radius + grid = {}, found {}",
          place.text(), least, options.integer("size")));
    }
  }
}

}  // namespace alignlab::features
