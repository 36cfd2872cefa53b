#include "align/torch/tensors.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <torch/version.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace alignlab::align {

namespace {

/// Training allocates and frees large arrays at every step. glibc would map each anew, and the
/// kernel's clearing of fresh pages takes from a third to most of the time.
void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kNever = 0;
  ::mallopt(M_MMAP_MAX, kNever);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace

torch::Device prepare_torch(const TrainOptions& options) {
  keep_freed_memory();
  at::set_num_threads(options.threads);
  const bool cuda = torch::cuda::is_available();
  if (options.device == "cuda" && !cuda) {
    throw ConfigError(
        "train.device: expected a CUDA device, found none (this LibTorch or machine "
        "has no CUDA)");
  }
  if (options.device == "cpu" || !cuda) return torch::kCPU;
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  return torch::kCUDA;
}

at::Generator generator(std::uint64_t seed, std::string_view purpose) {
  return at::make_generator<at::CPUGeneratorImpl>(Rng(seed, purpose).next_u64());
}

torch::Tensor to_tensor(const Matrix& matrix) {
  const auto rows = static_cast<std::int64_t>(matrix.rows());
  const auto cols = static_cast<std::int64_t>(matrix.cols());
  return torch::from_blob(const_cast<float*>(matrix.data()), {rows, cols}, torch::kFloat32).clone();
}

Matrix to_matrix(const torch::Tensor& tensor) {
  const torch::Tensor whole = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  Matrix out(static_cast<std::size_t>(whole.size(0)), static_cast<std::size_t>(whole.size(1)));
  std::copy_n(whole.data_ptr<float>(), out.values().size(), out.data());
  return out;
}

std::vector<float> values_of(const torch::Tensor& tensor) {
  const torch::Tensor whole = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  return {whole.data_ptr<float>(), whole.data_ptr<float>() + whole.numel()};
}

torch::Tensor random_tensor(at::IntArrayRef shape, std::int64_t fans, at::Generator source,
                            torch::Device device) {
  const double bound = std::sqrt(6.0 / static_cast<double>(fans));
  return torch::empty(shape).uniform_(-bound, bound, source).to(device).requires_grad_();
}

FeatureTable::FeatureTable(const Features& features, torch::Device device)
    : device_(device), size_(features.rows()), width_(features.cols()) {
  if (features.form() == FeatureForm::kSparse) {
    sparse_ = &features.sparse();
  } else if (features.form() == FeatureForm::kTokens) {
    tokens_ = &features.tokens();
  } else if (features.form() == FeatureForm::kPixels) {
    const PixelRows& images = features.pixels();
    const auto extent = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    pixels_ = torch::from_blob(const_cast<std::uint8_t*>(images.values.data()),
                               {extent(images.rows()), extent(images.height), extent(images.width),
                                extent(images.channels)},
                               torch::kUInt8)
                  .clone()
                  .to(device);
  } else {
    dense_ = to_tensor(features.dense()).to(device);
  }
}

Input FeatureTable::rows(const std::vector<std::int32_t>& indices) const {
  if (sparse_ != nullptr) return sparse_rows(indices);
  if (tokens_ != nullptr) return token_rows(indices);
  const torch::Tensor picked =
      torch::tensor(std::vector<std::int64_t>(indices.begin(), indices.end())).to(device_);
  if (!pixels_.defined()) return Input::of_dense(dense_.index_select(0, picked));
  Input out;
  out.pixels = pixels_.index_select(0, picked);
  return out;
}

Input FeatureTable::sparse_rows(const std::vector<std::int32_t>& indices) const {
  std::vector<std::int64_t> columns, offsets;
  std::vector<float> values;
  for (const std::int32_t row : indices) {
    offsets.push_back(static_cast<std::int64_t>(columns.size()));
    const auto row_columns = sparse_->row_columns(static_cast<std::size_t>(row));
    const auto row_values = sparse_->row_values(static_cast<std::size_t>(row));
    columns.insert(columns.end(), row_columns.begin(), row_columns.end());
    values.insert(values.end(), row_values.begin(), row_values.end());
  }
  Input out;
  out.columns = torch::tensor(columns, torch::kInt64).to(device_);
  out.values = torch::tensor(values, torch::kFloat32).to(device_);
  out.offsets = torch::tensor(offsets, torch::kInt64).to(device_);
  return out;
}

Input FeatureTable::token_rows(const std::vector<std::int32_t>& indices) const {
  std::size_t longest = 1;
  for (const std::int32_t row : indices) {
    longest = std::max(longest, tokens_->row(static_cast<std::size_t>(row)).size());
  }
  const auto texts = static_cast<std::int64_t>(indices.size());
  const torch::Tensor tokens =
      torch::zeros({texts, static_cast<std::int64_t>(longest)}, torch::kInt64);
  std::vector<std::int64_t> lengths;
  auto* out = tokens.data_ptr<std::int64_t>();
  for (const std::int32_t row : indices) {
    const auto words = tokens_->row(static_cast<std::size_t>(row));
    std::ranges::copy(words, out);
    out += longest;
    lengths.push_back(std::max<std::int64_t>(1, static_cast<std::int64_t>(words.size())));
  }
  Input input;
  input.tokens = tokens.to(device_);
  input.lengths = torch::tensor(lengths, torch::kInt64);
  return input;
}

Input FeatureTable::slice(std::size_t first, std::size_t count) const {
  std::vector<std::int32_t> indices(count);
  std::iota(indices.begin(), indices.end(), static_cast<std::int32_t>(first));
  return rows(indices);
}

}  // namespace alignlab::align

namespace alignlab {

std::string training_device(const std::string& asked) {
  return align::prepare_torch({asked, 1}).is_cuda() ? "cuda" : "cpu";
}

std::map<std::string, std::string> aligner_libraries() {
  return {{"torch", TORCH_VERSION},
          {"eigen",
           fmt::format("{}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)}};
}

}  // namespace alignlab
