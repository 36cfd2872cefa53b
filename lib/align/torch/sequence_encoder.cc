#include "align/torch/sequence_encoder.h"

#include <fmt/format.h>

#include <cmath>

namespace alignlab::align {
namespace {

constexpr std::int64_t kHeads = 4;
constexpr std::int64_t kWidening = 4;
const std::vector<std::int64_t> kWindows{3, 4, 5};
// In place of -infinity, whose gradients are not numbers.
constexpr double kExcluded = -1e9;

class Bag : public SequenceEncoder {
 public:
  explicit Bag(std::int64_t width) : width_(width) {}
  torch::Tensor forward(const WordRows& words, const Noise*) const override { return words.values; }
  std::int64_t width() const override { return width_; }
  std::vector<NamedTensor> parameters() const override { return {}; }

 private:
  std::int64_t width_;
};

/// Words of all texts packed together, the longest text first, so that no step is spent on what
/// lies behind a text's end.
struct Packed {
  torch::Tensor order;
  torch::Tensor values;
  torch::Tensor batch_sizes;
};

Packed pack(const WordRows& words) {
  const auto [lengths, order] = words.lengths.sort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const torch::Tensor there = order.to(words.values.device());
  auto [values, batch_sizes] = torch::_pack_padded_sequence(words.values.index_select(0, there),
                                                            lengths, /*batch_first=*/true);
  return {there, values, batch_sizes};
}

torch::Tensor unpack(const Packed& packed, const torch::Tensor& values, std::int64_t longest) {
  const torch::Tensor rows = std::get<0>(torch::_pad_packed_sequence(
      values, packed.batch_sizes, /*batch_first=*/true, /*padding_value=*/0.0, longest));
  return rows.index_select(0, packed.order.argsort());
}

class Recurrent : public SequenceEncoder {
 public:
  Recurrent(std::int64_t inputs, std::int64_t width, bool is_lstm, bool both_ways,
            const at::Generator& source, torch::Device device)
      : state_(both_ways ? width / 2 : width), is_lstm_(is_lstm), both_ways_(both_ways) {
    const std::int64_t gates = (is_lstm ? 4 : 3) * state_;
    for (int way = 0; way < (both_ways ? 2 : 1); ++way) {
      weights_.push_back(random_tensor({gates, inputs}, inputs + state_, source, device));
      weights_.push_back(random_tensor({gates, state_}, 2 * state_, source, device));
      weights_.push_back(torch::zeros({gates}).to(device).requires_grad_());
      weights_.push_back(torch::zeros({gates}).to(device).requires_grad_());
    }
  }

  // Word by word here and not by torch::gru: the gradient of each of its steps fills a tensor of
  // the size of all of them, a seventh of the time of a fit.
  torch::Tensor forward(const WordRows& words, const Noise*) const override {
    const Packed packed = pack(words);
    torch::Tensor states = read(packed, /*backwards=*/false);
    if (both_ways_) states = torch::cat({states, read(packed, /*backwards=*/true)}, 1);
    return unpack(packed, states, words.values.size(1));
  }

  std::int64_t width() const override { return both_ways_ ? 2 * state_ : state_; }
  std::vector<NamedTensor> parameters() const override {
    static const char* const kNames[] = {"inputs", "states", "input_bias", "state_bias"};
    std::vector<NamedTensor> out;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const char* way = i < 4 ? "forwards" : "backwards";
      out.push_back({fmt::format("{}/{}", way, kNames[i % 4]), weights_[i], i % 4 < 2});
    }
    return out;
  }

 private:
  struct States {
    torch::Tensor out;     // [texts, state]
    torch::Tensor memory;  // likewise, of an LSTM
  };

  /// Of every word, packed as the words are.
  torch::Tensor read(const Packed& packed, bool backwards) const {
    const torch::Tensor* const weights = weights_.data() + (backwards ? 4 : 0);
    const std::vector<std::int64_t> texts(
        packed.batch_sizes.data_ptr<std::int64_t>(),
        packed.batch_sizes.data_ptr<std::int64_t>() + packed.batch_sizes.numel());
    const std::vector<torch::Tensor> inputs =
        torch::addmm(weights[2], packed.values, weights[0].t()).split_with_sizes(texts);
    const torch::Tensor recurrent = weights[1].t();
    const std::size_t longest = texts.size();
    std::vector<torch::Tensor> out(longest);
    const torch::Tensor start = torch::zeros({0, state_}, packed.values.options());
    States states{start, start};
    for (std::size_t i = 0; i < longest; ++i) {
      const std::size_t t = backwards ? longest - 1 - i : i;
      states.out = of_texts(states.out, texts[t]);
      const torch::Tensor gates = torch::addmm(weights[3], states.out, recurrent);
      if (is_lstm_) {
        states.memory = of_texts(states.memory, texts[t]);
        states = lstm_step(inputs[t] + gates, states);
      } else {
        states.out = gru_step(inputs[t], gates, states.out);
      }
      out[t] = states.out;
    }
    return torch::cat(out);
  }

