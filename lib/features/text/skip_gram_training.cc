#include "features/text/skip_gram_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/rng.h"

namespace alignlab::features {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kTextsBetweenChecks = 256;
constexpr double kLeastRateShare = 1e-4;
constexpr double kFlattening = 0.75;
constexpr std::size_t kEnoughWords = 5'000'000;
constexpr std::size_t kFewestPasses = 5;
constexpr std::size_t kMostPasses = 1000;

/// Sums in lanes: a compiler may not reorder one sum into vector code by itself.
float dot(std::span<const float> a, std::span<const float> b) {
  std::array<float, kLanes> lanes{};
  std::size_t j = 0;
  for (; j + kLanes <= a.size(); j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[j + lane] * b[j + lane];
  }
  float sum = 0.0F;
  for (; j < a.size(); ++j) sum += a[j] * b[j];
  for (const float lane : lanes) sum += lane;
  return sum;
}

/// Draws token numbers in proportion to weights, each in constant time (the alias method of Walker,
/// ACM Transactions on Mathematical Software 3, 1977, with the tables of Vose, 1991).
class AliasTable {
 public:
  explicit AliasTable(std::vector<double> weights) : keep_(weights.size()), other_(weights.size()) {
    double sum = 0.0;
    for (const double weight : weights) sum += weight;
    std::vector<std::size_t> small, large;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] *= static_cast<double>(weights.size()) / sum;
      (weights[i] < 1.0 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t lack = small.back(), excess = large.back();
      small.pop_back();
      keep_[lack] = weights[lack];
      other_[lack] = static_cast<std::int32_t>(excess);
      weights[excess] -= 1.0 - weights[lack];
      if (weights[excess] >= 1.0) continue;
      large.pop_back();
      small.push_back(excess);
    }
    for (const auto& rest : {small, large}) {
      for (const std::size_t i : rest) keep_[i] = 1.0;
    }
  }

  std::int32_t draw(Rng& rng) const {
    // The whole part chooses a column, the fraction one of its two tokens.
    const double at = rng.uniform() * static_cast<double>(keep_.size());
    const auto column = static_cast<std::size_t>(at);
    return at - static_cast<double>(column) < keep_[column] ? static_cast<std::int32_t>(column)
                                                            : other_[column];
  }

 private:
  std::vector<double> keep_;
  std::vector<std::int32_t> other_;
};

class Trainer {
 public:
  Trainer(const TokenSequences& texts, const SkipGramOptions& options)
      : texts_(texts),
        options_(options),
        passes_(options.epochs > 0 ? options.epochs : skip_gram_passes(texts.ids.size())),
        inputs_(texts.vocabulary, options.width),
        outputs_(texts.vocabulary, options.width),
        kept_share_(texts.vocabulary),
        noise_(noise_weights()),
        windows_(options.seed, "skip-gram windows"),
        subsampling_(options.seed, "skip-gram subsampling"),
        negatives_(options.seed, "skip-gram negatives"),
        gradient_(options.width) {
    Rng start(options.seed, "skip-gram vectors");
    for (float& value : inputs_.values()) {
      value = static_cast<float>((start.uniform() - 0.5) / static_cast<double>(options.width));
    }
  }

  Matrix train(Progress& progress) {
    for (int pass = 0; pass < passes_; ++pass) {
      progress.note(fmt::format("skip-gram: pass {} of {}", pass + 1, passes_));
      for (std::size_t i = 0; i < texts_.rows(); ++i) {
        if (i % kTextsBetweenChecks == 0) progress.check();
        learn(texts_.row(i));
      }
    }
    const auto is_finite = [](float value) { return std::isfinite(value); };
    if (!std::ranges::all_of(inputs_.values(), is_finite)) {
      throw ConfigError(fmt::format(
          "skip-gram: the vectors grow without bound; expected a learning_rate less than {}",
          options_.learning_rate));
    }
    return std::move(inputs_);
  }

