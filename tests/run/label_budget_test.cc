#include "run/label_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/rng.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::matrix_of;
using Groups = std::vector<std::int32_t>;

/// Rows whose first column says which item they are of.
Matrix numbered_rows(std::size_t rows) {
  Matrix out(rows, 2);
  for (std::size_t i = 0; i < rows; ++i) out.row(i)[0] = static_cast<float>(i + 1);
  return out;
}

/// Which item each row is of.
std::vector<std::size_t> numbers_of(const Features& features) {
  std::vector<std::size_t> out;
  std::vector<float> row(features.cols());
  for (std::size_t i = 0; i < features.rows(); ++i) {
    features.copy_row(i, row);
    out.push_back(static_cast<std::size_t>(row[0]) - 1);
  }
  return out;
}

ModalityItems items_of(Modality modality, const Groups& groups) {
  return {modality, numbered_rows(groups.size()), groups};
}

SplitItems both(const Groups& first, const Groups& second) {
  return {items_of(Modality::kImage, first), items_of(Modality::kText, second)};
}

/// `groups` images in a shuffled order, one to five captions each, and as many items of each side
/// whose group the other side lacks.
SplitItems random_split(std::int32_t groups, std::uint64_t seed) {
  Rng rng(seed, "split");
  Groups first, second;
  for (std::int32_t g = 0; g < groups; ++g) {
    first.push_back(3 * g);
    first.push_back(3 * g + 1);
    second.push_back(3 * g + 2);
    for (int c = rng.between(1, 5); c > 0; --c) second.push_back(3 * g);
  }
  rng.shuffle(std::span(first));
  rng.shuffle(std::span(second));
  return both(first, second);
}

std::set<std::int32_t> set_of(const Groups& groups) { return {groups.begin(), groups.end()}; }

void expect_whole_groups_in_order(const ModalityItems& all, const ModalityItems& drawn) {
  EXPECT_EQ(drawn.modality, all.modality);
  const std::set<std::int32_t> groups = set_of(drawn.groups);
  std::vector<std::size_t> expected;
  Groups expected_groups;
  for (std::size_t i = 0; i < all.groups.size(); ++i) {
    if (!groups.contains(all.groups[i])) continue;
    expected.push_back(i);
    expected_groups.push_back(all.groups[i]);
  }
  EXPECT_EQ(drawn.groups, expected_groups);
  EXPECT_EQ(numbers_of(drawn.features), expected);
}

TEST(PairedGroups, AreThoseThatBothSidesHaveEachOnce) {
  EXPECT_EQ(paired_groups({7, 3, 3, 9, -4}, {3, 8, 7, 7, 3, -4}), 3U);
  EXPECT_EQ(paired_groups({1, 2}, {3, 4}), 0U);
  EXPECT_EQ(paired_groups({}, {3}), 0U);
}

TEST(LabelBudget, DrawsWholeGroupsOnBothSidesAndKeepsTheirItemsInOrder) {
  const SplitItems all = random_split(40, 1);
  for (const std::size_t groups : {1UL, 7UL, 39UL, 40UL}) {
    const SplitItems drawn = within_budget(all, groups, 5);
    expect_whole_groups_in_order(all.first, drawn.first);
    expect_whole_groups_in_order(all.second, drawn.second);
    EXPECT_EQ(set_of(drawn.first.groups).size(), groups);
    EXPECT_EQ(set_of(drawn.first.groups), set_of(drawn.second.groups));
  }
}

TEST(LabelBudget, NeverDrawsAGroupThatOneSideLacks) {
  const SplitItems all = random_split(30, 2);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const SplitItems drawn = within_budget(all, 30, seed);
    for (const std::int32_t group : drawn.first.groups) EXPECT_EQ(group % 3, 0);
    for (const std::int32_t group : drawn.second.groups) EXPECT_EQ(group % 3, 0);
    EXPECT_EQ(set_of(drawn.first.groups).size(), 30U);
  }
}

