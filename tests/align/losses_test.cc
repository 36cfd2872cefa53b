// The losses of two-tower training: numbers worked by hand, and gradients by finite differences.

#include "align/torch/losses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/align/fixtures.h"

namespace alignlab::align {
namespace {

std::unique_ptr<PairLoss> loss_of(const std::string& options) {
  const auto row = std::ranges::find(aligner_catalog(), "contrastive", &AlignerRow::name);
  const Node node = parse_toml(options, "options");
  return make_pair_loss(resolve(&node, row->options, "aligner"), torch::kCPU);
}

torch::Tensor rows(const std::vector<std::vector<double>>& values) {
  torch::Tensor out = torch::zeros(
      {static_cast<std::int64_t>(values.size()), static_cast<std::int64_t>(values.front().size())},
      torch::kFloat64);
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values[i].size(); ++j) {
      out[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)] = values[i][j];
    }
  }
  return out;
}

EmbeddedSide side(torch::Tensor values, const std::vector<std::int64_t>& groups) {
  return {std::move(values), torch::tensor(groups, torch::kInt64)};
}

EmbeddedSide nothing(std::int64_t width) {
  return {torch::zeros({0, width}, torch::kFloat64), torch::zeros({0}, torch::kInt64)};
}

/// First items at 0 and 90 degrees; second ones at 0 (group 0), 60 (group 0) and 90 (group 1), none
/// of unit length. Cosines: 1, 1/2, 0 and 0, sqrt(3)/2, 1.
EmbeddedBatch angles() {
  const double h = std::sqrt(0.75);
  return {side(rows({{2, 0}, {0, 3}}), {0, 1}), side(rows({{5, 0}, {0.5, h}, {0, 0.1}}), {0, 0, 1}),
          nothing(2), nothing(2)};
}

double value(const std::string& options, const EmbeddedBatch& batch, std::int64_t epoch = 1) {
  const auto loss = loss_of(options);
  loss->begin_epoch(epoch);
  return loss->of(batch).item<double>();
}

double softplus(double x) { return std::log1p(std::exp(x)); }

TEST(Losses, InfoNceMasksSiblings) {
  // By rows: pair (0, 0) against s = 0, pair (0, 1) against 0, pair (1, 2) against 0 and h.
  const double h = std::sqrt(0.75), t = 2.0;
  const double by_row =
      (softplus(-t) + softplus(-t / 2) + std::log(std::exp(t) + 1 + std::exp(h * t)) - t) / 3;
  // By columns: each against the other image.
  const double by_column = (softplus(-t) + softplus((h - 0.5) * t) + softplus(-t)) / 3;
  EXPECT_NEAR(value("temperature = 0.5", angles()), (by_row + by_column) / 2, 1e-6);
}

TEST(Losses, InfoNceSharesTheTargetThatIsSmoothed) {
  const double h = std::sqrt(0.75), t = 2.0, e = 0.3;
  const auto cost = [&](double own, const std::vector<double>& others) {
    double sum = std::exp(own * t), mean = own * t;
    for (const double other : others) {
      sum += std::exp(other * t);
      mean += other * t;
    }
    return std::log(sum) - (1 - e) * own * t - e * mean / static_cast<double>(1 + others.size());
  };
  const double by_row = (cost(1, {0}) + cost(0.5, {0}) + cost(1, {0, h})) / 3;
  const double by_column = (cost(1, {0}) + cost(0.5, {h}) + cost(1, {0})) / 3;
  EXPECT_NEAR(value("temperature = 0.5\nlabel_smoothing = 0.3", angles()), (by_row + by_column) / 2,
              1e-6);
}

TEST(Losses, InfoNceTakesSiblingsForPositivesWhereAsked) {
  const double h = std::sqrt(0.75), t = 2.0;
  // Image 0 has two positives, whose mean counts; each direction is a mean over its queries.
  const double first = std::log(std::exp(t) + std::exp(t / 2) + 1) - (t + t / 2) / 2;
  const double second = std::log(std::exp(t) + 1 + std::exp(h * t)) - t;
  const double by_column = (softplus(-t) + softplus((h - 0.5) * t) + softplus(-t)) / 3;
  EXPECT_NEAR(value("temperature = 0.5\nsiblings = \"positive\"", angles()),
              ((first + second) / 2 + by_column) / 2, 1e-6);
}

TEST(Losses, MemoryHoldsMoreNegativesButNoSiblings) {
  EmbeddedBatch batch = angles();
  const double without = value("temperature = 0.5", batch);
  // A text of group 0 is no negative of image 0, but one of image 1, at cosine -1.
  batch.second_memory = side(rows({{0, -1}}), {0});
  const double h = std::sqrt(0.75), t = 2.0;
  const double more = (std::log(std::exp(t) + 1 + std::exp(h * t) + std::exp(-t)) -
                       std::log(std::exp(t) + 1 + std::exp(h * t))) /
                      3;
  EXPECT_NEAR(value("temperature = 0.5", batch) - without, more / 2, 1e-6);
}

TEST(Losses, SigLipAsksOfEachPairWhetherItBelongs) {
  const double h = std::sqrt(0.75), t = 10.0, b = -10.0;
  const double yes = softplus(-(t + b)) * 2 + softplus(-(t / 2 + b));  // s = 1, 1, 1/2
  const double no = softplus(b) * 2 + softplus(h * t + b);             // s = 0, 0, h
  // The same sum over 2 queries and over 3.
  EXPECT_NEAR(value("loss = \"siglip\"\ntemperature = 0.1", angles()),
              ((yes + no) / 2 + (yes + no) / 3) / 2, 1e-5);
}

