#include "run/judged_pairs.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/files.h"
#include "core/rng.h"
#include "data/dataset_writer.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using Numbers = std::vector<std::int32_t>;

Numbers row(const Relevance& relevant, std::size_t query) {
  return {relevant.of(query).begin(), relevant.of(query).end()};
}

TEST(JudgedPairs, AreOfTheItemsOfASplitWhicheverSideAsked) {
  const tests::ScratchFolder folder;
  write_file_atomically(folder / "x.png", "x");
  DatasetWriter writer(folder / "d.h5", {"d", "", ""}, {.contents = ContentKind::kBytes});
  // Items 0 and 3 are of train, the others of test: item 1 is row 0 there, 2 is row 1, 4 is row 2.
  for (std::int32_t i = 0; i < 5; ++i) {
    const Split split = i % 3 == 0 ? Split::kTrain : Split::kTest;
    writer.add_file(Modality::kImage, {std::to_string(i), i, split}, folder.path(), "x.png");
    writer.add_text({std::to_string(i), i, split}, "a dog");
  }
  writer.write_judgements(Modality::kText, Modality::kImage,
                          {{1, 2, 3.0F}, {1, 2, 4.0F}, {4, 1, 1.0F}, {0, 1, 2.0F}, {0, 3, 2.5F}});
  writer.commit();
  const Dataset dataset = Dataset::open(folder / "d.h5");
  const auto pairs_of = [&](Modality first, Modality second, Split split) {
    std::multiset<std::vector<double>> out;
    for (const JudgedPair& pair : judged_pairs(dataset, first, second, split)) {
      out.insert({static_cast<double>(pair.first), static_cast<double>(pair.second), pair.grade});
    }
    return out;
  };
  using Pairs = std::multiset<std::vector<double>>;
  EXPECT_EQ(pairs_of(Modality::kText, Modality::kImage, Split::kTest),
            (Pairs{{0, 1, 3}, {0, 1, 4}, {2, 0, 1}}));
  EXPECT_EQ(pairs_of(Modality::kImage, Modality::kText, Split::kTest),
            (Pairs{{1, 0, 3}, {1, 0, 4}, {0, 2, 1}}));
  EXPECT_EQ(pairs_of(Modality::kText, Modality::kImage, Split::kTrain), (Pairs{{0, 1, 2.5}}));
  EXPECT_TRUE(judged_pairs(dataset, Modality::kAudio, Modality::kText, Split::kTest).empty());
}

TEST(RelevantRows, AreOfEqualKeysWhereNobodysJudgementCounts) {
  const RelevantRows rows = relevant_rows("pairs", {7, 8}, {8, 7, 7}, {{0, 0, 5.0}});
  EXPECT_EQ(row(rows.of_first, 0), (Numbers{1, 2}));
  EXPECT_EQ(row(rows.of_first, 1), (Numbers{0}));
  EXPECT_EQ(row(rows.of_second, 2), (Numbers{0}));
  EXPECT_TRUE(rows.of_first.grades().empty());
}

TEST(RelevantRows, AreWhatWasGradedAboveZeroWithTheHighestGrade) {
  const std::vector<JudgedPair> judged{{0, 0, 1.0}, {0, 0, 3.0}, {0, 2, 0.0}, {1, 2, 0.5}};
  const RelevantRows rows = relevant_rows("judgements", {7, 8}, {8, 7, 7}, judged);
  EXPECT_EQ(row(rows.of_first, 0), (Numbers{0}));
  EXPECT_EQ(row(rows.of_first, 1), (Numbers{2}));
  EXPECT_EQ(rows.of_first.grades(), (std::vector<float>{3.0F, 0.5F}));
  EXPECT_EQ(row(rows.of_second, 0), (Numbers{0}));
  EXPECT_EQ(row(rows.of_second, 1), (Numbers{}));
  EXPECT_EQ(row(rows.of_second, 2), (Numbers{1}));
}

TEST(RelevantRows, OfBothGradeEqualKeysWithOneAtLeast) {
  const std::vector<JudgedPair> judged{{0, 0, 3.0}, {0, 1, 0.25}, {0, 2, 4.0}};
  const RelevantRows rows = relevant_rows("both", {7, 8}, {8, 7, 7}, judged);
  EXPECT_EQ(row(rows.of_first, 0), (Numbers{0, 1, 2}));
  EXPECT_EQ(rows.of_first.grades(), (std::vector<float>{3.0F, 1.0F, 4.0F, 1.0F}));
  EXPECT_EQ(row(rows.of_first, 1), (Numbers{0}));
}

TEST(RelevantRows, OfEitherSideSayTheSame) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed, "judged");
    const auto keys = [&](std::size_t size) {
      Numbers out;
      for (std::size_t i = 0; i < size; ++i) out.push_back(rng.between(0, 4));
      return out;
    };
    const Numbers first = keys(1 + rng.below(9)), second = keys(1 + rng.below(9));
    std::vector<JudgedPair> judged;
    std::map<std::pair<std::size_t, std::size_t>, float> expected;
    const std::string& positives = rng.pick(kPositives);
    for (std::size_t i = 0; i < first.size() && positives != "judgements"; ++i) {
      for (std::size_t j = 0; j < second.size(); ++j) {
        if (first[i] == second[j]) expected[{i, j}] = 1.0F;
      }
    }
    for (std::uint64_t left = rng.below(20); left > 0; --left) {
      const JudgedPair pair{rng.below(first.size()), rng.below(second.size()),
                            rng.between(-1, 6) / 2.0};
      judged.push_back(pair);
      if (positives == "pairs" || pair.grade <= 0.0) continue;
      float& grade = expected[{pair.first, pair.second}];
      grade = std::max(grade, static_cast<float>(pair.grade));
    }
    const RelevantRows rows = relevant_rows(positives, first, second, judged);
    const auto found = [&](const Relevance& relevant, bool is_turned) {
      std::map<std::pair<std::size_t, std::size_t>, float> out;
      std::size_t at = 0;
      for (std::size_t query = 0; query < relevant.queries(); ++query) {
        for (const std::int32_t candidate : relevant.of(query)) {
          const auto other = static_cast<std::size_t>(candidate);
          const float grade = relevant.grades().empty() ? 1.0F : relevant.grades()[at];
          out[is_turned ? std::pair(other, query) : std::pair(query, other)] = grade;
          ++at;
        }
      }
      return out;
    };
    ASSERT_EQ(found(rows.of_first, false), expected) << positives;
    ASSERT_EQ(found(rows.of_second, true), expected) << positives;
  }
}

}  // namespace
}  // namespace alignlab
