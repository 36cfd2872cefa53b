// Reading vectors of words: formats, real files, damaged ones.

#include "features/text/word_vectors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "core/rng.h"
#include "tests/core/real_data.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

using features::read_word_vectors;
using features::WordVectors;
using tests::after;
using tests::bytes_of;
using tests::Listener;
using tests::message_of;
using tests::real_data;
using tests::refused_copies;
using tests::ScratchFolder;
using tests::write_text;
using Words = std::vector<std::string>;
using Table = std::map<std::string, std::vector<float>>;

constexpr const char* kGlove = "the 0.5 -1.25 3\ndog 1e-3 0 -0\ncat +2 4.5e1 .25\n";
constexpr const char* kWord2Vec = "3 3\nthe 0.5 -1.25 3\ndog 1e-3 0 -0\ncat +2 4.5e1 .25\n";

/// As the word2vec program writes it, or without the line ends, as others do.
std::string binary(const std::vector<std::pair<std::string, std::vector<float>>>& words,
                   const std::string& end = "\n") {
  std::string out = std::to_string(words.size()) + " " +
                    std::to_string(words.empty() ? 3 : words[0].second.size()) + "\n";
  for (const auto& [word, values] : words) {
    out.append(word).append(" ").append(bytes_of(values)).append(end);
  }
  return out;
}

Table table_of(const WordVectors& found) {
  Table out;
  for (std::size_t i = 0; i < found.words.size(); ++i) {
    const auto row = found.vectors.row(i);
    out[std::string(found.words[i])] = {row.begin(), row.end()};
  }
  return out;
}

class WordVectorFile : public ::testing::Test {
 protected:
  WordVectors found(std::string_view content, const Words& wanted, bool any_case = false) {
    write_text(path_, content);
    return read_word_vectors(path_, wanted, any_case, listener_);
  }
  Table read(std::string_view content, const Words& wanted, bool any_case = false) {
    return table_of(found(content, wanted, any_case));
  }
  /// What is wrong, after the file's name.
  std::string refusal(std::string_view content, const Words& wanted = {"dog", "cat", "the"}) {
    return after(path_.string() + ":", message_of<DataError>([&] { found(content, wanted); }));
  }

  ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "vectors";
  Listener listener_;
};

const Table kAll{{"the", {0.5F, -1.25F, 3}}, {"dog", {0.001F, 0, 0}}, {"cat", {2, 45, 0.25F}}};

TEST_F(WordVectorFile, OfEveryFormatGivesTheSameVectors) {
  const std::vector<std::pair<std::string, std::vector<float>>> words(kAll.begin(), kAll.end());
  const std::string header_and_spaces =  // as fastText writes it
      "3 3\nthe 0.5 -1.25 3 \ndog 0.001 0 0 \ncat 2 45 0.25 \n";
  for (const std::string& content :
       {std::string(kGlove), std::string(kWord2Vec), header_and_spaces, binary(words),
        binary(words, ""), std::string("\xef\xbb\xbf") + kGlove,
        std::string("the\t0.5\t-1.25\t3\r\ndog\t0.001\t0\t0\r\ncat\t2\t45\t0.25")}) {
    EXPECT_EQ(read(content, {"cat", "dog", "the"}), kAll) << content;
  }
}

TEST_F(WordVectorFile, GivesOnlyWordsAskedForInTheOrderAskedFor) {
  const WordVectors both = found(kGlove, {"cat", "horse", "the"});
  ASSERT_EQ(both.words.size(), 2U);
  EXPECT_EQ(both.words[0], "cat");
  EXPECT_EQ(both.words[1], "the");
  EXPECT_EQ(both.vectors.row(1)[1], -1.25F);
  const WordVectors none = found(kGlove, {"horse"});
  EXPECT_EQ(none.words.size(), 0U);
  EXPECT_EQ(none.vectors.cols(), 3U);
}

