#include "features/text/segmentation.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace alignlab::features {
namespace {

constexpr int kMostMarks = 30;
constexpr char32_t kZeroWidthSpace = 0x200B;

enum class CharClass : unsigned char {
  kSpace,
  kLetter,
  kDigit,
  kMark,
  kIdeograph,
  kApostrophe,
  kSymbol
};

constexpr std::array<CharClass, 128> ascii_classes() {
  std::array<CharClass, 128> out{};
  for (std::size_t c = 0; c < out.size(); ++c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      out[c] = CharClass::kLetter;
    } else if (c >= '0' && c <= '9') {
      out[c] = CharClass::kDigit;
    } else if (c == '\'') {
      out[c] = CharClass::kApostrophe;
    } else {
      out[c] = c > ' ' && c != 0x7F ? CharClass::kSymbol : CharClass::kSpace;
    }
  }
  return out;
}

constexpr std::array<CharClass, 128> kAsciiClasses = ascii_classes();

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// The blocks of Han characters, with the iteration mark and the zero that are written among them.
bool is_ideograph(char32_t c) {
  return c == 0x3005 || c == 0x3007 || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFD);
}

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019 || c == 0x02BC; }

CharClass class_of(char32_t c) {
  if (c < 0x80) return kAsciiClasses[c];
  if (is_apostrophe(c)) return CharClass::kApostrophe;
  if (is_ideograph(c)) return CharClass::kIdeograph;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return CharClass::kLetter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return CharClass::kMark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharClass::kDigit;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
      return CharClass::kSpace;
    default:
      return CharClass::kSymbol;
  }
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;
  bool valid = false;
};

/// Precondition: `text` is not empty.
Character first_character(std::string_view text) {
  utf8proc_int32_t code = 0;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                      static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (bytes <= 0) return {0xFFFD, 1, false};
  return {static_cast<char32_t>(code), static_cast<std::size_t>(bytes), true};
}

/// UTF-8 whatever `text` is, and never so many marks in a row that ordering them takes long.
/// Apostrophes that join go now: what comes to stand together may compose.
std::string well_formed(std::string_view text, Apostrophes apostrophes) {
  std::string out;
  out.reserve(text.size());
  int marks = 0;
  while (!text.empty()) {
    const Character now = first_character(text);
    const bool orders =
        utf8proc_get_property(static_cast<utf8proc_int32_t>(now.code))->combining_class != 0;
    marks = orders ? marks + 1 : 0;
    if (!now.valid) {
      out += "\uFFFD";
    } else if (now.code == kZeroWidthSpace) {
      // It parts words, though it is among the ignorable characters.
      out += ' ';
    } else if (marks <= kMostMarks &&
               (apostrophes == Apostrophes::kSplit || !is_apostrophe(now.code))) {
      out += text.substr(0, now.bytes);
    }
    text.remove_prefix(now.bytes);
  }
  return out;
}

std::string ascii_folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Collects tokens; a word grows until something ends it.
class Collector {
 public:
  void extend_word(std::string_view bytes, bool digit) {
    if (alone_) end_word();
    word_ += bytes;
    digits_ = digits_ && digit;
  }
  void add_mark(std::string_view bytes) {
    if (!word_.empty()) word_ += bytes;
  }
  void add_ideograph(std::string_view bytes) {
    end_word();
    word_ = bytes;
    digits_ = false;
    alone_ = true;
  }
  void add_symbol(std::string_view bytes) {
    end_word();
    tokens_.push_back({std::string(bytes), TokenClass::kSymbol});
  }
  void end_word() {
    if (word_.empty()) return;
    tokens_.push_back({std::move(word_), digits_ ? TokenClass::kNumber : TokenClass::kWord});
    word_.clear();
    digits_ = true;
    alone_ = false;
  }
  std::vector<Token> take() {
    end_word();
    return std::move(tokens_);
  }

 private:
  std::vector<Token> tokens_;
  std::string word_;
  bool digits_ = true;
  bool alone_ = false;
};

std::string normalized(std::string_view text, bool fold, Apostrophes apostrophes) {
  if (is_ascii(text)) return fold ? ascii_folded(text) : std::string(text);
  const std::string clean = well_formed(text, apostrophes);
  const int options =
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE | (fold ? UTF8PROC_CASEFOLD : 0);
  utf8proc_uint8_t* mapped = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(clean.data()),
                                   static_cast<utf8proc_ssize_t>(clean.size()), &mapped,
                                   static_cast<utf8proc_option_t>(options));
  // Of well-formed text, only memory can be wanting.
  if (length < 0) throw std::bad_alloc();
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

}  // namespace

std::vector<Token> segments(std::string_view original, bool fold, Apostrophes apostrophes) {
  const std::string normal = normalized(original, fold, apostrophes);
  std::string_view text = normal;
  Collector collector;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const Character now = byte < 0x80 ? Character{byte, 1, true} : first_character(text);
    const std::string_view bytes = text.substr(0, now.bytes);
    text.remove_prefix(now.bytes);
    switch (class_of(now.code)) {
      case CharClass::kLetter:
        collector.extend_word(bytes, false);
        break;
      case CharClass::kDigit:
        collector.extend_word(bytes, true);
        break;
      case CharClass::kMark:
        collector.add_mark(bytes);
        break;
      case CharClass::kIdeograph:
        collector.add_ideograph(bytes);
        break;
      case CharClass::kApostrophe:
        if (apostrophes == Apostrophes::kSplit) collector.add_symbol(bytes);
        break;
      case CharClass::kSymbol:
        collector.add_symbol(bytes);
        break;
      case CharClass::kSpace:
        collector.end_word();
        break;
    }
  }
  return collector.take();
}

std::string folded(std::string_view word) { return normalized(word, true, Apostrophes::kSplit); }

std::map<std::string, std::string> text_libraries() {
  return {{"utf8proc", utf8proc_version()}, {"unicode", utf8proc_unicode_version()}};
}

}  // namespace alignlab::features
