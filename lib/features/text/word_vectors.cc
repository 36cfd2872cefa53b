#include "features/text/word_vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "features/text/segmentation.h"

namespace alignlab::features {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::size_t kLongestBinaryWord = 1 << 12;
constexpr std::uint64_t kWidest = 1 << 16;
constexpr std::uint64_t kBlocksANote = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_separator(char c) { return c == ' ' || c == '\t'; }

std::size_t separators_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, is_separator));
}

/// Up to the n-th separator, n from 1. Precondition: there are as many.
std::string_view before_separator(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  while (!is_separator(text[at]) || --n > 0) ++at;
  return text.substr(0, at);
}

/// The bytes of a file in pieces, hashed as they pass.
class ByteStream {
 public:
  ByteStream(fs::path path, Progress& progress) : path_(std::move(path)), progress_(progress) {
    std::error_code error;
    if (!fs::exists(path_, error)) {
      throw DataError(fmt::format("{}: no such file", path_.string()));
    }
    if (!fs::is_regular_file(path_, error)) {
      throw DataError(fmt::format("{}: expected a file, found something else", path_.string()));
    }
    size_ = fs::file_size(path_, error);
    in_.open(path_, std::ios::binary);
    if (error || !in_) throw DataError(fmt::format("{}: cannot be read", path_.string()));
  }

  const fs::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t left() const { return size_ - std::min(size_, taken_); }
  Hash128 hash() const { return hasher_.digest(); }

  /// What is in memory of what comes next; empty at the end of the file only.
  std::string_view ahead() {
    if (begin_ == end_) read_block();
    return {block_.data() + begin_, end_ - begin_};
  }
  void skip(std::size_t count) {
    begin_ += count;
    taken_ += count;
  }

  /// Up to the next `end`, which is passed over, or to the end of the file; valid until the next
  /// call. Nothing where that is more than `most` bytes away.
  std::optional<std::string_view> until(char end, std::size_t most) {
    piece_.clear();
    while (true) {
      const std::string_view block = ahead();
      if (block.empty()) return piece_;
      const std::size_t at = block.find(end);
      const std::string_view part = block.substr(0, at);
      if (piece_.size() + part.size() > most) return std::nullopt;
      const bool found = at != std::string_view::npos;
      skip(part.size() + (found ? 1 : 0));
      if (found && piece_.empty()) return part;
      piece_ += part;
      if (found) return piece_;
    }
  }

  /// The next `count` bytes, or fewer where the file ends; valid until the next call.
  std::string_view bytes(std::size_t count) {
    piece_.clear();
    while (true) {
      const std::string_view part = ahead().substr(0, count - piece_.size());
      skip(part.size());
      if (part.empty() || piece_.size() + part.size() == count) {
        if (piece_.empty()) return part;
        piece_ += part;
        return piece_;
      }
      piece_ += part;
    }
  }

 private:
  void read_block() {
    progress_.check();
    if (blocks_ > 0 && blocks_ % kBlocksANote == 0) {
      progress_.note(fmt::format("reading {}: {} %", path_.filename().string(),
                                 taken_ * 100 / std::max<std::uint64_t>(1, size_)));
    }
    ++blocks_;
    in_.read(block_.data(), static_cast<std::streamsize>(block_.size()));
    if (in_.bad()) throw DataError(fmt::format("{}: cannot be read", path_.string()));
    begin_ = 0;
    end_ = static_cast<std::size_t>(in_.gcount());
    hasher_.add_bytes(std::as_bytes(std::span(block_.data(), end_)));
  }

  fs::path path_;
  Progress& progress_;
  std::ifstream in_;
  std::uint64_t size_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t blocks_ = 0;
  std::vector<char> block_ = std::vector<char>(kBlockBytes);
  std::size_t begin_ = 0;  // of what is unread in the block
  std::size_t end_ = 0;
  std::string piece_;
  Hasher hasher_;
};

