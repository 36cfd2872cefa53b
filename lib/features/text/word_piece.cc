#include "features/text/word_piece.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/lines.h"

namespace alignlab::features {
namespace {

constexpr std::ptrdiff_t kLongestWord = 100;  // characters
constexpr utf8proc_int32_t kReplacement = 0xFFFD;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool is_space(utf8proc_int32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return true;
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

bool vanishes(utf8proc_int32_t c) {
  if (c == 0 || c == kReplacement) return true;
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF;
}

/// All of ASCII that is no letter, digit or space counts, as "$" and "`" are no punctuation to
/// Unicode.
bool is_punctuation(utf8proc_int32_t c) {
  if (c < 0x80)
    return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') &&
           !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

/// The blocks that tokenization.py names.
bool is_ideograph(utf8proc_int32_t c) {
  struct Range {
    utf8proc_int32_t first, last;
  };
  constexpr std::array<Range, 8> kRanges{{{0x4E00, 0x9FFF},
                                          {0x3400, 0x4DBF},
                                          {0x20000, 0x2A6DF},
                                          {0x2A700, 0x2B73F},
                                          {0x2B740, 0x2B81F},
                                          {0x2B820, 0x2CEAF},
                                          {0xF900, 0xFAFF},
                                          {0x2F800, 0x2FA1F}}};
  return std::ranges::any_of(
      kRanges, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

/// Takes the first character off; U+FFFD for a byte that begins none.
utf8proc_int32_t next_character(std::string_view& text) {
  utf8proc_int32_t c = kReplacement;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &c);
  text.remove_prefix(length > 0 ? static_cast<std::size_t>(length) : 1);
  return length > 0 ? c : kReplacement;
}

void append(utf8proc_int32_t c, std::string& out) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(c, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

/// In lower case and without accents: what decomposes to a letter and marks is the letter.
void append_plain(utf8proc_int32_t c, std::string& out) {
  std::array<utf8proc_int32_t, 32> parts{};
  int last_class = UTF8PROC_BOUNDCLASS_START;
  const auto count = utf8proc_decompose_char(utf8proc_tolower(c), parts.data(), parts.size(),
                                             UTF8PROC_DECOMPOSE, &last_class);
  for (utf8proc_ssize_t i = 0; i < std::min<utf8proc_ssize_t>(count, parts.size()); ++i) {
    const utf8proc_int32_t part = parts[static_cast<std::size_t>(i)];
    if (utf8proc_category(part) != UTF8PROC_CATEGORY_MN) append(part, out);
  }
}

}  // namespace

std::vector<std::string> basic_words(std::string_view text, bool lower) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  while (!text.empty()) {
    const utf8proc_int32_t c = next_character(text);
    if (is_space(c)) {
      end_word();
      continue;
    }
    if (vanishes(c)) continue;
    const bool alone = is_punctuation(c) || is_ideograph(c);
    if (alone) end_word();
    if (lower) {
      append_plain(c, word);
    } else {
      append(c, word);
    }
    if (alone) end_word();
  }
  end_word();
  return words;
}

WordPieces::WordPieces(const std::filesystem::path& vocabulary, bool lower) : lower_(lower) {
  LineReader lines(vocabulary);
  for (std::int64_t number = 0; lines.next(); ++number) {
    tokens_[std::string(lines.text())] = number;
    longest_ = std::max(longest_, lines.text().size());
  }
  const auto number_of = [&](const char* token, std::int64_t otherwise) {
    const auto found = tokens_.find(token);
    return found == tokens_.end() ? otherwise : found->second;
  };
  unknown_ = number_of("[UNK]", -1);
  if (unknown_ < 0) {
    throw DataError(
        fmt::format("{}: expected a token a line, [UNK] among them; found {} without it",
                    vocabulary.string(), with_commas(tokens_.size())));
  }
  padding_ = number_of("[PAD]", 0);
  first_ = number_of("[CLS]", -1);
  last_ = number_of("[SEP]", -1);
}

std::vector<std::int64_t> WordPieces::numbers(std::string_view text, std::size_t max_length) const {
  std::vector<std::int64_t> out;
  const bool framed = first_ >= 0 && last_ >= 0 && max_length >= 2;
  if (framed) out.push_back(first_);
  const std::size_t most = framed ? max_length - 1 : max_length;
  for (const std::string& word : basic_words(text, lower_)) {
    if (out.size() >= most) break;
    add_pieces(word, out);
  }
  out.resize(std::min(out.size(), most));
  if (framed) out.push_back(last_);
  return out;
}

std::optional<WordPieces::Piece> WordPieces::longest_piece(std::string_view word,
                                                           std::size_t begin) const {
  std::string piece;
  for (std::size_t end = std::min(word.size(), begin + longest_); end > begin; --end) {
    if (end < word.size() && is_continuation(word[end])) continue;
    piece.assign(begin == 0 ? "" : "##").append(word.substr(begin, end - begin));
    if (const auto found = tokens_.find(piece); found != tokens_.end()) {
      return Piece{found->second, end};
    }
  }
  return std::nullopt;
}

void WordPieces::add_pieces(std::string_view word, std::vector<std::int64_t>& out) const {
  const std::size_t before = out.size();
  const auto characters = std::ranges::count_if(word, [](char c) { return !is_continuation(c); });
  std::size_t begin = 0;
  while (begin < word.size() && characters <= kLongestWord) {
    const auto piece = longest_piece(word, begin);
    if (!piece) break;
    out.push_back(piece->number);
    begin = piece->end;
  }
  if (begin == word.size()) return;
  out.resize(before);
  out.push_back(unknown_);
}

}  // namespace alignlab::features
