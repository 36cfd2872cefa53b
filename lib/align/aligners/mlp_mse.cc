// mlp-mse: perceptrons trained to say what the other side of a pair is, by squared error or, where
// its features are bags of words, by cross-entropy. `direction`:
//
//   to-second  f from the features x of the first modality to those y of the second, which are
//              embedded as they are; to-first likewise with the sides exchanged.
//   both       the two side by side, each of unit length, so that the cosine is their mean:
//              e(x) = (f(x)/|f(x)|, x/|x|),   e(y) = (y/|y|, g(y)/|g(y)|).
//   shared     f and g both to codes of the pairs, z = (U'x + V'y)/2 in centred coordinates on the
//              `width` directions of largest covariance (linear/orthogonal_maps.h). What is fixed
//              beforehand cannot collapse, as codes learned by squared error alone would.
//
// The squared errors of an item's partners y_1 .. y_m add up to m |f(x) - mean(y)|^2 plus a
// constant, so each item is one example with its partners' mean as target and their number as
// weight: the same gradient at a fraction of the work. Cross-entropy is linear in the target, with
// the same fold.
//
// Under squared error the network's output is f(x) sqrt(d), d the width of the target space. A step
// of Adam moves every weight by about the learning rate whatever the gradient's size, and rows of
// unit length have entries of about 1/sqrt(d): without the factor a wide target would drown in the
// steps.
//
// Under cross-entropy -sum_w p_w log softmax_w(f(x)), p = y / sum y: x is embedded as
// log softmax(f(x)) - log(mean p over train), how much likelier than usual each word is.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "align/common.h"
#include "align/makers.h"
#include "align/torch/perceptron.h"
#include "align/torch/training.h"
#include "core/error.h"
#include "linear/orthogonal_maps.h"

namespace alignlab::align {
namespace {

// Of a word that no training item has; what its logarithm would be otherwise is not finite.
constexpr double kLeastShare = 1e-7;

float output_scale(std::size_t target_width) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(target_width)));
}

/// From the features of one modality to a target space.
struct Map {
  Modality source = Modality::kImage;
  Perceptron network;
  std::size_t target_width = 0;
  std::vector<float> log_usual;  // of cross-entropy: logarithms of the mean target over train

  Matrix apply(const Features& features, torch::Device device) const {
    require_width(source, features, network.inputs());
    Matrix rows = network.apply(features, device);
    if (log_usual.empty()) {
      for (float& value : rows.values()) value *= output_scale(target_width);
      return rows;
    }
    rows = to_matrix(to_tensor(rows).log_softmax(1));
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      std::ranges::transform(rows.row(i), log_usual, rows.row(i).begin(), std::minus<>());
    }
    return rows;
  }
};

/// Items of a map's source go through it, those of the other modality through a map of theirs to
/// the same space, or stay as they are.
class RegressionEncoder : public Encoder {
 public:
  RegressionEncoder(std::vector<Map> maps, bool shared, torch::Device device)
      : maps_(std::move(maps)), shared_(shared), device_(device) {}

  Matrix embed(Modality modality, const Features& features) const override {
    if (shared_) return own_map(modality).apply(features, device_);
    if (maps_.size() == 1) return compared_by(maps_[0], modality, features);
    Matrix out(features.rows(), maps_[0].target_width + maps_[1].target_width);
    put_unit_rows(compared_by(maps_[0], modality, features), out, 0);
    put_unit_rows(compared_by(maps_[1], modality, features), out, maps_[0].target_width);
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    for (const Map& map : maps_) {
      const std::string here = group + "/from_" + std::string(name_of(map.source));
      map.network.save(file, here + "/network");
      file.write<std::int64_t>(here + "/target_width",
                               std::vector{static_cast<std::int64_t>(map.target_width)});
      file.write<float>(here + "/log_usual", map.log_usual);
    }
    file.set_attribute(group, "shared", std::int64_t{shared_});
  }

  static std::unique_ptr<Encoder> load(const H5File& file, const std::string& group,
                                       torch::Device device) {
    std::vector<Map> maps;
    for (const Modality modality : kModalities) {
      const std::string here = group + "/from_" + std::string(name_of(modality));
      if (!file.has(here)) continue;
      maps.push_back(
          {modality, Perceptron::load(file, here + "/network", device),
           static_cast<std::size_t>(file.read<std::int64_t>(here + "/target_width").at(0)),
           file.read<float>(here + "/log_usual")});
    }
    return std::make_unique<RegressionEncoder>(
        std::move(maps), file.integer_attribute(group, "shared") != 0, device);
  }

 private:
  const Map& own_map(Modality modality) const { return maps_[maps_[0].source == modality ? 0 : 1]; }
  Matrix compared_by(const Map& map, Modality modality, const Features& features) const {
    if (map.source == modality) return map.apply(features, device_);
    require_width(modality, features, map.target_width);
    return features.to_dense();
  }