/// As in the tokenizer; the files are mostly ASCII.
std::string without_case(std::string_view word) {
  if (!std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return folded(word);
  }
  std::string out(word);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// The words asked for, and the rows found for them so far.
class Finds {
 public:
  Finds(const std::vector<std::string>& wanted, bool any_case)
      : wanted_(wanted), any_case_(any_case), exact_(wanted.size()), similar_(wanted.size()) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      numbers_.emplace(wanted[i], i);
      if (any_case) folded_[without_case(wanted[i])].push_back(i);
    }
  }

  /// Whether the vector of this word of the file is to be kept as the next row.
  bool take(std::string_view word) {
    bool taken = false;
    key_ = word;
    if (const auto found = numbers_.find(key_); found != numbers_.end()) {
      taken = set(exact_[found->second]);
      if (!taken && ++repeats_ == 1) first_repeat_ = key_;
    }
    if (any_case_) {
      if (const auto found = folded_.find(without_case(word)); found != folded_.end()) {
        for (const std::size_t i : found->second) taken |= set(similar_[i]);
      }
    }
    rows_ += taken ? 1 : 0;
    return taken;
  }

  void warn_of_repeats(const fs::path& path, Progress& progress) const {
    if (repeats_ == 0) return;
    progress.warn(fmt::format("{}: words that stand there again, left out: {} (the first: '{}')",
                              path.string(), with_commas(repeats_), excerpt(first_repeat_)));
  }

  /// `values` are the rows taken, one after the other.
  WordVectors result(const std::vector<float>& values, std::size_t width) const {
    WordVectors out;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const auto row = exact_[i] ? exact_[i] : similar_[i];
      if (!row) continue;
      out.words.push_back(wanted_[i]);
      rows.push_back(*row);
    }
    out.vectors = Matrix(rows.size(), width);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(values.data() + rows[i] * width, width, out.vectors.row(i).begin());
    }
    return out;
  }

 private:
  bool set(std::optional<std::size_t>& row) const {
    if (row) return false;
    row = rows_;
    return true;
  }

  const std::vector<std::string>& wanted_;
  bool any_case_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::unordered_map<std::string, std::vector<std::size_t>> folded_;
  std::vector<std::optional<std::size_t>> exact_, similar_;
  std::size_t rows_ = 0;
  std::size_t repeats_ = 0;
  std::string first_repeat_;
  std::string key_;
};

struct Header {
  std::uint64_t words = 0;
  std::uint64_t width = 0;
};

class Reader {
 public:
  Reader(const fs::path& path, const std::vector<std::string>& wanted, bool any_case,
         Progress& progress)
      : in_(path, progress), finds_(wanted, any_case), progress_(progress) {}

  WordVectors read() {
    if (in_.ahead().starts_with(kByteOrderMark)) in_.skip(kByteOrderMark.size());
    const std::optional<Header> header = read_header();
    if (header && is_binary()) {
      read_binary(*header);
    } else {
      read_text(header);
    }
    finds_.warn_of_repeats(in_.path(), progress_);
    WordVectors out = finds_.result(values_, width_);
    out.hash = in_.hash();
    return out;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", in_.path().string(), what));
  }
  [[noreturn]] void fail_line(std::string_view what) const {
    throw DataError(fmt::format("{}:{}: {}", in_.path().string(), line_, what));
  }