  /// Texts that have ended leave, those that begin bring zeros.
  torch::Tensor of_texts(const torch::Tensor& states, std::int64_t count) const {
    const std::int64_t now = states.size(0);
    if (now >= count) return states.slice(0, 0, count);
    return torch::cat({states, torch::zeros({count - now, state_}, states.options())});
  }

  static torch::Tensor gru_step(const torch::Tensor& input, const torch::Tensor& state,
                                const torch::Tensor& before) {
    const std::vector<torch::Tensor> of_input = input.chunk(3, 1), of_state = state.chunk(3, 1);
    const torch::Tensor reset = torch::sigmoid(of_input[0] + of_state[0]);
    const torch::Tensor keep = torch::sigmoid(of_input[1] + of_state[1]);
    const torch::Tensor fresh = torch::tanh(of_input[2] + reset * of_state[2]);
    return fresh + keep * (before - fresh);
  }

  static States lstm_step(const torch::Tensor& gates, const States& before) {
    const std::vector<torch::Tensor> parts = gates.chunk(4, 1);
    const torch::Tensor memory =
        torch::sigmoid(parts[1]) * before.memory + torch::sigmoid(parts[0]) * torch::tanh(parts[2]);
    return {torch::sigmoid(parts[3]) * torch::tanh(memory), memory};
  }

  std::int64_t state_;
  bool is_lstm_;
  bool both_ways_;
  // Of each way four: inputs' [gates, inputs], states' [gates, state], and the bias of both; gates
  // are reset, keep, fresh of a GRU, and in, forget, fresh, out of an LSTM.
  std::vector<torch::Tensor> weights_;
};

class Convolutions : public SequenceEncoder {
 public:
  Convolutions(std::int64_t inputs, std::int64_t width, const at::Generator& source,
               torch::Device device)
      : width_(width) {
    const auto count = static_cast<std::int64_t>(kWindows.size());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t maps = width / count + (i < width % count ? 1 : 0);
      const std::int64_t window = kWindows[static_cast<std::size_t>(i)];
      kernels_.push_back(
          random_tensor({maps, inputs, window}, (inputs + maps) * window, source, device));
      shifts_.push_back(torch::zeros({maps}).to(device).requires_grad_());
    }
  }

  torch::Tensor forward(const WordRows& words, const Noise*) const override {
    const torch::Tensor channels = words.values.transpose(1, 2);
    std::vector<torch::Tensor> maps;
    for (std::size_t i = 0; i < kernels_.size(); ++i) {
      const std::int64_t before = (kWindows[i] - 1) / 2;
      const torch::Tensor padded =
          torch::constant_pad_nd(channels, {before, kWindows[i] - 1 - before});
      maps.push_back(torch::relu(torch::conv1d(padded, kernels_[i], shifts_[i])));
    }
    return torch::cat(maps, 1).transpose(1, 2);
  }

  std::int64_t width() const override { return width_; }
  std::vector<NamedTensor> parameters() const override {
    std::vector<NamedTensor> out;
    for (std::size_t i = 0; i < kernels_.size(); ++i) {
      out.push_back({fmt::format("{}/kernel", i), kernels_[i], true});
      out.push_back({fmt::format("{}/shift", i), shifts_[i], false});
    }
    return out;
  }

 private:
  std::int64_t width_;
  std::vector<torch::Tensor> kernels_;  // [maps, inputs, window]
  std::vector<torch::Tensor> shifts_;
};

class Transformer : public SequenceEncoder {
 public:
  Transformer(std::int64_t inputs, const SequenceOptions& options, const at::Generator& source,
              torch::Device device)
      : width_(options.width), entry_(linear(inputs, width_, source, device)) {
    for (std::int64_t l = 0; l < options.layers; ++l) {
      layers_.push_back({norm(device), linear(width_, 3 * width_, source, device),
                         linear(width_, width_, source, device), norm(device),
                         linear(width_, kWidening * width_, source, device),
                         linear(kWidening * width_, width_, source, device)});
    }
    exit_ = norm(device);
  }

  torch::Tensor forward(const WordRows& words, const Noise* noise) const override {
    const auto left_out = [&](const torch::Tensor& rows) {
      return noise == nullptr ? rows : noise->hidden(rows);
    };
    const torch::Tensor unseen = (words.mask() == 0).unsqueeze(1).unsqueeze(1);
    torch::Tensor rows = entry_(words.values);
    rows = rows + sinusoids(rows.size(1), width_, rows).unsqueeze(0);
    for (const Layer& layer : layers_) {
      rows = rows + left_out(attend(layer, layer.before_attention.normalised(rows), unseen));
      rows = rows + left_out(layer.narrow(
                        torch::gelu(layer.widen(layer.before_perceptron.normalised(rows)))));
    }
    return exit_.normalised(rows);
  }

