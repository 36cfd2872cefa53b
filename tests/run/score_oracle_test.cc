// Scores of small matrices against their definitions, by every pair.

#include <cmath>

#include "tests/eval/oracle.h"
#include "tests/run/score_fixture.h"

namespace alignlab {
namespace {

using tests::metrics;
using tests::Names;
using tests::numbers;
using tests::Query;
using tests::random_rows;

class ScoreByDefinition : public tests::ScoreTest {};

/// Small whole numbers, whose dot products are exact and often equal.
Matrix random_whole_rows(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.between(-2, 2));
  return out;
}

Names drawn_names(std::size_t count, Rng& rng) {
  Names out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(std::string("n") + std::to_string(rng.below(4)));
  }
  return out;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) sum += double{a[e]} * double{b[e]};
  return sum;
}

/// What both directions find, as their definitions read.
struct Truth {
  std::vector<std::vector<double>> scores;  // [queries][candidates]
  Names queries;
  Names candidates;

  Truth turned() const {
    Truth out{std::vector(candidates.size(), std::vector<double>(queries.size())), candidates,
              queries};
    for (std::size_t i = 0; i < queries.size(); ++i) {
      for (std::size_t j = 0; j < candidates.size(); ++j) out.scores[j][i] = scores[i][j];
    }
    return out;
  }
  bool is_relevant(std::size_t i, std::size_t j) const { return queries[i] == candidates[j]; }
  /// Queries with something relevant, by scores that keep their order.
  std::vector<Query> judged() const {
    std::vector<Query> out;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      Query query;
      for (std::size_t j = 0; j < candidates.size(); ++j) {
        const auto lower =
            std::ranges::count_if(scores[i], [&](double other) { return other < scores[i][j]; });
        query.push_back({static_cast<int>(lower), is_relevant(i, j) ? 1.0 : 0.0});
      }
      if (tests::is_judged(query)) out.push_back(query);
    }
    return out;
  }
};

Truth truth_of(const Matrix& queries, const Names& query_names, const Matrix& candidates,
               const Names& candidate_names) {
  Truth out{{}, query_names, candidate_names};
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    auto& row = out.scores.emplace_back();
    for (std::size_t j = 0; j < candidates.rows(); ++j) {
      row.push_back(dot(queries.row(i), candidates.row(j)));
    }
  }
  return out;
}

/// Metrics of pooled pairs and at a threshold, from every score.
std::optional<double> pooled(const std::string& name, const Truth& truth, double threshold) {
  struct Pair {
    double score;
    bool relevant;
  };
  std::vector<Pair> pairs;
  double predicted = 0, correct = 0, relevant = 0, f1s = 0, queries = 0;
  for (std::size_t i = 0; i < truth.queries.size(); ++i) {
    double p = 0, c = 0, r = 0;
    std::vector<Pair> own;
    for (std::size_t j = 0; j < truth.candidates.size(); ++j) {
      const Pair pair{truth.scores[i][j], truth.is_relevant(i, j)};
      own.push_back(pair);
      p += pair.score >= threshold;
      c += pair.score >= threshold && pair.relevant;
      r += pair.relevant;
    }
    if (r == 0) continue;
    pairs.insert(pairs.end(), own.begin(), own.end());
    predicted += p, correct += c, relevant += r, queries += 1, f1s += 2 * c / (p + r);
  }
  if (name == "micro_precision@t") {
    return predicted == 0 ? std::nullopt : std::optional(100 * correct / predicted);
  }
  if (name == "micro_recall@t") return 100 * correct / relevant;
  if (name == "micro_F1@t") return 200 * correct / (predicted + relevant);
  if (name == "macro_F1@t") return 100 * f1s / queries;
  double precisions = 0, in_order = 0, wrong = 0;
  for (const Pair& one : pairs) {
    wrong += !one.relevant;
    if (!one.relevant) continue;
    double reaching = 0, right = 0;
    for (const Pair& other : pairs) {
      reaching += other.score >= one.score;
      right += other.score >= one.score && other.relevant;
      if (other.relevant) continue;
      in_order += other.score < one.score ? 1.0 : other.score == one.score ? 0.5 : 0.0;
    }
    precisions += right / reaching;
  }
  if (name == "micro_AP") return 100 * precisions / relevant;
  return wrong == 0 ? std::nullopt : std::optional(in_order / (relevant * wrong));
}

