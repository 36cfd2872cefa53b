#pragma once

// A text cut into words and symbols by the Unicode categories of its characters (utf8proc).
//
// Texts are first brought to Unicode Normalization Form C (Unicode Standard Annex #15) and, where
// asked for, full case folding (Unicode Standard, section 3.13), which knows no locale: "Straße" is
// "strasse", and U+0130 is "i" with a dot above whatever the language. Default-ignorable characters
// (soft hyphen, joiners, variation selectors) vanish. Of the combining marks of one character the
// first 30 are read, as many as the stream-safe format of Annex #15 has.
//
// A word is a maximal run of letters, digits and marks that begins with a letter or a digit, except
// that each ideograph (Han) is a word by itself. Scripts that write no spaces and are no ideographs
// (Thai, kana) therefore give long words. Whatever else is not a space or a control character is a
// symbol, one a character. Bytes that are not UTF-8 count as U+FFFD, a symbol. Any bytes are taken;
// time is linear in their number.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alignlab::features {

enum class TokenClass { kWord, kNumber, kSymbol };

struct Token {
  std::string text;
  TokenClass what = TokenClass::kWord;  // kNumber: nothing but digits and marks
};

enum class Apostrophes {
  kJoin,  // they vanish: "dog's" is "dogs"
  kSplit  // they are symbols: "l'homme" is "l", "'", "homme"
};

/// The words and symbols of a text in order, in Form C, case folded where `fold`.
std::vector<Token> segments(std::string_view text, bool fold, Apostrophes apostrophes);

/// A word of segments() without `fold`, as it would have been with it.
std::string folded(std::string_view word);

/// Name and version of the library behind it, and of the Unicode whose tables it has.
std::map<std::string, std::string> text_libraries();

}  // namespace alignlab::features
