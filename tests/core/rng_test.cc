#include "core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace alignlab {
namespace {

std::vector<std::uint32_t> first_words(Rng rng, std::size_t count) {
  std::vector<std::uint32_t> out(count);
  for (auto& word : out) word = rng.next_u32();
  return out;
}

// Worked outside this project: a separate Philox4x32-10, checked against the three known-answer
// vectors of Random123, keyed with the XXH3-128 of (seed, purpose).
TEST(Rng, GivesThePublishedGeneratorsWordsForANamedStream) {
  EXPECT_EQ(first_words(Rng(0, "test"), 8),
            (std::vector<std::uint32_t>{0x73b17839, 0x75d3825a, 0xb7e5f411, 0xd0c68d2b, 0xbcf67b67,
                                        0x2df3b8c6, 0x2fdc2a77, 0x6ce99c69}));
  EXPECT_EQ(first_words(Rng(1, "shuffle"), 8),
            (std::vector<std::uint32_t>{0x5c098f58, 0xd9feb90f, 0x71a77edd, 0xd3454a80, 0xe06f7a89,
                                        0xc95ceded, 0x2eabdcc3, 0x05e1001c}));
}

TEST(Rng, BuildsWiderDrawsFromTheSameWords) {
  EXPECT_EQ(Rng(0, "test").next_u64(), 0x75d3825a73b17839U);
  // The upper 53 bits of that number, over 2^53.
  EXPECT_EQ(Rng(0, "test").uniform(),
            std::ldexp(static_cast<double>(0x75d3825a73b17839 >> 11), -53));
}

TEST(Rng, RepeatsItselfForEqualSeedAndPurpose) {
  EXPECT_EQ(first_words(Rng(42, "epoch"), 100), first_words(Rng(42, "epoch"), 100));
}

TEST(Rng, FillsWithTheWordsThatItWouldGiveOneByOne) {
  Rng one(11, "fill"), other = one, lengths(12, "lengths");
  for (int i = 0; i < 200; ++i) {
    std::vector<std::uint32_t> numbers(lengths.below(i % 10 == 0 ? 300 : 40));
    one.fill(numbers);
    for (const std::uint32_t number : numbers) ASSERT_EQ(number, other.next_u32());
    for (std::uint64_t left = lengths.below(3); left > 0; --left) {
      ASSERT_EQ(one.next_u32(), other.next_u32());
    }
  }
}

TEST(Rng, CopiesContinueAlikeFromTheMiddleOfABlock) {
  Rng one(3, "copy");
  one.next_u32();
  Rng other = one;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(one.next_u32(), other.next_u32());
}

TEST(Rng, StreamsOfOtherSeedsAndPurposesShareNoWord) {
  std::set<std::uint32_t> seen;
  std::size_t drawn = 0;
  for (const std::uint64_t seed : {0ULL, 1ULL, 2ULL, 1ULL << 32, ~0ULL}) {
    for (const char* purpose : {"", "a", "b", "ab", "epoch-1", "epoch-2", "epoch-12"}) {
      for (const std::uint32_t word : first_words(Rng(seed, purpose), 16)) {
        seen.insert(word);
        ++drawn;
      }
    }
  }
  // 560 draws out of 2^32 collide with a probability of 4e-5, and the draws are fixed.
  EXPECT_EQ(seen.size(), drawn);
}

TEST(Rng, StreamsOfNeighbouringSeedsAreUncorrelated) {
  constexpr int kDraws = 20000;
  Rng a(7, "x"), b(8, "x"), c(7, "y");
  double ab = 0.0, ac = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = a.uniform() - 0.5;
    ab += u * (b.uniform() - 0.5);
    ac += u * (c.uniform() - 0.5);
  }
  // Each product has variance 1/144: six deviations of the mean.
  const double bound = 6.0 / 12.0 / std::sqrt(kDraws);
  EXPECT_LT(std::abs(ab / kDraws), bound);
  EXPECT_LT(std::abs(ac / kDraws), bound);
}

