// MATLAB 5 files (MathWorks, "MAT-File Format", chapter 1). Each variable is an element of its own,
// perhaps deflated; an array lies column by column, in the smallest type that holds its numbers, so
// one is held whole. Read by hand: libmatio walks the fields of every struct on its way, for
// minutes where a header is forged, and says of damage in its log alone.

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>

#include "core/lines.h"
#include "data/matrices/container.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kVersionAt = 124;
constexpr std::size_t kEndianAt = 126;
constexpr std::uint64_t kTagBytes = 8;
constexpr std::uint32_t kMatrix = 14;
constexpr std::uint32_t kCompressed = 15;
constexpr std::uint32_t kFlags = 6;
constexpr std::uint32_t kExtents = 5;
constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kComplex = 0x0800;
constexpr std::uint32_t kSparse = 5;
constexpr std::uint32_t kDouble = 6;
constexpr std::uint32_t kSingle = 7;
constexpr std::uint32_t kLastClass = 15;
constexpr std::size_t kMostDimensions = 32;
constexpr std::size_t kLongestName = 256;

std::optional<NumberType> stored_type(std::uint32_t element) {
  switch (element) {
    case 1:
      return NumberType::kInt8;
    case 2:
      return NumberType::kUint8;
    case 3:
      return NumberType::kInt16;
    case 4:
      return NumberType::kUint16;
    case 5:
      return NumberType::kInt32;
    case 6:
      return NumberType::kUint32;
    case 7:
      return NumberType::kFloat32;
    case 9:
      return NumberType::kFloat64;
    case 12:
      return NumberType::kInt64;
    case 13:
      return NumberType::kUint64;
    default:
      return std::nullopt;
  }
}

/// Where the bytes of one variable lie in the file.
struct Element {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  bool deflated = false;

  /// More than this it cannot unpack to.
  std::uint64_t most_bytes() const { return deflated ? size * kMostDeflation : size; }
};

/// The bytes of one variable, from its first on.
class Stream {
 public:
  Stream(const fs::path& path, const Element& element)
      : in_(path, std::ios::binary), left_(element.size), deflated_(element.deflated) {
    in_.seekg(static_cast<std::streamoff>(element.begin));
    if (deflated_ && inflateInit(&zlib_) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() {
    if (deflated_) inflateEnd(&zlib_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// False where there are not as many, or they are damaged.
  bool read(std::span<std::byte> out) {
    if (deflated_) return inflate_to(out);
    return read_file(out.data(), out.size()) == out.size();
  }
  /// Whether what is left is padding, and the checksum holds.
  bool ends_well() {
    if (!deflated_) return true;
    std::array<std::byte, kTagBytes> padding{};
    inflate_to(padding);
    return ended_;
  }

 private:
  std::size_t read_file(void* out, std::size_t count) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, left_));
    in_.read(static_cast<char*>(out), static_cast<std::streamsize>(wanted));
    left_ -= wanted;
    return static_cast<std::size_t>(in_.gcount());
  }

  bool inflate_to(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (zlib_.avail_in == 0) {
        zlib_.next_in = packed_.data();
        zlib_.avail_in = static_cast<uInt>(read_file(packed_.data(), packed_.size()));
      }
      const auto room = static_cast<uInt>(std::min<std::size_t>(out.size() - done, 1U << 30U));
      zlib_.next_out = reinterpret_cast<Bytef*>(out.data() + done);
      zlib_.avail_out = room;
      const int state = ::inflate(&zlib_, Z_NO_FLUSH);
      done += room - zlib_.avail_out;
      ended_ = state == Z_STREAM_END;
      if (state != Z_OK && !ended_) return false;
    }
    return done == out.size();
  }

  std::ifstream in_;
  std::uint64_t left_;
  bool deflated_;
  bool ended_ = false;
  z_stream zlib_{};
  std::array<unsigned char, 1 << 14> packed_{};
};

struct Variable {
  std::string name;
  std::uint32_t kind = 0;
  bool is_complex = false;
  ArrayShape shape;  // empty where it is no array of numbers
  NumberType stored = NumberType::kFloat64;
  std::uint64_t bytes = 0;

  bool is_numbers() const { return kind >= kDouble && kind <= kLastClass; }
};

/// Reads the head of a variable; the stream then stands at its numbers.
class HeadReader {
 public:
  HeadReader(Stream& stream, std::endian order, bool has_tag)
      : stream_(stream), order_(order), has_tag_(has_tag) {}