TEST_F(WordVectorFile, TellsTheHashOfItsWholeContent) {
  const WordVectors some = found(kGlove, {"the"});
  EXPECT_EQ(some.hash, hash_of_file(path_));
  const std::string bytes = binary({{"a", {1, 2, 3}}, {"b", {4, 5, 6}}});
  EXPECT_EQ(found(bytes, {}).hash, hash_of(bytes));
}

TEST_F(WordVectorFile, MayHoldWordsWithSpaces) {
  const Table expected{{"new york", {3, 4}}, {". . .", {5, 6}}, {"a", {1, 2}}};
  EXPECT_EQ(read("a 1 2\nnew york 3 4\n. . . 5 6\n 7 8\n  7 8\n", {"new york", ". . .", "a"}),
            expected);
  EXPECT_EQ(read("3 2\na 1 2\nnew york 3 4\n. . . 5 6", {"new york", ". . .", "a"}), expected);
}

TEST_F(WordVectorFile, MayHoldWordsThatAreNotUtf8OrHoldNumbers) {
  const std::string odd = "caf\xe9\x85";
  EXPECT_EQ(read(odd + " 1 2\n3 4 5\n", {odd, "3"}), (Table{{odd, {1, 2}}, {"3", {4, 5}}}));
  EXPECT_EQ(read("\xc2\xa0 1 2\na 3 4\n", {"a"}, true), (Table{{"a", {3, 4}}}));
  EXPECT_EQ(read(binary({{odd, {1, 2}}, {"a", {3, 4}}}), {odd}), (Table{{odd, {1, 2}}}));
}

TEST_F(WordVectorFile, FindsWordsInOtherLetterCaseWhereAsked) {
  const std::string content = "Paris 1\nPARIS 2\nÉTÉ 3\nstrasse 4\nus 5\nUS 6\n";
  // The exact word wins wherever it stands; else the first that is the same when folded.
  EXPECT_EQ(read(content, {"paris", "PARIS", "été", "Straße", "US", "Us"}, true),
            (Table{{"paris", {1}},
                   {"PARIS", {2}},
                   {"été", {3}},
                   {"Straße", {4}},
                   {"US", {6}},
                   {"Us", {5}}}));
  EXPECT_EQ(read(content, {"paris", "PARIS", "été", "Straße", "US", "Us"}, false),
            (Table{{"PARIS", {2}}, {"US", {6}}}));
}

TEST_F(WordVectorFile, TakesTheFirstVectorOfAWordThatIsThereAgain) {
  EXPECT_EQ(read("a 1\nb 2\na 3\nb 4\na 5\nz 6\nz 7\n", {"a", "b"}),
            (Table{{"a", {1}}, {"b", {2}}}));
  EXPECT_EQ(listener_.warnings,
            Words{path_.string() + ": words that stand there again, left out: 3 (the first: 'a')"});
  listener_.warnings.clear();
  EXPECT_EQ(read("A 1\na 2\nA 3", {"a"}, true), (Table{{"a", {2}}}));
  EXPECT_EQ(listener_.warnings, Words{});
}

TEST_F(WordVectorFile, OfManyBlocksIsReadAcrossTheirBorders) {
  Rng rng(1, "words");
  std::vector<std::pair<std::string, std::vector<float>>> words;
  std::string text;
  Words wanted;
  for (int i = 0; i < 700; ++i) {
    std::vector<float> values;
    std::string line = "w" + std::to_string(i);
    for (int j = 0; j < 400; ++j) {
      const double eighths = rng.between(-100000, 100000) / 8.0;  // exact as text and as float32
      values.push_back(static_cast<float>(eighths));
      line += fmt::format(" {}", eighths);
    }
    words.emplace_back("w" + std::to_string(i), std::move(values));
    text += line + "\n";
    if (i % 7 == 3) wanted.push_back(words.back().first);
  }
  Table expected;
  for (std::size_t i = 3; i < words.size(); i += 7) expected.insert(words[i]);
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  EXPECT_EQ(read(text, wanted), expected);
  EXPECT_EQ(read("700 400\n" + text, wanted), expected);
  EXPECT_EQ(read(binary(words), wanted), expected);
  EXPECT_EQ(read(binary(words, ""), wanted), expected);
}

