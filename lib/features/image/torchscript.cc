// torchscript: what a network says of an image. The network is a TorchScript file (torch.jit.save);
// one of its methods takes float images [n, 3, size, size] and gives a tensor, or several in a
// tuple, list or dict, one of which is the feature: [n, width], or maps [n, channels, height,
// width] that are averaged or flattened.
//
// Normalisations are per colour, of values in 0 .. 1: imagenet as in torchvision's documentation
// ("Models and pre-trained weights"), clip as in Radford et al., "Learning Transferable Visual
// Models From Natural Language Supervision", ICML 2021 (their published preprocessing).
//
// Inference only, on the CPU. A batch is worked on by one thread, different batches at the same
// time, and torch's graph optimizer, which changes a graph from run to run, is off: a row depends
// neither on the number of threads nor on what was run before. It may depend in its last bits on
// the images it shares a batch with, where torch sums in another order for another batch size.
//
// Errors are one line that names the file.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <array>
#include <cmath>
#include <exception>

#include "core/error.h"
#include "features/each_item.h"
#include "features/image/decode.h"
#include "features/makers.h"
#include "features/network/torch_calls.h"

namespace alignlab::features {
namespace {

constexpr std::size_t kColours = 3;

/// Of red, green and blue in 0 .. 1.
struct Normalisation {
  const char* name;
  std::array<double, kColours> mean;
  std::array<double, kColours> deviation;
};

constexpr Normalisation kNormalisations[] = {
    {"none", {0, 0, 0}, {1.0 / 255, 1.0 / 255, 1.0 / 255}},
    {"unit", {0, 0, 0}, {1, 1, 1}},
    {"symmetric", {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}},
    {"imagenet", {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    {"clip", {0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}},
};

struct NetworkOptions {
  std::string file;
  ImageShape shape;
  Normalisation normalisation;
  bool blue_first;
  std::string output;
  bool averages_maps;
  std::string method;
  std::size_t batch;
};

NetworkOptions options_from(const Section& options) {
  return {options.text("file"),
          image_shape(options),
          *std::ranges::find(kNormalisations, options.text("normalisation"), &Normalisation::name),
          options.text("channels") == "bgr",
          options.text("output"),
          options.text("pooling") == "mean",
          options.text("method"),
          static_cast<std::size_t>(options.integer("batch"))};
}

/// An output among several, by position and, in a dict or a named tuple, by name.
struct Part {
  std::string name;
  c10::IValue value;
};

std::vector<Part> parts_of(const c10::IValue& value) {
  std::vector<Part> out;
  if (value.isTuple()) {
    const auto schema = value.type()->expectRef<c10::TupleType>().schema();
    for (const c10::IValue& element : value.toTupleRef().elements()) {
      out.push_back({schema ? schema->arguments()[out.size()].name() : "", element});
    }
  } else if (value.isList()) {
    for (const c10::IValue& element : value.toListRef()) out.push_back({"", element});
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      out.push_back({entry.key().isString() ? entry.key().toStringRef() : "", entry.value()});
    }
  }
  return out;
}

class Network {
 public:
  explicit Network(NetworkOptions options) : options_(std::move(options)) {
    check_network_file(options_.file);
    try {
      module_ = torch::jit::load(options_.file, torch::kCPU);
      module_.eval();
    } catch (const std::exception& error) {
      throw DataError(loading_fault(options_.file, error));
    }
    if (!module_.find_method(options_.method)) {
      std::vector<std::string> known;
      for (const auto& method : module_.get_methods()) known.push_back(method.name());
      throw DataError(
          fmt::format("{}: expected a method '{}', found {}", options_.file, options_.method,
                      known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
    }
    check_arguments(options_.file, module_.get_method(options_.method), {"images"});
  }

  const NetworkOptions& options() const { return options_; }

  /// [n, width], float32, of images [n, 3, size, size].
  torch::Tensor rows(const torch::Tensor& images) const {
    const torch::NoGradGuard no_gradients;
    const torch::jit::GraphOptimizerEnabledGuard unoptimized(false);
    try {
      const torch::Tensor out = picked(module_.get_method(options_.method)({images}));
      return shaped(out.to(torch::kFloat32), images.size(0)).contiguous();
    } catch (const DataError&) {
      throw;
    } catch (const std::exception& error) {
      throw DataError(
          fmt::format("{}: {}: {}", options_.file, options_.method, torch_reason(error)));
    }
  }

 private:
  torch::Tensor picked(const c10::IValue& value) const {
    const bool first = options_.output.empty();
    if (first && value.isTensor()) return value.toTensor();
    const std::vector<Part> parts = parts_of(value);
    std::vector<std::string> known;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string& name = parts[i].name;
      const bool wanted = first || name == options_.output || std::to_string(i) == options_.output;
      if (wanted && parts[i].value.isTensor()) return parts[i].value.toTensor();
      known.push_back(fmt::format("{} ({})", name.empty() ? std::to_string(i) : name,
                                  parts[i].value.tagKind()));
    }
    throw DataError(
        fmt::format("{}: {}: expected {}, found {}", options_.file, options_.method,
                    first ? "a tensor" : fmt::format("a tensor as output '{}'", options_.output),
                    known.empty() ? value.tagKind() : fmt::format("{}", fmt::join(known, ", "))));
  }

  torch::Tensor shaped(const torch::Tensor& out, std::int64_t images) const {
    const bool maps = out.dim() == 4;
    if ((out.dim() != 2 && !maps) || out.size(0) != images || out.numel() == 0) {
      throw DataError(fmt::format(
          "{}: {}: expected an output of [{}, width] or [{}, channels, height, width], found [{}]",
          options_.file, options_.method, images, images, fmt::join(out.sizes().vec(), ", ")));
    }
    if (!maps) return out;
    return options_.averages_maps ? out.mean(std::vector<std::int64_t>{2, 3}) : out.flatten(1);
  }

  NetworkOptions options_;
  torch::jit::Module module_;
};

class NetworkExtractor : public Extractor {
 public:
  explicit NetworkExtractor(NetworkOptions options) : network_(std::move(options)) {
    const NetworkOptions& set = network_.options();
    for (std::size_t c = 0; c < kColours; ++c) {
      for (std::size_t value = 0; value < levels_[c].size(); ++value) {
        levels_[c][value] =
            static_cast<float>((static_cast<double>(value) / 255.0 - set.normalisation.mean[c]) /
                               set.normalisation.deviation[c]);
      }
    }
  }

  Features extract(const RawItems& items, int threads, Progress& progress) const override {
    const OneTorchThread one_thread;
    if (items.size() == 0) return Matrix(0, width());
    Matrix rows;
    const std::size_t most = network_.options().batch * static_cast<std::size_t>(threads);
    for (std::size_t first = 0; first < items.size(); first += most) {
      const ItemSlice slice(items, first, std::min(most, items.size() - first));
      const std::vector<torch::Tensor> batches =
          outputs(images_of(slice, threads, progress), threads);
      std::size_t at = first;
      for (const torch::Tensor& batch : batches) {
        if (at == 0) rows = Matrix(items.size(), static_cast<std::size_t>(batch.size(1)));
        copy(batch, items, at, rows);
        at += static_cast<std::size_t>(batch.size(0));
      }
    }
    return rows;
  }

  void save(H5File&, const std::string&) const override {}

 private:
  torch::Tensor blank(std::size_t images) const {
    const std::int64_t side = network_.options().shape.size;
    return torch::zeros({static_cast<std::int64_t>(images), kColours, side, side});
  }

  /// Of no image in particular.
  std::size_t width() const { return static_cast<std::size_t>(network_.rows(blank(1)).size(1)); }

  torch::Tensor images_of(const RawItems& items, int threads, Progress& progress) const {
    torch::Tensor images = blank(items.size());
    float* const values = images.data_ptr<float>();
    const auto each = static_cast<std::size_t>(images.stride(0));
    for_each_item(items, threads, progress, [&](std::size_t i, const std::string& content) {
      fill(decode_image(content, items.id(i), network_.options().shape), {values + i * each, each});
    });
    return images;
  }

  /// A plane a colour, from pixels of blue, green and red.
  void fill(const cv::Mat& image, std::span<float> planes) const {
    const std::size_t pixels = image.total();
    for (std::size_t c = 0; c < kColours; ++c) {
      const std::size_t blue = kColours - 1 - c;
      const auto plane =
          planes.subspan((network_.options().blue_first ? blue : c) * pixels, pixels);
      for (std::size_t p = 0; p < pixels; ++p) {
        plane[p] = levels_[c][image.data[p * kColours + blue]];
      }
    }
  }

  std::vector<torch::Tensor> outputs(const torch::Tensor& images, int threads) const {
    const std::vector<torch::Tensor> batches =
        images.split(static_cast<std::int64_t>(network_.options().batch));
    std::vector<torch::Tensor> out(batches.size());
    std::vector<std::exception_ptr> errors(batches.size());
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (std::size_t b = 0; b < batches.size(); ++b) {
      try {
        out[b] = network_.rows(batches[b]);
      } catch (...) {
        errors[b] = std::current_exception();
      }
    }
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
    return out;
  }

  void copy(const torch::Tensor& batch, const RawItems& items, std::size_t first,
            Matrix& rows) const {
    const auto found = static_cast<std::size_t>(batch.size(1));
    if (found != rows.cols()) {
      throw DataError(fmt::format("{}: expected {} columns as of the first images, found {}",
                                  network_.options().file, rows.cols(), found));
    }
    const float* from = batch.data_ptr<float>();
    for (std::int64_t i = 0; i < batch.size(0); ++i, from += found) {
      const std::size_t item = first + static_cast<std::size_t>(i);
      std::copy_n(from, found, rows.row(item).begin());
      if (!std::ranges::all_of(rows.row(item), [](float value) { return std::isfinite(value); })) {
        throw DataError(fmt::format("{}: of image '{}' it gives a number that is not finite",
                                    network_.options().file, items.id(item)));
      }
    }
  }

  Network network_;
  std::array<std::array<float, 256>, kColours> levels_;
};

class NetworkKind : public FeatureKind {
 public:
  explicit NetworkKind(NetworkOptions options) : options_(std::move(options)) {}
  bool learns() const override { return false; }
  std::unique_ptr<Extractor> fit(const RawItems&, int, Progress&) const override {
    return std::make_unique<NetworkExtractor>(options_);
  }
  std::unique_ptr<Extractor> load(const H5File&, const std::string&) const override {
    return std::make_unique<NetworkExtractor>(options_);
  }

 private:
  NetworkOptions options_;
};

}  // namespace

FeatureKindPtr make_torchscript(const Section& options) {
  return std::make_unique<NetworkKind>(options_from(options));
}

}  // namespace alignlab::features
