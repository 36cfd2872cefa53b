// `score` as a program: what it prints, in which form, and how it refuses.

#include <fstream>
#include <limits>
#include <set>

#include "data/npy.h"
#include "tests/cli/lab.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::is_plain;
using tests::matrix_of;
using tests::Outcome;
using tests::Words;

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> out;
  for (const auto& [key, value] : object.items()) out.insert(key);
  return out;
}

class ScoreCommand : public ::testing::Test {
 protected:
  ScoreCommand() {
    // Scores of query i and candidate j by the dot product: 9 3 2, 5 4 8, 1 7 6. The right ones are
    // at places 1, 3 and 2 of the queries, and 1, 2 and 2 of the candidates.
    write_npy(folder_ / "q.npy", matrix_of(3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1}));
    write_npy(folder_ / "c.npy", matrix_of(3, 3, {9, 5, 1, 3, 4, 7, 2, 8, 6}));
    write("a.run", "q1 Q0 a 1 9 t\nq1 Q0 b 2 8 t\nq1 Q0 c 3 8 t\nq2 Q0 a 1 3 t\nq9 Q0 a 1 3 t\n");
    write("a.qrels", "q1 0 a 1\nq1 0 c 1\nq1 0 z 1\nq2 0 b 1\nq3 0 a 0\n");
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  Outcome run(Words arguments) const {
    arguments.insert(arguments.begin(), "score");
    return tests::alignlab(folder_.path(), arguments);
  }
  static Words rows(const Words& more) {
    Words out{"--queries", "q.npy", "--candidates", "c.npy", "--similarity", "dot"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  static Words lists(const Words& more) {
    Words out{"--run", "a.run", "--qrels", "a.qrels"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  std::string output(const Words& arguments) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
  json parsed(Words arguments) const {
    arguments.emplace_back("--json");
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    return json::parse(outcome.out);
  }
  /// Refused, and nothing is written.
  ::testing::AssertionResult refuses(const Words& arguments, int code, const Words& parts) const {
    const tests::Tree before = tests::tree_of(folder_.path());
    const auto result = tests::refused(run(arguments), code, parts);
    EXPECT_EQ(tests::changes(before, tests::tree_of(folder_.path())), Words{});
    return result;
  }

  const tests::ScratchFolder folder_;
};

TEST_F(ScoreCommand, GivesJsonOfStableKeys) {
  const json found = parsed(rows({}));
  EXPECT_EQ(keys_of(found),
            (std::set<std::string>{"schema", "similarity", "protocol", "correction", "ties",
                                   "metrics", "intervals", "tie_rate", "notices"}));
  EXPECT_EQ(found["schema"], 1);
  EXPECT_EQ(found["similarity"], "dot");
  EXPECT_EQ(found["protocol"], "all-pairs");
  EXPECT_EQ(found["correction"], "none");
  EXPECT_EQ(found["ties"], "expected");
  EXPECT_EQ(found["notices"], json::array());
  EXPECT_EQ(found["tie_rate"], (json{{"query_to_candidate", 0.0}, {"candidate_to_query", 0.0}}));
  EXPECT_EQ(keys_of(found["metrics"]),
            (std::set<std::string>{"query_to_candidate", "candidate_to_query", "both"}));
  EXPECT_EQ(keys_of(found["metrics"]["both"]), (std::set<std::string>{"rsum", "r_mean"}));
  const std::set<std::string> names{"R@1",         "R@5",         "R@10",         "MedR",
                                    "MeanR",       "MRR",         "mAP",          "R-Prec",
                                    "precision@1", "precision@5", "precision@10", "recall@1",
                                    "recall@5",    "recall@10",   "nDCG@10"};
  for (const char* direction : {"query_to_candidate", "candidate_to_query"}) {
    EXPECT_EQ(keys_of(found["metrics"][direction]), names);
    EXPECT_EQ(keys_of(found["intervals"][direction]), names);
  }
}

TEST_F(ScoreCommand, GivesUnroundedNumbersInJson) {
  const json found = parsed(rows({}));
  const json& forth = found["metrics"]["query_to_candidate"];
  EXPECT_NEAR(forth["R@1"].get<double>(), 100.0 / 3, 1e-12);
  EXPECT_NEAR(forth["R@5"].get<double>(), 100.0, 1e-12);
  EXPECT_EQ(forth["MedR"].get<double>(), 2.0);
  EXPECT_NEAR(forth["MRR"].get<double>(), (1 + 1.0 / 3 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(found["metrics"]["candidate_to_query"]["MeanR"].get<double>(), 5.0 / 3, 1e-12);
  EXPECT_NEAR(found["metrics"]["both"]["rsum"].get<double>(), 400.0 + 200.0 / 3, 1e-12);
  for (const auto& [direction, own] : found["intervals"].items()) {
    for (const auto& [name, interval] : own.items()) {
      ASSERT_EQ(interval.size(), 2U) << name;
      const double value = found["metrics"][direction][name].get<double>();
      EXPECT_LE(interval[0].get<double>(), value + 1e-12) << name;
      EXPECT_GE(interval[1].get<double>(), value - 1e-12) << name;
    }
  }
}

TEST_F(ScoreCommand, PrintsTheSameBytesForTheSameArguments) {
  const std::string once = output(rows({"--json"}));
  EXPECT_EQ(output(rows({"--json"})), once);
  EXPECT_EQ(output(rows({"--json", "--threads", "3"})), once);
  EXPECT_NE(output(rows({"--json", "--level", "0.6"})), once);
  EXPECT_EQ(parsed(rows({"--intervals", "none"}))["intervals"], json::object());
  EXPECT_EQ(keys_of(parsed(rows({"--intervals", "bca", "--resamples", "200"}))["intervals"]),
            (std::set<std::string>{"query_to_candidate", "candidate_to_query", "both"}));
}

TEST_F(ScoreCommand, GivesMetricsAtAThreshold) {
  const json found =
      parsed(rows({"--metrics", "micro_precision@t,micro_recall@t,micro_AP", "--threshold", "6"}));
  // 9, 8, 7 and 6 reach it; of them 9 and 6 are right, 4 is not reached.
  const json& forth = found["metrics"]["query_to_candidate"];
  EXPECT_NEAR(forth["micro_precision@t"].get<double>(), 50.0, 1e-12);
  EXPECT_NEAR(forth["micro_recall@t"].get<double>(), 200.0 / 3, 1e-12);
  EXPECT_EQ(forth["threshold"].get<double>(), 6.0);
  EXPECT_NEAR(forth["micro_AP"].get<double>(), 100 * (1 + 2.0 / 4 + 3.0 / 6) / 3, 1e-12);
  EXPECT_FALSE(found["intervals"]["query_to_candidate"].contains("micro_AP"));
}

/// The line of a metric under the title of a direction.
std::string line_of(const std::string& text, const std::string& title, const std::string& name) {
  const std::size_t under = text.find(title + " (tie rate ");
  if (under == std::string::npos) return "no " + title;
  const std::size_t at = text.find("\n  " + name + " ", under);
  if (at == std::string::npos) return "no " + name;
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST_F(ScoreCommand, PrintsATableOfEachDirection) {
  const Outcome outcome = run(rows({"--metrics", "R@1,MeanR"}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(is_plain(outcome.out));
  EXPECT_TRUE(contains(line_of(outcome.out, "query to candidate", "R@1"), " 33.33 ["));
  EXPECT_TRUE(contains(line_of(outcome.out, "query to candidate", "R@10"), " 100.00 [100.00, "));
  EXPECT_TRUE(contains(line_of(outcome.out, "candidate to query", "R@1"), " 33.33 ["));
  EXPECT_TRUE(contains(outcome.out, "(tie rate 0.0 %)"));
  EXPECT_TRUE(contains(outcome.out, "\nrsum "));
  EXPECT_TRUE(contains(outcome.out, " 466.67 ["));
  EXPECT_TRUE(contains(outcome.out, "\nr_mean "));
  EXPECT_EQ(outcome.out.find("ties:"), std::string::npos);
  EXPECT_EQ(output(rows({"--intervals", "none"})).find('['), std::string::npos);
}

TEST_F(ScoreCommand, PrintsTheBoundsThatTiesLeave) {
  write_npy(folder_ / "c.npy", matrix_of(3, 3, {1, 1, 1, 1, 1, 1, 1, 1, 1}));
  const std::string text = output(rows({"--metrics", "R@1, R@5"}));
  EXPECT_TRUE(contains(text, "query to candidate (tie rate 100.0 %)"));
  EXPECT_TRUE(contains(line_of(text, "query to candidate", "R@1"), " 33.33 [33.33, 33.33]"));
  EXPECT_TRUE(contains(line_of(text, "query to candidate", "R@1"), " to 100.00"));
  EXPECT_FALSE(contains(line_of(text, "query to candidate", "R@5"), "ties"));
  EXPECT_EQ(output(rows({"--ties", "pessimistic"})).find("ties:"), std::string::npos);
  EXPECT_EQ(parsed(rows({"--ties", "optimistic"}))["metrics"]["query_to_candidate"]["R@1"], 100.0);
}

TEST_F(ScoreCommand, SaysOnStandardErrorWhatAReaderShouldKnow) {
  write_npy(folder_ / "c.npy", matrix_of(3, 3, {9, 5, 1, 0, 0, 0, 2, 8, 6}));
  const Words asked{"--queries", "q.npy", "--candidates", "c.npy", "--correction", "csls"};
  const Outcome outcome = run(asked);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(tests::lines_in(outcome.err), 2U) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "candidate_to_query: 1 queries are zero or constant"));
  EXPECT_TRUE(contains(outcome.err, "csls looks at all evaluated queries"));
  EXPECT_EQ(outcome.out.find("transductive"), std::string::npos);
  EXPECT_EQ(parsed(asked)["notices"].size(), 2U);
}

TEST_F(ScoreCommand, PairsRowsByFilesOfNames) {
  write("q.txt", "a\nb\nc\n");
  write("c.txt", "a\nc\nb\n");
  const auto forth = [&](const Words& more) {
    return parsed(rows(more))["metrics"]["query_to_candidate"];
  };
  // b then belongs to the third candidate, of which it has the highest score, and so does c.
  for (const std::string kind : {"groups", "ids"}) {
    EXPECT_EQ(forth({"--query-" + kind, "q.txt", "--candidate-" + kind, "c.txt"})["R@1"], 100.0);
  }
  write("c.txt", "a\nc\na\n");
  EXPECT_NEAR(forth({"--query-groups", "q.txt", "--candidate-groups", "c.txt"})["R@1"], 100.0,
              1e-12);
  EXPECT_TRUE(refuses(rows({"--query-ids", "q.txt", "--candidate-ids", "c.txt"}), 3,
                      {"c.txt:3: expected each id once, found 'a' as on line 1"}));
}

TEST_F(ScoreCommand, ScoresRankings) {
  const json found = parsed(lists({"--metrics", "mAP,MedR"}));
  EXPECT_EQ(keys_of(found), (std::set<std::string>{"schema", "ties", "metrics", "intervals",
                                                   "tie_rate", "notices"}));
  EXPECT_EQ(keys_of(found["metrics"]), (std::set<std::string>{"query_to_candidate"}));
  EXPECT_EQ(keys_of(found["metrics"]["query_to_candidate"]),
            (std::set<std::string>{"R@1", "R@5", "R@10", "mAP"}));
  EXPECT_NEAR(found["metrics"]["query_to_candidate"]["mAP"].get<double>(),
              100 * ((1 + (1 + 2.0 / 3) / 2) / 3) / 2, 1e-12);
  EXPECT_EQ(found["notices"].size(), 3U);
  const Outcome text = run(lists({"--metrics", "mAP,MedR"}));
  EXPECT_TRUE(contains(line_of(text.out, "query to candidate", "MedR"), " n/a"));
  EXPECT_EQ(text.out.find("rsum"), std::string::npos);
  EXPECT_EQ(tests::lines_in(text.err), 3U) << text.err;
}

TEST_F(ScoreCommand, GivesBesideWhatAnotherProgramWouldPrint) {
  const json trec = parsed(lists({"--metric-compat", "trec", "--metrics", "mAP,mAP@2"}));
  // Of the tied documents the last comes first: c is at place 2.
  EXPECT_NEAR(trec["compatible"]["trec"]["query_to_candidate"]["map"].get<double>(),
              ((1 + 1) / 3.0) / 2, 1e-12);
  EXPECT_NEAR(trec["compatible"]["trec"]["query_to_candidate"]["map_cut_2"].get<double>(),
              (2 / 3.0) / 2, 1e-12);
  const json vsepp = parsed(rows({"--metric-compat", "vsepp"}))["compatible"]["vsepp"];
  EXPECT_EQ(keys_of(vsepp["candidate_to_query"]),
            (std::set<std::string>{"r1", "r5", "r10", "medr", "meanr"}));
  EXPECT_EQ(vsepp["query_to_candidate"]["medr"], 2.0);
  const Outcome text = run(rows({"--metric-compat", "clip_benchmark"}));
  const std::string line = line_of(text.out, "query to candidate", "R@1");
  EXPECT_TRUE(contains(line, "retrieval_recall@1 0.3333"));
  EXPECT_EQ(line.find("retrieval_recall@1"), line.rfind("retrieval_recall@1"));
  EXPECT_TRUE(contains(text.err, "clip_benchmark: shares of 1, not percent"));
  EXPECT_EQ(tests::lines_in(text.err), 1U);
}

TEST_F(ScoreCommand, GivesNothingOfAnotherProgramThatListsDoNotTell) {
  const json found = parsed(lists({"--metric-compat", "vsepp", "--metrics", "MedR,MeanR"}));
  EXPECT_EQ(keys_of(found["compatible"]["vsepp"]["query_to_candidate"]),
            (std::set<std::string>{"r1", "r5", "r10"}));
  const std::string text = output(lists({"--metric-compat", "vsepp", "--metrics", "MedR,MeanR"}));
  EXPECT_EQ(text.find("medr"), std::string::npos);
}

TEST_F(ScoreCommand, RefusesACommandLineThatIsNotSo) {
  const std::string both = "expected --queries and --candidates, or --run and --qrels";
  for (const Words& arguments :
       std::vector<Words>{{},
                          {"--queries", "q.npy"},
                          {"--candidates", "c.npy"},
                          {"--run", "a.run"},
                          {"--qrels", "a.qrels"},
                          {"--queries", "q.npy", "--qrels", "a.qrels"},
                          rows({"--run", "a.run", "--qrels", "a.qrels"})}) {
    EXPECT_TRUE(refuses(arguments, 2, {both}));
  }
  EXPECT_TRUE(refuses(rows({"--jason"}), 2, {"unknown option '--jason' (did you mean '--json'?)"}));
  EXPECT_TRUE(refuses(rows({"more"}), 2, {"unexpected argument 'more'"}));
  EXPECT_TRUE(refuses(rows({"--query-groups", "a", "--query-ids", "b"}), 2,
                      {"expected --query-groups or --query-ids, found both"}));
  EXPECT_TRUE(refuses(rows({"--query-bank", "q.npy"}), 2,
                      {"expected --query-bank and --candidate-bank, found one"}));
  EXPECT_TRUE(refuses(rows({"--query-bank", "q.npy", "--candidate-bank", "c.npy"}), 2,
                      {"--query-bank: no --correction reads it"}));
  EXPECT_TRUE(refuses(rows({"--metrics", "micro_F1@t"}), 2, {"need --threshold"}));
  EXPECT_TRUE(refuses(rows({"--protocol", "class-labels"}), 2, {"--query-groups"}));
  EXPECT_TRUE(refuses(rows({"--curves", "out"}), 2, {"--curves: expected micro_AP or micro_AUC"}));
  EXPECT_TRUE(refuses(lists({"--curves", "out"}), 2, {"--curves is for matrices, not for --run"}));
  EXPECT_TRUE(refuses(rows({"--correction-iterations", "3", "--correction", "csls"}), 2,
                      {"--correction-iterations: has an effect only with --correction sinkhorn; it "
                       "is csls"}));
  EXPECT_TRUE(refuses(rows({"--correction", "qb-norm", "--metrics", "micro_AP"}), 2,
                      {"metric 'micro_AP' compares scores of different queries"}));
}

TEST_F(ScoreCommand, WritesTheCurvesOfBothDirections) {
  output(rows({"--metrics", "micro_AP", "--curves", "curves"}));
  // Relevant pairs score 9, 4 and 6; the others 3 2 5 8 1 7.
  std::ifstream csv(folder_ / "curves/query_to_candidate.csv");
  const std::string text{std::istreambuf_iterator<char>(csv), {}};
  EXPECT_EQ(text,
            "threshold,precision,recall,false_positive_rate\n"
            "9,100,33.333333333333336,0\n"
            "6,50,66.66666666666667,33.333333333333336\n"
            "4,50,100,50\n");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "curves/candidate_to_query.csv"));
}

TEST_F(ScoreCommand, SaysThatACorrectionWithoutABankIsTransductive) {
  for (const char* correction :
       {"csls", "inverted-softmax", "dual-softmax", "sinkhorn", "qb-norm"}) {
    const json found = parsed(rows({"--correction", correction}));
    EXPECT_EQ(found["correction"], correction);
    EXPECT_EQ(found["notices"],
              json({std::string(correction) +
                    " looks at all evaluated queries: the result is transductive"}));
    const json inductive = parsed(
        rows({"--correction", correction, "--query-bank", "q.npy", "--candidate-bank", "c.npy"}));
    EXPECT_EQ(inductive["notices"], json::array());
    EXPECT_EQ(inductive["metrics"], found["metrics"]);  // it is the same bank
  }
}

TEST_F(ScoreCommand, RefusesValuesThatCannotBe) {
  const std::vector<Words> cases{
      {"--metrics", "R@1,R@x", "unknown metric 'R@x'"},
      {"--metrics", "R@1,,R@5", "unknown metric ''"},
      {"--metrics", "R@k", "'R@k': expected a number after '@'"},
      {"--metrics", "mapp", "unknown metric 'mapp' (did you mean 'mAP'?)"},
      {"--similarity", "cosin", "unknown similarity 'cosin' (did you mean 'cosine'?)"},
      {"--ties", "never", "unknown policy of ties 'never'"},
      {"--protocol", "coco-5", "unknown protocol 'coco-5' (did you mean 'coco-5k'?)"},
      {"--correction", "cls", "unknown correction 'cls' (did you mean 'csls'?)"},
      {"--intervals", "bac", "unknown intervals 'bac' (did you mean 'bca'?)"},
      {"--correction-neighbours", "0", "--correction-neighbours: has an effect only with"},
      {"--metric-compat", "treck", "unknown program 'treck' (did you mean 'trec'?)"},
      {"--level", "95", "--level: expected 0.5 to 0.9999, found 95"},
      {"--level", "nan", "--level: expected 0.5 to 0.9999, found nan"},
      {"--resamples", "99", "--resamples: expected 100 to 1000000, found 99"},
      {"--seed", "-1", "--seed: expected 0 to 2000000000, found -1"},
      {"--seed", "x", "--seed: expected a whole number, found 'x'"},
      {"--threads", "0", "--threads: expected 1 to 1024, found 0"},
      {"--threshold", "nan", "--threshold: expected a finite number, found nan"},
      {"--threshold", "inf", "--threshold: expected a finite number, found inf"},
      {"--queries", "", "--queries"}};
  for (const Words& one : cases) {
    Words arguments{one[0], one[1]};
    if (one[0] != "--queries") arguments = rows(arguments);
    if (one[0] == "--similarity") arguments.erase(arguments.end() - 4, arguments.end() - 2);
    EXPECT_TRUE(refuses(arguments, 2, {"alignlab score: ", one[2]})) << one[0] << " " << one[1];
  }
}

TEST_F(ScoreCommand, RefusesMatricesThatDoNotFit) {
  EXPECT_TRUE(
      refuses({"--queries", "no.npy", "--candidates", "c.npy"}, 3, {"no.npy: no such file"}));
  EXPECT_TRUE(
      refuses({"--queries", "a.run", "--candidates", "c.npy"}, 3, {"a.run: expected .npy"}));
  write_npy(folder_ / "q.npy", Matrix(2, 3));
  EXPECT_TRUE(
      refuses(rows({}), 3, {"c.npy: expected 2 rows, as in q.npy, found 3; where several"}));
  write_npy(folder_ / "q.npy", Matrix(3, 4));
  EXPECT_TRUE(refuses(rows({}), 3, {"c.npy: expected 4 columns, as in q.npy, found 3"}));
  write_npy(folder_ / "q.npy", Matrix(0, 3));
  EXPECT_TRUE(refuses(rows({}), 3, {"q.npy: expected a row at least, found none"}));
  Matrix rows_of_nan(3, 3);
  rows_of_nan.row(1)[2] = std::numeric_limits<float>::quiet_NaN();
  write_npy(folder_ / "q.npy", rows_of_nan);
  EXPECT_TRUE(refuses(rows({}), 3, {"q.npy: row 1, column 2: expected a finite value, found nan"}));
}

TEST_F(ScoreCommand, RefusesNamesThatDoNotFit) {
  write("two", "a\nb\n");
  EXPECT_TRUE(refuses(rows({"--query-groups", "two"}), 3,
                      {"two: expected 3 lines, one for each row of q.npy, found 2"}));
  EXPECT_TRUE(refuses(rows({"--candidate-ids", "none"}), 3, {"none: no such file"}));
  write("three", "x\ny\nz\n");
  EXPECT_TRUE(refuses(rows({"--query-groups", "three"}), 3,
                      {"q.npy: expected a query with something relevant, found none"}));
  EXPECT_TRUE(
      refuses(rows({"--protocol", "coco-5k"}), 3, {"q.npy: protocol 'coco-5k'", "3 images"}));
}

TEST_F(ScoreCommand, RefusesRankingsThatAreNotSo) {
  EXPECT_TRUE(refuses({"--run", "no", "--qrels", "a.qrels"}, 3, {"no: no such file"}));
  EXPECT_TRUE(refuses({"--run", "a.run", "--qrels", "no"}, 3, {"no: no such file"}));
  EXPECT_TRUE(refuses({"--run", "a.qrels", "--qrels", "a.qrels"}, 3,
                      {"a.qrels:1: expected query Q0 document rank score tag"}));
  EXPECT_TRUE(refuses({"--run", "a.run", "--qrels", "a.run"}, 3,
                      {"a.run:1: expected query 0 document grade"}));
  write("twice.run", "q1 Q0 a 1 9 t\nq1 Q0 a 2 8 t\n");
  EXPECT_TRUE(refuses({"--run", "twice.run", "--qrels", "a.qrels"}, 3,
                      {"twice.run:2: expected each document once for a query"}));
  write("none.qrels", "q1 0 a 0\n");
  EXPECT_TRUE(refuses({"--run", "a.run", "--qrels", "none.qrels"}, 3,
                      {"none.qrels: expected a query with something relevant, found none"}));
}

}  // namespace
}  // namespace alignlab