TEST(Rng, UniformFillsItsIntervalEvenly) {
  constexpr int kCells = 64, kDraws = 64000;
  Rng rng(5, "uniform");
  std::array<int, kCells> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++counts[static_cast<std::size_t>(u * kCells)];
  }
  double chi = 0.0;
  for (const int count : counts) chi += (count - 1000.0) * (count - 1000.0) / 1000.0;
  // 63 degrees of freedom: mean 63, deviation 11.2.
  EXPECT_LT(chi, 120.0);
  EXPECT_GT(chi, 20.0);
}

TEST(Rng, UniformBetweenBoundsStaysThere) {
  Rng rng(5, "bounds");
  double least = 1e9, most = -1e9;
  for (int i = 0; i < 10000; ++i) {
    const double u = rng.uniform(-3.0, 5.0);
    least = std::min(least, u);
    most = std::max(most, u);
  }
  EXPECT_GE(least, -3.0);
  EXPECT_LT(least, -2.95);
  EXPECT_LT(most, 5.0);
  EXPECT_GT(most, 4.95);
}

TEST(Rng, BelowHasNoModuloBias) {
  // Of 2^64 words modulo 3 * 2^62, the values under 2^62 would come twice as often as the others.
  const std::uint64_t n = std::uint64_t{3} << 62;
  Rng rng(1, "below");
  std::array<int, 3> counts{};
  constexpr int kDraws = 30000;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = rng.below(n);
    ASSERT_LT(value, n);
    ++counts[value >> 62];
  }
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 3, 500);  // six deviations: 490
}

TEST(Rng, BelowReachesEveryValueAlike) {
  Rng rng(1, "die");
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts[rng.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 550);  // six deviations: 548
}

TEST(Rng, BelowOneIsZero) {
  Rng rng(1, "one");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, BetweenIncludesBothEnds) {
  Rng rng(1, "between");
  std::set<int> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng.between(-2, 1));
  EXPECT_EQ(seen, (std::set<int>{-2, -1, 0, 1}));
  EXPECT_EQ(rng.between(4, 4), 4);
}

TEST(Rng, ChanceZeroNeverHappensAndChanceOneAlways) {
  Rng rng(1, "chance");
  int happened = 0;
  for (int i = 0; i < 10000; ++i) {
    ASSERT_FALSE(rng.chance(0.0));
    ASSERT_TRUE(rng.chance(1.0));
    happened += rng.chance(0.25);
  }
  EXPECT_NEAR(happened, 2500, 260);
}

TEST(Rng, NormalHasTheMomentsOfAStandardNormal) {
  constexpr int kDraws = 100000;
  Rng rng(9, "normal");
  double sum = 0.0, squares = 0.0, fourth = 0.0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = rng.normal();
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    beyond_two += std::abs(z) > 2.0;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.03);
  EXPECT_NEAR(fourth / kDraws, 3.0, 0.2);
  EXPECT_NEAR(beyond_two / static_cast<double>(kDraws), 0.0455, 0.004);
}

TEST(Rng, ShuffleIsAPermutation) {
  std::vector<int> values(257);
  std::iota(values.begin(), values.end(), 0);
  const std::vector<int> before = values;
  Rng(2, "shuffle").shuffle(std::span(values));
  EXPECT_NE(values, before);
  std::vector<int> sorted = values;
  std::ranges::sort(sorted);
  EXPECT_EQ(sorted, before);
  std::vector<int> again = before;
  Rng(2, "shuffle").shuffle(std::span(again));
  EXPECT_EQ(again, values);
}

TEST(Rng, ShuffleGivesEveryOrderAlike) {
  std::map<std::string, int> counts;
  Rng rng(2, "orders");
  for (int i = 0; i < 24000; ++i) {
    std::string letters = "abcd";
    rng.shuffle(std::span(letters));
    ++counts[letters];
  }
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 190) << order;
}

TEST(Rng, ShuffleLeavesNothingAndOneThingAsTheyAre) {
  std::vector<int> none, one{5};
  Rng rng(2, "few");
  rng.shuffle(std::span(none));
  rng.shuffle(std::span(one));
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(one, std::vector<int>{5});
}

TEST(Rng, PickReachesEveryValue) {
  const std::vector<std::string> words{"a", "b", "c"};
  std::set<std::string> seen;
  Rng rng(2, "pick");
  for (int i = 0; i < 100; ++i) seen.insert(rng.pick(words));
  EXPECT_EQ(seen.size(), 3U);
}

}  // namespace
}  // namespace alignlab
