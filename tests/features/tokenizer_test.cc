#include "features/text/tokenizer.h"

#include <gtest/gtest.h>
#include <libstemmer.h>

#include <algorithm>
#include <clocale>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "core/files.h"
#include "core/lines.h"
#include "tests/core/real_data.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using features::Tokenizer;
using tests::after;
using tests::message_of;
using tests::ScratchFolder;
using tests::spec_of;
using Words = std::vector<std::string>;

Section options_of(const std::string& options) {
  return spec_of("bow", Modality::kText, options).options;
}

Words words_of(std::string_view text, const std::string& options = "") {
  return Tokenizer(options_of(options)).words(text);
}

TEST(Tokenizer, LowersAsciiLettersAndSplitsAtEverythingElse) {
  EXPECT_EQ(words_of("A Dog, running-FAST!"), (Words{"a", "dog", "running", "fast"}));
  EXPECT_EQ(words_of("tab\tand\nline"), (Words{"tab", "and", "line"}));
  EXPECT_EQ(words_of("@AZ[`az{/09:"), (Words{"az", "az", "09"}));  // the neighbours in ASCII
}

TEST(Tokenizer, KeepsDigitsInWords) {
  EXPECT_EQ(words_of("2 dogs, 3rd 4x4"), (Words{"2", "dogs", "3rd", "4x4"}));
}

TEST(Tokenizer, FindsNoWordsInNothingOrPunctuation) {
  EXPECT_EQ(words_of(""), Words{});
  EXPECT_EQ(words_of(" .,;'-_ \n"), Words{});
  EXPECT_EQ(words_of("\u2014 \u2026 \u00A0\u3002"), Words{});
  EXPECT_EQ(words_of(std::string_view("a\0b", 3)), (Words{"a", "b"}));
}

TEST(Tokenizer, DropsApostrophesWithoutSplittingUnlessToldOtherwise) {
  EXPECT_EQ(words_of("the dog's ball"), (Words{"the", "dogs", "ball"}));
  EXPECT_EQ(words_of("'quoted' ' rock''n''roll"), (Words{"quoted", "rocknroll"}));
  EXPECT_EQ(words_of("the dog\u2019s ball"), (Words{"the", "dogs", "ball"}));
  EXPECT_EQ(words_of("l'homme d\u2019or", "apostrophes = \"split\""),
            (Words{"l", "homme", "d", "or"}));
}

TEST(Tokenizer, FoldsTheCaseOfAllAlphabets) {
  EXPECT_EQ(words_of("Ein GRÜNES Haus"), (Words{"ein", "grünes", "haus"}));
  EXPECT_EQ(words_of("Straße STRASSE"), (Words{"strasse", "strasse"}));
  EXPECT_EQ(words_of("ΣΊΣΥΦΟΣ Σίσυφος"), (Words{"σίσυφοσ", "σίσυφοσ"}));  // the final sigma too
  EXPECT_EQ(words_of("МОСКВА"), (Words{"москва"}));
  EXPECT_EQ(words_of("ﬁsh"), (Words{"fish"}));  // a ligature
}