const Names kRanked{"R@1", "R@2",    "R@5", "R@10",  "recall@2", "precision@2", "F1@3",
                    "mAP", "R-Prec", "MRR", "mAP@2", "MeanR",    "nDCG@3",      "MedR"};
const Names kPooled{"micro_precision@t", "micro_recall@t", "micro_F1@t",
                    "macro_F1@t",        "micro_AP",       "micro_AUC"};

/// Compares every metric of one direction with its definition. Few candidates: all orders of tied
/// ones are gone through.
void expect_truth(const std::map<std::string, double>& found, const Truth& truth,
                  const Names& names, double threshold = 0.0) {
  std::vector<std::vector<tests::Order>> orders;
  for (const Query& query : truth.judged()) orders.push_back(tests::allowed_orders(query));
  for (const MetricName& metric : metrics(names)) {
    std::optional<double> expected;
    if (metric.uses_threshold() || metric.uses_curve()) {
      if (!orders.empty()) expected = pooled(metric.text, truth, threshold);
    } else if (metric.row == "MedR") {
      if (!orders.empty()) expected = tests::median_rank(orders);
    } else {
      expected = tests::mean_over(orders, tests::order_metrics().at(metric.row), metric.k);
    }
    ASSERT_EQ(found.contains(metric.text), expected.has_value()) << metric.text;
    if (!expected) continue;
    EXPECT_NEAR(found.at(metric.text), *expected, 1e-10) << metric.text;
  }
}

TEST_F(ScoreByDefinition, FindsWhatEveryScoreTells) {
  Rng rng(31, "matrices");
  Names names = kRanked;
  names.insert(names.end(), kPooled.begin(), kPooled.end());
  int tied = 0;
  for (int round = 0; round < 40 && !HasFailure(); ++round) {
    const bool by_index = rng.chance(0.3);
    const std::size_t rows = 1 + rng.below(6), others = by_index ? rows : 1 + rng.below(6);
    const std::size_t cols = 1 + rng.below(3);
    const Matrix queries = random_whole_rows(rows, cols, rng);
    const Matrix candidates = random_whole_rows(others, cols, rng);
    EmbeddingScoreRequest asked = request(queries, candidates, names);
    asked.threshold = rng.between(-2, 3);
    asked.threads = rng.between(1, 3);
    Names query_names = numbers(rows), candidate_names = numbers(others);
    if (!by_index) {
      query_names = drawn_names(rows, rng), candidate_names = drawn_names(others, rng);
      candidate_names.front() = query_names.back();
      asked.pairing = {lines("q.txt", query_names), lines("c.txt", candidate_names)};
    }
    const Truth truth = truth_of(queries, query_names, candidates, candidate_names);
    const Score found = score(asked);
    expect_truth(found.metrics.at(kQueryToCandidate), truth, names, *asked.threshold);
    expect_truth(found.metrics.at(kCandidateToQuery), truth.turned(), names, *asked.threshold);
    EXPECT_EQ(found.metrics.at(kQueryToCandidate).at("threshold"), *asked.threshold);
    tied += found.tie_rate.at(kQueryToCandidate) > 0.0;
  }
  EXPECT_GT(tied, 10);
}

/// A similarity of rows as its definition reads.
double similarity_of(Similarity similarity, std::span<const float> a, std::span<const float> b) {
  const auto n = static_cast<double>(a.size());
  double mean_a = 0.0, mean_b = 0.0, distance = 0.0, agreeing = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    mean_a += a[e] / n, mean_b += b[e] / n;
    distance += (double{a[e]} - b[e]) * (double{a[e]} - b[e]);
    agreeing += (a[e] >= 0) == (b[e] >= 0) ? 1.0 : -1.0;
  }
  if (similarity == Similarity::kDot) return dot(a, b);
  if (similarity == Similarity::kEuclidean) return -distance;
  if (similarity == Similarity::kHamming) return agreeing;
  if (similarity == Similarity::kCosine) return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
  double both = 0.0, square_a = 0.0, square_b = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    both += (a[e] - mean_a) * (b[e] - mean_b);
    square_a += (a[e] - mean_a) * (a[e] - mean_a);
    square_b += (b[e] - mean_b) * (b[e] - mean_b);
  }
  return both / std::sqrt(square_a * square_b);
}

