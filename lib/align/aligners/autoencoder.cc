// autoencoder: networks f, g from the features x, y of a pair to codes, and back, trained on
// reconstruction; items are embedded as their codes. With e(x, z) = |x - z|^2:
//
//   shared-code    (Feng, Wang and Li, "Cross-modal Retrieval with Correspondence Autoencoder", ACM
//                  MM 2014): decoders d_x, d_y;
//                  e(x, d_x f(x)) + e(y, d_y g(y)) + e(x, d_x g(y)) + e(y, d_y f(x))
//                  + a |f(x) - g(y)|^2 / width: each code is to say both sides.
//   correlational  (Chandar, Khapra, Larochelle and Ravindran, "Correlational Neural Networks",
//                  Neural Computation 28, 2016): E(h) = e(x, d_x h) + e(y, d_y h);
//                  E(f(x) + g(y)) + E(f(x)) + E(g(y)) - a sum_d corr(f_d, g_d) / width, the
//                  correlations over the batch.
//   two-way        (Eisenschtat and Wolf, "Linking Image and Text with 2-Way Nets", CVPR 2017), of
//                  one hidden layer: u = s(x A + p), v = s(y B + q), s a leaky ReLU, each side
//                  standardised over the batch before it; tied weights lead on to the other side,
//                  e(y, u B') + e(x, v A') + a |u - v|^2 / width + c (D(u) + D(v)) / width, D the
//                  sum of squared covariances of different coordinates.
//
// a = `agreement`, c = `decorrelation`. What a network says of a side is divided by the root of
// that side's width before it is compared, as in mlp-mse.

#include <array>
#include <cmath>

#include "align/common.h"
#include "align/makers.h"
#include "align/torch/perceptron.h"
#include "align/torch/training.h"

namespace alignlab::align {
namespace {

constexpr double kLeastVariance = 1e-5;
constexpr double kLeak = 0.1;

/// Of rows, [rows]; in units of rows of unit length, whatever the width.
torch::Tensor squares(const torch::Tensor& rows) { return rows.square().sum(1); }

torch::Tensor centred(const torch::Tensor& rows) { return rows - rows.mean(0, true); }

torch::Tensor correlations(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor u = centred(a);
  const torch::Tensor v = centred(b);
  return (u * v).mean(0) /
         ((u.square().mean(0) + kLeastVariance) * (v.square().mean(0) + kLeastVariance)).sqrt();
}

torch::Tensor covariance_off_diagonal(const torch::Tensor& rows) {
  const torch::Tensor off = centred(rows);
  const torch::Tensor square = off.t().matmul(off) / static_cast<double>(rows.size(0));
  return square.square().sum() - square.diagonal().square().sum();
}

/// The network of one side, up to its code: a tower, and for two-way what standardises it.
class CodeNetwork {
 public:
  CodeNetwork(Perceptron network, bool two_way, torch::Device device)
      : network_(std::move(network)), two_way_(two_way) {
    if (!two_way_) return;
    const auto width = network_.weights().back().size(1);
    mean_ = torch::zeros({1, width}).to(device);
    variance_ = torch::zeros({1, width}).to(device);
    seen_ = torch::zeros({1, 1}).to(device);
  }

  const Perceptron& network() const { return network_; }
  /// What forward() changes.
  std::vector<torch::Tensor> buffers() const {
    if (!two_way_) return {};
    return {mean_, variance_, seen_};
  }

  torch::Tensor forward(const Input& input, const Noise& noise, bool bf16) {
    const torch::Tensor rows = train_forward(network_, input, noise, bf16);
    if (!two_way_) return rows;
    const torch::Tensor mean = rows.mean(0, true);
    const torch::Tensor variance = (rows - mean).square().mean(0, true);
    // What single items are standardised by later: the mean over the last batches that vary.
    if (rows.size(0) > 1) {
      constexpr double kMomentum = 0.1;
      const torch::NoGradGuard no_grad;
      mean_.mul_(1.0 - kMomentum).add_(mean.detach(), kMomentum);
      variance_.mul_(1.0 - kMomentum).add_(variance.detach(), kMomentum);
      seen_.mul_(1.0 - kMomentum).add_(kMomentum);
    }
    return activation(rows, mean, variance);
  }

  Matrix apply(const Features& features, torch::Device device) const {
    const Matrix rows = network_.apply(features, device);
    if (!two_way_) return rows;
    const torch::NoGradGuard no_grad;
    const torch::Tensor seen = seen_.clamp_min(kLeastVariance);
    return to_matrix(activation(to_tensor(rows).to(device), mean_ / seen, variance_ / seen));
  }