  std::vector<Map> maps_;
  bool shared_;
  torch::Device device_;
};

/// What a map learns from: items with a partner, and what they are to become.
struct Lesson {
  const ModalityItems* source;
  const ModalityItems* target;
  FeatureTable sources;
  Features goals;    // of items of the target
  Matrix own_goals;  // of items of the source, to be averaged with their partners'; or none
  std::vector<std::vector<std::int32_t>> partners;  // of each item of the source
  double mean_partners = 0.0;                       // of those that have any
};

struct Example {
  std::size_t lesson;
  std::int32_t item;
};

void add_partners(Lesson& lesson, const std::vector<Pair>& pairs, bool from_first) {
  lesson.partners.resize(lesson.source->groups.size());
  double items = 0.0;
  for (const Pair& pair : pairs) {
    auto& partners =
        lesson.partners[static_cast<std::size_t>(from_first ? pair.first : pair.second)];
    items += partners.empty();
    partners.push_back(from_first ? pair.second : pair.first);
  }
  lesson.mean_partners = static_cast<double>(pairs.size()) / items;
}

/// Mean partners' goal of each item, a row each.
Matrix goals_of(const Lesson& lesson, const std::vector<std::int32_t>& items) {
  Matrix out(items.size(), lesson.goals.cols());
  std::vector<float> row(lesson.goals.cols());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& partners = lesson.partners[static_cast<std::size_t>(items[i])];
    for (const std::int32_t partner : partners) {
      lesson.goals.copy_row(static_cast<std::size_t>(partner), row);
      for (std::size_t j = 0; j < row.size(); ++j) {
        out.row(i)[j] += row[j] / static_cast<float>(partners.size());
      }
    }
    if (lesson.own_goals.rows() == 0) continue;
    const auto own = lesson.own_goals.row(static_cast<std::size_t>(items[i]));
    for (std::size_t j = 0; j < row.size(); ++j) out.row(i)[j] = 0.5F * (out.row(i)[j] + own[j]);
  }
  return out;
}

Matrix weights_of(const Lesson& lesson, const std::vector<std::int32_t>& items) {
  Matrix out(items.size(), 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto count =
        static_cast<double>(lesson.partners[static_cast<std::size_t>(items[i])].size());
    out.row(i)[0] = static_cast<float>(count / lesson.mean_partners);
  }
  return out;
}

/// Rows of shares; a row without any entry, an empty text, stays 0. DataError for what is no bag.
Features shares_of(const ModalityItems& items) {
  SparseRows out;
  out.cols = items.features.cols();
  std::vector<float> row(out.cols);
  for (std::size_t i = 0; i < items.features.rows(); ++i) {
    items.features.copy_row(i, row);
    double sum = 0.0;
    for (const float value : row) {
      if (value < 0.0F) {
        throw DataError(
            fmt::format("mlp-mse: loss cross-entropy takes targets that are counts or "
                        "weights of words, expected none below 0, found {} in {} {}",
                        value, name_of(items.modality), i));
      }
      sum += value;
    }
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0.0F) continue;
      out.columns.push_back(static_cast<std::int32_t>(j));
      out.values.push_back(static_cast<float>(row[j] / sum));
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.columns.size()));
  }
  return out;
}

std::vector<float> log_usual_of(const SparseRows& shares) {
  std::vector<double> sums(shares.cols, 0.0);
  for (std::size_t k = 0; k < shares.columns.size(); ++k) {
    sums[static_cast<std::size_t>(shares.columns[k])] += shares.values[k];
  }
  std::vector<float> out;
  for (const double sum : sums) {
    const double share = sum / static_cast<double>(shares.rows());
    out.push_back(static_cast<float>(std::log(std::max(kLeastShare, share))));
  }
  return out;
}

