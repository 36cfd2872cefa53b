#include "data/csv.h"

#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_text;

using Record = std::vector<std::string>;

class Csv : public ::testing::Test {
 protected:
  std::vector<Record> read(std::string_view text, const CsvDialect& dialect = {}) {
    write_text(path_, text);
    CsvReader reader(path_, dialect);
    std::vector<Record> records;
    lines_.clear();
    while (reader.next()) {
      records.push_back(reader.fields());
      lines_.push_back(reader.line());
    }
    return records;
  }
  /// What is wrong, after the name of the file.
  std::string refusal_of(std::string_view text, const CsvDialect& dialect = {}) {
    return after(path_.string(), message_of<DataError>([&] { read(text, dialect); }));
  }

  ScratchFolder folder_;
  fs::path path_ = folder_ / "table.csv";
  std::vector<std::uint64_t> lines_;
};

TEST_F(Csv, SplitsFieldsAtDelimiters) {
  EXPECT_EQ(read("a,b c, d \n1,,\n"), (std::vector<Record>{{"a", "b c", " d "}, {"1", "", ""}}));
  EXPECT_EQ(read(",\n"), (std::vector<Record>{{"", ""}}));
  EXPECT_EQ(read("one\ntwo"), (std::vector<Record>{{"one"}, {"two"}}));
  EXPECT_EQ(read(""), std::vector<Record>{});
}

TEST_F(Csv, KeepsDelimitersQuotesAndLineEndsOfQuotedFields) {
  EXPECT_EQ(read("\"a,b\",\"say \"\"hi\"\"\",\"\"\"\"\n"),
            (std::vector<Record>{{"a,b", "say \"hi\"", "\""}}));
  EXPECT_EQ(read("\"two\nlines\",x\n\"\",\"\n\n\"\n"),
            (std::vector<Record>{{"two\nlines", "x"}, {"", "\n\n"}}));
  EXPECT_EQ(lines_, (std::vector<std::uint64_t>{1, 3}));
}

TEST_F(Csv, TakesQuotesInsideAPlainFieldAsText) {
  EXPECT_EQ(read("5\" wide,a \"b\" c\n"), (std::vector<Record>{{"5\" wide", "a \"b\" c"}}));
}

TEST_F(Csv, TakesEveryQuoteAsTextWhereToldSo) {
  EXPECT_EQ(read("\"a\tb\"\"\t\"\n", {'\t', false}), (std::vector<Record>{{"\"a", "b\"\"", "\""}}));
}

TEST_F(Csv, ReadsWindowsLineEndsAndAByteOrderMark) {
  EXPECT_EQ(read("\xef\xbb\xbf\"a\",b\r\n\"x\r\ny\",z\r\n\r\n\n"),
            (std::vector<Record>{{"a", "b"}, {"x\ny", "z"}}));
}

TEST_F(Csv, TakesOtherDelimiters) {
  EXPECT_EQ(read("a;b,c\n", {';', true}), (std::vector<Record>{{"a", "b,c"}}));
  EXPECT_EQ(read("a\t\"b\tc\"\n", {'\t', true}), (std::vector<Record>{{"a", "b\tc"}}));
}

TEST_F(Csv, NamesTheLineWhereAQuoteOpensThatIsNotClosed) {
  const std::string expected = "expected a quote that closes the field, found the end of the file";
  EXPECT_EQ(refusal_of("a,b\nc,\"d\ne,f\n"), ":2: " + expected);
  EXPECT_EQ(refusal_of("a,b\n\"c\nd\",\"e\n\n"), ":3: " + expected);
  EXPECT_EQ(refusal_of("\""), ":1: " + expected);
}

TEST_F(Csv, NamesTheLineOfTextAfterAClosingQuote) {
  EXPECT_EQ(refusal_of("a,b\n\"c\" d,e\n"),
            ":2: expected a delimiter after a closing quote, found ' d,e'");
  EXPECT_EQ(refusal_of("\"a\nb\"c\n"), ":2: expected a delimiter after a closing quote, found 'c'");
}

TEST_F(Csv, NamesTheLineWithAnotherNumberOfFields) {
  EXPECT_EQ(refusal_of("a,b\n1,2\n\"x\ny\"\n"), ":3: expected 2 fields, found 1");
  EXPECT_EQ(refusal_of("a,b\n1,2,\n"), ":2: expected 2 fields, found 3");
}

TEST_F(Csv, NamesABlankLineThatIsNotAtTheEnd) {
  EXPECT_EQ(refusal_of("a\n\n\nb\n"), ":2: expected a record, found a blank line");
  EXPECT_EQ(refusal_of("\na\n"), ":1: expected a record, found a blank line");
}

TEST_F(Csv, RefusesFieldsAndRecordsWithoutBound) {
  const std::string line(1000, 'x');
  std::string field = "a,\"";
  for (int i = 0; i < 1100; ++i) field += line + "\n";
  const std::string expected =
      ":2: expected fields of at most 1 MiB, and 16 MiB in all; is a quote not closed?";
  EXPECT_EQ(refusal_of("b,c\n" + field), expected);
  std::string record = "a\n\"";
  for (int i = 0; i < 17; ++i) record += std::string(1'000'000, 'x') + "\n\",\"";
  EXPECT_EQ(refusal_of(record), expected);
}

TEST_F(Csv, TakesAFieldOfAlmostAMebibyte) {
  const std::string half((1 << 19) - 1, 'x');
  EXPECT_EQ(read("\"" + half + "\n" + half + "\"")[0][0].size(), (1U << 20) - 1);
}

TEST_F(Csv, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(refusal_of("a\n\"b\nc\xff\"\n"), ":3: expected UTF-8, found byte 0xff at column 2");
  EXPECT_EQ(message_of<DataError>([&] { CsvReader(folder_ / "none", {}); }),
            (folder_ / "none").string() + ": no such file");
}

// The writer here quotes at random where it need not, and always where it must.
TEST_F(Csv, ReadsBackWhateverTableWasWritten) {
  std::mt19937_64 random(7);
  const std::vector<std::string> pieces{"a", "b c", ",", "\"", "\n", "é", "\t", " ", ";", "\"\""};
  for (int round = 0; round < 40; ++round) {
    const std::size_t columns = 2 + random() % 4;
    const char delimiter = ",\t;"[random() % 3];
    const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
    std::vector<Record> table(1 + random() % 6, Record(columns));
    std::string text;
    for (Record& record : table) {
      for (std::size_t i = 0; i < columns; ++i) {
        std::string& field = record[i];
        std::string doubled;
        for (std::size_t n = random() % 5; n > 0; --n) field += pieces[random() % pieces.size()];
        for (const char c : field) doubled += c == '"' ? "\"\"" : std::string(1, c);
        const bool must = field.find_first_of(std::string("\"\n") + delimiter) != std::string::npos;
        text += must || random() % 3 == 0 ? '"' + doubled + '"' : field;
        text += i + 1 == columns ? end : std::string(1, delimiter);
      }
    }
    EXPECT_EQ(read(text, {delimiter, true}), table) << text;
  }
}

TEST_F(Csv, SurvivesDamage) {
  const std::string whole =
      "name,caption,split\r\na.jpg,\"A dog, \"\"Rex\"\".\",train\r\nb.jpg,\"two\nlines\",test\r\n";
  const int refused = tests::refused_copies(whole, path_, 600, [&] {
    CsvReader reader(path_, {});
    while (reader.next()) EXPECT_FALSE(reader.fields().empty());
  });
  EXPECT_GT(refused, 150);
}

}  // namespace
}  // namespace alignlab
