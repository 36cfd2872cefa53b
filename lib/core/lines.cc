#include "core/lines.h"

#include <fmt/format.h>

#include <cstring>

#include "core/error.h"

namespace alignlab {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;
constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of the UTF-8 character at the start of `text`; 0 where there is none.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2    ? 0
                             : first < 0xE0  ? 2
                             : first < 0xF0  ? 3
                             : first <= 0xF4 ? 4
                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return length;
}

}  // namespace

LineReader::LineReader(std::filesystem::path path) : path_(std::move(path)), buffer_(kBufferBytes) {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) {
    throw DataError(fmt::format("{}: no such file", path_.string()));
  }
  if (!std::filesystem::is_regular_file(path_, error)) {
    throw DataError(fmt::format("{}: expected a file, found something else", path_.string()));
  }
  size_ = std::filesystem::file_size(path_, error);
  in_.open(path_, std::ios::binary);
  if (error || !in_) throw DataError(fmt::format("{}: cannot be read", path_.string()));
}

bool LineReader::read_line() {
  line_.clear();
  while (true) {
    if (begin_ == end_) {
      in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
      begin_ = 0;
      end_ = static_cast<std::size_t>(in_.gcount());
      if (in_.bad()) throw DataError(fmt::format("{}: cannot be read", path_.string()));
      if (end_ == 0) return !line_.empty();
    }
    const char* start = buffer_.data() + begin_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
    const std::size_t taken =
        newline == nullptr ? end_ - begin_ : static_cast<std::size_t>(newline - start);
    line_.append(start, taken);
    begin_ += taken;
    position_ += taken;
    if (line_.size() > kLongestLine) fail("expected a line of text, found one without an end");
    if (newline != nullptr) {
      ++begin_;
      ++position_;
      return true;
    }
  }
}

bool LineReader::next() {
  ++number_;
  if (!read_line()) return false;
  if (number_ == 1 && line_.starts_with(kByteOrderMark)) line_.erase(0, kByteOrderMark.size());
  if (line_.ends_with('\r')) line_.pop_back();
  const std::size_t valid = utf8_prefix(line_);
  if (valid != line_.size()) {
    fail(fmt::format("expected UTF-8, found byte 0x{:02x} at column {}",
                     static_cast<unsigned char>(line_[valid]), valid + 1));
  }
  return true;
}

void LineReader::fail_expected(std::string_view expected) const {
  fail(fmt::format("expected {}, found '{}'", expected, excerpt(line_)));
}

void LineReader::fail(std::string_view what) const {
  throw DataError(fmt::format("{}:{}: {}", path_.string(), number_, what));
}

std::size_t utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::string excerpt(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    std::string piece(text.substr(0, std::max<std::size_t>(1, length)));
    if (byte == '\t') {
      piece = "\\t";
    } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
      piece = fmt::format("\\x{:02x}", byte);
    }
    if (out.size() + piece.size() > most) return out + "...";
    out += piece;
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return out;
}

std::string with_commas(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace alignlab
