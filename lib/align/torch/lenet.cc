#include "align/torch/lenet.h"

#include <fmt/format.h>

#include "core/error.h"

namespace alignlab::align {
namespace {

constexpr std::int64_t kKernel = 5;
constexpr std::int64_t kGrid = 4;

std::size_t head_inputs(const std::vector<std::int64_t>& channels) {
  return static_cast<std::size_t>(channels.back() * kGrid * kGrid);
}

void require_size(const PixelRows& images, std::size_t convolutions) {
  auto side = static_cast<std::int64_t>(std::min(images.height, images.width));
  for (std::size_t i = 0; i < convolutions; ++i) side = (side - kKernel + 1) / 2;
  if (side >= 1) return;
  throw DataError(
      fmt::format("image features: {} x {} pixels are too few for {} convolutions of "
                  "{} x {} with pooling (option channels)",
                  images.height, images.width, convolutions, kKernel, kKernel));
}

}  // namespace

LeNet::LeNet(const PixelRows& images, const TowerOptions& options, at::Generator source,
             torch::Device device)
    : inputs_(images.bytes_each()), head_(head_inputs(options.channels), options, source, device) {
  require_size(images, options.channels.size());
  auto before = static_cast<std::int64_t>(images.channels);
  for (const std::int64_t after : options.channels) {
    kernels_.push_back(random_tensor({after, before, kKernel, kKernel},
                                     (before + after) * kKernel * kKernel, source, device));
    shifts_.push_back(torch::zeros({after}).to(device).requires_grad_());
    before = after;
  }
}

torch::Tensor LeNet::forward(const Input& input, const Noise* noise) const {
  torch::Tensor maps = input.pixels.to(torch::kFloat32).permute({0, 3, 1, 2}) / 127.5 - 1.0;
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    maps = torch::max_pool2d(torch::relu(torch::conv2d(maps, kernels_[i], shifts_[i])), 2);
  }
  const torch::Tensor grid = torch::adaptive_avg_pool2d(maps, {kGrid, kGrid}).flatten(1);
  return head_.forward(Input::of_dense(grid), noise);
}

std::vector<torch::Tensor> LeNet::weights() const {
  std::vector<torch::Tensor> all = kernels_;
  const std::vector<torch::Tensor> head = head_.weights();
  all.insert(all.end(), head.begin(), head.end());
  return all;
}

std::vector<torch::Tensor> LeNet::biases() const {
  std::vector<torch::Tensor> all = shifts_;
  const std::vector<torch::Tensor> head = head_.biases();
  all.insert(all.end(), head.begin(), head.end());
  return all;
}

void LeNet::save(H5File& file, const std::string& group) const {
  file.write<std::int64_t>(group + "/inputs", std::vector{static_cast<std::int64_t>(inputs_)});
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    const std::string layer = fmt::format("{}/convolutions/{}", group, i);
    file.write_matrix(layer + "/kernel", to_matrix(kernels_[i].flatten(1)));
    file.write_matrix(layer + "/shift", to_matrix(shifts_[i].unsqueeze(0)));
  }
  head_.save(file, group + "/head");
}

std::unique_ptr<LeNet> LeNet::load(const H5File& file, const std::string& group,
                                   torch::Device device) {
  const auto inputs = static_cast<std::size_t>(file.read<std::int64_t>(group + "/inputs").at(0));
  std::unique_ptr<LeNet> out(new LeNet(inputs, Perceptron::load(file, group + "/head", device)));
  for (std::size_t i = 0; file.has(fmt::format("{}/convolutions/{}", group, i)); ++i) {
    const std::string layer = fmt::format("{}/convolutions/{}", group, i);
    const torch::Tensor kernel = to_tensor(file.read_matrix(layer + "/kernel"));
    out->kernels_.push_back(
        kernel.view({kernel.size(0), -1, kKernel, kKernel}).contiguous().to(device));
    out->shifts_.push_back(to_tensor(file.read_matrix(layer + "/shift")).squeeze(0).to(device));
  }
  return out;
}

}  // namespace alignlab::align
