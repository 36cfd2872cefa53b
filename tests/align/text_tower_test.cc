// Towers on sequences of words: what a text's row may depend on, poolings worked by hand, gradients
// by finite differences.

#include "align/torch/text_tower.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/hdf5.h"
#include "tests/align/fixtures.h"

namespace alignlab::align {
namespace {

using tests::message_of;
using tests::ScratchFolder;
using Texts = std::vector<std::vector<std::int32_t>>;

constexpr std::size_t kVocabulary = 12;
constexpr std::int64_t kWordWidth = 6;
const std::vector<std::string> kEncoders{"bag", "gru", "lstm", "bigru", "cnn", "transformer"};
const std::vector<std::string> kPoolings{"last", "mean", "max", "generalised"};

TokenSequences tokens_of(const Texts& texts, Matrix vectors = {}) {
  TokenSequences out{kVocabulary, {0}, {}, std::move(vectors)};
  for (const auto& text : texts) {
    out.ids.insert(out.ids.end(), text.begin(), text.end());
    out.offsets.push_back(static_cast<std::int64_t>(out.ids.size()));
  }
  return out;
}

/// Lengths 0 to 9, so every kernel of a convolution is wider than some text.
Texts some_texts() {
  return {{3},    {1, 2, 3, 4, 5, 6, 7, 8, 9}, {},           {5, 5, 11},
          {0, 4}, {7, 6, 5, 4, 3, 2},          {2, 9, 10, 1}};
}

TowerOptions options_of(const std::string& encoder, const std::string& pooling) {
  TowerOptions out;
  out.hidden = {7};
  out.width = 5;
  out.text = {encoder, pooling, kWordWidth, 8, 2};
  return out;
}

std::unique_ptr<Tower> tower_of(const std::string& encoder, const std::string& pooling,
                                std::uint64_t seed = 1) {
  return make_tower(tokens_of({}), options_of(encoder, pooling), generator(seed, "tower"),
                    torch::kCPU);
}

Matrix rows_of(const Tower& tower, const Texts& texts) {
  return tower.apply(tokens_of(texts), torch::kCPU);
}

double farthest(std::span<const float> a, std::span<const float> b) {
  double out = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) out = std::max(out, double{std::abs(a[e] - b[e])});
  return out;
}

void for_each_tower(const std::function<void(const std::string&, const std::string&)>& check) {
  for (const std::string& encoder : kEncoders) {
    for (const std::string& pooling : kPoolings) {
      SCOPED_TRACE(encoder + ", " + pooling);
      check(encoder, pooling);
    }
  }
}

WordRows words_of(const std::vector<std::vector<std::vector<double>>>& texts,
                  const std::vector<std::int64_t>& lengths) {
  WordRows out;
  std::vector<double> all;
  for (const auto& text : texts) {
    for (const auto& word : text) all.insert(all.end(), word.begin(), word.end());
  }
  out.values = torch::tensor(all, torch::kFloat64)
                   .view({static_cast<std::int64_t>(texts.size()),
                          static_cast<std::int64_t>(texts[0].size()),
                          static_cast<std::int64_t>(texts[0][0].size())});
  out.lengths = torch::tensor(lengths, torch::kInt64);
  return out;
}

std::vector<double> doubles_of(const torch::Tensor& tensor) {
  const torch::Tensor whole = tensor.detach().to(torch::kFloat64).contiguous();
  return {whole.data_ptr<double>(), whole.data_ptr<double>() + whole.numel()};
}

/// The parameters are handles: what holds them computes in double from then on.
void widen(const std::vector<torch::Tensor>& parameters) {
  for (torch::Tensor parameter : parameters) {
    parameter.set_data(parameter.detach().to(torch::kFloat64));
  }
}

TEST(TextTower, GivesATextTheSameRowWhateverStandsBesideIt) {
  for_each_tower([](const std::string& encoder, const std::string& pooling) {
    const auto tower = tower_of(encoder, pooling);
    const Texts texts = some_texts();
    const Matrix together = rows_of(*tower, texts);
    ASSERT_EQ(together.rows(), texts.size());
    EXPECT_EQ(together.cols(), 5U);
    const Matrix reversed = rows_of(*tower, {texts.rbegin(), texts.rend()});
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Matrix alone = rows_of(*tower, {texts[i]});
      EXPECT_LT(farthest(together.row(i), alone.row(0)), 1e-5) << "text " << i;
      EXPECT_LT(farthest(together.row(i), reversed.row(texts.size() - 1 - i)), 1e-5)
          << "text " << i;
    }
  });
}

