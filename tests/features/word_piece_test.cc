#include "features/text/word_piece.h"

#include <gtest/gtest.h>

#include "tests/core/testing.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

using features::basic_words;
using features::WordPieces;
using tests::message_of;
using tests::refused_copies;
using tests::ScratchFolder;
using tests::write_text;
using Words = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;

TEST(BasicWords, AreCutAtSpacesAndAroundPunctuation) {
  EXPECT_EQ(basic_words(" Hello,  World!\tIt's $5\n", true),
            (Words{"hello", ",", "world", "!", "it", "'", "s", "$", "5"}));
  EXPECT_EQ(basic_words("a`b^c~d|e", false), (Words{"a", "`", "b", "^", "c", "~", "d", "|", "e"}));
  EXPECT_EQ(basic_words("«oui» – a\u00a0b\u3000c\u2028d", true),
            (Words{"«", "oui", "»", "–", "a", "b", "c", "d"}));
  EXPECT_EQ(basic_words("", true), Words{});
}

TEST(BasicWords, LoseCaseAndAccentsWhereAskedFor) {
  EXPECT_EQ(basic_words("HÉLLO Ünïcode İstanbul", true), (Words{"hello", "unicode", "istanbul"}));
  EXPECT_EQ(basic_words("HÉLLO e\u0301", false), (Words{"HÉLLO", "e\u0301"}));
  // A vowel sign is a spacing mark, not an accent.
  EXPECT_EQ(basic_words("\u0915\u093e", true), Words{"\u0915\u093e"});
}

TEST(BasicWords, HoldEachIdeographByItself) {
  EXPECT_EQ(basic_words("ab中国cd", true), (Words{"ab", "中", "国", "cd"}));
  EXPECT_EQ(basic_words("かな", true), Words{"かな"});
}

TEST(BasicWords, HoldNoControlCharactersAndNothingThatIsNotUtf8) {
  EXPECT_EQ(basic_words(std::string_view("a\0b\x01"
                                         "c\xc2\xad"
                                         "d\xef\xbf\xbd"
                                         "e",
                                         12),
                        true),
            Words{"abcde"});
  EXPECT_EQ(basic_words("a\xff\xfe"
                        "b",
                        true),
            Words{"ab"});
}

class WordPieceVocabulary : public ::testing::Test {
 protected:
  Numbers numbers(const std::string& vocabulary, const std::string& text,
                  std::size_t max_length = 100) {
    write_text(path_, vocabulary);
    return WordPieces(path_, true).numbers(text, max_length);
  }
  ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "vocab.txt";
};

constexpr const char* kPieces = "[PAD]\n[UNK]\nun\n##aff\n##able\nu\n##n\n##affabl\ndog\n##s\né\n";

TEST_F(WordPieceVocabulary, CutsWordsIntoTheLongestPiecesFromTheBeginning) {
  // The longest first: "un", then "##affabl", after which "##e" is missing.
  EXPECT_EQ(numbers(kPieces, "unaffable"), (Numbers{1}));
  EXPECT_EQ(numbers("[UNK]\nun\n##aff\n##able\nunaff", "unaffable"), (Numbers{4, 3}));
  EXPECT_EQ(numbers(kPieces, "dogs DOG un u"), (Numbers{8, 9, 8, 2, 5}));
  EXPECT_EQ(numbers(kPieces, "s dogss"), (Numbers{1, 8, 9, 9}));
}

TEST_F(WordPieceVocabulary, CutsBetweenCharactersNotBytes) {
  write_text(path_,
             "[UNK]\nñ\n##é\n##\xc3\xb1"
             "\nx\n");
  const WordPieces cased(path_, false);
  EXPECT_EQ(cased.numbers("ñéñ x\u00e8", 10), (Numbers{1, 2, 3, 0}));
}

TEST_F(WordPieceVocabulary, FramesTextsWhereItHasTheTokens) {
  const std::string framed = std::string(kPieces) + "[CLS]\n[SEP]\n";
  EXPECT_EQ(numbers(framed, "dogs"), (Numbers{11, 8, 9, 12}));
  EXPECT_EQ(numbers(framed, ""), (Numbers{11, 12}));
  EXPECT_EQ(numbers(framed, "dog dog dog", 4), (Numbers{11, 8, 8, 12}));
  EXPECT_EQ(numbers(framed, "dog dogs", 4), (Numbers{11, 8, 8, 12}));
  EXPECT_EQ(numbers(framed, "dog dog", 2), (Numbers{11, 12}));
  EXPECT_EQ(numbers(framed, "dog dog", 1), (Numbers{8}));
  EXPECT_EQ(numbers(std::string(kPieces) + "[CLS]\n", "dog"), (Numbers{8}));
  EXPECT_EQ(numbers(kPieces, ""), Numbers{});
  EXPECT_EQ(numbers(kPieces, "dog dogs dog", 2), (Numbers{8, 8}));
}

TEST_F(WordPieceVocabulary, DoesNotKnowWordsOfMoreThanAHundredCharacters) {
  std::string hundred = "u";
  for (int i = 0; i < 99; ++i) hundred += "n";
  const std::string vocabulary = "[UNK]\nu\n##n\n";
  EXPECT_EQ(numbers(vocabulary, hundred, 1000).size(), 100U);
  EXPECT_EQ(numbers(vocabulary, hundred + "n", 1000), Numbers{0});
  std::string wide;  // of two bytes a character
  for (int i = 0; i < 100; ++i) wide += "\xc3\xb8";
  EXPECT_EQ(numbers("[UNK]\nø\n##ø\n", wide, 1000).size(), 100U);
}

TEST_F(WordPieceVocabulary, NumbersTokensByTheirLinesAndTakesTheLastOfEqualOnes) {
  EXPECT_EQ(numbers("[UNK]\r\ndog\r\n\r\ndog\r\ncat", "dog cat"), (Numbers{3, 4}));
  write_text(path_, "[UNK]\na\n[PAD]");
  EXPECT_EQ(WordPieces(path_, true).padding(), 2);
  write_text(path_, "[UNK]\na\n");
  EXPECT_EQ(WordPieces(path_, true).padding(), 0);
}

TEST_F(WordPieceVocabulary, NeedsATokenForWhatItDoesNotKnow) {
  for (const auto& [content, count] : {std::pair("dog\ncat\n", "2"), std::pair("", "0")}) {
    EXPECT_EQ(message_of<DataError>([&] { numbers(content, "dog"); }),
              path_.string() + ": expected a token a line, [UNK] among them; found " + count +
                  " without it");
  }
}

TEST_F(WordPieceVocabulary, ThatIsDamagedIsReadOrRefused) {
  const std::string vocabulary = std::string(kPieces) + "[CLS]\n[SEP]\n";
  refused_copies(vocabulary, path_, 200, [&] {
    const Numbers found = WordPieces(path_, true).numbers("the unaffable dogs é s", 8);
    ASSERT_LE(found.size(), 8U);
  });
}

}  // namespace
}  // namespace alignlab