TEST(LabelBudget, HoldsInALargerOneWhatASmallerOneHolds) {
  const SplitItems all = random_split(50, 3);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::set<std::int32_t> smaller;
    for (std::size_t groups = 1; groups <= 50; ++groups) {
      const auto larger = set_of(within_budget(all, groups, seed).first.groups);
      EXPECT_EQ(larger.size(), groups);
      EXPECT_TRUE(std::ranges::includes(larger, smaller)) << seed << ", " << groups;
      smaller = larger;
    }
  }
}

TEST(LabelBudget, IsDrawnBySeedAlone) {
  const SplitItems all = random_split(60, 4);
  std::set<std::set<std::int32_t>> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SplitItems drawn = within_budget(all, 20, seed);
    const SplitItems again = within_budget(all, 20, seed);
    EXPECT_EQ(again.first.groups, drawn.first.groups);
    EXPECT_EQ(again.second.groups, drawn.second.groups);
    EXPECT_EQ(again.second.features, drawn.second.features);
    seen.insert(set_of(drawn.first.groups));
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST(LabelBudget, DrawsTheSameGroupsInWhateverOrderTheItemsStand) {
  const SplitItems all = random_split(30, 6);
  SplitItems reversed = all;
  std::ranges::reverse(reversed.first.groups);
  std::ranges::reverse(reversed.second.groups);
  EXPECT_EQ(set_of(within_budget(reversed, 11, 8).first.groups),
            set_of(within_budget(all, 11, 8).first.groups));
}

TEST(LabelBudget, DrawsEveryGroupAboutAsOften) {
  const SplitItems all = random_split(10, 5);
  std::vector<int> times(10, 0);
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const std::int32_t group : set_of(within_budget(all, 3, seed).first.groups)) {
      ++times[static_cast<std::size_t>(group / 3)];
    }
  }
  // 300 each, with a deviation of 14.5.
  for (const int each : times) EXPECT_NEAR(each, 300, 75);
}

TEST(LabelBudget, OfAllGroupsLeavesOutOnlyItemsWithoutAPartner) {
  const SplitItems drawn = within_budget(both({4, 2, 9, 2}, {2, 2, 7, 4}), 2, 0);
  EXPECT_EQ(drawn.first.groups, (Groups{4, 2, 2}));
  EXPECT_EQ(numbers_of(drawn.first.features), (std::vector<std::size_t>{0, 1, 3}));
  EXPECT_EQ(drawn.second.groups, (Groups{2, 2, 4}));
  EXPECT_EQ(numbers_of(drawn.second.features), (std::vector<std::size_t>{0, 1, 3}));
}

TEST(LabelBudget, TakesFeaturesOfEveryForm) {
  const Groups groups{0, 5, 1};  // what both sides have: 0 and 1
  const TokenSequences tokens{
      9, {0, 2, 2, 5}, {8, 1, 3, 3, 4}, matrix_of(9, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9})};
  const PixelRows pixels{1, 2, 1, {10, 11, 20, 21, 30, 31}};
  const SparseRows sparse{4, {0, 1, 3, 3}, {2, 0, 3}, {7.0F, 8.0F, 9.0F}};
  const auto drawn = [&](Features features) {
    const ModalityItems first{Modality::kImage, std::move(features), groups};
    return within_budget({first, items_of(Modality::kText, {1, 0})}, 2, 3).first.features;
  };
  EXPECT_EQ(drawn(matrix_of(3, 2, {1, 2, 3, 4, 5, 6})), Features(matrix_of(2, 2, {1, 2, 5, 6})));
  EXPECT_EQ(drawn(sparse), Features(SparseRows{4, {0, 1, 1}, {2}, {7.0F}}));
  EXPECT_EQ(drawn(tokens), Features(TokenSequences{9, {0, 2, 5}, {8, 1, 3, 3, 4}, tokens.vectors}));
  EXPECT_EQ(drawn(pixels), Features(PixelRows{1, 2, 1, {10, 11, 30, 31}}));
}

}  // namespace
}  // namespace alignlab
