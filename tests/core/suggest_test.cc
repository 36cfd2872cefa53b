#include "core/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alignlab {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsAndSubstitutions) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);   // s/k, i/e, +g
  EXPECT_EQ(edit_distance("saturday", "sunday"), 3U);  // -a, -t, n/r
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);        // -f, +n
}

TEST(EditDistance, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("temperature", "tempreature"), 1U);
  EXPECT_EQ(edit_distance("abcd", "badc"), 2U);
}

TEST(EditDistance, EditsNothingBetweenTwoSwappedLetters) {
  // The optimal string alignment: 3, where the unrestricted distance would be 2.
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);
}

TEST(EditDistance, IsTheSameBothWays) {
  EXPECT_EQ(edit_distance("sitting", "kitten"), 3U);
  EXPECT_EQ(edit_distance("abc", "ca"), 3U);
}

TEST(Suggestion, NamesTheNearestKnownName) {
  const std::vector<std::string> known{"learning_rate", "temperature", "epochs"};
  EXPECT_EQ(suggestion("temprature", known), " (did you mean 'temperature'?)");
  EXPECT_EQ(suggestion("epoch", known), " (did you mean 'epochs'?)");
}

TEST(Suggestion, DoesNotMindLetterCase) {
  const std::vector<std::string> known{"gray", "hog", "lbp"};
  EXPECT_EQ(suggestion("HOG", known), " (did you mean 'hog'?)");
}

TEST(Suggestion, OfAShortNameToleratesOneEdit) {
  const std::vector<std::string> known{"k", "seed"};
  EXPECT_EQ(suggestion("q", known), " (did you mean 'k'?)");
}

TEST(Suggestion, ListsWhatIsKnownWhenNothingIsNear) {
  const std::vector<std::string> known{"hog", "stored"};
  EXPECT_EQ(suggestion("mobilenet", known), " (known: hog, stored)");
}

TEST(Suggestion, ToleratesAThirdOfTheLongerNameAndNotMore) {
  const std::vector<std::string> known{"abcdef"};
  EXPECT_EQ(suggestion("abcdxy", known), " (did you mean 'abcdef'?)");  // 2 of 6
  EXPECT_EQ(suggestion("abcxyz", known), " (known: abcdef)");           // 3 of 6
}

TEST(Suggestion, TakesTheFirstOfEquallyNearNames) {
  EXPECT_EQ(suggestion("R@3", std::vector<std::string>{"R@1", "R@5"}), " (did you mean 'R@1'?)");
}

TEST(Suggestion, IsEmptyWhenNothingIsKnown) { EXPECT_EQ(suggestion("x", {}), ""); }

}  // namespace
}  // namespace alignlab
