#include "data/trec_files.h"

#include <functional>
#include <map>

#include "core/rng.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_text;
using Numbers = std::vector<std::int64_t>;

class TrecFiles : public ::testing::Test {
 protected:
  RunFile run_of(std::string_view text) const {
    write_text(run_, text);
    return read_run(run_);
  }
  QrelsFile qrels_of(std::string_view text) const {
    write_text(qrels_, text);
    return read_qrels(qrels_);
  }
  ListedRanks ranks_of(std::string_view run, std::string_view qrels) const {
    return listed_ranks(run_of(run), qrels_of(qrels));
  }
  /// What is wrong, after the name of the file.
  std::string run_refusal(std::string_view text) const {
    return after(run_.string(), message_of<DataError>([&] { run_of(text); }));
  }
  std::string qrels_refusal(std::string_view text) const {
    return after(qrels_.string(), message_of<DataError>([&] { qrels_of(text); }));
  }

  const ScratchFolder folder_;
  const fs::path run_ = folder_ / "system.run";
  const fs::path qrels_ = folder_ / "judged.qrels";
};

TEST_F(TrecFiles, GiveARunsListsInFileOrder) {
  const RunFile run = run_of(
      "q2 Q0 b 1 0.5 tag\n"
      "q1 Q0 a 1 3 tag\n"
      "q2 Q0 a 2 -1.5e-3 tag\n");
  ASSERT_EQ(run.lists.size(), 2U);
  const auto& second = run.lists.at("q2");
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].document, "b");
  EXPECT_EQ(second[0].score, 0.5);
  EXPECT_EQ(second[1].document, "a");
  EXPECT_EQ(second[1].score, -0.0015);
  EXPECT_EQ(run.lists.at("q1")[0].score, 3.0);
}

TEST_F(TrecFiles, GiveJudgementsByQueryInTheOrderOfTheQrels) {
  const QrelsFile qrels = qrels_of("q9 0 b 2\nq1 0 a 0\nq9 0 a -1\n");
  EXPECT_EQ(qrels.queries, (std::vector<std::string>{"q9", "q1"}));
  const auto& judged = qrels.judgements.at("q9");
  ASSERT_EQ(judged.size(), 2U);
  EXPECT_EQ(judged[0].document, "b");
  EXPECT_EQ(judged[0].grade, 2);
  EXPECT_EQ(judged[1].grade, -1);
  EXPECT_EQ(qrels.judgements.at("q1")[0].grade, 0);
}

TEST_F(TrecFiles, MayHaveAnyBlanksAndLineEnds) {
  const RunFile run = run_of("\xef\xbb\xbfq\tQ0 \t a  1\t2.5 tag \r\n\r\n \t\n\n  q Q0 b 9 2 tag");
  ASSERT_EQ(run.lists.at("q").size(), 2U);
  EXPECT_EQ(run.lists.at("q")[0].document, "a");
  EXPECT_EQ(run.lists.at("q")[0].score, 2.5);
  EXPECT_EQ(run.lists.at("q")[1].document, "b");
  const QrelsFile qrels = qrels_of("q 0 a 1\r\nq\t0\tb\t3");
  ASSERT_EQ(qrels.judgements.at("q").size(), 2U);
  EXPECT_EQ(qrels.judgements.at("q")[0].grade, 1);
  EXPECT_EQ(qrels.judgements.at("q")[1].document, "b");
}

TEST_F(TrecFiles, OfOneWordTooFewOrTooManyAreRefused) {
  const std::string good = "q Q0 a 1 0.5 tag\n";
  EXPECT_EQ(run_refusal(good + "\nq Q0 b 1 0.5\n"),
            ":3: expected query Q0 document rank score tag, the score finite, found "
            "'q Q0 b 1 0.5'");
  EXPECT_EQ(run_refusal("q Q0 b 1 0.5 tag more\n"),
            ":1: expected query Q0 document rank score tag, the score finite, found "
            "'q Q0 b 1 0.5 tag more'");
  EXPECT_EQ(run_refusal("q,Q0,b,1,0.5,tag"),
            ":1: expected query Q0 document rank score tag, the score finite, found "
            "'q,Q0,b,1,0.5,tag'");
  EXPECT_EQ(qrels_refusal("q 0 a 1\nq 0 b\n"),
            ":2: expected query 0 document grade, the grade a whole number, found 'q 0 b'");
  EXPECT_EQ(qrels_refusal("q\t0\tb\t1\tx\n"),
            ":1: expected query 0 document grade, the grade a whole number, found "
            "'q\\t0\\tb\\t1\\tx'");
}