  std::int64_t width() const override { return width_; }
  std::vector<NamedTensor> parameters() const override {
    std::vector<NamedTensor> out;
    entry_.add_to(out, "entry");
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const Layer& layer = layers_[l];
      layer.before_attention.add_to(out, fmt::format("{}/before_attention", l), false);
      layer.three.add_to(out, fmt::format("{}/queries_keys_values", l));
      layer.together.add_to(out, fmt::format("{}/together", l));
      layer.before_perceptron.add_to(out, fmt::format("{}/before_perceptron", l), false);
      layer.widen.add_to(out, fmt::format("{}/widen", l));
      layer.narrow.add_to(out, fmt::format("{}/narrow", l));
    }
    exit_.add_to(out, "exit", false);
    return out;
  }

 private:
  /// A linear map [in, out] with its bias, or the scales and shifts of a layer norm.
  struct Affine {
    torch::Tensor weight;
    torch::Tensor bias;
    torch::Tensor operator()(const torch::Tensor& rows) const { return rows.matmul(weight) + bias; }
    torch::Tensor normalised(const torch::Tensor& rows) const {
      return torch::layer_norm(rows, {rows.size(-1)}, weight, bias);
    }
    void add_to(std::vector<NamedTensor>& out, const std::string& name, bool decays = true) const {
      out.push_back({name + "/weight", weight, decays});
      out.push_back({name + "/bias", bias, false});
    }
  };
  struct Layer {
    Affine before_attention;
    Affine three;  // queries, keys and values side by side
    Affine together;
    Affine before_perceptron;
    Affine widen;
    Affine narrow;
  };

  static Affine linear(std::int64_t in, std::int64_t out, const at::Generator& source,
                       torch::Device device) {
    return {random_tensor({in, out}, in + out, source, device),
            torch::zeros({out}).to(device).requires_grad_()};
  }
  Affine norm(torch::Device device) const {
    return {torch::ones({width_}).to(device).requires_grad_(),
            torch::zeros({width_}).to(device).requires_grad_()};
  }

  torch::Tensor attend(const Layer& layer, const torch::Tensor& rows,
                       const torch::Tensor& unseen) const {
    const std::int64_t texts = rows.size(0);
    const std::int64_t longest = rows.size(1);
    const auto parts = layer.three(rows)
                           .view({texts, longest, 3, kHeads, width_ / kHeads})
                           .permute({2, 0, 3, 1, 4})
                           .unbind(0);
    const double scale = 1.0 / std::sqrt(static_cast<double>(width_ / kHeads));
    const torch::Tensor weights = (parts[0].matmul(parts[1].transpose(2, 3)) * scale)
                                      .masked_fill(unseen, kExcluded)
                                      .softmax(-1);
    return layer.together(
        weights.matmul(parts[2]).permute({0, 2, 1, 3}).reshape({texts, longest, width_}));
  }

  std::int64_t width_;
  Affine entry_;
  std::vector<Layer> layers_;
  Affine exit_;
};

}  // namespace

torch::Tensor sinusoids(std::int64_t count, std::int64_t width, const torch::Tensor& like) {
  // bfloat16 is too coarse for angles.
  const auto options = like.scalar_type() == torch::kBFloat16
                           ? like.options().dtype(torch::kFloat32)
                           : like.options();
  const torch::Tensor rates = torch::exp(torch::arange(0, width, 2, options) *
                                         (-std::log(10000.0) / static_cast<double>(width)));
  const torch::Tensor angles = torch::arange(count, options).unsqueeze(1) * rates.unsqueeze(0);
  return torch::stack({angles.sin(), angles.cos()}, 2).flatten(1);
}

torch::Tensor WordRows::mask() const {
  const torch::Tensor place = torch::arange(values.size(1)).unsqueeze(0);
  return (place < lengths.unsqueeze(1)).to(values.device(), torch::kFloat32);
}

std::unique_ptr<SequenceEncoder> make_sequence_encoder(std::int64_t inputs,
                                                       const SequenceOptions& options,
                                                       const at::Generator& source,
                                                       torch::Device device) {
  if (options.kind == "bag") return std::make_unique<Bag>(inputs);
  if (options.kind == "cnn") {
    return std::make_unique<Convolutions>(inputs, options.width, source, device);
  }
  if (options.kind == "transformer") {
    return std::make_unique<Transformer>(inputs, options, source, device);
  }
  const bool both_ways = options.kind == "bigru";
  return std::make_unique<Recurrent>(inputs, options.width, options.kind == "lstm", both_ways,
                                     source, device);
}

}  // namespace alignlab::align
