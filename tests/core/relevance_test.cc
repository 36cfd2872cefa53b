#include "core/relevance.h"

#include <gtest/gtest.h>

namespace alignlab {
namespace {

using Ids = std::vector<std::int32_t>;

Ids row(const Relevance& relevance, std::size_t query) {
  const auto found = relevance.of(query);
  return {found.begin(), found.end()};
}

TEST(Relevance, SortsEachRowAndKeepsEmptyOnes) {
  const Relevance relevance({{5, 1, 3}, {}, {0}});
  EXPECT_EQ(relevance.queries(), 3U);
  EXPECT_EQ(relevance.pairs(), 4);
  EXPECT_EQ(row(relevance, 0), (Ids{1, 3, 5}));
  EXPECT_EQ(row(relevance, 1), Ids{});
  EXPECT_EQ(row(relevance, 2), Ids{0});
  EXPECT_EQ(relevance.offset(0), 0);
  EXPECT_EQ(relevance.offset(1), 3);
  EXPECT_EQ(relevance.offset(2), 3);
}

TEST(Relevance, OfNothingHasNoQueriesAndNoPairs) {
  EXPECT_EQ(Relevance().queries(), 0U);
  EXPECT_EQ(Relevance().pairs(), 0);
  EXPECT_EQ(Relevance::from_groups({}, {}).queries(), 0U);
}

TEST(Relevance, PairsThoseOfEqualGroupsWhateverTheirOrder) {
  // Groups need not be dense, sorted or positive, and captions of an image need not be neighbours.
  const Ids queries{7, -3, 100};
  const Ids candidates{100, 7, 8, 7, 100, 7};
  const Relevance relevance = Relevance::from_groups(queries, candidates);
  EXPECT_EQ(row(relevance, 0), (Ids{1, 3, 5}));
  EXPECT_EQ(row(relevance, 1), Ids{});
  EXPECT_EQ(row(relevance, 2), (Ids{0, 4}));
  EXPECT_EQ(relevance.pairs(), 5);
}

TEST(Relevance, GivesQueriesOfOneGroupTheSameCandidates) {
  const Ids captions{4, 4, 9};
  const Ids images{9, 4};
  const Relevance relevance = Relevance::from_groups(captions, images);
  EXPECT_EQ(row(relevance, 0), Ids{1});
  EXPECT_EQ(row(relevance, 1), Ids{1});
  EXPECT_EQ(row(relevance, 2), Ids{0});
}

}  // namespace
}  // namespace alignlab