TEST_F(TrecFiles, WhoseScoreIsNoFiniteNumberAreRefused) {
  for (const std::string score :
       {"nan", "inf", "-inf", "1e999", "0.5x", "1,5", "x", "--1", "0x1p3"}) {
    EXPECT_EQ(run_refusal("q Q0 a 1 " + score + " t\n"),
              ":1: expected query Q0 document rank score tag, the score finite, found "
              "'q Q0 a 1 " +
                  score + " t'");
  }
}

TEST_F(TrecFiles, WhoseGradeIsNoWholeNumberAreRefused) {
  for (const std::string grade : {"1.0", "x", "99999999999999999999", "1e2", "-", "0x1"}) {
    EXPECT_EQ(qrels_refusal("q 0 a " + grade + "\n"),
              ":1: expected query 0 document grade, the grade a whole number, found 'q 0 a " +
                  grade + "'");
  }
  EXPECT_EQ(qrels_refusal("q 0 a 1000\nq 0 b 1001\n"),
            ":2: expected a grade of at most 1000, found 'q 0 b 1001'");
}

TEST_F(TrecFiles, WithADocumentTwiceForAQueryAreRefused) {
  EXPECT_EQ(run_refusal("q Q0 a 1 3 t\np Q0 a 1 3 t\nq Q0 a 2 1 t\n"),
            ":3: expected each document once for a query, found 'a' again for 'q'");
  EXPECT_EQ(qrels_refusal("q 0 a 1\np 0 a 1\nq 0 a 0\n"),
            ":3: expected each document once for a query, found 'a' again for 'q'");
}

TEST_F(TrecFiles, WithoutLinesAreRefused) {
  for (const char* text : {"", "\n", " \t\r\n\n"}) {
    EXPECT_TRUE(tests::contains(run_refusal(text), ": expected lines of a run, found none"));
    EXPECT_TRUE(tests::contains(qrels_refusal(text), ": expected lines of judgements, found none"));
  }
  EXPECT_EQ(message_of<DataError>([&] { read_run(folder_ / "no"); }),
            (folder_ / "no").string() + ": no such file");
  EXPECT_EQ(message_of<DataError>([&] { read_qrels(folder_.path()); }),
            folder_.path().string() + ": expected a file, found something else");
}

TEST_F(TrecFiles, ThatAreNotUtf8AreRefused) {
  EXPECT_EQ(run_refusal("q Q0 \xff 1 3 t\n"), ":1: expected UTF-8, found byte 0xff at column 6");
  EXPECT_EQ(qrels_refusal("q 0 a 1\nq 0 \xc3( 1\n"),
            ":2: expected UTF-8, found byte 0xc3 at column 5");
}

TEST_F(TrecFiles, OfDamagedBytesAreReadOrRefused) {
  const std::string run =
      "q1 Q0 d1 1 0.75 t\nq1 Q0 d2 2 0.5 t\r\n\nq2\tQ0\td1\t1\t-3e5\tt\nq2 Q0 d\xc3\xa9 2 -4 t\n";
  const std::string qrels = "q1 0 d1 1\nq1 0 d2 0\r\n\nq2\t0\td\xc3\xa9\t3\nq3 0 d1 -1\n";
  const RunFile whole_run = run_of(run);
  const QrelsFile whole_qrels = qrels_of(qrels);
  const int refused_runs = tests::refused_copies(run, run_, 600, [&] {
    const ListedRanks found = listed_ranks(read_run(run_), whole_qrels);
    EXPECT_EQ(found.ranks.queries(), 3U);
  });
  const int refused_qrels = tests::refused_copies(qrels, qrels_, 600, [&] {
    const ListedRanks found = listed_ranks(whole_run, read_qrels(qrels_));
    EXPECT_EQ(found.ranks.queries(), found.queries.size());
  });
  EXPECT_GT(refused_runs, 100);
  EXPECT_LT(refused_runs, 580);
  EXPECT_GT(refused_qrels, 100);
  EXPECT_LT(refused_qrels, 580);
}

