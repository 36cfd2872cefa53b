#include "core/folding.h"

#include <gtest/gtest.h>

namespace alignlab {
namespace {

TEST(FoldedWords, AreTheSameWhateverCasePunctuationAndSpaces) {
  for (const char* text : {"Two dogs, a ball", "two dogs a ball .", "  TWO  dogs\ta-ball!\n",
                           "\u201cTwo\u201d dogs \u2014 a ball\u2026"}) {
    EXPECT_EQ(folded_words(text), "two dogs a ball") << text;
  }
}

TEST(FoldedWords, DifferWhereALetterOrADigitDoes) {
  EXPECT_EQ(folded_words("2 dogs"), "2 dogs");
  EXPECT_NE(folded_words("2 dogs"), folded_words("3 dogs"));
  EXPECT_NE(folded_words("two dogs"), folded_words("twodogs"));
  EXPECT_NE(folded_words("resume"), folded_words("r\u00e9sum\u00e9"));
}

TEST(FoldedWords, KnowLettersOfEveryScript) {
  EXPECT_EQ(folded_words("STRASSE"), folded_words("Stra\u00dfe"));
  EXPECT_EQ(folded_words("\u0421\u041e\u0411\u0410\u041a\u0410."),
            "\u0441\u043e\u0431\u0430\u043a\u0430");
  // One letter with its accent, or letter and accent apart; a wide letter.
  EXPECT_EQ(folded_words("e\u0301"), "\u00e9");
  EXPECT_EQ(folded_words("\uff21"), "a");
  EXPECT_EQ(folded_words("\u72ac\u3002"), "\u72ac");
}

TEST(FoldedWords, OfATextWithoutWordsAreNone) {
  EXPECT_EQ(folded_words(""), "");
  EXPECT_EQ(folded_words(" ?! \u2026\n"), "");
  EXPECT_EQ(folded_words(std::string_view("\0", 1)), "");
}

TEST(FoldedWords, LeaveWhatIsNotUtf8AsItIs) {
  EXPECT_EQ(folded_words("A\xff B"), "A\xff B");
  EXPECT_EQ(folded_words("A\xe2\x82"), "A\xe2\x82");
}

}  // namespace
}  // namespace alignlab