TEST_F(ScoreByDefinition, FollowsEverySimilarity) {
  Rng rng(32, "matrices");
  for (const CatalogRow& row : similarity_catalog()) {
    const Matrix queries = random_rows(6, 5, rng), candidates = random_rows(6, 5, rng);
    EmbeddingScoreRequest asked = request(queries, candidates, kRanked);
    asked.similarity = similarity_from(row.name);
    Truth truth{{}, numbers(6), numbers(6)};
    for (std::size_t i = 0; i < 6; ++i) {
      auto& scores = truth.scores.emplace_back();
      for (std::size_t j = 0; j < 6; ++j) {
        scores.push_back(similarity_of(asked.similarity, queries.row(i), candidates.row(j)));
      }
    }
    const Score found = score(asked);
    SCOPED_TRACE(row.name);
    expect_truth(found.metrics.at(kQueryToCandidate), truth, kRanked);
    expect_truth(found.metrics.at(kCandidateToQuery), truth.turned(), kRanked);
  }
}

Matrix unit_rows(const Matrix& rows) {
  Matrix out = rows;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double norm = std::sqrt(dot(rows.row(i), rows.row(i)));
    for (float& value : out.row(i)) value = static_cast<float>(value / norm);
  }
  return out;
}

/// Each candidate's scores with a bank, for a correction.
struct BankScores {
  std::vector<std::vector<double>> scores;  // [candidates][bank]

  std::vector<double> csls(std::size_t neighbours) const {
    std::vector<double> out;
    for (auto row : scores) {
      std::ranges::sort(row, std::greater<>());
      row.resize(std::min(neighbours, row.size()));
      double sum = 0.0;
      for (const double score : row) sum += score;
      out.push_back(-sum / static_cast<double>(row.size()) / 2.0);
    }
    return out;
  }
  std::vector<double> inverted_softmax(double temperature) const {
    const double t = unit(temperature);
    std::vector<double> out;
    for (const auto& row : scores) {
      double exponentials = 0.0;
      for (const double score : row) exponentials += std::exp(score / t);
      out.push_back(-t * std::log(exponentials));
    }
    return out;
  }
  std::vector<double> dual_softmax(double temperature) const {
    std::vector<double> out = inverted_softmax(temperature);
    for (double& bias : out) bias /= 2.0;
    return out;
  }
  /// By scaling the matrix itself.
  std::vector<double> sinkhorn(double temperature, std::size_t iterations) const {
    const double t = unit(temperature);
    std::vector<std::vector<double>> plan;
    for (const auto& row : scores) {
      auto& own = plan.emplace_back();
      for (const double score : row) own.push_back(std::exp(score / t));
    }
    std::vector<double> factors(scores.size(), 1.0);
    for (std::size_t i = 0; i < iterations; ++i) {
      for (std::size_t b = 0; b < plan[0].size(); ++b) {
        double sum = 0.0;
        for (const auto& row : plan) sum += row[b];
        for (auto& row : plan) row[b] /= sum;
      }
      for (std::size_t g = 0; g < plan.size(); ++g) {
        double sum = 0.0;
        for (const double value : plan[g]) sum += value;
        for (double& value : plan[g]) value /= sum;
        factors[g] /= sum;
      }
    }
    for (double& factor : factors) factor = t * std::log(factor);
    return factors;
  }
  /// The candidates that are the best of some query of the bank.
  std::vector<bool> winners() const {
    std::vector<bool> out(scores.size(), false);
    for (std::size_t b = 0; b < scores[0].size(); ++b) {
      std::size_t best = 0;
      for (std::size_t g = 1; g < scores.size(); ++g) {
        if (scores[g][b] > scores[best][b]) best = g;
      }
      out[best] = true;
    }
    return out;
  }

 private:
  double unit(double temperature) const {
    double sum = 0.0, squares = 0.0, count = 0.0;
    for (const auto& row : scores) {
      for (const double score : row) sum += score, count += 1.0;
    }
    for (const auto& row : scores) {
      for (const double score : row) squares += (score - sum / count) * (score - sum / count);
    }
    return temperature * std::sqrt(squares / count);
  }
};