class MlpMse : public Aligner {
 public:
  MlpMse(const Section& options, const TrainOptions& train)
      : options_(options), training_(options), train_(train) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train_split, const DevSplit& dev,
                               std::uint64_t seed, Progress& progress) const override {
    const torch::Device device = prepare_torch(train_);
    const std::vector<Lesson> lessons = lessons_of(train_split, device, progress);
    std::vector<Map> maps;
    std::vector<Example> examples;
    for (const Lesson& lesson : lessons) {
      maps.push_back(map_of(lesson, seed, device));
      for (std::size_t i = 0; i < lesson.partners.size(); ++i) {
        if (lesson.partners[i].empty()) continue;
        examples.push_back({maps.size() - 1, static_cast<std::int32_t>(i)});
      }
    }
    // Tensors are handles: training these networks trains the encoder's.
    auto encoder = std::make_unique<RegressionEncoder>(maps, is_shared(), device);
    const at::Generator source = generator(seed, "dropout");
    const Noise noise{{training_.input_dropout, source}, {training_.dropout, source}};

    Trainee trainee;
    for (const Map& map : maps) {
      for (const torch::Tensor& weight : map.network.weights()) trainee.decaying.push_back(weight);
      for (const torch::Tensor& bias : map.network.biases()) trainee.free.push_back(bias);
    }
    trainee.examples = examples.size();
    trainee.loss = [&](const std::vector<std::int32_t>& batch) {
      torch::Tensor sum = torch::zeros({}).to(device);
      for (std::size_t l = 0; l < lessons.size(); ++l) {
        std::vector<std::int32_t> items;
        for (const std::int32_t at : batch) {
          const Example& example = examples[static_cast<std::size_t>(at)];
          if (example.lesson == l) items.push_back(example.item);
        }
        if (items.empty()) continue;
        const torch::Tensor out =
            train_forward(maps[l].network, lessons[l].sources.rows(items), noise, train_.bf16);
        const torch::Tensor goals = to_tensor(goals_of(lessons[l], items)).to(device);
        sum = sum + (cost(out, goals) * to_tensor(weights_of(lessons[l], items)).to(device)).sum();
      }
      return sum / static_cast<double>(batch.size());
    };
    trainee.dev_score = [&] { return score_on(dev, *encoder, train_.threads); };
    train(trainee, training_, seed, "mlp-mse", progress);
    return encoder;
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return RegressionEncoder::load(file, group, prepare_torch(train_));
  }

 private:
  bool is_shared() const { return options_.text("direction") == "shared"; }
  bool is_cross_entropy() const { return options_.text("loss") == "cross-entropy"; }

  /// Of each row, [rows, 1].
  torch::Tensor cost(const torch::Tensor& out, const torch::Tensor& goals) const {
    if (is_cross_entropy()) return -(goals * out.log_softmax(1)).sum(1, /*keepdim=*/true);
    return (out * output_scale(static_cast<std::size_t>(goals.size(1))) - goals)
        .square()
        .sum(1, /*keepdim=*/true);
  }

  std::vector<Lesson> lessons_of(const TrainSplit& train, torch::Device device,
                                 Progress& progress) const {
    const std::vector<Pair> pairs = pairs_of(train);
    const std::string& direction = options_.text("direction");
    std::array<Matrix, 2> codes;
    if (is_shared()) codes = codes_of(train, progress);
    std::vector<Lesson> out;
    const auto add = [&](const ModalityItems& source, const ModalityItems& target,
                         bool from_first) {
      Lesson lesson{&source, &target, FeatureTable(source.features, device), {}, {}, {}, 0.0};
      if (is_shared()) {
        lesson.own_goals = codes[from_first ? 0 : 1];
        lesson.goals = codes[from_first ? 1 : 0];
      } else {
        lesson.goals = is_cross_entropy() ? shares_of(target) : target.features;
      }
      add_partners(lesson, pairs, from_first);
      out.push_back(std::move(lesson));
    };
    if (direction != "to-first") add(train.first(), train.second(), true);
    if (direction != "to-second") add(train.second(), train.first(), false);
    return out;
  }

  /// Of the items of both sides, rows of each of unit mean square length.
  std::array<Matrix, 2> codes_of(const TrainSplit& train, Progress& progress) const {
    const OrthogonalMaps found =
        orthogonal_maps(train.first().features, train.first().groups, train.second().features,
                        train.second().groups, static_cast<std::size_t>(options_.integer("width")),
                        train_.threads, progress);
    std::array<Matrix, 2> codes{found.first.apply(train.first().features),
                                found.second.apply(train.second().features)};
    for (Matrix& side : codes) {
      double squares = 0.0;
      for (const float value : side.values()) squares += static_cast<double>(value) * value;
      const double scale =
          squares > 0.0 ? std::sqrt(static_cast<double>(side.rows()) / squares) : 0.0;
      for (float& value : side.values()) value = static_cast<float>(scale * value);
    }
    return codes;
  }

  Map map_of(const Lesson& lesson, std::uint64_t seed, torch::Device device) const {
    const std::string purpose = lesson.source->modality < lesson.target->modality
                                    ? "initial weights"
                                    : "initial weights back";
    Map map{lesson.source->modality,
            Perceptron(lesson.sources.width(),
                       {.shape = TowerShape::kMlp,
                        .hidden = training_.hidden,
                        .channels = {},
                        .width = lesson.goals.cols(),
                        .text = {}},
                       generator(seed, purpose), device),
            lesson.goals.cols(),
            {}};
    if (is_cross_entropy()) map.log_usual = log_usual_of(lesson.goals.sparse());
    return map;
  }

  Section options_;
  TrainingOptions training_;
  TrainOptions train_;
};

}  // namespace

AlignerPtr make_mlp_mse(const Section& options, const TrainOptions& train) {
  return std::make_unique<MlpMse>(options, train);
}

}  // namespace alignlab::align