TEST_F(WordVectorFile, RoundsNumbersAsFloat32) {
  EXPECT_EQ(read("a 1e-60 16777217 -1e-40 3.4028235e38", {"a"}),
            (Table{{"a", {0, 16777216, -1e-40F, std::numeric_limits<float>::max()}}}));
}

TEST_F(WordVectorFile, ThatIsTextIsRefusedWithTheLineThatIsWrong) {
  EXPECT_EQ(refusal(""), " expected words and their vectors, found an empty file");
  EXPECT_EQ(refusal("dog\n"), "1: expected a word and numbers, found 'dog'");
  EXPECT_EQ(refusal("the 1 2\n\ndog 1 2\n"), "2: expected a word and 2 numbers, found ''");
  EXPECT_EQ(refusal("the 1 2\nx 1\n"), "2: expected a word and 2 numbers, found 'x 1'");
  EXPECT_EQ(refusal("A dog runs.\n"),
            "1: expected a finite number, found 'dog' as number 1 of 'A'");
  for (const char* wrong : {"nan", "inf", "-inf", "1e39", "1e400", "0x1", "1,5", "2.5f", "--1",
                            "+-1", "1.2.3", "\xff", ""}) {
    const std::string shown = wrong[0] == '\xff' ? "\\xff" : wrong;
    EXPECT_EQ(refusal(std::string("the 1 2 3\ndog 1 ") + wrong + " 3\n"),
              "2: expected a finite number, found '" + shown + "' as number 2 of 'dog'");
  }
  EXPECT_EQ(refusal("the 1 2\nx nan 1\ndog 1 nan"),
            "3: expected a finite number, found 'nan' as number 2 of 'dog'");
  EXPECT_EQ(refusal("the 1\n" + std::string((1 << 20) + 1, 'x')),
            "2: expected a line of text, found one without an end");
}

TEST_F(WordVectorFile, WithAHeaderMustHoldWhatItSays) {
  EXPECT_EQ(refusal("4 3\nthe 1 2 3\ndog 1 2 3\n"), " expected 4 words (line 1 says so), found 2");
  EXPECT_EQ(refusal("1 3\nthe 1 2 3\ndog 1 2 3\n"), " expected 1 words (line 1 says so), found 2");
  EXPECT_EQ(refusal("2 3\n"), " expected 2 words (line 1 says so), found 0");
  EXPECT_EQ(refusal("2 3\nthe 1 2 3\ndog 1 2\n"),
            "3: expected a word and 3 numbers, found 'dog 1 2'");
  for (const char* header :
       {"2 0", "2 65537", "99999999999999999999 3", "2 99999999999999999999"}) {
    EXPECT_EQ(refusal(std::string(header) + "\nthe 1 2 3\n"),
              "1: expected a number of words and 1 to 65,536 numbers each, found '" +
                  std::string(header) + "'");
  }
}

TEST_F(WordVectorFile, ThatIsBinaryIsRefusedWithTheWordThatIsWrong) {
  const std::string good = binary({{"the", {1, 2, 3}}, {"dog", {4, 5, 6}}});
  EXPECT_EQ(refusal(good.substr(0, good.size() - 3)),
            " word 2: the file ends inside it; expected 2 words");
  EXPECT_EQ(refusal(good + "x 12"), " expected the end after 2 words, found 4 bytes more");
  EXPECT_EQ(refusal(binary({{"the", {1, 2, 3}}, {"dog", {1, NAN, 3}}})),
            " word 2: expected finite numbers, found nan as number 2 of 'dog'");
  EXPECT_EQ(refusal(binary({{"the", {1, 2, 3}}, {"dog", {1, 2, INFINITY}}})),
            " word 2: expected finite numbers, found inf as number 3 of 'dog'");
  EXPECT_EQ(refusal(binary({{"the", {1, 2, 3}}, {std::string(5000, 'x'), {1, 2, 3}}})),
            " word 2: expected a word, found none that ends");
}