TEST(TextTower, TellsTextsOfOtherWordsApart) {
  for_each_tower([](const std::string& encoder, const std::string& pooling) {
    const Matrix rows = rows_of(*tower_of(encoder, pooling), {{3, 5}, {3, 6}});
    EXPECT_GT(farthest(rows.row(0), rows.row(1)), 1e-4);
  });
}

TEST(TextTower, MindsTheOrderOfWordsUnlessItIsABag) {
  for (const std::string& encoder : kEncoders) {
    for (const char* pooling : {"mean", "max", "generalised"}) {
      // One layer: ReLU could hide what is small at the start.
      TowerOptions options = options_of(encoder, pooling);
      options.shape = TowerShape::kLinear;
      const auto tower = make_tower(tokens_of({}), options, generator(1, "tower"), torch::kCPU);
      const Matrix rows = rows_of(*tower, {{3, 5, 7, 2}, {2, 5, 3, 7}});
      const double apart = farthest(rows.row(0), rows.row(1));
      if (encoder == "bag") {
        EXPECT_LT(apart, 1e-6) << pooling;
      } else {
        EXPECT_GT(apart, 1e-4) << encoder << ", " << pooling;
      }
    }
  }
}

TEST(TextTower, GivesTextsWithoutWordsTheRowOfAnUnknownWord) {
  for_each_tower([](const std::string& encoder, const std::string& pooling) {
    const Matrix rows = rows_of(*tower_of(encoder, pooling), {{}, {1, 2, 3}, {0}});
    for (const float value : rows.values()) EXPECT_TRUE(std::isfinite(value));
    EXPECT_LT(farthest(rows.row(0), rows.row(2)), 1e-6);
  });
}

TEST(TextTower, GivesNoRowsForNoTexts) {
  for_each_tower([](const std::string& encoder, const std::string& pooling) {
    const auto tower = tower_of(encoder, pooling);
    EXPECT_NO_THROW({
      const Matrix rows = rows_of(*tower, {});
      EXPECT_EQ(rows.rows(), 0U);
      EXPECT_EQ(rows.cols(), 5U);
    });
  });
}

TEST(TextTower, StartsFromTheVectorsOfTheFeatures) {
  Matrix vectors(kVocabulary, 3);
  Rng random(4, "vectors");
  for (float& value : vectors.values()) value = static_cast<float>(random.normal());
  TowerOptions options = options_of("bag", "mean");
  options.shape = TowerShape::kLinear;
  const Texts texts{{1, 4, 4}, {7}};
  const auto tower = make_tower(tokens_of(texts, vectors), options, generator(1, "t"), torch::kCPU);
  EXPECT_EQ(tower->inputs(), kVocabulary);
  // One layer, whose bias starts at 0, on the mean of the vectors.
  const std::vector<torch::Tensor> weights = tower->weights();
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(to_matrix(weights[1]), vectors);
  const Matrix layer = to_matrix(weights[0]);
  ASSERT_EQ(layer.rows(), 3U);
  const Matrix rows = rows_of(*tower, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      double expected = 0.0;
      for (const std::int32_t word : texts[i]) {
        for (std::size_t e = 0; e < 3; ++e) {
          expected += double{vectors.row(static_cast<std::size_t>(word))[e]} * layer.row(e)[j];
        }
      }
      EXPECT_NEAR(rows.row(i)[j], expected / static_cast<double>(texts[i].size()), 1e-5);
    }
  }
}

TEST(TextTower, DrawsVectorsOfTheWidthAskedWhereFeaturesHaveNone) {
  const auto tower = tower_of("bag", "mean");
  const torch::Tensor vectors = tower->weights().back();
  EXPECT_EQ(vectors.size(0), static_cast<std::int64_t>(kVocabulary));
  EXPECT_EQ(vectors.size(1), kWordWidth);
  EXPECT_GT(vectors.abs().min().item<float>(), 0.0F);
}

