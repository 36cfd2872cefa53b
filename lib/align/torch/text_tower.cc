#include "align/torch/text_tower.h"

#include <fmt/format.h>

#include "core/error.h"

namespace alignlab::align {
namespace {

/// Of learned vectors an entry starts with this deviation.
constexpr double kVectorDeviation = 0.1;

torch::Tensor initial_vectors(const TokenSequences& tokens, std::int64_t width,
                              at::Generator source, torch::Device device) {
  if (tokens.vectors.rows() > 0) return to_tensor(tokens.vectors).to(device).requires_grad_();
  return torch::empty({static_cast<std::int64_t>(tokens.vocabulary), width})
      .normal_(0.0, kVectorDeviation, source)
      .to(device)
      .requires_grad_();
}

std::unique_ptr<SequenceEncoder> encoder_of(const torch::Tensor& vectors,
                                            const TextOptions& options, const at::Generator& source,
                                            torch::Device device) {
  return make_sequence_encoder(vectors.size(1), {options.encoder, options.width, options.layers},
                               source, device);
}

WordPooling pooling_of(const TextOptions& options, const at::Generator& source,
                       torch::Device device) {
  return {options.pooling, options.encoder == "bigru", source, device};
}

}  // namespace

TextTower::TextTower(const TokenSequences& tokens, const TowerOptions& options,
                     const at::Generator& source, torch::Device device)
    : vectors_(initial_vectors(tokens, options.text.word_width, source, device)),
      options_(options.text),
      encoder_(encoder_of(vectors_, options_, source, device)),
      pooling_(pooling_of(options_, source, device)),
      head_(static_cast<std::size_t>(encoder_->width()), options, source, device) {}

TextTower::TextTower(torch::Tensor vectors, const TextOptions& options, Perceptron head,
                     torch::Device device)
    : vectors_(std::move(vectors)),
      options_(options),
      encoder_(encoder_of(vectors_, options_, generator(0, "to be replaced"), device)),
      pooling_(pooling_of(options_, generator(0, "to be replaced"), device)),
      head_(std::move(head)) {}

torch::Tensor TextTower::forward(const Input& input, const Noise* noise) const {
  if (input.tokens.size(0) == 0) {
    // Recurrent networks take no texts for a mistake.
    return head_.forward(Input::of_dense(torch::zeros({0, encoder_->width()}, vectors_.options())),
                         nullptr);
  }
  const torch::Tensor values = torch::embedding(vectors_, input.tokens);
  torch::Tensor present = WordRows{values, input.lengths}.mask();
  if (noise != nullptr) present = noise->inputs(present);
  const WordRows words{values * present.unsqueeze(2), input.lengths};
  torch::Tensor rows = pooling_({encoder_->forward(words, noise), input.lengths});
  if (noise == nullptr) return head_.forward(Input::of_dense(rows), nullptr);
  rows = noise->hidden(rows);
  const Noise of_head{{}, noise->hidden};
  return head_.forward(Input::of_dense(rows), &of_head);
}

std::vector<NamedTensor> TextTower::parameters() const {
  std::vector<NamedTensor> all{{"vectors", vectors_, true}};
  for (NamedTensor& each : encoder_->parameters()) {
    all.push_back({"encoder/" + each.name, each.value, each.decays});
  }
  for (NamedTensor& each : pooling_.parameters()) {
    all.push_back({"pooling/" + each.name, each.value, each.decays});
  }
  return all;
}

std::vector<torch::Tensor> TextTower::weights() const {
  std::vector<torch::Tensor> all = head_.weights();
  for (const NamedTensor& each : parameters()) {
    if (each.decays) all.push_back(each.value);
  }
  return all;
}

std::vector<torch::Tensor> TextTower::biases() const {
  std::vector<torch::Tensor> all = head_.biases();
  for (const NamedTensor& each : parameters()) {
    if (!each.decays) all.push_back(each.value);
  }
  return all;
}

void TextTower::save(H5File& file, const std::string& group) const {
  const std::string text = group + "/text";
  for (const NamedTensor& each : parameters()) {
    file.write<float>(text + "/" + each.name, values_of(each.value));
  }
  file.write<std::int64_t>(text + "/vectors_shape",
                           std::vector{vectors_.size(0), vectors_.size(1)});
  file.set_attribute(text, "encoder", options_.encoder);
  file.set_attribute(text, "pooling", options_.pooling);
  file.set_attribute(text, "width", options_.width);
  file.set_attribute(text, "layers", options_.layers);
  head_.save(file, group + "/head");
}

std::unique_ptr<TextTower> TextTower::load(const H5File& file, const std::string& group,
                                           torch::Device device) {
  const std::string text = group + "/text";
  TextOptions options;
  options.encoder = file.text_attribute(text, "encoder");
  options.pooling = file.text_attribute(text, "pooling");
  options.width = file.integer_attribute(text, "width");
  options.layers = file.integer_attribute(text, "layers");
  const auto shape = file.read<std::int64_t>(text + "/vectors_shape");
  std::unique_ptr<TextTower> out(
      new TextTower(torch::zeros({shape.at(0), shape.at(1)}).to(device), options,
                    Perceptron::load(file, group + "/head", device), device));
  const torch::NoGradGuard no_grad;
  for (NamedTensor& each : out->parameters()) {
    const std::vector<float> values = file.read<float>(text + "/" + each.name);
    if (values.size() != static_cast<std::size_t>(each.value.numel())) {
      throw DataError(fmt::format("{}: {}/{}: expected {} numbers, found {}", file.path().string(),
                                  text, each.name, each.value.numel(), values.size()));
    }
    each.value.copy_(torch::tensor(values).view(each.value.sizes()));
  }
  return out;
}

}  // namespace alignlab::align