TEST(Losses, HingesSumOrTakeTheLargestAfterAnEpoch) {
  const double h = std::sqrt(0.75), m = 0.6;
  // By rows: (0,0): 0.6 - 1 + 0 < 0; (0,1): 0.6 - 0.5 + 0 = 0.1; (1,2): -0.4 and 0.6 - 1 + h.
  const double row = (0.1 + (m - 1 + h)) / 3;
  // By columns: (0,0): < 0; (0,1): 0.6 - 0.5 + h; (1,2): < 0.
  const double column = (m - 0.5 + h) / 3;
  EXPECT_NEAR(value("loss = \"hinge-sum\"\nmargin = 0.6", angles()), (row + column) / 2, 1e-9);
  // With margin 1.5 both terms of pair (1, 2) are positive: 0.5 and 0.5 + h, and one of them
  // counts.
  const double m2 = 1.5;
  const double all = ((m2 - 1) + (m2 - 0.5) + (m2 - 1) + (m2 - 1 + h)) / 3;
  const double hardest = ((m2 - 1) + (m2 - 0.5) + (m2 - 1 + h)) / 3;
  const double columns = ((m2 - 1) + (m2 - 0.5 + h) + (m2 - 1)) / 3;
  const std::string options = "loss = \"hinge-max\"\nmargin = 1.5";
  EXPECT_NEAR(value(options, angles(), 0), (all + columns) / 2, 1e-9);
  EXPECT_NEAR(value(options, angles(), 1), (hardest + columns) / 2, 1e-9);
}

TEST(Losses, VicRegAddsDifferenceLackOfSpreadAndRedundancy) {
  // Two pairs, width 2. a = (0,0), (2,2): variances 2, covariance 2; b = (0,0), (0,0.6): variances
  // 0 and 0.18, covariance 0.
  const EmbeddedBatch batch{side(rows({{0, 0}, {2, 2}}), {0, 1}),
                            side(rows({{0, 0}, {0, 0.6}}), {0, 1}), nothing(2), nothing(2)};
  const double difference = (4 + 1.4 * 1.4) / 4;
  const double spread = ((1 - std::sqrt(1e-4)) + (1 - std::sqrt(0.18 + 1e-4))) / 2;
  const double redundancy = 2 * 2.0 * 2.0 / 2;
  EXPECT_NEAR(value("loss = \"vicreg\"", batch), 25 * difference + 25 * spread + redundancy, 1e-6);
}

TEST(Losses, BarlowWantsTheIdentityForCorrelations) {
  // The columns of a are uncorrelated; b's first is a's first, its second is a's first as well.
  const EmbeddedBatch batch{side(rows({{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}), {0, 1, 2, 3}),
                            side(rows({{1, 1}, {1, 1}, {-1, -1}, {-1, -1}}), {0, 1, 2, 3}),
                            nothing(2), nothing(2)};
  // C = (1 1; 0 0): one diagonal entry is wrong, and one off it.
  EXPECT_NEAR(value("loss = \"barlow\"", batch), 1 + 0.0051, 1e-4);
}

TEST(Losses, HaveTheGradientsOfFiniteDifferences) {
  torch::manual_seed(1);
  const auto random = [](std::int64_t n) { return torch::randn({n, 3}, torch::kFloat64); };
  const EmbeddedSide memory = side(random(2), {1, 7});
  const torch::Tensor first = random(4), second = random(6);
  const auto batch = [&](const torch::Tensor& u, const torch::Tensor& v) {
    return EmbeddedBatch{side(u, {0, 1, 2, 2}), side(v, {0, 0, 1, 2, 2, 3}), memory, memory};
  };
  for (const std::string options :
       {"temperature = 0.5\nlabel_smoothing = 0.1",
        "temperature = 0.5\nsiblings = \"positive\"\nlabel_smoothing = 0.1",
        "loss = \"siglip\"\ntemperature = 0.5\nbias = -1.0", "loss = \"hinge-sum\"",
        "loss = \"hinge-max\"", "loss = \"vicreg\"", "loss = \"barlow\""}) {
    const auto loss = loss_of(options);
    loss->begin_epoch(1);
    torch::Tensor u = first.clone().requires_grad_(), v = second.clone().requires_grad_();
    loss->of(batch(u, v)).backward();
    const torch::NoGradGuard no_grad;
    for (const bool of_first : {true, false}) {
      const torch::Tensor& at = of_first ? first : second;
      const torch::Tensor gradient = of_first ? u.grad() : v.grad();
      for (std::int64_t i = 0; i < at.size(0); ++i) {
        for (std::int64_t j = 0; j < at.size(1); ++j) {
          const auto moved = [&](double by) {
            torch::Tensor there = at.clone();
            there[i][j] += by;
            return loss->of(of_first ? batch(there, second) : batch(first, there)).item<double>();
          };
          const double slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
          EXPECT_NEAR(gradient[i][j].item<double>(), slope, 1e-5 * std::max(1.0, std::abs(slope)))
              << options << " at " << i << ", " << j;
        }
      }
    }
  }
}

}  // namespace
}  // namespace alignlab::align
