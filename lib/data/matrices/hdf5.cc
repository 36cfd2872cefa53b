// Arrays of any HDF5 file, and MATLAB 7.3 files, which are HDF5 with a header of MATLAB's before
// it. MATLAB counts rows first, so its matrix of r x c is an HDF5 array of [c, r]: read with its
// dimensions turned round.

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>

#include "core/hdf5_handles.h"
#include "core/lines.h"
#include "data/matrices/container.h"
#include "data/matrix_file.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

using hdf5::Handle;

constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
constexpr std::string_view kMatlab = "MATLAB 7.3 MAT-file";
constexpr std::size_t kMostArrays = 1 << 16;
constexpr std::size_t kMostDimensions = 8;
constexpr std::size_t kMostText = 1 << 10;

using Shared = std::shared_ptr<const Handle>;

/// binary16, which HDF5 has no name for; the fields are as h5py writes them.
hid_t make_float16(hid_t like) {
  const hid_t type = H5Tcopy(like);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

std::optional<NumberType> type_of(hid_t array) {
  const Handle stored(H5Dget_type(array), H5Tclose);
  const Handle little(make_float16(H5T_IEEE_F32LE), H5Tclose);
  const Handle big(make_float16(H5T_IEEE_F32BE), H5Tclose);
  const std::pair<hid_t, NumberType> kTypes[] = {
      {little, NumberType::kFloat16},         {big, NumberType::kFloat16},
      {H5T_IEEE_F32LE, NumberType::kFloat32}, {H5T_IEEE_F32BE, NumberType::kFloat32},
      {H5T_IEEE_F64LE, NumberType::kFloat64}, {H5T_IEEE_F64BE, NumberType::kFloat64},
      {H5T_STD_I8LE, NumberType::kInt8},      {H5T_STD_I16LE, NumberType::kInt16},
      {H5T_STD_I16BE, NumberType::kInt16},    {H5T_STD_I32LE, NumberType::kInt32},
      {H5T_STD_I32BE, NumberType::kInt32},    {H5T_STD_I64LE, NumberType::kInt64},
      {H5T_STD_I64BE, NumberType::kInt64},    {H5T_STD_U8LE, NumberType::kUint8},
      {H5T_STD_U16LE, NumberType::kUint16},   {H5T_STD_U16BE, NumberType::kUint16},
      {H5T_STD_U32LE, NumberType::kUint32},   {H5T_STD_U32BE, NumberType::kUint32},
      {H5T_STD_U64LE, NumberType::kUint64},   {H5T_STD_U64BE, NumberType::kUint64}};
  for (const auto& [type, number] : kTypes) {
    if (H5Tequal(stored, type) > 0) return number;
  }
  return std::nullopt;
}

/// None where there are none, or more than is sensible.
ArrayShape extents_of(hid_t array) {
  const Handle space(H5Dget_space(array), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || rank > static_cast<int>(kMostDimensions)) return {};
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

/// Read in the order of the machine, by the library's own conversion.
hid_t memory_type(NumberType type) {
  switch (type) {
    case NumberType::kFloat32:
      return H5T_NATIVE_FLOAT;
    case NumberType::kFloat64:
      return H5T_NATIVE_DOUBLE;
    case NumberType::kInt64:
      return H5T_NATIVE_INT64;
    default:
      return H5T_NATIVE_UINT64;
  }
}

/// What H5Dread is asked for.
NumberType read_as(NumberType stored) {
  if (stored == NumberType::kFloat16) return NumberType::kFloat32;
  if (is_real(stored) || stored == NumberType::kUint64) return stored;
  return NumberType::kInt64;
}

struct Opened {
  Shared file;
  Shared array;
  NumberType type;
  ArrayShape extents;  // as HDF5 has them
  bool turned;         // MATLAB's
};

ArrayShape shape_of(const Opened& opened) {
  ArrayShape shape = opened.extents;
  if (opened.turned) std::ranges::reverse(shape);
  return shape;
}

/// Holds the rows of the last read, and those that came with them in the same chunks.
class Hdf5Array : public NumericArray {
 public:
  Hdf5Array(const fs::path& path, std::string place, const Opened& opened,
            std::uint64_t rows_a_chunk)
      : NumericArray(path, std::move(place), shape_of(opened),
                     {read_as(opened.type), std::endian::native}),
        file_(opened.file),
        array_(opened.array),
        turned_(opened.turned),
        rows_(shape().front()),
        width_(shape().size() == 2 ? shape()[1] : 1),
        rows_a_chunk_(rows_a_chunk) {}

  void read(std::uint64_t first, std::span<std::byte> out) override {
    const std::uint64_t row_bytes = width_ * format().width();
    std::uint64_t at = first * format().width();
    const std::uint64_t end = at + out.size();
    const std::uint64_t first_row = at / row_bytes;
    const std::uint64_t end_row = (end + row_bytes - 1) / row_bytes;
    if (first_row < held_begin_ || end_row > held_end_) hold(first_row, end_row);
    at -= held_begin_ * row_bytes;
    std::ranges::copy(std::span(held_).subspan(at, out.size()), out.begin());
  }

 private:
  void hold(std::uint64_t first_row, std::uint64_t end_row) {
    const std::uint64_t begin = first_row / rows_a_chunk_ * rows_a_chunk_;
    const std::uint64_t end =
        std::min(rows_, (end_row + rows_a_chunk_ - 1) / rows_a_chunk_ * rows_a_chunk_);
    const std::uint64_t count = end - begin;
    held_begin_ = held_end_ = 0;
    held_.resize(count * width_ * format().width());
    std::vector<hsize_t> start(shape().size(), 0);
    std::vector<hsize_t> extent(shape().begin(), shape().end());
    start.front() = begin;
    extent.front() = count;
    if (turned_) {
      std::ranges::reverse(start);
      std::ranges::reverse(extent);
    }
    const Handle from(H5Dget_space(*array_), H5Sclose);
    H5Sselect_hyperslab(from, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
    const Handle to(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                    H5Sclose);
    if (H5Dread(*array_, memory_type(format().type), to, from, H5P_DEFAULT, held_.data()) < 0) {
      fail("cannot be read: damaged, or packed by a filter that is not there");
    }
    if (turned_ && shape().size() == 2) turn_round(count);
    held_begin_ = begin;
    held_end_ = end;
  }

  void turn_round(std::uint64_t count) {
    const std::size_t width = format().width();
    std::vector<std::byte> by_row(held_.size());
    for (std::uint64_t c = 0; c < width_; ++c) {
      for (std::uint64_t r = 0; r < count; ++r) {
        std::copy_n(held_.data() + (c * count + r) * width, width,
                    by_row.data() + (r * width_ + c) * width);
      }
    }
    held_ = std::move(by_row);
  }

  Shared file_;
  Shared array_;
  bool turned_;
  std::uint64_t rows_;
  std::uint64_t width_;
  std::uint64_t rows_a_chunk_;
  std::vector<std::byte> held_;
  std::uint64_t held_begin_ = 0;
  std::uint64_t held_end_ = 0;
};

class Hdf5Container : public MatrixContainer {
 public:
  explicit Hdf5Container(const FileStart& start)
      : path_(start.path),
        size_(start.size),
        most_bytes_(start.size * kMostDeflation),
        is_matlab_(start.bytes.starts_with(kMatlab)) {
    hdf5::silence_hdf5();
    file_ = std::make_shared<Handle>(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file_->valid()) {
      throw DataError(
          fmt::format("{}: expected a whole HDF5 file, found one that is damaged, cut "
                      "or in use",
                      path_.string()));
    }
  }

  std::vector<ArrayInfo> arrays() override {
    std::vector<std::string> names;
    // Links to elsewhere are not followed.
    const herr_t visited = H5Ovisit2(
        *file_, H5_INDEX_NAME, H5_ITER_INC,
        [](hid_t, const char* name, const H5O_info_t* info, void* out) -> herr_t {
          auto& found = *static_cast<std::vector<std::string>*>(out);
          if (info->type == H5O_TYPE_DATASET) found.emplace_back(name);
          return found.size() > kMostArrays ? 1 : 0;
        },
        &names, H5O_INFO_BASIC);
    if (visited != 0) {
      throw DataError(fmt::format("{}: {}", path_.string(),
                                  visited < 0 ? "its list of arrays cannot be read"
                                              : "holds more arrays than a file of matrices has"));
    }
    std::vector<ArrayInfo> all;
    for (const std::string& name : names) {
      // MATLAB keeps what cells and strings refer to here.
      if (is_matlab_ && name.starts_with("#")) continue;
      all.push_back({name, info_of(name)});
    }
    std::ranges::sort(all, {}, &ArrayInfo::name);
    return all;
  }

  std::unique_ptr<NumericArray> open(const std::string& name) override {
    const std::string place = fmt::format("{}: array '{}'", path_.string(), excerpt(name));
    const auto fail = [&](std::string_view what) {
      throw DataError(fmt::format("{}: {}", place, what));
    };
    const auto array =
        std::make_shared<Handle>(H5Dopen2(*file_, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!array->valid()) fail("cannot be opened");
    const auto type = type_of(*array);
    if (!type) fail("expected float16, float32, float64 or integers, found another type");
    const Opened opened{file_, array, *type, extents_of(*array), is_matlab_};
    if (opened.extents.empty()) fail("expected 1 to 8 dimensions, found none or more");
    if (opened.extents.size() > 2) {
      fail(fmt::format("expected 2 dimensions, found {}", opened.extents.size()));
    }
    // The widest that it may be read as.
    const auto bytes = bytes_of(opened.extents, NumberType::kFloat64);
    if (!bytes || *bytes / (8 / width_of(*type)) > most_bytes_) {
      fail(fmt::format("its header claims {} numbers, more than the file can hold",
                       text_of(opened.extents)));
    }
    const std::uint64_t rows = check_layout(opened, place);
    return std::make_unique<Hdf5Array>(path_, place, opened, rows);
  }

 private:
  ArrayShape info_of(const std::string& name) const {
    const Handle array(H5Dopen2(*file_, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!array.valid()) return {};
    ArrayShape shape = extents_of(array);
    if (is_matlab_) std::ranges::reverse(shape);
    return shape;
  }

  /// The rows that one chunk holds.
  std::uint64_t check_layout(const Opened& opened, const std::string& place) const {
    const auto fail = [&](std::string_view what) {
      throw DataError(fmt::format("{}: {}", place, what));
    };
    const Handle creation(H5Dget_create_plist(*opened.array), H5Pclose);
    const H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_VIRTUAL || H5Pget_external_count(creation) > 0) {
      fail("expected numbers in this file, found some that lie in others");
    }
    if (layout != H5D_CHUNKED) {
      // The library reads where a forged header points to, beyond its own buffers.
      const hsize_t stored = H5Dget_storage_size(*opened.array);
      const bool is_unwritten = stored == 0 && layout == H5D_CONTIGUOUS;
      if (!is_unwritten && stored != bytes_of(opened.extents, opened.type)) {
        fail(fmt::format("expected {} bytes for {} numbers, found {}",
                         *bytes_of(opened.extents, opened.type), text_of(opened.extents), stored));
      }
      const haddr_t offset = H5Dget_offset(*opened.array);
      if (offset != HADDR_UNDEF && (offset > size_ || stored > size_ - offset)) {
        fail(fmt::format("expected {} bytes from {} on, in a file of {}", stored, offset, size_));
      }
      return 1;
    }
    std::vector<hsize_t> chunk(opened.extents.size());
    if (H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()) !=
        static_cast<int>(chunk.size())) {
      fail("its header does not say how it is cut into chunks");
    }
    const auto bytes = bytes_of(ArrayShape(chunk.begin(), chunk.end()), opened.type);
    if (!bytes || *bytes > most_bytes_) {
      fail(fmt::format("its chunks of {} numbers are more than the file can hold",
                       text_of(ArrayShape(chunk.begin(), chunk.end()))));
    }
    return std::max<std::uint64_t>(1, opened.turned ? chunk.back() : chunk.front());
  }

  fs::path path_;
  std::uint64_t size_;
  std::uint64_t most_bytes_;
  bool is_matlab_;
  Shared file_;
};

}  // namespace

std::string text_attribute(const fs::path& path, const std::string& name) {
  hdf5::silence_hdf5();
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  const Handle attribute(H5Aopen(file, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute.valid()) return "";
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return "";
  if (H5Tis_variable_str(type) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute, type, &text) < 0 || text == nullptr) return "";
    std::string value = excerpt(text);
    H5free_memory(text);
    return value;
  }
  const std::size_t size = H5Tget_size(type);
  if (size > kMostText) return "";
  std::string value(size, '\0');
  if (H5Aread(attribute, type, value.data()) < 0) return "";
  return excerpt(value.c_str());
}

bool is_hdf5(const FileStart& start) {
  // A block of the user's may come before it, of 512 bytes times a power of two.
  for (std::size_t at = 0; at + kSignature.size() <= start.bytes.size();
       at = at == 0 ? 512 : at * 2) {
    if (start.bytes.compare(at, kSignature.size(), kSignature) == 0) return true;
  }
  return false;
}

std::unique_ptr<MatrixContainer> open_hdf5(const FileStart& start) {
  return std::make_unique<Hdf5Container>(start);
}

}  // namespace alignlab