TEST_F(ScoreByDefinition, CorrectsForHubsByABankAsDefined) {
  Rng rng(33, "matrices");
  int moved = 0;
  const std::vector<std::string> corrections{"csls", "inverted-softmax", "dual-softmax", "sinkhorn",
                                             "qb-norm"};
  for (std::size_t round = 0; round < 40 && !HasFailure(); ++round) {
    const Matrix queries = random_rows(6, 3, rng), candidates = random_rows(6, 3, rng);
    const Matrix query_bank = random_rows(1 + rng.below(9), 3, rng);
    const Matrix candidate_bank = random_rows(1 + rng.below(9), 3, rng);
    EmbeddingScoreRequest asked = request(queries, candidates, kRanked);
    asked.similarity = Similarity::kCosine;
    const Score plain = score(asked);
    asked.correction = corrections[round % corrections.size()];
    asked.correction_iterations = 1 + rng.below(12);
    asked.correction_neighbours = 1 + rng.below(12);
    asked.correction_temperature = rng.uniform(0.1, 1.0);
    asked.query_bank = matrix("qb.npy", query_bank);
    asked.candidate_bank = matrix("cb.npy", candidate_bank);
    const Score found = score(asked);
    EXPECT_TRUE(found.notices.empty());
    const auto truth = [&](const Matrix& asking, const Matrix& asked_for, const Matrix& bank) {
      Truth out = truth_of(unit_rows(asking), numbers(6), unit_rows(asked_for), numbers(6));
      const BankScores near{
          truth_of(unit_rows(asked_for), numbers(6), unit_rows(bank), numbers(bank.rows())).scores};
      const double temperature = asked.correction_temperature;
      const auto bias = asked.correction == "csls" ? near.csls(asked.correction_neighbours)
                        : asked.correction == "dual-softmax" ? near.dual_softmax(temperature)
                        : asked.correction == "sinkhorn"
                            ? near.sinkhorn(temperature, asked.correction_iterations)
                            : near.inverted_softmax(temperature);
      const std::vector<bool> winners = near.winners();
      for (auto& row : out.scores) {
        const auto best = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
        if (asked.correction == "qb-norm" && !winners[best]) continue;
        for (std::size_t j = 0; j < bias.size(); ++j) row[j] += bias[j];
      }
      return out;
    };
    SCOPED_TRACE(asked.correction);
    expect_truth(found.metrics.at(kQueryToCandidate), truth(queries, candidates, query_bank),
                 kRanked);
    expect_truth(found.metrics.at(kCandidateToQuery), truth(candidates, queries, candidate_bank),
                 kRanked);
    moved += found.metrics != plain.metrics;
  }
  EXPECT_GT(moved, 20);
}

TEST_F(ScoreByDefinition, BoundsTiesAsScoringUnderThePolicyDoes) {
  Rng rng(35, "matrices");
  EmbeddingScoreRequest asked =
      request(random_whole_rows(30, 2, rng), random_whole_rows(30, 2, rng), kRanked);
  const Score found = score(asked);
  std::map<TiePolicy, ByMetric<double>> under;
  for (const TiePolicy ties :
       {TiePolicy::kExpected, TiePolicy::kOptimistic, TiePolicy::kPessimistic, TiePolicy::kIndex}) {
    asked.evaluation.ties = ties;
    under[ties] = score(asked).metrics;
    EXPECT_EQ(with_ties(found, asked.evaluation, ties), under[ties]);
  }
  EXPECT_EQ(under[TiePolicy::kExpected], found.metrics);
  for (const auto& [direction, own] : found.metrics) {
    for (const auto& [name, value] : own) {
      const bool is_rank = name == "MeanR" || name == "MedR";
      const double sign = is_rank ? -1.0 : 1.0;
      const double best = under[TiePolicy::kOptimistic].at(direction).at(name);
      const double worst = under[TiePolicy::kPessimistic].at(direction).at(name);
      const double index = under[TiePolicy::kIndex].at(direction).at(name);
      EXPECT_LE(sign * worst, sign * value + 1e-9) << name;
      EXPECT_LE(sign * value, sign * best + 1e-9) << name;
      EXPECT_LE(sign * worst, sign * index + 1e-9) << name;
      EXPECT_LE(sign * index, sign * best + 1e-9) << name;
    }
  }
}

}  // namespace
}  // namespace alignlab
