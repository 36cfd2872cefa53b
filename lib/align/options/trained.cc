#include <fmt/format.h>

#include "align/options/options.h"
#include "core/error.h"

namespace alignlab::align {
namespace {

/// What an aligner of its own wants of the options that all trained ones have.
struct TrainingDefaults {
  std::int64_t epochs;
  std::int64_t batch_size;
  double learning_rate;
  double dropout;
};

Options with_training(Options options, const TrainingDefaults& defaults) {
  const Options training{
      {.name = "epochs",
       .summary = "at most",
       .fallback = defaults.epochs,
       .least = 1,
       .most = 100000},
      {.name = "patience",
       .summary = "epochs without a better dev score before stopping; 0 never",
       .fallback = std::int64_t{8},
       .least = 0},
      {.name = "batch_size",
       .summary = "examples a step",
       .fallback = defaults.batch_size,
       .least = 2},
      {.name = "learning_rate",
       .summary = "of AdamW, at its peak",
       .fallback = defaults.learning_rate,
       .least = 0.0},
      {.name = "warmup_epochs",
       .summary = "of linear rise; after them a cosine falls to 0",
       .fallback = 1.0,
       .least = 0.0},
      {.name = "weight_decay", .summary = "of AdamW, decoupled", .fallback = 1e-4, .least = 0.0},
      {.name = "hidden",
       .summary = "widths of hidden layers, input to output",
       .fallback = std::vector<std::int64_t>{512},
       .least = 1,
       .most = 65536,
       .may_be_empty = true},
      {.name = "dropout",
       .summary = "share of hidden units left out in training",
       .fallback = defaults.dropout,
       .least = 0.0,
       .most = 0.95},
      {.name = "input_dropout",
       .summary = "share of the entries of features left out in training: words, where rows are "
                  "sparse",
       .fallback = defaults.dropout,
       .least = 0.0,
       .most = 0.95},
  };
  options.insert(options.end(), training.begin(), training.end());
  return options;
}

Option tower_option(const char* name, const char* whose) {
  return {.name = name,
          .summary = whose,
          .fallback = std::string("mlp"),
          .choices = {"mlp", "linear", "residual", "glu"}};
}

}  // namespace

Options mlp_mse_options() {
  return with_training(
      {{.name = "direction",
        .summary = "of what is learned, between the modalities in the order image, audio, text; "
                   "both compares in the two, shared maps both to codes of pairs",
        .fallback = std::string("to-second"),
        .choices = {"to-second", "to-first", "both", "shared"}},
       {.name = "loss",
        .summary = "squared error, or cross-entropy, where targets are bags of words",
        .fallback = std::string("mse"),
        .choices = {"mse", "cross-entropy"}},
       {.name = "width",
        .summary = "of shared codes, at most",
        .fallback = std::int64_t{128},
        .least = 1,
        .most = 65536}},
      {.epochs = 60, .batch_size = 64, .learning_rate = 3e-3, .dropout = 0.1});
}

Options autoencoder_options() {
  return with_training(
      {{.name = "variant",
        .summary = "shared-code: each side's code says both sides; correlational: and the sum of "
                   "both codes, which correlate; two-way: tied weights from side to side",
        .fallback = std::string("shared-code"),
        .choices = {"shared-code", "correlational", "two-way"}},
       {.name = "width",
        .summary = "of codes",
        .fallback = std::int64_t{256},
        .least = 1,
        .most = 65536},
       {.name = "agreement",
        .summary = "weight of the distance of a pair's codes; correlational: of their correlation",
        .fallback = 1.0,
        .least = 0.0},
       {.name = "decorrelation",
        .summary = "two-way: weight of the covariances of different coordinates",
        .fallback = 0.05,
        .least = 0.0}},
      {.epochs = 20, .batch_size = 256, .learning_rate = 1e-3, .dropout = 0.1});
}

Options contrastive_options() {
  return with_training(
      {{.name = "loss",
        .summary = "infonce, siglip, hinge-sum and hinge-max tell pairs from negatives; vicreg and "
                   "barlow make pairs alike and coordinates independent",
        .fallback = std::string("infonce"),
        .choices = {"infonce", "siglip", "hinge-sum", "hinge-max", "vicreg", "barlow"}},
       {.name = "siblings",
        .summary = "infonce: what the other items of a pair's group are, neither positive nor "
                   "negative or positives as well",
        .fallback = std::string("masked"),
        .choices = {"masked", "positive"}},
       {.name = "label_smoothing",
        .summary = "infonce: share of the target that goes evenly to all candidates",
        .fallback = 0.0,
        .least = 0.0,
        .most = 0.99},
       {.name = "margin",
        .summary = "hinge-sum, hinge-max: by how much pairs are to be more alike",
        .fallback = 0.2,
        .least = 0.0,
        .most = 2.0},
       {.name = "bias",
        .summary = "siglip: initial; added to similarities over temperature",
        .fallback = -10.0,
        .least = -1000.0,
        .most = 1000.0},
       {.name = "memory",
        .summary = "embeddings of earlier batches that are negatives too, on each side",
        .fallback = std::int64_t{0},
        .least = 0,
        .most = 1000000},
       {.name = "batch_of",
        .summary = "whether batch_size counts pairs, or groups with all of their items",
        .fallback = std::string("pairs"),
        .choices = {"pairs", "groups"}},
       tower_option("first_tower",
                    "of the first modality: layers with ReLU, one layer, the sum of both, or "
                    "layers with gates"),
       tower_option("second_tower", "of the second modality, likewise"),
       {.name = "text_encoder",
        .summary = "where features are tokens: what reads the words' vectors before pooling",
        .fallback = std::string("bag"),
        .choices = {"bag", "gru", "lstm", "bigru", "cnn", "transformer"}},
       {.name = "pooling",
        .summary = "of words to a text, where features are tokens",
        .fallback = std::string("mean"),
        .choices = {"last", "mean", "max", "generalised"}},
       {.name = "word_width",
        .summary = "of words' vectors, where features are tokens without vectors",
        .fallback = std::int64_t{300},
        .least = 1,
        .most = 65536},
       {.name = "text_width",
        .summary = "of what text_encoder gives a word, but for a bag",
        .fallback = std::int64_t{512},
        .least = 3,
        .most = 65536},
       {.name = "text_layers",
        .summary = "of a transformer",
        .fallback = std::int64_t{2},
        .least = 1,
        .most = 64},
       {.name = "canonical",
        .summary = "share of the similarity that is the one of cca (128 directions), which stays "
                   "as it is while the towers learn the rest",
        .fallback = 0.0,
        .least = 0.0,
        .most = 0.99},
       {.name = "width",
        .summary = "of the shared space",
        .fallback = std::int64_t{256},
        .least = 1,
        .most = 65536},
       {.name = "temperature",
        .summary = "infonce, siglip: initial; similarities are divided by it",
        .fallback = 0.07,
        .least = 0.01,
        .most = 100.0},
       {.name = "learn_temperature", .summary = "false keeps the initial one", .fallback = true},
       {.name = "channels",
        .summary = "of the convolutions of a LeNet, where features are pixels",
        .fallback = std::vector<std::int64_t>{16, 32},
        .least = 1,
        .most = 4096},
       {.name = "augment",
        .summary = "random changes to training images, where features are pixels; flip is not for "
                   "texts that tell left from right",
        .fallback = std::vector<std::string>{"crop", "jitter"},
        .choices = {"flip", "crop", "jitter"},
        .may_be_empty = true}},
      {.epochs = 40, .batch_size = 256, .learning_rate = 1e-3, .dropout = 0.2});
}

void check_mlp_mse(const Section& options, const Place& place) {
  if (options.text("direction") != "shared" || options.text("loss") != "cross-entropy") return;
  throw ConfigError(
      fmt::format("{}: aligner.loss: cross-entropy takes a direction to bags of "
                  "words; the codes of direction \"shared\" are none",
                  place.text()));
}

void check_contrastive(const Section& options, const std::array<FeatureForm, 2>& forms,
                       const Place& place) {
  if (options.real("canonical") > 0.0) {
    for (const FeatureForm form : forms) {
      if (form == FeatureForm::kDense || form == FeatureForm::kSparse) continue;
      throw ConfigError(
          fmt::format("{}: aligner.canonical: canonical directions are of features "
                      "that are dense or sparse, found {}",
                      place.text(), name_of(form)));
    }
    if (options.text("loss") == "vicreg") {
      throw ConfigError(
          fmt::format("{}: aligner.canonical: rows are then of unit length, and "
                      "vicreg wants deviations of 1",
                      place.text()));
    }
  }
  const std::string& encoder = options.text("text_encoder");
  const std::int64_t multiple = encoder == "transformer" ? 8 : encoder == "bigru" ? 2 : 1;
  if (options.integer("text_width") % multiple == 0) return;
  throw ConfigError(
      fmt::format("{}: aligner.text_width: expected a multiple of {} for "
                  "text_encoder \"{}\", found {}",
                  place.text(), multiple, encoder, options.integer("text_width")));
}

}  // namespace alignlab::align