  /// "words numbers"; leaves the stream behind it, or where it was.
  std::optional<Header> read_header() {
    const std::string_view block = in_.ahead();
    const std::string_view line = without_end(block.substr(0, block.find('\n')));
    const auto separator = std::ranges::find_if(line, is_separator);
    if (separator == line.end()) return std::nullopt;
    const std::string_view first(line.begin(), separator), second(separator + 1, line.end());
    const auto is_whole = [](std::string_view text) {
      return !text.empty() &&
             std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (!is_whole(first) || !is_whole(second)) return std::nullopt;
    Header header;
    line_ = 1;
    const auto whole = [&](std::string_view text, std::uint64_t& value) {
      return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
    };
    if (!whole(first, header.words) || !whole(second, header.width) || header.width == 0 ||
        header.width > kWidest) {
      fail_line(fmt::format("expected a number of words and 1 to {} numbers each, found '{}'",
                            with_commas(kWidest), excerpt(line)));
    }
    in_.skip(std::min(block.size(), block.find('\n') + 1));
    width_ = static_cast<std::size_t>(header.width);
    return header;
  }

  /// Numbers written as text are printable; among the bytes of float32 some are not.
  bool is_binary() {
    std::string_view next = in_.ahead();
    next.remove_prefix(std::min(next.size(), next.find(' ') + 1));
    return !std::ranges::all_of(next.substr(0, width_ * sizeof(float)), [](char c) {
      return (c >= 0x20 && c < 0x7F) || c == '\t' || c == '\n' || c == '\r';
    });
  }

  static std::string_view without_end(std::string_view line) {
    while (!line.empty() && (is_separator(line.back()) || line.back() == '\r')) {
      line.remove_suffix(1);
    }
    return line;
  }

  void read_text(const std::optional<Header>& header) {
    std::uint64_t words = 0;
    while (!in_.ahead().empty()) {
      ++line_;
      const auto line = in_.until('\n', kLongestLine);
      if (!line) fail_line("expected a line of text, found one without an end");
      read_line(without_end(*line), words == 0);
      ++words;
    }
    if (words == 0 && !header) fail("expected words and their vectors, found an empty file");
    if (header && words != header->words) {
      fail(fmt::format("expected {} words (line 1 says so), found {}", header->words, words));
    }
  }

  void read_line(std::string_view line, bool first) {
    const std::size_t separators = separators_in(line);
    if (width_ == 0) width_ = separators;
    if (width_ > kWidest) {
      fail_line(fmt::format("expected at most {} numbers, found {}", with_commas(kWidest),
                            with_commas(width_)));
    }
    if (width_ == 0)
      fail_line(fmt::format("expected a word and numbers, found '{}'", excerpt(line)));
    if (separators < width_) {
      fail_line(fmt::format("expected a word and {} numbers, found '{}'", width_, excerpt(line)));
    }
    const std::string_view word = before_separator(line, separators - width_ + 1);
    const bool taken = finds_.take(word);
    if (taken || first) read_numbers(word, line.substr(word.size()));
    if (!taken && first) values_.clear();
  }

  void read_numbers(std::string_view word, std::string_view text) {
    for (std::size_t i = 0; i < width_; ++i) {
      text.remove_prefix(1);
      const auto end = std::ranges::find_if(text, is_separator);
      const std::string_view field(text.begin(), end);
      const std::optional<float> value = number(field);
      if (!value) {
        fail_line(fmt::format("expected a finite number, found '{}' as number {} of '{}'",
                              excerpt(field), i + 1, excerpt(word)));
      }
      values_.push_back(*value);
      text.remove_prefix(field.size());
    }
  }

  static std::optional<float> number(std::string_view field) {
    if (field.starts_with('+') && !field.starts_with("+-")) field.remove_prefix(1);
    const char* const end = field.data() + field.size();
    float value = 0.0F;
    auto read = std::from_chars(field.data(), end, value);
    if (read.ec == std::errc::result_out_of_range) {
      // Too small for float32 is 0; too large becomes infinite.
      double wide = 0.0;
      read = std::from_chars(field.data(), end, wide);
      value = static_cast<float>(wide);
    }
    if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) return std::nullopt;
    return value;
  }

  void read_binary(const Header& header) {
    const std::uint64_t least = width_ * sizeof(float) + 1;
    if (header.words > in_.left() / least) {
      fail(fmt::format("line 1 tells of {} words of {} numbers, for which {} bytes are too few",
                       header.words, header.width, in_.size()));
    }
    for (std::uint64_t i = 1; i <= header.words; ++i) {
      while (in_.ahead().starts_with('\n')) in_.skip(1);
      const auto read = in_.until(' ', kLongestBinaryWord);
      if (!read) fail(fmt::format("word {}: expected a word, found none that ends", i));
      const std::string word(*read);
      const std::string_view bytes = in_.bytes(width_ * sizeof(float));
      if (bytes.size() < width_ * sizeof(float)) {
        fail(fmt::format("word {}: the file ends inside it; expected {} words", i, header.words));
      }
      if (finds_.take(word)) keep(bytes, i, word);
    }
    while (in_.ahead().starts_with('\n')) in_.skip(1);
    if (!in_.ahead().empty()) {
      fail(fmt::format("expected the end after {} words, found {} bytes more", header.words,
                       in_.left()));
    }
  }

  void keep(std::string_view bytes, std::uint64_t number, std::string_view word) {
    const std::size_t begin = values_.size();
    values_.resize(begin + width_);
    std::memcpy(values_.data() + begin, bytes.data(), bytes.size());
    for (std::size_t i = begin; i < values_.size(); ++i) {
      if (std::isfinite(values_[i])) continue;
      fail(fmt::format("word {}: expected finite numbers, found {} as number {} of '{}'", number,
                       values_[i], i - begin + 1, excerpt(word)));
    }
  }

  ByteStream in_;
  Finds finds_;
  Progress& progress_;
  std::size_t width_ = 0;
  std::uint64_t line_ = 0;
  std::vector<float> values_;
};

}  // namespace

WordVectors read_word_vectors(const fs::path& path, const std::vector<std::string>& wanted,
                              bool any_case, Progress& progress) {
  return Reader(path, wanted, any_case, progress).read();
}

}  // namespace alignlab::features
