#include "run/score.h"

#include <cmath>
#include <limits>

#include "tests/run/score_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::matrix_of;
using tests::message_of;
using tests::metrics;
using tests::Names;
using tests::numbers;
using tests::random_rows;
using tests::ScoreTest;

TEST_F(ScoreTest, PairsRowsByTheirNumber) {
  // The scores of query i and candidate j; rows of the identity leave the candidates as they are.
  const Matrix candidates = matrix_of(3, 3, {9, 5, 1, /**/ 3, 4, 7, /**/ 2, 8, 6});
  const Matrix queries = matrix_of(3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  // Columns: 9 3 2, 5 4 8, 1 7 6: the right ones are at places 1, 3 and 2.
  // Rows: 9 5 1, 3 4 7, 2 8 6: at places 1, 2 and 2.
  const Score found = score(request(queries, candidates, {"R@1", "R@5", "R@10", "MeanR"}));
  const auto& forth = found.metrics.at(kQueryToCandidate);
  const auto& back = found.metrics.at(kCandidateToQuery);
  EXPECT_NEAR(forth.at("R@1"), 100.0 / 3, 1e-12);
  EXPECT_NEAR(forth.at("MeanR"), 2.0, 1e-12);
  EXPECT_NEAR(back.at("R@1"), 100.0 / 3, 1e-12);
  EXPECT_NEAR(back.at("MeanR"), 5.0 / 3, 1e-12);
  EXPECT_NEAR(found.metrics.at("both").at("rsum"), 400.0 + 200.0 / 3, 1e-12);
  EXPECT_TRUE(found.notices.empty());
  EXPECT_TRUE(found.intervals.empty());
  EXPECT_EQ(found.tie_rate.at(kQueryToCandidate), 0.0);
}

TEST_F(ScoreTest, TakesSeveralCaptionsOfAnImageByTheirGroups) {
  // Two images; captions of the second come first, and one belongs to none.
  EmbeddingScoreRequest asked =
      request(matrix_of(2, 2, {1, 0, 0, 1}), matrix_of(5, 2, {0, 9, 8, 1, 7, 2, 3, 3, 5, 4}),
              {"R@1", "recall@2", "mAP"});
  asked.pairing.query_names = lines("images", {"a.jpg", "b.jpg"});
  asked.pairing.candidate_names = lines("captions", {"b.jpg", "a.jpg", "b.jpg", "none", "a.jpg"});
  const Score found = score(asked);
  const auto& forth = found.metrics.at(kQueryToCandidate);
  // a.jpg has 0 8 7 3 5: its captions at places 1 and 3. b.jpg has 9 1 2 3 4: at places 1 and 4.
  EXPECT_NEAR(forth.at("R@1"), 100.0, 1e-12);
  EXPECT_NEAR(forth.at("recall@2"), 50.0, 1e-12);
  EXPECT_NEAR(forth.at("mAP"), 100 * ((1 + 2.0 / 3) / 2 + (1 + 2.0 / 4) / 2) / 2, 1e-12);
  EXPECT_NEAR(found.metrics.at(kCandidateToQuery).at("R@1"), 75.0, 1e-12);  // not the third
  EXPECT_EQ(found.notices,
            Names{"candidate_to_query: 1 queries have no relevant candidate and are left out"});
  EXPECT_EQ(found.retrievals.at(kCandidateToQuery).front().ranks.queries(), 5U);
  EXPECT_EQ(groups_of(found.retrievals).size(), 3U);
}

TEST_F(ScoreTest, NamesRowsOfTheOtherSideByTheirNumber) {
  const Matrix unit = matrix_of(3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  EmbeddingScoreRequest asked = request(unit, unit, {"R@1"});
  asked.pairing.query_names = lines("names", {"0", "2", "1"});
  EXPECT_NEAR(score(asked).metrics.at(kQueryToCandidate).at("R@1"), 100.0 / 3, 1e-12);
  asked.candidates = matrix("c.npy", matrix_of(3, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}));
  EXPECT_NEAR(score(asked).metrics.at(kQueryToCandidate).at("R@1"), 100.0, 1e-12);
  asked.pairing = {std::nullopt, folder_ / "names"};
  EXPECT_NEAR(score(asked).metrics.at(kCandidateToQuery).at("R@1"), 100.0, 1e-12);
  // One side named lets rows be of unequal number.
  asked.candidates = matrix("c.npy", matrix_of(2, 3, {0, 0, 1, 1, 0, 0}));
  asked.pairing.candidate_names = text("two", "2\r\n0");
  EXPECT_NEAR(score(asked).metrics.at(kQueryToCandidate).at("R@1"), 100.0, 1e-12);
}

TEST_F(ScoreTest, RefusesAnIdThatComesTwice) {
  const Matrix unit = matrix_of(3, 1, {1, 2, 3});
  EmbeddingScoreRequest asked = request(unit, unit, {"R@1"});
  asked.pairing = {lines("q.txt", {"a", "b", "c"}), lines("c.txt", {"b", "c", "b"}), true, true};
  EXPECT_EQ(refusal(asked), path_of("c.txt") + ":3: expected each id once, found 'b' as on line 1");
  // Images by unique names, captions by those of their images.
  asked.pairing.candidate_names_are_ids = false;
  EXPECT_NO_THROW(score(asked));
}

TEST_F(ScoreTest, NeedsANameForEachRow) {
  const Matrix unit = matrix_of(3, 1, {1, 2, 3});
  EmbeddingScoreRequest asked = request(unit, unit, {"R@1"});
  for (const Names& names : {Names{"a", "b"}, Names{"a", "b", "c", ""}}) {
    asked.pairing.query_names = lines("q.txt", names);
    EXPECT_EQ(refusal(asked), path_of("q.txt") + ": expected 3 lines, one for each row of " +
                                  path_of("q.npy") + ", found " + std::to_string(names.size()));
  }
  asked.pairing.query_names = folder_ / "none";
  EXPECT_EQ(refusal(asked), path_of("none") + ": no such file");
}

TEST_F(ScoreTest, RefusesRowsOfUnequalNumberWithoutNames) {
  const EmbeddingScoreRequest asked = request(Matrix(2, 3), Matrix(10, 3), {"R@1"});
  EXPECT_EQ(refusal(asked),
            path_of("c.npy") + ": expected 2 rows, as in " + path_of("q.npy") +
                ", found 10; where several rows belong to one, name them with --query-groups or "
                "--candidate-groups");
}

TEST_F(ScoreTest, RefusesRowsOfUnequalWidth) {
  EmbeddingScoreRequest asked = request(Matrix(2, 3), Matrix(2, 4), {"R@1"});
  EXPECT_EQ(refusal(asked),
            path_of("c.npy") + ": expected 3 columns, as in " + path_of("q.npy") + ", found 4");
  asked.candidates = asked.queries;
  asked.correction = "csls";
  asked.query_bank = asked.queries;
  asked.candidate_bank = folder_ / "c.npy";
  EXPECT_EQ(refusal(asked),
            path_of("c.npy") + ": expected 3 columns, as in " + path_of("q.npy") + ", found 4");
}

TEST_F(ScoreTest, RefusesWhatIsNotFiniteByItsRow) {
  Matrix rows(4, 2);
  rows.row(2)[1] = std::numeric_limits<float>::quiet_NaN();
  EmbeddingScoreRequest asked = request(Matrix(4, 2), rows, {"R@1"});
  EXPECT_TRUE(tests::contains(refusal(asked), path_of("c.npy") + ": row 2, column 1: expected"));
  rows.row(2)[1] = -std::numeric_limits<float>::infinity();
  asked = request(rows, Matrix(4, 2), {"R@1"});
  EXPECT_TRUE(tests::contains(refusal(asked), path_of("q.npy") + ": row 2, column 1: expected"));
}

TEST_F(ScoreTest, RefusesMatricesWithoutRows) {
  EmbeddingScoreRequest asked = request(Matrix(0, 3), Matrix(0, 3), {"R@1"});
  EXPECT_EQ(refusal(asked), path_of("q.npy") + ": expected a row at least, found none");
  asked = request(Matrix(2, 3), Matrix(2, 3), {"R@1"});
  asked.query_bank = asked.queries;
  asked.candidate_bank = matrix("bank.npy", Matrix(0, 3));
  for (const char* correction : {"csls", "inverted-softmax"}) {
    asked.correction = correction;
    EXPECT_EQ(refusal(asked), path_of("bank.npy") + ": expected a row at least, found none");
  }
}

TEST_F(ScoreTest, RefusesPairsOfWhichNoneIsRelevant) {
  EmbeddingScoreRequest asked = request(Matrix(2, 3), Matrix(2, 3), {"R@1"});
  asked.pairing.query_names = lines("names", {"a", "b"});
  EXPECT_EQ(refusal(asked),
            path_of("q.npy") + ": expected a query with something relevant, found none");
}

TEST_F(ScoreTest, SaysThatACorrectionWithoutABankIsTransductive) {
  Rng rng(34, "matrices");
  const Matrix queries = random_rows(20, 3, rng), candidates = random_rows(20, 3, rng);
  EmbeddingScoreRequest asked = request(queries, candidates, {"R@1", "R@5", "MeanR", "mAP"});
  for (const char* correction : {"csls", "inverted-softmax"}) {
    asked.correction = correction;
    asked.query_bank.reset(), asked.candidate_bank.reset();
    const Score found = score(asked);
    EXPECT_EQ(found.notices, Names{std::string(correction) +
                                   " looks at all evaluated queries: the result is transductive"});
    asked.query_bank = asked.queries, asked.candidate_bank = asked.candidates;
    const Score same = score(asked);
    EXPECT_TRUE(same.notices.empty());
    EXPECT_EQ(same.metrics, found.metrics);
  }
}

TEST_F(ScoreTest, CountsRowsThatHaveNoDirection) {
  const Matrix queries = matrix_of(3, 2, {0, 0, 1, 2, 3, 3});
  const Matrix candidates = matrix_of(3, 2, {1, 1, 1, 2, 0, 0});
  EmbeddingScoreRequest asked = request(queries, candidates, {"R@1", "MeanR"});
  asked.similarity = Similarity::kCosine;
  const std::string of_queries = "query_to_candidate: ", of_candidates = "candidate_to_query: ";
  const std::string rest = " queries are zero or constant and score 0 with all";
  const Score found = score(asked);
  EXPECT_EQ(found.notices, (Names{of_candidates + "1" + rest, of_queries + "1" + rest}));
  // The zero query ties with all three; (3, 3) finds (1, 1) and (1, 2) before the zero candidate.
  EXPECT_NEAR(found.metrics.at(kQueryToCandidate).at("MeanR"), (2.0 + 1 + 3) / 3, 1e-12);
  asked.similarity = Similarity::kPearson;
  EXPECT_EQ(score(asked).notices, (Names{of_candidates + "2" + rest, of_queries + "2" + rest}));
  asked.similarity = Similarity::kDot;
  EXPECT_TRUE(score(asked).notices.empty());
}

TEST_F(ScoreTest, GivesAConstantScorerChance) {
  EmbeddingScoreRequest asked =
      request(matrix_of(4, 1, {1, 1, 1, 1}), matrix_of(4, 1, {1, 1, 1, 1}), {"R@1", "MeanR"});
  const Score found = score(asked);
  EXPECT_NEAR(found.metrics.at(kQueryToCandidate).at("R@1"), 25.0, 1e-12);
  EXPECT_EQ(found.tie_rate.at(kQueryToCandidate), 100.0);
  EXPECT_EQ(found.tie_rate.at(kCandidateToQuery), 100.0);
  const auto worst = with_ties(found, asked.evaluation, TiePolicy::kPessimistic);
  const auto best = with_ties(found, asked.evaluation, TiePolicy::kOptimistic);
  EXPECT_EQ(worst.at(kQueryToCandidate).at("R@1"), 0.0);
  EXPECT_EQ(worst.at(kQueryToCandidate).at("MeanR"), 4.0);
  EXPECT_EQ(best.at(kCandidateToQuery).at("R@1"), 100.0);
  EXPECT_EQ(best.at(kCandidateToQuery).at("MeanR"), 1.0);
}

TEST_F(ScoreTest, GivesIntervalsOfAllNamesDrawnTogether) {
  Rng rng(36, "matrices");
  EmbeddingScoreRequest asked =
      request(random_rows(12, 2, rng), random_rows(24, 2, rng), {"R@1", "R@5", "R@10", "MedR"});
  Names doubled;
  for (const std::string& name : numbers(12)) doubled.insert(doubled.end(), 2, name);
  asked.pairing.candidate_names = lines("c.txt", doubled);
  asked.intervals = IntervalRequest{{}, 200, 3};
  const Score found = score(asked);
  EXPECT_EQ(groups_of(found.retrievals).size(), 12U);
  const auto expected = intervals_of(found.retrievals, asked.evaluation, *asked.intervals);
  for (const auto& [direction, own] : found.metrics) {
    for (const auto& [name, value] : own) {
      const Interval& interval = found.intervals.at(direction).at(name);
      EXPECT_LE(interval.low, value) << name;
      EXPECT_GE(interval.high, value) << name;
      EXPECT_EQ(interval.low, expected.at(direction).at(name).low);
      EXPECT_EQ(interval.high, expected.at(direction).at(name).high);
    }
  }
  EXPECT_TRUE(found.intervals.at("both").contains("rsum"));
}

/// Five thousand images on a circle and five captions each that lie where their image does, but for
/// those of every hundredth image, which lie behind the next one.
class Coco : public ScoreTest {
 protected:
  static constexpr std::size_t kImages = 5000;

  static void put_on_circle(std::span<float> row, double place) {
    const double angle = 6.283185307179586 * place / static_cast<double>(kImages);
    row[0] = static_cast<float>(std::cos(angle));
    row[1] = static_cast<float>(std::sin(angle));
  }
  static Matrix images() {
    Matrix out(kImages, 2);
    for (std::size_t i = 0; i < kImages; ++i) put_on_circle(out.row(i), static_cast<double>(i));
    return out;
  }
  /// Image 7 has `further` more, on the other side of the circle.
  static Matrix captions(std::size_t further) {
    Matrix out(5 * kImages + further, 2);
    for (std::size_t j = 0; j < 5 * kImages; ++j) {
      const double shift = (j / 5) % 100 == 0 ? 1.2 : 0.01 * static_cast<double>(j % 5);
      put_on_circle(out.row(j), static_cast<double>(j / 5) + shift);
    }
    for (std::size_t j = 5 * kImages; j < out.rows(); ++j) put_on_circle(out.row(j), 2500.3);
    return out;
  }
  fs::path names(std::size_t further) const {
    Names out;
    for (std::size_t j = 0; j < 5 * kImages; ++j) out.push_back(std::to_string(j / 5));
    out.insert(out.end(), further, "7");
    return lines("captions.txt", out);
  }
};

TEST_F(Coco, HasImagesOnEitherSide) {
  EmbeddingScoreRequest asked = request(images(), captions(3), {"R@1", "R@5", "R@10", "MedR"});
  asked.pairing.candidate_names = names(3);
  asked.protocol = "coco-5k";
  const Score forth = score(asked);
  std::swap(asked.queries, asked.candidates);
  std::swap(asked.pairing.query_names, asked.pairing.candidate_names);
  const Score back = score(asked);
  EXPECT_EQ(forth.metrics.at(kQueryToCandidate), back.metrics.at(kCandidateToQuery));
  EXPECT_EQ(forth.metrics.at(kCandidateToQuery), back.metrics.at(kQueryToCandidate));
  EXPECT_EQ(forth.metrics.at("both"), back.metrics.at("both"));
  EXPECT_EQ(forth.retrievals.at(kQueryToCandidate).size(), 1U);
  EXPECT_EQ(forth.retrievals.at(kQueryToCandidate).front().ranks.queries(), 5000U);
  EXPECT_EQ(forth.retrievals.at(kCandidateToQuery).front().ranks.queries(), 25000U);
  // Of every hundredth image the captions are nearer to the next image.
  EXPECT_NEAR(forth.metrics.at(kCandidateToQuery).at("R@1"), 99.0, 1e-12);
  EXPECT_NEAR(forth.metrics.at(kCandidateToQuery).at("R@5"), 100.0, 1e-12);
  EXPECT_TRUE(forth.notices.empty());
}

TEST_F(Coco, HasFiveFoldsOfConsecutiveThousands) {
  EmbeddingScoreRequest asked = request(captions(1), images(), {"R@1", "R@5", "R@10"});
  asked.pairing.query_names = names(1);
  asked.protocol = "coco-1k-5fold";
  const Score found = score(asked);
  for (const Retrieval& fold : found.retrievals.at(kQueryToCandidate)) {
    EXPECT_EQ(fold.ranks.queries(), 5000U);
    EXPECT_EQ(fold.ranks.candidates, 1000);
  }
  EXPECT_EQ(found.retrievals.at(kCandidateToQuery).size(), 5U);
  EXPECT_NEAR(found.metrics.at(kQueryToCandidate).at("R@1"), 99.0, 1e-12);
}

TEST_F(ScoreTest, RefusesWhatAProtocolIsNotDefinedOn) {
  EmbeddingScoreRequest asked = request(Matrix(10, 2), Matrix(2, 2), {"R@1"});
  asked.pairing.query_names = lines("q.txt", Names(10, "0"));
  asked.protocol = "flickr8k-1k";
  EXPECT_EQ(refusal(asked), path_of("c.npy") +
                                ": protocol 'flickr8k-1k' is defined on 1000 images "
                                "with 5 captions each, found 2 images");
  asked = request(Matrix(2, 2), Matrix(2, 2), {"R@1"});
  asked.protocol = "coco-5k";
  EXPECT_EQ(refusal(asked), path_of("q.npy") +
                                ": protocol 'coco-5k' is defined on 5000 images with "
                                "5 captions each or more, found 2 images");
}

class RankingScore : public ScoreTest {
 protected:
  RankingScoreRequest rankings(const std::string& run, const std::string& qrels,
                               const Names& names) const {
    RankingScoreRequest out;
    out.evaluation.metrics = metrics(names);
    out.run = text("a.run", run);
    out.qrels = text("a.qrels", qrels);
    return out;
  }
};

const std::string kRun =
    "q1 Q0 a 1 9 t\nq1 Q0 b 2 8 t\nq1 Q0 c 3 8 t\nq1 Q0 d 4 7 t\nq2 Q0 a 1 3 t\nq9 Q0 a 1 3 t\n";
const std::string kQrels = "q1 0 a 1\nq1 0 c 1\nq1 0 z 1\nq2 0 b 1\nq2 0 a 0\nq3 0 a 1\nq4 0 a 0\n";

TEST_F(RankingScore, IsWorkedByHand) {
  RankingScoreRequest asked = rankings(
      kRun, kQrels,
      {"R@1", "R@5", "R@10", "recall@2", "mAP", "MRR", "R-Prec", "MedR", "MeanR", "macro_AUC"});
  const Score found = score_rankings(asked);
  const auto& own = found.metrics.at(kQueryToCandidate);
  // q1 finds a at place 1, and c at 2 or 3 of three relevant ones; q2 and q3 find nothing.
  EXPECT_NEAR(own.at("R@1"), 100.0 / 3, 1e-12);
  EXPECT_NEAR(own.at("R@10"), 100.0 / 3, 1e-12);
  EXPECT_NEAR(own.at("recall@2"), 100 * (1.5 / 3) / 3, 1e-12);
  EXPECT_NEAR(own.at("mAP"), 100 * ((1 + (1 + 2.0 / 3) / 2) / 3) / 3, 1e-12);
  EXPECT_NEAR(own.at("MRR"), 1.0 / 3, 1e-12);
  EXPECT_NEAR(own.at("R-Prec"), 100 * (2.0 / 3) / 3, 1e-12);
  for (const char* name : {"MedR", "MeanR", "macro_AUC"}) EXPECT_FALSE(own.contains(name)) << name;
  EXPECT_EQ(found.metrics.size(), 1U);
  EXPECT_NEAR(found.tie_rate.at(kQueryToCandidate), 20.0, 1e-12);
  EXPECT_EQ(found.notices,
            (Names{"1 judged queries have no relevant document and are left out",
                   "2 judged queries are not in the run: those with a relevant document "
                   "count as finding nothing",
                   "1 queries of the run are not judged and are left out"}));
}

TEST_F(RankingScore, BoundsTies) {
  const RankingScoreRequest asked = rankings(kRun, kQrels, {"recall@2", "mAP", "MeanR"});
  const Score found = score_rankings(asked);
  const auto worst = with_ties(found, asked.evaluation, TiePolicy::kPessimistic);
  const auto best = with_ties(found, asked.evaluation, TiePolicy::kOptimistic);
  EXPECT_NEAR(worst.at(kQueryToCandidate).at("recall@2"), 100.0 / 9, 1e-12);
  EXPECT_NEAR(best.at(kQueryToCandidate).at("recall@2"), 200.0 / 9, 1e-12);
  EXPECT_NEAR(worst.at(kQueryToCandidate).at("mAP"), 100 * (1 + 2.0 / 3) / 9, 1e-12);
  EXPECT_NEAR(best.at(kQueryToCandidate).at("mAP"), 200.0 / 9, 1e-12);
  EXPECT_FALSE(best.at(kQueryToCandidate).contains("MeanR"));
}

TEST_F(RankingScore, FindsNothingWhereNothingRelevantIsListedUnderAnyPolicy) {
  for (const std::string& ties : kTiePolicies) {
    RankingScoreRequest asked = rankings(
        "q Q0 a 1 9 t\n", "q 0 x 1\nq 0 y 2\nq 0 z 3\n",
        {"R@5", "recall@1000", "precision@5", "mAP", "mAP@5", "MAP@R", "MRR", "R-Prec", "nDCG@10"});
    asked.evaluation.ties = tie_policy_from(ties);
    const Score found = score_rankings(asked);
    EXPECT_EQ(found.metrics.at(kQueryToCandidate).size(), asked.evaluation.metrics.size());
    for (const auto& [name, value] : found.metrics.at(kQueryToCandidate)) {
      EXPECT_NEAR(value, 0.0, 1e-12) << name << " " << ties;
    }
  }
}

TEST_F(RankingScore, GivesIntervalsOfQueriesDrawnAnew) {
  RankingScoreRequest asked = rankings(kRun, kQrels, {"R@1", "MeanR"});
  asked.intervals = IntervalRequest{{}, 500, 0};
  const Score found = score_rankings(asked);
  // Of three judged queries one hits; all or none of the drawn ones may be that.
  EXPECT_EQ(found.intervals.at(kQueryToCandidate).at("R@1").low, 0.0);
  EXPECT_EQ(found.intervals.at(kQueryToCandidate).at("R@1").high, 100.0);
  EXPECT_EQ(found.intervals.at(kQueryToCandidate).size(), 1U);
}

TEST_F(RankingScore, RefusesJudgementsOfWhichNoneIsRelevant) {
  const RankingScoreRequest asked = rankings(kRun, "q1 0 a 0\nq1 0 b -1\n", {"R@1"});
  EXPECT_EQ(message_of<DataError>([&] { score_rankings(asked); }),
            path_of("a.qrels") + ": expected a query with something relevant, found none");
}

}  // namespace
}  // namespace alignlab
