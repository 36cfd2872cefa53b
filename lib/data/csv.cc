#include "data/csv.h"

#include <fmt/format.h>

#include "core/error.h"

namespace alignlab {
namespace {

constexpr std::size_t kLongestField = 1 << 20;
constexpr std::size_t kLongestRecord = 16 << 20;
constexpr char kQuote = '"';

}  // namespace

CsvReader::CsvReader(const std::filesystem::path& path, const CsvDialect& dialect)
    : path_(path), dialect_(dialect), lines_(path) {}

void CsvReader::fail_at(std::uint64_t line, std::string_view what) const {
  throw DataError(fmt::format("{}:{}: {}", path_.string(), line, what));
}

bool CsvReader::next_line() {
  std::uint64_t blank = 0;
  while (lines_.next()) {
    if (lines_.text().empty()) {
      if (blank == 0) blank = lines_.number();
      continue;
    }
    if (blank != 0) fail_at(blank, "expected a record, found a blank line");
    return true;
  }
  return false;
}

bool CsvReader::next() {
  if (!next_line()) return false;
  line_ = lines_.number();
  fields_.clear();
  record_bytes_ = 0;
  for (std::string_view rest = lines_.text();; rest.remove_prefix(1)) {
    std::string& field = fields_.emplace_back();
    const bool is_quoted = dialect_.quoting && rest.starts_with(kQuote);
    rest = is_quoted ? read_quoted(rest.substr(1), field) : read_plain(rest, field);
    if (rest.empty()) break;
  }
  if (columns_ == 0) columns_ = fields_.size();
  if (fields_.size() != columns_) {
    fail(fmt::format("expected {} fields, found {}", columns_, fields_.size()));
  }
  return true;
}

std::string_view CsvReader::read_plain(std::string_view rest, std::string& field) {
  const std::size_t end = std::min(rest.find(dialect_.delimiter), rest.size());
  append(field, rest.substr(0, end));
  return rest.substr(end);
}

std::string_view CsvReader::read_quoted(std::string_view rest, std::string& field) {
  const std::uint64_t opened = lines_.number();
  while (true) {
    const std::size_t quote = rest.find(kQuote);
    if (quote == std::string_view::npos) {
      append(field, rest);
      append(field, "\n");
      if (!lines_.next()) {
        fail_at(opened, "expected a quote that closes the field, found the end of the file");
      }
      rest = lines_.text();
      continue;
    }
    append(field, rest.substr(0, quote));
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with(kQuote)) break;
    append(field, rest.substr(0, 1));
    rest.remove_prefix(1);
  }
  if (!rest.empty() && rest[0] != dialect_.delimiter) {
    fail_at(lines_.number(),
            fmt::format("expected a delimiter after a closing quote, found '{}'", excerpt(rest)));
  }
  return rest;
}

void CsvReader::append(std::string& field, std::string_view text) {
  record_bytes_ += text.size();
  if (field.size() + text.size() > kLongestField || record_bytes_ > kLongestRecord) {
    fail("expected fields of at most 1 MiB, and 16 MiB in all; is a quote not closed?");
  }
  field += text;
}

}  // namespace alignlab
