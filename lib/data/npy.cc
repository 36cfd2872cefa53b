#include "data/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "core/lines.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kLongestHeader = 1 << 16;
constexpr std::size_t kBlockValues = 1 << 16;

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw DataError(fmt::format("{}: {}", path.string(), what));
}

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// The header is one Python dictionary literal, of which NumPy writes a small subset.
class HeaderParser {
 public:
  HeaderParser(const fs::path& path, std::string_view text) : path_(path), text_(text) {}

  Header parse() {
    Header header;
    std::vector<std::string> seen;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      if (std::ranges::find(seen, key) != seen.end()) malformed();
      seen.push_back(key);
      expect(':');
      if (key == "descr") {
        header.descr = descr();
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
      } else if (key == "shape") {
        header.shape = tuple();
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
    return header;
  }

 private:
  [[noreturn]] void malformed() const {
    fail(path_, "expected a .npy header with 'descr', 'fortran_order' and 'shape', found '" +
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
      fail(path_, "expected type '<f4' or '<f8', found the record " + excerpt(text_));
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
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> values;
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

  const fs::path& path_;
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

/// Nothing where the product is beyond 64 bits.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  if (a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a) return std::nullopt;
  return a * b;
}

}  // namespace

NpyFile::NpyFile(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  if (!fs::exists(path_, error)) fail(path_, "no such file");
  if (!fs::is_regular_file(path_, error)) fail(path_, "expected a file, found something else");
  const std::uint64_t size = fs::file_size(path_, error);
  in_.open(path_, std::ios::binary);
  if (error || !in_) fail(path_, "cannot be read");

  const auto read_text = [&](std::size_t count) {
    std::string text(count, '\0');
    in_.read(text.data(), static_cast<std::streamsize>(count));
    text.resize(static_cast<std::size_t>(in_.gcount()));
    return text;
  };
  const std::string start = read_text(kMagic.size() + 2);
  if (!start.starts_with(kMagic)) fail(path_, "expected a .npy file, found another format");
  if (start.size() < kMagic.size() + 2) fail(path_, "ends inside its header");
  const auto version = static_cast<unsigned char>(start[kMagic.size()]);
  if (version < 1 || version > 3) {
    fail(path_, fmt::format("expected .npy version 1, 2 or 3, found {}", version));
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  const std::string length_text = read_text(length_bytes);
  const std::uint64_t length = little_endian(length_text);
  data_begin_ = start.size() + length_bytes + length;
  if (length_text.size() < length_bytes || data_begin_ > size) {
    fail(path_, "ends inside its header");
  }
  if (length > kLongestHeader) {
    fail(path_, fmt::format("expected a header of at most {} bytes, found one of {}",
                            kLongestHeader, length));
  }
  const std::string text = read_text(static_cast<std::size_t>(length));
  const Header header = HeaderParser(path_, text).parse();
  if (header.descr != "<f4" && header.descr != "<f8") {
    fail(path_, fmt::format("expected type '<f4' or '<f8', found '{}'", excerpt(header.descr)));
  }
  is_double_ = header.descr == "<f8";
  if (header.shape.size() != 2) {
    fail(path_, fmt::format("expected 2 dimensions, found {}", header.shape.size()));
  }
  // Everything that is allocated later is bounded by this comparison.
  const auto values = product(header.shape[0], header.shape[1]);
  const auto bytes = values ? product(*values, is_double_ ? 8 : 4) : std::nullopt;
  if (!bytes || *bytes != size - data_begin_) {
    fail(path_, fmt::format("expected {} bytes of data for shape ({}, {}), found {}",
                            bytes ? fmt::to_string(*bytes) : "more than 2^64", header.shape[0],
                            header.shape[1], size - data_begin_));
  }
  rows_ = header.shape[0];
  cols_ = header.shape[1];
  if (header.fortran_order && *values > 0) {
    whole_ = Matrix(rows_, cols_);
    std::vector<float> column(rows_);
    for (std::size_t c = 0; c < cols_; ++c) {
      read_values(c * rows_, column);
      for (std::size_t r = 0; r < rows_; ++r) whole_.data()[r * cols_ + c] = column[r];
    }
  }
}

void NpyFile::read_values(std::size_t first, std::span<float> out) {
  in_.clear();
  in_.seekg(static_cast<std::streamoff>(data_begin_ + first * (is_double_ ? 8 : 4)));
  const auto read = [&](void* to, std::size_t bytes) {
    in_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
    if (static_cast<std::size_t>(in_.gcount()) != bytes) fail(path_, "cannot be read to its end");
  };
  if (!is_double_) {
    read(out.data(), out.size_bytes());
    return;
  }
  doubles_.resize(std::min(out.size(), kBlockValues));
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t now = std::min(doubles_.size(), out.size() - done);
    read(doubles_.data(), now * sizeof(double));
    for (std::size_t i = 0; i < now; ++i) {
      const double value = doubles_[i];
      if (std::isfinite(value) && std::fabs(value) > std::numeric_limits<float>::max()) {
        const std::size_t at = first + done + i;
        const bool by_column = whole_.rows() > 0;
        fail(path_, fmt::format("row {}, column {}: {} is beyond float32",
                                by_column ? at % rows_ : at / cols_,
                                by_column ? at / rows_ : at % cols_, value));
      }
      out[done + i] = static_cast<float>(value);
    }
    done += now;
  }
}

void NpyFile::read_rows(std::size_t first, std::span<float> out) {
  if (out.empty()) return;
  assert(out.size() % cols_ == 0 && first + out.size() / cols_ <= rows_);
  if (whole_.rows() > 0) {
    std::ranges::copy(whole_.values().subspan(first * cols_, out.size()), out.begin());
  } else {
    read_values(first * cols_, out);
  }
}

Matrix read_npy(const fs::path& path) {
  NpyFile file(path);
  Matrix out(file.rows(), file.cols());
  file.read_rows(0, out.values());
  return out;
}

void write_npy(const fs::path& path, MatrixView matrix) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", matrix.rows(),
                  matrix.cols());
  // NumPy maps the data, so it wants it to begin at a multiple of 64 bytes.
  const std::size_t before = kMagic.size() + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  AtomicFile file(path);
  {
    std::ofstream out(file.temporary(), std::ios::binary);
    out << kMagic << '\x01' << '\0' << static_cast<char>(header.size() & 0xFFU)
        << static_cast<char>(header.size() >> 8U) << header;
    out.write(reinterpret_cast<const char*>(matrix.data()),
              static_cast<std::streamsize>(matrix.rows() * matrix.cols() * sizeof(float)));
    out.flush();
    if (!out) fail(path, "cannot be written");
  }
  file.commit();
}

}  // namespace alignlab
