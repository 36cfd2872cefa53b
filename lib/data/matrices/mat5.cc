// MATLAB 5 files (MathWorks, "MAT-File Format"), read with libmatio. Its arrays lie column by
// column and perhaps deflated, so one is held whole.

#include <fmt/format.h>
#include <matio.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <mutex>

#include "core/lines.h"
#include "data/matrices/container.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kVersionAt = 124;
constexpr std::size_t kEndianAt = 126;
constexpr std::uint64_t kTagBytes = 8;

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using File = std::unique_ptr<mat_t, CloseFile>;
using Variable = std::unique_ptr<matvar_t, FreeVariable>;

/// libmatio says in its log alone that what it read was damaged.
thread_local bool complained = false;

void listen() {
  static std::once_flag once;
  std::call_once(once, [] {
    Mat_LogInitFunc("alignlab", [](int level, char*) {
      if (level <= MATIO_LOG_LEVEL_WARNING) complained = true;
    });
  });
  complained = false;
}

std::optional<NumberType> type_of(matio_classes kind) {
  switch (kind) {
    case MAT_C_DOUBLE:
      return NumberType::kFloat64;
    case MAT_C_SINGLE:
      return NumberType::kFloat32;
    case MAT_C_INT8:
      return NumberType::kInt8;
    case MAT_C_UINT8:
      return NumberType::kUint8;
    case MAT_C_INT16:
      return NumberType::kInt16;
    case MAT_C_UINT16:
      return NumberType::kUint16;
    case MAT_C_INT32:
      return NumberType::kInt32;
    case MAT_C_UINT32:
      return NumberType::kUint32;
    case MAT_C_INT64:
      return NumberType::kInt64;
    case MAT_C_UINT64:
      return NumberType::kUint64;
    default:
      return std::nullopt;
  }
}

ArrayShape shape_of(const matvar_t& variable) {
  if (variable.dims == nullptr || variable.rank < 0) return {};
  return {variable.dims, variable.dims + variable.rank};
}

class Mat5Array : public HeldArray {
 public:
  Mat5Array(const fs::path& path, std::string place, NumberType type, File file, Variable variable)
      : HeldArray(path, std::move(place), shape_of(*variable), {type, std::endian::native},
                  Order::kColumns),
        file_(std::move(file)),
        variable_(std::move(variable)) {}

 private:
  void read_next(std::span<std::byte> out) override {
    if (done_ == 0) unpack();
    std::copy_n(static_cast<const std::byte*>(variable_->data) + done_, out.size(), out.begin());
    done_ += out.size();
    if (done_ == *bytes_of(shape(), format().type)) variable_.reset();
  }

  void unpack() {
    listen();
    const bool failed = Mat_VarReadDataAll(file_.get(), variable_.get()) != 0;
    if (failed || complained || variable_->data == nullptr ||
        variable_->nbytes != *bytes_of(shape(), format().type)) {
      fail("is damaged");
    }
  }

  File file_;
  Variable variable_;
  std::size_t done_ = 0;
};

class Mat5Container : public MatrixContainer {
 public:
  explicit Mat5Container(const FileStart& start) : path_(start.path), size_(start.size) {
    check_elements(start);
  }

  std::vector<ArrayInfo> arrays() override {
    const File file = open_file();
    std::vector<ArrayInfo> all;
    while (const Variable variable = Variable(Mat_VarReadNextInfo(file.get()))) {
      if (variable->name == nullptr) continue;
      const bool is_numbers = type_of(variable->class_type).has_value();
      all.push_back({variable->name, is_numbers ? shape_of(*variable) : ArrayShape{}});
    }
    return all;
  }

  std::unique_ptr<NumericArray> open(const std::string& name) override {
    const std::string place = fmt::format("{}: variable '{}'", path_.string(), excerpt(name));
    const auto fail = [&](std::string_view what) {
      throw DataError(fmt::format("{}: {}", place, what));
    };
    File file = open_file();
    Variable variable(Mat_VarReadInfo(file.get(), name.c_str()));
    if (!variable || complained) fail("is damaged");
    if (variable->class_type == MAT_C_SPARSE) {
      fail("is sparse: save it as full(...) in MATLAB");
    }
    const auto type = type_of(variable->class_type);
    if (!type) fail("expected an array of numbers, found another class");
    if (variable->isComplex != 0) fail("expected real numbers, found complex ones");
    const ArrayShape shape = shape_of(*variable);
    // MATLAB keeps whole numbers in as few bytes as they need.
    const auto numbers = bytes_of(shape, NumberType::kUint8);
    const bool is_deflated = variable->compression != MAT_COMPRESSION_NONE;
    if (!numbers || *numbers > size_ * (is_deflated ? kMostDeflation : 1) ||
        !bytes_of(shape, *type)) {
      fail(
          fmt::format("its header claims {} numbers, more than the file can hold", text_of(shape)));
    }
    return std::make_unique<Mat5Array>(path_, place, *type, std::move(file), std::move(variable));
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", path_.string(), what));
  }

  File open_file() const {
    listen();
    File file(Mat_Open(path_.c_str(), MAT_ACC_RDONLY));
    if (!file || Mat_GetVersion(file.get()) != MAT_FT_MAT5) {
      fail("expected a whole MATLAB 5 file, found one that is damaged");
    }
    return file;
  }

  /// Each variable says how many bytes it takes; together they are the file.
  void check_elements(const FileStart& start) const {
    const bool is_little = start.bytes[kEndianAt] == 'I';
    std::ifstream in(path_, std::ios::binary);
    for (std::uint64_t at = kHeaderBytes; at < size_;) {
      std::array<unsigned char, kTagBytes> tag{};
      in.seekg(static_cast<std::streamoff>(at));
      in.read(reinterpret_cast<char*>(tag.data()), kTagBytes);
      if (!in) fail("ends inside a variable");
      const auto number = [&](std::size_t from) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) {
          value |= std::uint32_t{tag[from + (is_little ? i : 3 - i)]} << (8 * i);
        }
        return value;
      };
      const std::uint32_t kind = number(0);
      if (kind != MAT_T_MATRIX && kind != MAT_T_COMPRESSED) {
        fail(fmt::format("expected a variable at byte {}, found an element of type {}", at, kind));
      }
      at += kTagBytes + number(4);
      if (at > size_) fail("ends inside a variable");
    }
  }

  fs::path path_;
  std::uint64_t size_;
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