  /// Nothing where it is damaged.
  std::optional<Variable> read() {
    if (has_tag_) {
      const auto whole = tag();
      if (!whole || whole->type != kMatrix) return std::nullopt;
    }
    Variable variable;
    const auto flags = element(kFlags, 8);
    if (flags.size() != 8) return std::nullopt;
    variable.kind = number(flags, 0) & 0xFFU;
    variable.is_complex = (number(flags, 0) & kComplex) != 0;
    // Functions and objects, which have no dimensions.
    if (variable.kind > kLastClass) return variable;
    const auto extents = element(kExtents, kMostDimensions * 4);
    if (extents.size() < 8 || extents.size() % 4 != 0) return std::nullopt;
    const auto name = element(kName, kLongestName);
    if (failed_) return std::nullopt;
    variable.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
    if (!variable.is_numbers()) return variable;
    for (std::size_t i = 0; i < extents.size(); i += 4) {
      const auto extent = static_cast<std::int32_t>(number(extents, i));
      if (extent < 0) return std::nullopt;
      variable.shape.push_back(static_cast<std::uint64_t>(extent));
    }
    const auto numbers = tag();
    const auto type = numbers ? stored_type(numbers->type) : std::nullopt;
    if (!type) return std::nullopt;
    variable.stored = *type;
    variable.bytes = numbers->size;
    return variable;
  }

 private:
  struct Tag {
    std::uint32_t type = 0;
    std::uint32_t size = 0;
    bool is_small = false;
  };

  std::uint32_t number(std::span<const std::byte> bytes, std::size_t at) const {
    return static_cast<std::uint32_t>(
        static_cast<std::uint64_t>(*integer_at(NumberType::kUint32, bytes.subspan(at, 4), 0)));
  }

  std::vector<std::byte> take(std::size_t count) {
    std::vector<std::byte> bytes(count);
    if (!stream_.read(bytes)) failed_ = true;
    return bytes;
  }

  std::vector<std::byte> words(std::size_t count) {
    std::vector<std::byte> bytes = take(count);
    to_native_order({NumberType::kUint32, order_}, bytes);
    return bytes;
  }

  /// A small element keeps its size in the upper half of the first word, and its data in place of
  /// the second.
  std::optional<Tag> tag() {
    const std::uint32_t first = number(words(4), 0);
    Tag tag;
    if (first >> 16U != 0) {
      tag = {first & 0xFFFFU, first >> 16U, true};
    } else {
      tag = {first, number(words(4), 0), false};
    }
    if (failed_ || (tag.is_small && tag.size > 4)) return std::nullopt;
    return tag;
  }

  /// Its data; of four bytes a number, in the order of the machine. Empty where it is not there.
  std::vector<std::byte> element(std::uint32_t type, std::size_t most) {
    const auto found = tag();
    if (!found || found->type != type || found->size > most) {
      failed_ = true;
      return {};
    }
    const std::size_t padded = found->is_small ? 4 : (found->size + 7U) / 8U * 8U;
    std::vector<std::byte> bytes = type == kName ? take(padded) : words(padded);
    bytes.resize(found->size);
    return bytes;
  }

  Stream& stream_;
  std::endian order_;
  bool has_tag_;
  bool failed_ = false;
};

/// As what an array is read: MATLAB's whole numbers may be of a real class, and the other way
/// round.
NumberType type_of(const Variable& variable) {
  if (variable.kind == kSingle && variable.stored == NumberType::kFloat32) return variable.stored;
  if (variable.kind == kDouble || variable.kind == kSingle) return NumberType::kFloat64;
  return variable.stored == NumberType::kUint64 ? variable.stored : NumberType::kInt64;
}

class Mat5Array : public HeldArray {
 public:
  Mat5Array(const fs::path& path, std::string place, const Variable& variable, std::endian order,
            std::unique_ptr<Stream> stream)
      : HeldArray(path, std::move(place), variable.shape, {type_of(variable), std::endian::native},
                  Order::kColumns),
        stored_{variable.stored, order},
        left_(variable.bytes),
        stream_(std::move(stream)) {}

 private:
  void read_next(std::span<std::byte> out) override {
    const std::size_t width = format().width();
    const std::size_t count = out.size() / width;
    packed_.resize(count * stored_.width());
    if (!stream_->read(packed_)) fail("is damaged");
    to_native_order(stored_, packed_);
    left_ -= packed_.size();
    if (left_ == 0 && !stream_->ends_well()) fail("is damaged");
    if (stored_.type == format().type) {
      std::ranges::copy(packed_, out.begin());
      return;
    }
    for (std::size_t i = 0; i < count; ++i) convert(i, out.subspan(i * width, width));
  }