TEST_F(TrecFiles, RankByScoreWhateverRankAndOrderSay) {
  const ListedRanks found = ranks_of(
      "q Q0 c 1 0.1 t\n"
      "q Q0 a 2 0.9 t\n"
      "q Q0 b 3 0.5 t\n",
      "q 0 c 1\nq 0 a 1\nq 0 b 0\n");
  EXPECT_EQ(found.ranks.above, (Numbers{2, 0}));
  EXPECT_EQ(found.ranks.ties, (Numbers{0, 0}));
  EXPECT_EQ(found.ranks.ties_before, (Numbers{0, 0}));
  EXPECT_EQ(found.ranks.offsets, (Numbers{0, 2}));
  EXPECT_TRUE(found.ranks.grades.empty());
}

TEST_F(TrecFiles, CountTiesAndThoseEarlierInTheFile) {
  const ListedRanks found = ranks_of(
      "q Q0 a 1 0.5 t\nq Q0 b 2 0.5 t\nq Q0 c 3 9 t\nq Q0 d 4 0.5 t\nq Q0 e 5 -0.0 t\n"
      "q Q0 f 6 0.0 t\n",
      "q 0 d 2\nq 0 b 1\nq 0 e 3\nq 0 c 0\n");
  EXPECT_EQ(found.ranks.above, (Numbers{1, 1, 4}));
  EXPECT_EQ(found.ranks.ties, (Numbers{2, 2, 1}));
  EXPECT_EQ(found.ranks.ties_before, (Numbers{2, 1, 0}));
  EXPECT_EQ(found.ranks.grades, (std::vector<float>{2, 1, 3}));
}

TEST_F(TrecFiles, PutUnlistedRelevantDocumentsBehindAll) {
  const ListedRanks found =
      ranks_of("q Q0 a 1 2 t\nq Q0 b 2 1 t\n", "q 0 z 1\nq 0 b 1\nq 0 y 1\nq 0 x 0\n");
  EXPECT_EQ(found.ranks.above, (Numbers{Ranks::kUnlisted, 1, Ranks::kUnlisted}));
  EXPECT_EQ(found.ranks.ties, (Numbers{0, 0, 0}));
  EXPECT_EQ(found.ranks.offsets, (Numbers{0, 3}));
}

TEST_F(TrecFiles, KeepJudgedQueriesThatTheRunLacksAndCountTheOthers) {
  const ListedRanks found = ranks_of("q1 Q0 a 1 2 t\nq5 Q0 a 1 2 t\nq6 Q0 a 1 2 t\n",
                                     "q2 0 a 1\nq1 0 a 1\nq3 0 a 0\nq4 0 a 1\n");
  EXPECT_EQ(found.queries, (std::vector<std::string>{"q2", "q1", "q3", "q4"}));
  EXPECT_EQ(found.ranks.above, (Numbers{Ranks::kUnlisted, 0, Ranks::kUnlisted}));
  EXPECT_EQ(found.ranks.offsets, (Numbers{0, 1, 2, 2, 3}));
  EXPECT_EQ(found.without_list, 3U);
  EXPECT_EQ(found.unjudged, 2U);
  EXPECT_EQ(found.without_relevant, 1U);
}

TEST_F(TrecFiles, DropGradesOnlyWhereAllAreOne) {
  EXPECT_TRUE(ranks_of("q Q0 a 1 2 t\n", "q 0 a 1\nq 0 b 1\nq 0 c 0\n").ranks.grades.empty());
  EXPECT_EQ(ranks_of("q Q0 a 1 2 t\n", "q 0 a 1\np 0 b 2\n").ranks.grades,
            (std::vector<float>{1, 2}));
}