TEST(TextTower, IsDrawnByItsGeneratorAlone) {
  for_each_tower([](const std::string& encoder, const std::string& pooling) {
    torch::manual_seed(1);
    const Matrix once = rows_of(*tower_of(encoder, pooling, 1), some_texts());
    torch::manual_seed(2);
    EXPECT_EQ(rows_of(*tower_of(encoder, pooling, 1), some_texts()), once);
    EXPECT_NE(rows_of(*tower_of(encoder, pooling, 2), some_texts()), once);
  });
}

TEST(TextTower, GivesTheSameBitsAfterSavingAndLoading) {
  const ScratchFolder folder;
  for_each_tower([&](const std::string& encoder, const std::string& pooling) {
    const auto tower = tower_of(encoder, pooling);
    const std::filesystem::path path = folder / (encoder + pooling + ".h5");
    {
      H5File file = H5File::create(path);
      tower->save(file, "/model/text");
      file.close();
    }
    const auto loaded = load_tower(H5File::open(path), "/model/text", torch::kCPU);
    EXPECT_EQ(loaded->inputs(), tower->inputs());
    EXPECT_EQ(rows_of(*loaded, some_texts()), rows_of(*tower, some_texts()));
  });
}

TEST(TextTower, LearnsAllItsParametersByTheRightGradients) {
  for_each_tower([](const std::string& encoder, const std::string& pooling) {
    const auto tower = tower_of(encoder, pooling);
    std::vector<torch::Tensor> parameters = tower->weights();
    for (const torch::Tensor& bias : tower->biases()) parameters.push_back(bias);
    widen(parameters);
    const TokenSequences tokens = tokens_of(some_texts());
    const Features features = tokens;
    const FeatureTable table(features, torch::kCPU);
    const Input input = table.slice(0, table.size());
    Rng random(3, "weights of the sum");
    std::vector<double> share(table.size() * 5);
    for (double& each : share) each = random.normal();
    const torch::Tensor shares =
        torch::tensor(share, torch::kFloat64).view({static_cast<std::int64_t>(table.size()), 5});
    const auto loss = [&] { return (tower->forward(input, nullptr) * shares).sum(); };
    loss().backward();
    const torch::NoGradGuard no_grad;
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      ASSERT_TRUE(parameters[p].grad().defined()) << "parameter " << p;
      const torch::Tensor gradient = parameters[p].grad().view({-1});
      EXPECT_GT(gradient.abs().max().item<double>(), 0.0) << "parameter " << p;
      double* const values = parameters[p].data_ptr<double>();
      for (int draw = 0; draw < 6; ++draw) {
        const auto at =
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(gradient.numel())));
        constexpr double kStep = 1e-5;
        const double before = values[at];
        values[at] = before + kStep;
        const double above = loss().item<double>();
        values[at] = before - kStep;
        const double below = loss().item<double>();
        values[at] = before;
        const double slope = (above - below) / (2.0 * kStep);
        EXPECT_NEAR(gradient[at].item<double>(), slope, 1e-5 * std::max(1.0, std::abs(slope)))
            << "parameter " << p << ", entry " << at;
      }
    }
  });
}

// Two texts of two words and one, with something behind the second's end.
WordRows two_texts() { return words_of({{{1, -5}, {3, -1}}, {{2, 4}, {100, 100}}}, {2, 1}); }

std::vector<double> pooled(const std::string& kind, bool both_ways, const WordRows& rows) {
  return doubles_of(WordPooling(kind, both_ways, generator(1, "pooling"), torch::kCPU)(rows));
}

TEST(WordPooling, TakesTheMeanTheLargestOrTheLastWorkedByHand) {
  EXPECT_EQ(pooled("mean", false, two_texts()), (std::vector<double>{2, -3, 2, 4}));
  EXPECT_EQ(pooled("max", false, two_texts()), (std::vector<double>{3, -1, 2, 4}));
  EXPECT_EQ(pooled("last", false, two_texts()), (std::vector<double>{3, -1, 2, 4}));
}

TEST(WordPooling, TakesTheFirstWordOfWhatReadsBackwards) {
  EXPECT_EQ(pooled("last", true, two_texts()), (std::vector<double>{3, -5, 2, 4}));
}

/// With parameters as they are drawn, in double.
std::vector<double> generalised(const WordRows& rows) {
  const WordPooling pooling("generalised", false, generator(1, "pooling"), torch::kCPU);
  std::vector<torch::Tensor> parameters;
  for (const NamedTensor& each : pooling.parameters()) parameters.push_back(each.value);
  widen(parameters);
  return doubles_of(pooling(rows));
}