 private:
  /// Also fills kept_share_.
  std::vector<double> noise_weights() {
    std::vector<double> counts(texts_.vocabulary);
    for (const std::int32_t id : texts_.ids) ++counts[static_cast<std::size_t>(id)];
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double frequency = counts[i] / static_cast<double>(texts_.ids.size());
      const double rarity = options_.subsample / frequency;
      kept_share_[i] = options_.subsample == 0.0 ? 1.0 : std::sqrt(rarity) + rarity;
      counts[i] = std::pow(counts[i], kFlattening);
    }
    return counts;
  }

  float rate() const {
    const double total = static_cast<double>(texts_.ids.size()) * passes_;
    const double left = 1.0 - static_cast<double>(seen_) / total;
    return static_cast<float>(options_.learning_rate * std::max(left, kLeastRateShare));
  }

  void learn(std::span<const std::int32_t> text) {
    sentence_.clear();
    for (const std::int32_t id : text) {
      const double share = kept_share_[static_cast<std::size_t>(id)];
      if (share >= 1.0 || subsampling_.chance(share)) sentence_.push_back(id);
    }
    const float step = rate();
    seen_ += text.size();
    const auto size = static_cast<int>(sentence_.size());
    for (int at = 0; at < size; ++at) {
      const int reach = windows_.between(1, options_.window);
      const int last = std::min(size - 1, at + reach);
      for (int beside = std::max(0, at - reach); beside <= last; ++beside) {
        if (beside != at) {
          learn_pair(sentence_[static_cast<std::size_t>(at)],
                     sentence_[static_cast<std::size_t>(beside)], step);
        }
      }
    }
  }

  void learn_pair(std::int32_t word, std::int32_t beside, float step) {
    targets_.assign(1, beside);
    for (int i = 0; i < options_.negatives; ++i) {
      const std::int32_t drawn = noise_.draw(negatives_);
      if (drawn != beside) targets_.push_back(drawn);
    }
    skip_gram_step(inputs_.row(static_cast<std::size_t>(word)), outputs_, targets_, step,
                   gradient_);
  }

  const TokenSequences& texts_;
  const SkipGramOptions& options_;
  int passes_;
  Matrix inputs_;
  Matrix outputs_;
  std::vector<double> kept_share_;
  AliasTable noise_;
  Rng windows_, subsampling_, negatives_;
  std::vector<float> gradient_;
  std::vector<std::int32_t> sentence_;
  std::vector<std::int32_t> targets_;
  std::size_t seen_ = 0;
};

}  // namespace

SkipGramOptions::SkipGramOptions(const Section& options)
    : width(static_cast<std::size_t>(options.integer("width"))),
      window(static_cast<int>(options.integer("window"))),
      negatives(static_cast<int>(options.integer("negatives"))),
      epochs(static_cast<int>(options.integer("epochs"))),
      subsample(options.real("subsample")),
      learning_rate(options.real("learning_rate")),
      seed(static_cast<std::uint64_t>(options.integer("seed"))) {}

int skip_gram_passes(std::size_t words) {
  const std::size_t passes = (kEnoughWords + words - 1) / std::max<std::size_t>(words, 1);
  return static_cast<int>(std::clamp(passes, kFewestPasses, kMostPasses));
}

void skip_gram_step(std::span<float> input, Matrix& outputs, std::span<const std::int32_t> targets,
                    float rate, std::span<float> gradient) {
  std::ranges::fill(gradient, 0.0F);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::span<float> output = outputs.row(static_cast<std::size_t>(targets[i]));
    const float score = dot(input, output);
    const float wanted = i == 0 ? 1.0F : 0.0F;
    const float step = rate * (wanted - 1.0F / (1.0F + std::exp(-score)));
    for (std::size_t j = 0; j < input.size(); ++j) {
      gradient[j] += step * output[j];
      output[j] += step * input[j];
    }
  }
  for (std::size_t j = 0; j < input.size(); ++j) input[j] += gradient[j];
}

Matrix train_skip_gram(const TokenSequences& texts, const SkipGramOptions& options,
                       Progress& progress) {
  return Trainer(texts, options).train(progress);
}

Matrix train_skip_gram(const RawItems& train, const Tokenizer& tokenizer,
                       const Vocabulary& vocabulary, const SkipGramOptions& options,
                       Progress& progress) {
  TokenSequences texts;
  texts.vocabulary = vocabulary.size();
  for_each_text(train, tokenizer, progress, [&](const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (const auto number = vocabulary.number(word)) texts.ids.push_back(*number);
    }
    texts.offsets.push_back(static_cast<std::int64_t>(texts.ids.size()));
  });
  return train_skip_gram(texts, options, progress);
}

}  // namespace alignlab::features