TEST(Tokenizer, FoldsTheTurkishDottedCapitalTheSameInEveryLocale) {
  const Words expected{"i\u0307stanbul", "istanbul"};
  EXPECT_EQ(words_of("\u0130stanbul ISTANBUL"), expected);
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* locale : {"tr_TR.UTF-8", "C.UTF-8", "C"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    EXPECT_EQ(words_of("\u0130stanbul ISTANBUL"), expected) << locale;
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST(Tokenizer, KeepsCaseWhereAsked) {
  EXPECT_EQ(words_of("Rex JAGT Øystein", "lower = false"), (Words{"Rex", "JAGT", "Øystein"}));
}

TEST(Tokenizer, GivesEqualTextsEqualWordsHoweverTheirAccentsAreEncoded) {
  const std::string composed = "caf\u00E9 \u1EA5", decomposed = "cafe\u0301 a\u0302\u0301";
  ASSERT_NE(composed, decomposed);
  EXPECT_EQ(words_of(decomposed), (Words{"caf\u00E9", "\u1EA5"}));
  EXPECT_EQ(words_of(composed), words_of(decomposed));
  EXPECT_EQ(words_of("\u1112\u1161\u11AB"), (Words{"\uD55C"}));  // three jamo, one syllable
  // Marks of different places stand in no order of their own.
  EXPECT_EQ(words_of("q\u0323\u0307"), words_of("q\u0307\u0323"));
}

TEST(Tokenizer, KeepsMarksWithTheirLetters) {
  EXPECT_EQ(words_of("x\u0302y z"), (Words{"x\u0302y", "z"}));
  EXPECT_EQ(words_of("हिन्दी भाषा"), (Words{"हिन्दी", "भाषा"}));
  EXPECT_EQ(words_of("\u0301 \u0301a"), (Words{"a"}));  // a mark begins no word
}

TEST(Tokenizer, ReadsThroughCharactersThatAreNotSeen) {
  EXPECT_EQ(words_of("con\u00ADtent"), (Words{"content"}));          // soft hyphen
  EXPECT_EQ(words_of("\u06A9\u062A\u200C\u0647\u0627").size(), 1U);  // non-joiner
  EXPECT_EQ(words_of("two\u200Bwords"), (Words{"two", "words"}));    // a space of no width
  EXPECT_EQ(words_of("\uFEFFfirst"), (Words{"first"}));              // byte order mark
}

TEST(Tokenizer, TakesEmojiForSymbols) {
  EXPECT_EQ(words_of("I \u2764\uFE0F my \U0001F436!"), (Words{"i", "my"}));
  EXPECT_EQ(words_of("I \u2764\uFE0F my \U0001F436!", "punctuation = \"keep\""),
            (Words{"i", "\u2764", "my", "\U0001F436", "!"}));
  EXPECT_EQ(words_of("dog\U0001F436cat"), (Words{"dog", "cat"}));
}

TEST(Tokenizer, TakesEachIdeographForAWord) {
  EXPECT_EQ(words_of("犬と猫"), (Words{"犬", "と", "猫"}));
  EXPECT_EQ(words_of("一只狗在跑。"), (Words{"一", "只", "狗", "在", "跑"}));
  EXPECT_EQ(words_of("T恤xx"), (Words{"t", "恤", "xx"}));
  EXPECT_EQ(words_of("\U00020000a"), (Words{"\U00020000", "a"}));
  EXPECT_EQ(words_of("カメラを持つ"), (Words{"カメラを", "持", "つ"}));
  EXPECT_EQ(words_of("개가 달린다"), (Words{"개가", "달린다"}));
}

TEST(Tokenizer, TakesWhatIsNotUtf8ForASymbol) {
  EXPECT_EQ(words_of("caf\xE9 noir"), (Words{"caf", "noir"}));
  EXPECT_EQ(words_of("a\x80\xBFz"), (Words{"a", "z"}));
  EXPECT_EQ(words_of("cut\xE2\x82"), (Words{"cut"}));
  EXPECT_EQ(words_of("\xED\xA0\x80 \xC0\xAF \xF5\x80\x80\x80 x"), (Words{"x"}));
  EXPECT_EQ(words_of("a\xFFz", "punctuation = \"keep\""), (Words{"a", "\uFFFD", "z"}));
}

TEST(Tokenizer, ReadsAtMostThirtyMarksOfACharacter) {
  std::string text = "a";
  for (int i = 0; i < 100000; ++i) text += i % 2 == 0 ? "\u0316" : "\u0301";
  text += "b";
  const Words words = words_of(text);
  ASSERT_EQ(words.size(), 1U);
  // Two bytes a mark, one of which goes into the letter.
  EXPECT_LE(words[0].size(), 2 + 2 * 30U);
  EXPECT_GE(words[0].size(), 2 + 2 * 28U);
  EXPECT_TRUE(words[0].ends_with("b"));
}

TEST(Tokenizer, KeepsDropsOrMergesNumbers) {
  const std::string text = "2 dogs, 3rd of 10 and \u0664\u0662";
  EXPECT_EQ(words_of(text, "numbers = \"drop\""), (Words{"dogs", "3rd", "of", "and"}));
  EXPECT_EQ(words_of(text, "numbers = \"one\""),
            (Words{"<number>", "dogs", "3rd", "of", "<number>", "and", "<number>"}));
  EXPECT_EQ(words_of(text), (Words{"2", "dogs", "3rd", "of", "10", "and", "\u0664\u0662"}));
}

TEST(Tokenizer, KeepsPunctuationAsTokensWhereAsked) {
  EXPECT_EQ(words_of("Wait... (no)! don't", "punctuation = \"keep\""),
            (Words{"wait", ".", ".", ".", "(", "no", ")", "!", "dont"}));
}

TEST(Tokenizer, DropsTheFunctionWordsOfALanguage) {
  EXPECT_EQ(words_of("The dog isn't on its own bed", "stop_words = \"english\""),
            (Words{"dog", "bed"}));
  EXPECT_EQ(words_of("Ein Hund läuft über DIE Wiese", "stop_words = \"german\""),
            (Words{"hund", "läuft", "wiese"}));
  EXPECT_EQ(words_of("L'homme est dans la rue", "stop_words = \"french\"\napostrophes = \"split\""),
            (Words{"homme", "rue"}));
  EXPECT_EQ(words_of("El perro está en la playa", "stop_words = \"spanish\""),
            (Words{"perro", "playa"}));
  EXPECT_EQ(words_of("Un cane sulla spiaggia", "stop_words = \"italian\""),
            (Words{"cane", "spiaggia"}));
}

TEST(Tokenizer, KnowsStopWordsInAnyCase) {
  EXPECT_EQ(words_of("The DOG And IT", "stop_words = \"english\"\nlower = false"), (Words{"DOG"}));
}

TEST(Tokenizer, KeepsWordsThatOnlyLookLikeContractions) {
  EXPECT_EQ(words_of("the ill shell fell down the well", "stop_words = \"english\""),
            (Words{"ill", "shell", "fell", "well"}));
}

TEST(Tokenizer, DropsTheWordsOfAFileAsWell) {
  const ScratchFolder folder;
  tests::write_text(folder / "stop.txt", "Dog CAFE\u0301 # not bed\r\n\nball\n");
  const std::string file = "stop_words_file = \"" + (folder / "stop.txt").string() + "\"";
  EXPECT_EQ(words_of("the dog in a caf\u00E9 bed with a ball", file),
            (Words{"the", "in", "a", "bed", "with", "a"}));
  EXPECT_EQ(words_of("the dog in a caf\u00E9 bed with a ball", file + "\nstop_words = \"english\""),
            (Words{"bed"}));
}

TEST(Tokenizer, RefusesAFileOfStopWordsThatItCannotRead) {
  const ScratchFolder folder;
  const auto refusal = [&](const std::string& name) {
    const std::string path = (folder / name).string();
    return after(path, message_of<DataError>(
                           [&] { Tokenizer(options_of("stop_words_file = \"" + path + "\"")); }));
  };
  EXPECT_EQ(refusal("missing.txt"), ": no such file");
  EXPECT_EQ(refusal(""), ": expected a file, found something else");
  tests::write_text(folder / "latin1.txt", "the\ncaf\xE9\n");
  EXPECT_TRUE(refusal("latin1.txt").starts_with(":2: "));
}

TEST(Tokenizer, KeepsTheStopWordsThatItWasSavedWith) {
  const ScratchFolder folder;
  tests::write_text(folder / "stop.txt", "dog");
  const Section options =
      options_of("stop_words_file = \"" + (folder / "stop.txt").string() + "\"");
  {
    H5File file = H5File::create(folder / "a.h5");
    Tokenizer(options).save(file, "/here");
    file.close();
  }
  std::filesystem::remove(folder / "stop.txt");
  const Tokenizer loaded(options, H5File::open(folder / "a.h5"), "/here");
  EXPECT_EQ(loaded.words("a dog runs"), (Words{"a", "runs"}));
}

TEST(Tokenizer, CutsWordsToTheStemsOfALanguage) {
  // The published vocabularies of the algorithms have these.
  EXPECT_EQ(words_of("Running runs, ponies caresses happily", "stem = \"english\""),
            (Words{"run", "run", "poni", "caress", "happili"}));
  EXPECT_EQ(words_of("Aufeinander Häuser kategorischer", "stem = \"german\""),
            (Words{"aufeinand", "haus", "kategor"}));
  EXPECT_EQ(words_of("relational", "stem = \"porter\""), (Words{"relat"}));
}

TEST(Tokenizer, LeavesNumbersSymbolsAndEndlessWordsUnstemmed) {
  EXPECT_EQ(words_of("12 ss!", "stem = \"english\"\nnumbers = \"one\"\npunctuation = \"keep\""),
            (Words{"<number>", "ss", "!"}));
  const std::string endless = std::string(300, 'a') + "ing";
  EXPECT_EQ(words_of(endless, "stem = \"english\""), (Words{endless}));
}

TEST(Tokenizer, OffersExactlyTheStemmersThatLibstemmerHas) {
  std::set<std::string> expected{"none"};
  for (const char** name = sb_stemmer_list(); *name != nullptr; ++name) expected.insert(*name);
  for (const FeatureRow& row : feature_catalog()) {
    const auto stem = std::ranges::find(row.options, "stem", &Option::name);
    if (stem == row.options.end()) continue;
    EXPECT_EQ(std::set<std::string>(stem->choices.begin(), stem->choices.end()), expected);
    EXPECT_EQ(stem->choices.size(), expected.size());
  }
}

TEST(Tokenizer, KeepsContentWordsWhereAsked) {
  EXPECT_EQ(words_of("Two Dogs are running through the tall grass .", "content_words = true"),
            (Words{"dogs", "running", "tall", "grass"}));
  // Context is read before anything is dropped: here "can" follows an article.
  EXPECT_EQ(words_of("She has a can", "content_words = true\nstop_words = \"english\""), Words{});
  EXPECT_EQ(words_of("She has A Can", "content_words = true\nlower = false"),
            (Words{"has", "Can"}));
}

TEST(Tokenizer, AddsPairsAndTriplesOfTheWordsThatStay) {
  EXPECT_EQ(words_of("a dog runs", "ngrams = 2"), (Words{"a", "dog", "runs", "a dog", "dog runs"}));
  EXPECT_EQ(words_of("a dog runs", "ngrams = 3"),
            (Words{"a", "dog", "runs", "a dog", "dog runs", "a dog runs"}));
  EXPECT_EQ(
      words_of("a dog is running", "ngrams = 2\nstop_words = \"english\"\nstem = \"english\""),
      (Words{"dog", "run", "dog run"}));
  EXPECT_EQ(words_of("dog", "ngrams = 3"), (Words{"dog"}));
  EXPECT_EQ(words_of("", "ngrams = 3"), Words{});
}

std::string random_bytes(std::mt19937_64& random) {
  static const Words kPieces{"\u0301",   "e",          "\u00DF", "\u0130", "\U0001F436", "犬",
                             "'",        "\u200B",     " ",      "7",      "\u0664",     "\xE9",
                             "\xF0\x9F", "\u1112",     "\u1161", "the ",   "\uFEFF",     "\u0345",
                             "Dog",      "\U0010FFFF", ".",      "\u2019"};
  std::string out;
  for (std::size_t n = random() % 40; n > 0; --n) {
    if (random() % 3 == 0) {
      out += static_cast<char>(random());
    } else {
      out += kPieces[random() % kPieces.size()];
    }
  }
  return out;
}

TEST(Tokenizer, GivesUtf8WithoutSpacesForAnyBytesWhateverTheOptions) {
  std::mt19937_64 random(1);
  const Words options{"", "lower = false\npunctuation = \"keep\"",
                      "stem = \"english\"\nstop_words = \"english\"\ncontent_words = true",
                      "stem = \"turkish\"\napostrophes = \"split\"",
                      "stem = \"german\"\nnumbers = \"one\"\nlower = false\ncontent_words = true"};
  for (const std::string& now : options) {
    const Tokenizer tokenizer(options_of(now));
    for (int i = 0; i < 3000; ++i) {
      const std::string text = random_bytes(random);
      for (const std::string& word : tokenizer.words(text)) {
        ASSERT_FALSE(word.empty());
        ASSERT_EQ(utf8_prefix(word), word.size());
        ASSERT_EQ(word.find_first_of(" \t\n\r"), std::string::npos);
      }
    }
  }
}

TEST(Tokenizer, FindsTheSameWordsInWhatItGave) {
  std::mt19937_64 random(2);
  const Tokenizer tokenizer(options_of(""));
  for (int i = 0; i < 5000; ++i) {
    const Words once = tokenizer.words(random_bytes(random));
    std::string joined;
    for (const std::string& word : once) joined += word + " ";
    ASSERT_EQ(tokenizer.words(joined), once);
  }
}

class RealCaptions : public ::testing::Test {
 protected:
  void SetUp() override {
    ALIGNLAB_NEEDS_REAL_DATA("flickr8k/captions.token.txt");
    LineReader lines(tests::real_data() / "flickr8k/captions.token.txt");
    while (lines.next()) {
      captions_.emplace_back(lines.text().substr(lines.text().find('\t') + 1));
    }
  }

  std::size_t distinct(const std::string& options) const {
    const Tokenizer tokenizer(options_of(options));
    std::set<std::string> words;
    for (const std::string& caption : captions_) {
      for (std::string& word : tokenizer.words(caption)) words.insert(std::move(word));
    }
    return words.size();
  }

  Words captions_;
};

// Counted with other tools: tr, sort and uniq over the captions.
TEST_F(RealCaptions, HaveTheVocabularyThatOtherToolsCount) {
  ASSERT_EQ(captions_.size(), 35000U);
  EXPECT_EQ(distinct(""), 7923U);
}

TEST_F(RealCaptions, HaveSmallerVocabulariesTheMoreIsTakenTogether) {
  captions_.resize(7000);
  const std::size_t all = distinct(""), cased = distinct("lower = false");
  const std::size_t stems = distinct("stem = \"english\"");
  EXPECT_GT(cased, all);
  EXPECT_LT(stems, all * 3 / 4);
  EXPECT_GT(stems, all / 2);
  const std::size_t open = distinct("stop_words = \"english\"");
  EXPECT_LT(open, all);
  EXPECT_GT(open, all - 250);
}

}  // namespace
}  // namespace alignlab