TEST_F(WordVectorFile, IsNotBelievedAboutItsSize) {
  const std::string rest = binary({{"the", {1, 2, 3}}}).substr(4);
  EXPECT_EQ(refusal("1000000000000 3\n" + rest),
            " line 1 tells of 1000000000000 words of 3 numbers, for which 33 bytes are too few");
  EXPECT_EQ(refusal("18446744073709551615 65536\n" + rest),
            " line 1 tells of 18446744073709551615 words of 65536 numbers, for which 44 bytes are "
            "too few");
  EXPECT_EQ(refusal("1000000000000 3\nthe 1 2 3\n"),
            " expected 1000000000000 words (line 1 says so), found 1");
}

TEST_F(WordVectorFile, ThatIsNoneIsNamed) {
  EXPECT_EQ(
      message_of<DataError>([&] { read_word_vectors(folder_ / "absent", {}, false, listener_); }),
      (folder_ / "absent").string() + ": no such file");
  EXPECT_EQ(message_of<DataError>([&] { read_word_vectors(folder_.path(), {}, false, listener_); }),
            folder_.path().string() + ": expected a file, found something else");
}

TEST_F(WordVectorFile, IsLeftWhenTheWorkIsCancelled) {
  write_text(path_, kGlove);
  Listener cancelled(true);
  EXPECT_THROW(read_word_vectors(path_, {"the"}, false, cancelled), Interrupted);
}

TEST_F(WordVectorFile, ThatIsDamagedIsReadOrRefused) {
  Rng rng(2, "words");
  std::vector<std::pair<std::string, std::vector<float>>> words;
  std::string text;
  Words wanted;
  for (int i = 0; i < 20; ++i) {
    std::string word(1 + rng.below(5), 'a');
    for (char& c : word) c = static_cast<char>('a' + rng.below(26));
    std::vector<float> values;
    for (int j = 0; j < 6; ++j) values.push_back(static_cast<float>(rng.normal()));
    text += word;
    for (const float value : values) text += fmt::format(" {}", value);
    text += "\n";
    wanted.push_back(word);
    words.emplace_back(std::move(word), std::move(values));
  }
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  for (const std::string& content : {text, "20 6\n" + text, binary(words), binary(words, "")}) {
    EXPECT_EQ(read(content, wanted).size(), wanted.size());
    const int refused = refused_copies(content, path_, 250, [&] {
      const WordVectors some = read_word_vectors(path_, wanted, true, listener_);
      for (const float value : some.vectors.values()) ASSERT_TRUE(std::isfinite(value));
      ASSERT_LE(some.words.size(), wanted.size());
    });
    EXPECT_GT(refused, 25);
  }
}

TEST(RealWordVectors, AreAsTheFileSays) {
  for (const auto& [name, words, width] : {std::tuple("glove_6B_50d_6770words.txt", 6770, 50),
                                           std::tuple("glove_6B_200d_1788words.txt", 1788, 200)}) {
    const std::string file = std::string("words/") + name;
    ALIGNLAB_NEEDS_REAL_DATA(file);
    const std::filesystem::path path = real_data() / file;
    std::ifstream in(path);
    Table expected;
    Words wanted{"no-such-word-anywhere"};
    for (std::string line; std::getline(in, line);) {
      std::istringstream fields(line);
      std::string word;
      fields >> word;
      for (std::string field; fields >> field;) expected[word].push_back(std::stof(field));
      wanted.push_back(word);
    }
    Silent silent;
    const WordVectors read = read_word_vectors(path, wanted, false, silent);
    EXPECT_EQ(read.words.size(), static_cast<std::size_t>(words));
    EXPECT_EQ(read.vectors.cols(), static_cast<std::size_t>(width));
    EXPECT_EQ(table_of(read), expected);
  }
}

}  // namespace
}  // namespace alignlab