/// Judged and listed documents of one query, as a file has them.
struct Topic {
  std::vector<std::pair<std::string, int>> listed;  // with their scores, in file order
  std::map<std::string, int> grades;
};

/// Sum of the precisions at the relevant documents of a list over all relevant ones: what
/// trec_eval's map adds for a topic, ties kept in file order.
double average_precision(const Topic& topic) {
  auto list = topic.listed;
  std::ranges::stable_sort(list, std::greater<>(), [](const auto& entry) { return entry.second; });
  double relevant = 0.0, seen = 0.0, sum = 0.0;
  for (const auto& [document, grade] : topic.grades) relevant += grade > 0;
  for (std::size_t place = 0; place < list.size(); ++place) {
    const auto judged = topic.grades.find(list[place].first);
    if (judged == topic.grades.end() || judged->second < 1) continue;
    seen += 1.0;
    sum += seen / static_cast<double>(place + 1);
  }
  return sum / relevant;
}

/// The same from ranks.
double average_precision(const Ranks& ranks, std::size_t query) {
  std::vector<std::int64_t> places;
  for (auto r = ranks.offsets[query]; r < ranks.offsets[query + 1]; ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (ranks.above[at] < Ranks::kUnlisted) places.push_back(ranks.above[at] + ranks.ties_before[at]);
  }
  std::ranges::sort(places);
  double sum = 0.0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    sum += static_cast<double>(i + 1) / static_cast<double>(places[i] + 1);
  }
  return sum / static_cast<double>(ranks.offsets[query + 1] - ranks.offsets[query]);
}

TEST_F(TrecFiles, TellAveragePrecisionByAllRelevantDocuments) {
  // Places 1 and 4 are right; a third relevant document is not listed: (1 + 2/4) / 3.
  const ListedRanks found = ranks_of("q Q0 a 1 9 t\nq Q0 b 1 8 t\nq Q0 c 1 7 t\nq Q0 d 1 6 t\n",
                                     "q 0 a 1\nq 0 d 2\nq 0 z 1\nq 0 b 0\nq 0 c -1\n");
  EXPECT_DOUBLE_EQ(average_precision(found.ranks, 0), 0.5);
}

TEST_F(TrecFiles, TellTheSameAsTheListsTheyHold) {
  Rng rng(3, "topics");
  std::size_t compared = 0;
  for (int round = 0; round < 100; ++round) {
    const int levels = rng.between(1, 8);
    std::map<std::string, Topic> topics;
    std::string run, qrels;
    for (int t = 0; t < 4; ++t) {
      Topic& topic = topics["q" + std::to_string(t)];
      for (int d = 0; d < 12; ++d) {
        // Names do not come in the order of the file.
        const std::string document = "d" + std::to_string((d * 7) % 12);
        if (rng.chance(0.6)) topic.listed.emplace_back(document, rng.between(1, levels));
        if (rng.chance(0.5)) topic.grades[document] = rng.between(-1, 3);
      }
    }
    for (const auto& [query, topic] : topics) {
      for (const auto& [document, score] : topic.listed) {
        run += query + " Q0 " + document + " 0 " + std::to_string(score) + " t\n";
      }
      for (const auto& [document, grade] : topic.grades) {
        qrels += query + " 0 " + document + " " + std::to_string(grade) + "\n";
      }
    }
    if (run.empty() || qrels.empty()) continue;
    const ListedRanks found = ranks_of(run, qrels);
    for (std::size_t i = 0; i < found.queries.size(); ++i) {
      const Topic& topic = topics.at(found.queries[i]);
      const auto relevant =
          std::ranges::count_if(topic.grades, [](const auto& judged) { return judged.second > 0; });
      ASSERT_EQ(found.ranks.offsets[i + 1] - found.ranks.offsets[i], relevant);
      if (relevant == 0) continue;
      ASSERT_NEAR(average_precision(found.ranks, i), average_precision(topic), 1e-12);
      ++compared;
    }
  }
  EXPECT_GT(compared, 300U);
}

}  // namespace
}  // namespace alignlab