  void convert(std::size_t index, std::span<std::byte> out) const {
    const auto whole = integer_at(stored_.type, packed_, index);
    if (is_real(format().type)) {
      const double value = is_real(stored_.type) ? real_at(stored_.type, packed_, index)
                           : whole               ? static_cast<double>(*whole)
                                                 : std::numeric_limits<double>::infinity();
      std::ranges::copy(std::as_bytes(std::span(&value, 1)), out.begin());
    } else {
      if (!whole) fail("expected whole numbers in an array of integers, found others");
      std::ranges::copy(std::as_bytes(std::span(&*whole, 1)), out.begin());
    }
  }

  NumberFormat stored_;
  std::uint64_t left_;
  std::unique_ptr<Stream> stream_;
  std::vector<std::byte> packed_;
};

class Mat5Container : public MatrixContainer {
 public:
  explicit Mat5Container(const FileStart& start)
      : path_(start.path),
        size_(start.size),
        order_(start.bytes[kEndianAt] == 'I' ? std::endian::little : std::endian::big) {
    find_elements();
  }

  std::vector<ArrayInfo> arrays() override {
    std::vector<ArrayInfo> all;
    for (const Element& element : elements_) {
      Stream stream(path_, element);
      const auto variable = HeadReader(stream, order_, element.deflated).read();
      if (!variable) {
        fail(fmt::format("the variable at byte {} is damaged", element.begin - kTagBytes));
      }
      // What MATLAB keeps for its objects has no name.
      if (!variable->name.empty()) all.push_back({variable->name, variable->shape});
    }
    return all;
  }

  std::unique_ptr<NumericArray> open(const std::string& name) override {
    const std::string place = fmt::format("{}: variable '{}'", path_.string(), excerpt(name));
    for (const Element& element : elements_) {
      auto stream = std::make_unique<Stream>(path_, element);
      const auto variable = HeadReader(*stream, order_, element.deflated).read();
      if (!variable || variable->name != name) continue;
      check(*variable, element, place);
      return std::make_unique<Mat5Array>(path_, place, *variable, order_, std::move(stream));
    }
    fail(fmt::format("'{}' has gone", excerpt(name)));
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", path_.string(), what));
  }

  static void check(const Variable& variable, const Element& element, const std::string& place) {
    const auto refuse = [&](std::string_view what) {
      throw DataError(fmt::format("{}: {}", place, what));
    };
    if (variable.kind == kSparse) refuse("is sparse: save it as full(...) in MATLAB");
    if (!variable.is_numbers()) refuse("expected an array of numbers, found another class");
    if (variable.is_complex) refuse("expected real numbers, found complex ones");
    // Everything that is allocated later is bounded by these comparisons.
    if (bytes_of(variable.shape, variable.stored) != variable.bytes) {
      refuse(fmt::format("its {} bytes are not {} of shape {}", variable.bytes,
                         name_of(variable.stored), text_of(variable.shape)));
    }
    if (variable.bytes > element.most_bytes()) {
      refuse(fmt::format("its {} bytes cannot be packed in {}", variable.bytes, element.size));
    }
  }

  /// Each variable says how many bytes it takes; together they are the file.
  void find_elements() {
    std::ifstream in(path_, std::ios::binary);
    for (std::uint64_t at = kHeaderBytes; at < size_;) {
      std::array<std::byte, kTagBytes> tag{};
      in.seekg(static_cast<std::streamoff>(at));
      in.read(reinterpret_cast<char*>(tag.data()), kTagBytes);
      if (!in) fail("ends inside a variable");
      to_native_order({NumberType::kUint32, order_}, tag);
      const auto type = *integer_at(NumberType::kUint32, tag, 0);
      if (type != kMatrix && type != kCompressed) {
        fail(fmt::format("expected a variable at byte {}, found an element of type {}", at, type));
      }
      const auto bytes = static_cast<std::uint64_t>(*integer_at(NumberType::kUint32, tag, 1));
      at += kTagBytes;
      if (bytes > size_ - at) fail("ends inside a variable");
      elements_.push_back({at, bytes, type == kCompressed});
      at += bytes;
    }
  }

  fs::path path_;
  std::uint64_t size_;
  std::endian order_;
  std::vector<Element> elements_;
};

}  // namespace

bool is_mat5(const FileStart& start) {
  if (start.bytes.size() < kHeaderBytes) return false;
  const std::string_view end = std::string_view(start.bytes).substr(kVersionAt, 4);
  return end == std::string_view("\x00\x01IM", 4) || end == std::string_view("\x01\x00MI", 4);
}

std::unique_ptr<MatrixContainer> open_mat5(const FileStart& start) {
  return std::make_unique<Mat5Container>(start);
}

}  // namespace alignlab