  void save(H5File& file, const std::string& group) const {
    network_.save(file, group + "/network");
    if (!two_way_) return;
    file.write_matrix(group + "/mean", to_matrix(mean_));
    file.write_matrix(group + "/variance", to_matrix(variance_));
    file.write_matrix(group + "/seen", to_matrix(seen_));
  }

  static CodeNetwork load(const H5File& file, const std::string& group, torch::Device device) {
    CodeNetwork out(Perceptron::load(file, group + "/network", device), file.has(group + "/mean"),
                    device);
    if (!out.two_way_) return out;
    out.mean_ = to_tensor(file.read_matrix(group + "/mean")).to(device);
    out.variance_ = to_tensor(file.read_matrix(group + "/variance")).to(device);
    out.seen_ = to_tensor(file.read_matrix(group + "/seen")).to(device);
    return out;
  }

 private:
  static torch::Tensor activation(const torch::Tensor& rows, const torch::Tensor& mean,
                                  const torch::Tensor& variance) {
    return torch::leaky_relu((rows - mean) / (variance + kLeastVariance).sqrt(), kLeak);
  }

  Perceptron network_;
  bool two_way_;
  // Sums over batches whose weights add up to `seen_`, [1, 1].
  torch::Tensor mean_;
  torch::Tensor variance_;
  torch::Tensor seen_;
};

class CodeEncoder : public Encoder {
 public:
  CodeEncoder(Modality first_modality, CodeNetwork first, CodeNetwork second, torch::Device device)
      : first_modality_(first_modality),
        networks_{std::move(first), std::move(second)},
        device_(device) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const CodeNetwork& own = networks_[modality == first_modality_ ? 0 : 1];
    require_width(modality, features, own.network().inputs());
    return own.apply(features, device_);
  }

  void save(H5File& file, const std::string& group) const override {
    networks_[0].save(file, group + "/first");
    networks_[1].save(file, group + "/second");
    file.set_attribute(group, "first", name_of(first_modality_));
  }

  /// Tensors are handles: training these trains the encoder.
  CodeNetwork& first() { return networks_[0]; }
  CodeNetwork& second() { return networks_[1]; }

 private:
  Modality first_modality_;
  std::array<CodeNetwork, 2> networks_;
  torch::Device device_;
};

/// Rows of a batch as they go in and as they are to come out.
struct Rows {
  Input input;
  torch::Tensor goal;
};

class Autoencoder : public Aligner {
 public:
  Autoencoder(const Section& options, const TrainOptions& train)
      : options_(options), training_(options), train_(train) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train_split, const DevSplit& dev,
                               std::uint64_t seed, Progress& progress) const override {
    const torch::Device device = prepare_torch(train_);
    const std::vector<Pair> pairs = pairs_of(train_split);
    const FeatureTable firsts(train_split.first().features, device);
    const FeatureTable seconds(train_split.second().features, device);
    auto encoder = std::make_unique<CodeEncoder>(
        train_split.first().modality, code_network(firsts.width(), seed, "first", device),
        code_network(seconds.width(), seed, "second", device), device);
    std::vector<Perceptron> decoders;
    if (!is_two_way()) {
      decoders = {decoder(firsts.width(), seed, "first", device),
                  decoder(seconds.width(), seed, "second", device)};
    }
    const at::Generator source = generator(seed, "dropout");
    const Noise noise{{training_.input_dropout, source}, {training_.dropout, source}};

    Trainee trainee;
    const auto add = [&](const Perceptron& network) {
      for (const torch::Tensor& weight : network.weights()) trainee.decaying.push_back(weight);
      for (const torch::Tensor& bias : network.biases()) trainee.free.push_back(bias);
    };
    add(encoder->first().network());
    add(encoder->second().network());
    for (const Perceptron& each : decoders) add(each);
    for (const CodeNetwork* side : {&encoder->first(), &encoder->second()}) {
      for (const torch::Tensor& buffer : side->buffers()) trainee.buffers.push_back(buffer);
    }
    trainee.examples = pairs.size();
    trainee.loss = [&](const std::vector<std::int32_t>& batch) {
      std::vector<std::int32_t> some_firsts, some_seconds;
      for (const std::int32_t pair : batch) {
        some_firsts.push_back(pairs[static_cast<std::size_t>(pair)].first);
        some_seconds.push_back(pairs[static_cast<std::size_t>(pair)].second);
      }
      const Rows x = rows_of(firsts, train_split.first().features, some_firsts, device);
      const Rows y = rows_of(seconds, train_split.second().features, some_seconds, device);
      const torch::Tensor u = encoder->first().forward(x.input, noise, train_.bf16);
      const torch::Tensor v = encoder->second().forward(y.input, noise, train_.bf16);
      if (is_two_way()) {
        return two_way(x, y, u, v, encoder->first().network().weights().front(),
                       encoder->second().network().weights().front());
      }
      return options_.text("variant") == "correlational" ? correlational(x, y, u, v, decoders)
                                                         : shared_code(x, y, u, v, decoders);
    };
    trainee.dev_score = [&] { return score_on(dev, *encoder, train_.threads); };
    train(trainee, training_, seed, "autoencoder", progress);
    return encoder;
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    const torch::Device device = prepare_torch(train_);
    return std::make_unique<CodeEncoder>(modality_from(file.text_attribute(group, "first")).value(),
                                         CodeNetwork::load(file, group + "/first", device),
                                         CodeNetwork::load(file, group + "/second", device),
                                         device);
  }

