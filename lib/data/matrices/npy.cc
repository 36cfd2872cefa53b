#include "data/matrices/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "core/lines.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kLongestHeader = 1 << 16;

[[noreturn]] void fail(const std::string& place, std::string_view what) {
  throw DataError(fmt::format("{}: {}", place, what));
}

struct Fields {
  std::string descr;
  bool fortran_order = false;
  ArrayShape shape;
};

/// The header is one Python dictionary literal, of which NumPy writes a small subset.
class HeaderParser {
 public:
  HeaderParser(const std::string& place, std::string_view text) : place_(place), text_(text) {}

  Fields parse() {
    Fields fields;
    std::vector<std::string> seen;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      if (std::ranges::find(seen, key) != seen.end()) malformed();
      seen.push_back(key);
      expect(':');
      if (key == "descr") {
        fields.descr = descr();
      } else if (key == "fortran_order") {
        fields.fortran_order = boolean();
      } else if (key == "shape") {
        fields.shape = tuple();
      } else {
        malformed();
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!text_.empty() || seen.size() != 3) malformed();
    return fields;
  }

 private:
  [[noreturn]] void malformed() const {
    fail(place_, "expected a .npy header with 'descr', 'fortran_order' and 'shape', found '" +
                     excerpt(whole_, 120) + "'");
  }
  void skip_space() {
    const std::size_t at = text_.find_first_not_of(" \n\r\t");
    text_.remove_prefix(std::min(at, text_.size()));
  }
  bool take(char c) {
    skip_space();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) malformed();
  }
  std::string string() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) malformed();
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) malformed();
    const std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }
  std::string descr() {
    skip_space();
    if (text_.starts_with('[')) {
      fail(place_, "expected numbers, found the record " + excerpt(text_));
    }
    return string();
  }
  bool boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        return value;
      }
    }
    malformed();
  }
  ArrayShape tuple() {
    ArrayShape values;
    expect('(');
    while (!take(')')) {
      skip_space();
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (error != std::errc()) malformed();
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      values.push_back(value);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  const std::string& place_;
  std::string_view text_;
  std::string_view whole_ = text_;
};

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return value;
}

NumberFormat format_of(const std::string& descr, const NpySource& source) {
  constexpr std::array<std::pair<std::string_view, NumberType>, 11> kTypes{
      {{"f2", NumberType::kFloat16},
       {"f4", NumberType::kFloat32},
       {"f8", NumberType::kFloat64},
       {"i1", NumberType::kInt8},
       {"i2", NumberType::kInt16},
       {"i4", NumberType::kInt32},
       {"i8", NumberType::kInt64},
       {"u1", NumberType::kUint8},
       {"u2", NumberType::kUint16},
       {"u4", NumberType::kUint32},
       {"u8", NumberType::kUint64}}};
  if (descr == "|O") {
    fail(source.place, "holds Python objects, which are pickled: convert it with " +
                           conversion(Pickler::kNumpy, source.path, source.array));
  }
  for (const auto& [name, type] : kTypes) {
    if (descr.size() != 3 || !descr.ends_with(name)) continue;
    if (descr[0] == '<' || (descr[0] == '|' && width_of(type) == 1)) return {type};
    if (descr[0] == '>') return {type, std::endian::big};
  }
  fail(source.place, fmt::format("expected numbers such as '<f4', found '{}'", excerpt(descr)));
}

class RowOrderNpy : public NumericArray {
 public:
  RowOrderNpy(const fs::path& path, const NpyHeader& header, std::ifstream in)
      : NumericArray(path, path.string(), header.shape, header.format),
        in_(std::move(in)),
        data_begin_(header.data_begin) {}

  void read(std::uint64_t first, std::span<std::byte> out) override {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(data_begin_ + first * format().width()));
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (static_cast<std::size_t>(in_.gcount()) != out.size()) fail("cannot be read to its end");
  }

 private:
  std::ifstream in_;
  std::uint64_t data_begin_;
};

class FortranOrderNpy : public HeldArray {
 public:
  FortranOrderNpy(const fs::path& path, const NpyHeader& header, std::ifstream in)
      : HeldArray(path, path.string(), header.shape, header.format, Order::kColumns),
        in_(std::move(in)) {}

 private:
  void read_next(std::span<std::byte> out) override {
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (static_cast<std::size_t>(in_.gcount()) != out.size()) fail("cannot be read to its end");
  }

  std::ifstream in_;  // stands at the data
};

class NpyContainer : public MatrixContainer {
 public:
  explicit NpyContainer(const FileStart& start) : path_(start.path), in_(path_, std::ios::binary) {
    NpySource source;
    source.place = path_.string();
    source.size = start.size;
    source.path = path_;
    source.read = [&](std::size_t count) {
      std::string text(count, '\0');
      in_.read(text.data(), static_cast<std::streamsize>(count));
      text.resize(static_cast<std::size_t>(in_.gcount()));
      return text;
    };
    header_ = read_npy_header(source);
  }

  std::vector<ArrayInfo> arrays() override { return {{"", header_.shape}}; }

  std::unique_ptr<NumericArray> open(const std::string&) override {
    if (header_.fortran_order) {
      return std::make_unique<FortranOrderNpy>(path_, header_, std::move(in_));
    }
    return std::make_unique<RowOrderNpy>(path_, header_, std::move(in_));
  }

 private:
  fs::path path_;
  std::ifstream in_;
  NpyHeader header_;
};

}  // namespace

NpyHeader read_npy_header(const NpySource& source) {
  const std::string start = source.read(kMagic.size() + 2);
  if (!start.starts_with(kMagic)) fail(source.place, "expected a .npy array, found another format");
  if (start.size() < kMagic.size() + 2) fail(source.place, "ends inside its header");
  const auto version = static_cast<unsigned char>(start[kMagic.size()]);
  if (version < 1 || version > 3) {
    fail(source.place, fmt::format("expected .npy version 1, 2 or 3, found {}", version));
  }
  const std::string length_text = source.read(version == 1 ? 2 : 4);
  const std::uint64_t length = little_endian(length_text);
  NpyHeader header;
  header.data_begin = start.size() + (version == 1 ? 2 : 4) + length;
  if (header.data_begin > source.size) fail(source.place, "ends inside its header");
  if (length > kLongestHeader) {
    fail(source.place, fmt::format("expected a header of at most {} bytes, found one of {}",
                                   kLongestHeader, length));
  }
  const std::string text = source.read(static_cast<std::size_t>(length));
  const Fields fields = HeaderParser(source.place, text).parse();
  header.format = format_of(fields.descr, source);
  header.fortran_order = fields.fortran_order;
  header.shape = fields.shape;
  // Everything that is allocated later is bounded by this comparison.
  const auto bytes = bytes_of(header.shape, header.format.type);
  const std::uint64_t found = source.size - header.data_begin;
  if (!bytes || *bytes != found) {
    fail(source.place, fmt::format("expected {} bytes of data for shape {}, found {}",
                                   bytes ? fmt::to_string(*bytes) : "more than 2^64",
                                   text_of(header.shape), found));
  }
  return header;
}

bool is_npy(const FileStart& start) { return start.bytes.starts_with(kMagic); }

std::unique_ptr<MatrixContainer> open_npy(const FileStart& start) {
  return std::make_unique<NpyContainer>(start);
}

}  // namespace alignlab
