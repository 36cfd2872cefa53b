#pragma once

// Text files line by line, and words for the messages about them. A line has any line end, a byte
// order mark at the start of the file is skipped; a file that is not UTF-8, or has a line of more
// than a mebibyte, is a DataError "file:line: ...". Memory is one buffer and one line.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace alignlab {

class LineReader {
 public:
  /// DataError that names the file if it is missing or unreadable.
  explicit LineReader(std::filesystem::path path);

  /// Goes to the next line; false at the end of the file.
  bool next();
  /// The line without its end; valid until next().
  std::string_view text() const { return line_; }
  std::uint64_t number() const { return number_; }
  /// Bytes of the file that the lines so far took, and that there are.
  std::uint64_t position() const { return position_; }
  std::uint64_t size() const { return size_; }

  /// DataError "file:line: expected ..., found 'the line'".
  [[noreturn]] void fail_expected(std::string_view expected) const;
  /// DataError "file:line: what".
  [[noreturn]] void fail(std::string_view what) const;

 private:
  bool read_line();

  std::filesystem::path path_;
  std::ifstream in_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is unread in the buffer
  std::size_t end_ = 0;
  std::string line_;
  std::uint64_t number_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
};

/// The length of the longest prefix that is UTF-8: text.size() when all of it is.
std::size_t utf8_prefix(std::string_view text);
/// At most `most` bytes of a text for a message: on one line, in valid UTF-8, "..." where cut.
std::string excerpt(std::string_view text, std::size_t most = 60);
/// "12,345".
std::string with_commas(std::size_t number);

}  // namespace alignlab