TEST(WordPooling, LeavesRowsThatAreConstantAlongWordsAsTheyAreWhereItIsGeneralised) {
  const auto found = generalised(
      words_of({{{4, -2}, {4, -2}, {4, -2}}, {{7, 0}, {7, 0}, {9, 9}}, {{-5, 3}, {8, 8}, {9, 9}}},
               {3, 2, 1}));
  const std::vector<double> expected{4, -2, 7, 0, -5, 3};
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-9);
}

TEST(WordPooling, SortsEachColumnWhereItIsGeneralised) {
  const auto once = generalised(words_of({{{1, 6}, {2, 5}, {3, 4}}}, {3}));
  const auto other = generalised(words_of({{{3, 5}, {1, 4}, {2, 6}}}, {3}));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(once[i], other[i], 1e-12);
  // The columns are 3 2 1 and 6 5 4 in falling order: one weight a place, so 3 apart.
  EXPECT_NEAR(once[1] - once[0], 3.0, 1e-9);
  EXPECT_GT(once[0], 1.0);
  EXPECT_LT(once[0], 3.0);
}

TEST(WordPooling, WeighsPlacesByTheNumberOfWordsWhateverOtherTextsHave) {
  const auto alone = generalised(words_of({{{1, 6}, {2, 5}}}, {2}));
  const auto beside = generalised(
      words_of({{{1, 6}, {2, 5}, {0, 0}, {0, 0}}, {{1, 6}, {2, 5}, {3, 3}, {4, 4}}}, {2, 4}));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(alone[i], beside[i], 1e-12);
}

std::unique_ptr<SequenceEncoder> wide_encoder(const SequenceOptions& options, std::int64_t inputs) {
  auto out = make_sequence_encoder(inputs, options, generator(1, "encoder"), torch::kCPU);
  std::vector<torch::Tensor> parameters;
  for (const NamedTensor& each : out->parameters()) parameters.push_back(each.value);
  widen(parameters);
  return out;
}

TEST(SequenceEncoder, GivesRowsOfTheWidthAsked) {
  const WordRows words = words_of({{{1, 2, 3}, {4, 5, 6}}}, {2});
  for (const std::string& kind : kEncoders) {
    const auto encoder = wide_encoder({kind, 8, 2}, 3);
    const std::int64_t width = kind == "bag" ? 3 : 8;
    EXPECT_EQ(encoder->width(), width) << kind;
    EXPECT_EQ(encoder->forward(words, nullptr).sizes(), (std::vector<std::int64_t>{1, 2, width}))
        << kind;
  }
}

/// What torch makes of one text on its own, [1, words, width].
torch::Tensor read_by_torch(const std::string& kind, const torch::Tensor& text,
                            const std::vector<torch::Tensor>& weights, std::int64_t state) {
  const bool both_ways = kind == "bigru";
  const torch::Tensor start =
      torch::zeros({both_ways ? 2 : 1, 1, state}, text.options().requires_grad(false));
  if (kind == "lstm") {
    return std::get<0>(torch::lstm(text, {start, start}, weights, true, 1, 0.0, true, false, true));
  }
  return std::get<0>(torch::gru(text, start, weights, true, 1, 0.0, true, both_ways, true));
}