 private:
  bool is_two_way() const { return options_.text("variant") == "two-way"; }
  std::size_t width() const { return static_cast<std::size_t>(options_.integer("width")); }

  static Rows rows_of(const FeatureTable& table, const Features& features,
                      const std::vector<std::int32_t>& items, torch::Device device) {
    return {table.rows(items), to_tensor(features.rows_at(items).to_dense()).to(device)};
  }

  CodeNetwork code_network(std::size_t inputs, std::uint64_t seed, const std::string& side,
                           torch::Device device) const {
    const TowerOptions wanted{
        is_two_way() ? TowerShape::kLinear : TowerShape::kMlp, training_.hidden, {}, width(), {}};
    return {Perceptron(inputs, wanted, generator(seed, "initial weights of " + side), device),
            is_two_way(), device};
  }

  Perceptron decoder(std::size_t outputs, std::uint64_t seed, const std::string& side,
                     torch::Device device) const {
    std::vector<std::int64_t> back(training_.hidden.rbegin(), training_.hidden.rend());
    return {width(), TowerOptions{TowerShape::kMlp, std::move(back), {}, outputs, {}},
            generator(seed, "initial weights of the way back to " + side), device};
  }

  static torch::Tensor error(const torch::Tensor& goal, const torch::Tensor& out) {
    return squares(goal - out / std::sqrt(static_cast<double>(goal.size(1)))).mean();
  }

  torch::Tensor distance(const torch::Tensor& u, const torch::Tensor& v) const {
    return options_.real("agreement") * (u - v).square().mean();
  }

  torch::Tensor shared_code(const Rows& x, const Rows& y, const torch::Tensor& u,
                            const torch::Tensor& v, const std::vector<Perceptron>& decoders) const {
    return said(x, y, u, decoders) + said(x, y, v, decoders) + distance(u, v);
  }

  torch::Tensor correlational(const Rows& x, const Rows& y, const torch::Tensor& u,
                              const torch::Tensor& v,
                              const std::vector<Perceptron>& decoders) const {
    return said(x, y, u + v, decoders) + said(x, y, u, decoders) + said(x, y, v, decoders) -
           options_.real("agreement") * correlations(u, v).mean();
  }

  /// What decoding a code leaves to be wished of both sides.
  static torch::Tensor said(const Rows& x, const Rows& y, const torch::Tensor& code,
                            const std::vector<Perceptron>& decoders) {
    const Input input = Input::of_dense(code);
    return error(x.goal, decoders[0].forward(input, nullptr)) +
           error(y.goal, decoders[1].forward(input, nullptr));
  }

  torch::Tensor two_way(const Rows& x, const Rows& y, const torch::Tensor& u,
                        const torch::Tensor& v, const torch::Tensor& a,
                        const torch::Tensor& b) const {
    const double share = options_.real("decorrelation") / static_cast<double>(width());
    return error(y.goal, u.matmul(b.t())) + error(x.goal, v.matmul(a.t())) + distance(u, v) +
           share * (covariance_off_diagonal(u) + covariance_off_diagonal(v));
  }

  Section options_;
  TrainingOptions training_;
  TrainOptions train_;
};

}  // namespace

AlignerPtr make_autoencoder(const Section& options, const TrainOptions& train) {
  return std::make_unique<Autoencoder>(options, train);
}

}  // namespace alignlab::align
