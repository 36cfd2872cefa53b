#pragma once

// Tables of text (RFC 4180) record by record: fields between delimiters; one in quotes may hold
// delimiters, line ends and doubled quotes. A quote inside a field that does not begin with one is
// plain text. Line ends are \n or \r\n, and \n within a field; a byte order mark is skipped. Memory
// is one record.
//
// DataErrors "file:line: ...", with the line on which the record (or the quote) begins: a quote
// that is not closed, text after a closing quote, another number of fields than the first record
// has, a field of more than a mebibyte, a record of more than 16, a blank line that is not at the
// end, and what LineReader refuses.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/lines.h"

namespace alignlab {

struct CsvDialect {
  char delimiter = ',';
  bool quoting = true;  // false: quotes are plain text
};

class CsvReader {
 public:
  /// DataError that names the file if it is missing or unreadable.
  CsvReader(const std::filesystem::path& path, const CsvDialect& dialect);

  /// Goes to the next record; false at the end of the file.
  bool next();
  /// Of the record; valid until next().
  const std::vector<std::string>& fields() const { return fields_; }
  /// The line on which the record begins.
  std::uint64_t line() const { return line_; }
  std::uint64_t position() const { return lines_.position(); }
  std::uint64_t size() const { return lines_.size(); }

  /// DataError "file:line: what", of the record.
  [[noreturn]] void fail(std::string_view what) const { fail_at(line_, what); }

 private:
  [[noreturn]] void fail_at(std::uint64_t line, std::string_view what) const;
  bool next_line();
  std::string_view read_quoted(std::string_view rest, std::string& field);
  std::string_view read_plain(std::string_view rest, std::string& field);
  void append(std::string& field, std::string_view text);

  std::filesystem::path path_;
  CsvDialect dialect_;
  LineReader lines_;
  std::vector<std::string> fields_;
  std::uint64_t line_ = 0;
  std::size_t columns_ = 0;  // 0 until the first record
  std::size_t record_bytes_ = 0;
};

}  // namespace alignlab