TEST(SequenceEncoder, ReadsWordByWordAsTorchReadsEachTextOnItsOwn) {
  const std::vector<std::int64_t> lengths{3, 1, 5, 3};
  const at::Generator source = generator(4, "words");
  for (const std::string kind : {"gru", "lstm", "bigru"}) {
    SCOPED_TRACE(kind);
    const auto encoder = wide_encoder({kind, 6, 1}, 2);
    std::vector<torch::Tensor> weights;
    for (NamedTensor& each : encoder->parameters()) {
      const torch::NoGradGuard no_grad;
      each.value.normal_(0.0, 0.7, source);  // biases start at 0, and would hide their place
      weights.push_back(each.value);
    }
    WordRows words{torch::empty({4, 5, 2}, torch::kFloat64).normal_(0.0, 1.0, source),
                   torch::tensor(lengths)};
    words.values = words.values * words.mask().unsqueeze(2);
    const torch::Tensor read = encoder->forward(words, nullptr);
    torch::Tensor ours = torch::zeros({}, torch::kFloat64), theirs = ours.clone();
    for (std::int64_t i = 0; i < 4; ++i) {
      const std::int64_t length = lengths[static_cast<std::size_t>(i)];
      const torch::Tensor one = read.slice(0, i, i + 1).slice(1, 0, length);
      const torch::Tensor expected =
          read_by_torch(kind, words.values.slice(0, i, i + 1).slice(1, 0, length), weights,
                        kind == "bigru" ? 3 : 6);
      EXPECT_LT((one - expected).abs().max().item<double>(), 1e-12) << "text " << i;
      ours = ours + one.pow(3).sum();
      theirs = theirs + expected.pow(3).sum();
    }
    const auto of_ours = torch::autograd::grad({ours}, weights);
    const auto of_theirs = torch::autograd::grad({theirs}, weights);
    for (std::size_t w = 0; w < weights.size(); ++w) {
      EXPECT_GT(of_theirs[w].abs().max().item<double>(), 1e-3);
      EXPECT_LT((of_ours[w] - of_theirs[w]).abs().max().item<double>(), 1e-10);
    }
  }
}

TEST(SequenceEncoder, ConvolvesWindowsOfThreeFourAndFiveWords) {
  const std::vector<std::vector<double>> text{{1, -2}, {0.5, 3}, {-1, 1}, {2, 0}};
  const auto encoder = wide_encoder({"cnn", 3, 1}, 2);
  const auto found = doubles_of(encoder->forward(words_of({text}, {4}), nullptr));
  const auto parameters = encoder->parameters();
  ASSERT_EQ(parameters.size(), 6U);
  for (std::size_t map = 0; map < 3; ++map) {
    const std::size_t window = 3 + map, before = (window - 1) / 2;
    const auto kernel = doubles_of(parameters[2 * map].value);
    ASSERT_EQ(kernel.size(), 2 * window);
    for (std::size_t t = 0; t < 4; ++t) {
      double sum = 0.0;
      for (std::size_t j = 0; j < window; ++j) {
        if (t + j < before || t + j - before >= 4) continue;
        for (std::size_t e = 0; e < 2; ++e) sum += text[t + j - before][e] * kernel[e * window + j];
      }
      EXPECT_NEAR(found[3 * t + map], std::max(0.0, sum), 1e-12);
    }
  }
}

TEST(SequenceEncoder, PutsPlacesOnSinesAndCosinesOfFallingRates) {
  const auto found = doubles_of(sinusoids(3, 4, torch::zeros({1}, torch::kFloat64)));
  const std::vector<double> expected{0,
                                     1,
                                     0,
                                     1,
                                     std::sin(1.0),
                                     std::cos(1.0),
                                     std::sin(0.01),
                                     std::cos(0.01),
                                     std::sin(2.0),
                                     std::cos(2.0),
                                     std::sin(0.02),
                                     std::cos(0.02)};
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12);
}

TEST(CheckAligner, RefusesATextWidthThatTheEncoderCannotHave) {
  const auto refusal = [](const std::string& options) {
    const auto row = std::ranges::find(aligner_catalog(), "contrastive", &AlignerRow::name);
    const Node node = parse_toml(options, "c.toml");
    return message_of<ConfigError>([&] {
      check_aligner("contrastive", resolve(&node, row->options, "aligner"),
                    {FeatureForm::kDense, FeatureForm::kTokens}, {"c.toml", 3, 8});
    });
  };
  EXPECT_EQ(refusal("text_encoder = \"transformer\"\ntext_width = 12"),
            "c.toml:3:8: aligner.text_width: expected a multiple of 8 for text_encoder "
            "\"transformer\", found 12");
  EXPECT_EQ(refusal("text_encoder = \"bigru\"\ntext_width = 7"),
            "c.toml:3:8: aligner.text_width: expected a multiple of 2 for text_encoder "
            "\"bigru\", found 7");
  EXPECT_EQ(refusal("canonical = 0.5"),
            "c.toml:3:8: aligner.canonical: canonical directions are of features that are dense or "
            "sparse, found " +
                std::string(name_of(FeatureForm::kTokens)));
}

}  // namespace
}  // namespace alignlab::align
