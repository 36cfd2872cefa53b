#include "core/hdf5.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/hdf5_handles.h"

namespace alignlab {

using namespace hdf5;

namespace {

constexpr const char* kLocation = "location";
// A count above this is a forged header, not data: it bounds what reading may allocate.
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 36;
// So is an array larger than its whole file could unpack to: deflate packs at most 1032 to 1.
constexpr std::uint64_t kMostPacking = 1032;

/// Reading an attribute fills as much memory as the file says, so a forged one must not come so
/// far.
bool holds_one_value(hid_t attribute) {
  const Handle space(H5Aget_space(attribute), H5Sclose);
  return H5Sget_simple_extent_npoints(space) == 1;
}

/// Everything is under no objects.
bool is_at_or_under(const std::string& array, const std::vector<std::string>& objects) {
  return objects.empty() || std::ranges::any_of(objects, [&](const std::string& object) {
           return array == object || array.starts_with(object + "/");
         });
}

Handle open_object(hid_t file, const std::filesystem::path& path, const std::string& object) {
  const hid_t id = H5Oopen(file, object.c_str(), H5P_DEFAULT);
  if (id < 0) fail(path, object, "not in the file");
  return Handle(id, H5Oclose);
}

Handle open_array(hid_t file, const std::filesystem::path& path, const std::string& array) {
  const hid_t id = H5Dopen2(file, array.c_str(), H5P_DEFAULT);
  if (id < 0) fail(path, array, "no such array in the file");
  // The library reads beyond its buffers where a forged compact array has fewer bytes than it says.
  const Handle creation(H5Dget_create_plist(id), H5Pclose);
  if (H5Pget_layout(creation) == H5D_COMPACT) {
    H5Dclose(id);
    fail(path, array, "expected an array in chunks, as alignlab writes them");
  }
  return Handle(id, H5Dclose);
}

Shape shape_of(hid_t array, const std::filesystem::path& path, const std::string& name) {
  const Handle space(H5Dget_space(array), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || rank > 8)
    fail(path, name, fmt::format("expected 1 to 8 dimensions, found {}", rank));
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  std::uint64_t values = 1;
  for (const hsize_t extent : dims) {
    if (extent > kMostValues || (extent > 0 && values > kMostValues / extent)) {
      fail(path, name, "its header claims an impossible size");
    }
    values *= extent;
  }
  return {dims.begin(), dims.end()};
}

H5Type type_of(hid_t array, const std::filesystem::path& path, const std::string& name) {
  const Handle stored(H5Dget_type(array), H5Tclose);
  for (const H5Type type :
       {H5Type::kFloat32, H5Type::kFloat64, H5Type::kInt32, H5Type::kInt64, H5Type::kUint8}) {
    if (H5Tequal(stored, file_type(type)) > 0) return type;
  }
  fail(path, name, "expected float32, float64, int32, int64 or uint8 (little-endian)");
}

std::string read_text_attribute(hid_t object, const std::filesystem::path& path,
                                const std::string& where, const std::string& name) {
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute.valid()) fail(path, where, fmt::format("attribute '{}' is missing", name));
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || size > (1 << 20) ||
      !holds_one_value(attribute)) {
    fail(path, where, fmt::format("attribute '{}' is not a fixed-length string", name));
  }
  std::string value(size, '\0');
  const Handle memory(H5Tcopy(type), H5Tclose);
  if (H5Aread(attribute, memory, value.data()) < 0) {
    fail(path, where, fmt::format("attribute '{}' cannot be read", name));
  }
  value.resize(std::strlen(value.c_str()));
  return value;
}

void check_same_type(H5Type expected, hid_t array, const std::filesystem::path& path,
                     const std::string& name) {
  const H5Type found = type_of(array, path, name);
  if (found != expected) {
    fail(path, name, fmt::format("expected {}, found {}", name_of(expected), name_of(found)));
  }
}

}  // namespace

const char* name_of(H5Type type) {
  switch (type) {
    case H5Type::kFloat32:
      return "float32";
    case H5Type::kFloat64:
      return "float64";
    case H5Type::kInt32:
      return "int32";
    case H5Type::kInt64:
      return "int64";
    case H5Type::kUint8:
      return "uint8";
  }
  return "";
}

H5File H5File::open(const std::filesystem::path& path) {
  silence_hdf5();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw DataError(fmt::format("{}: no such file", path.string()));
  }
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (id < 0) {
    const char* found = std::filesystem::is_directory(path, error) ? "a folder"
                        : std::filesystem::is_empty(path, error)
                            ? "an empty one"
                            : "one that is truncated, in use or of another format";
    throw DataError(fmt::format("{}: expected an HDF5 file, found {}", path.string(), found));
  }
  H5File file(path, id, std::filesystem::file_size(path, error) * kMostPacking);
  // A link elsewhere would be read but not hashed.
  std::string link;
  H5Lvisit(
      id, H5_INDEX_NAME, H5_ITER_INC,
      [](hid_t, const char* name, const H5L_info_t* info, void* out) -> herr_t {
        if (info->type == H5L_TYPE_HARD) return 0;
        *static_cast<std::string*>(out) = name;
        return 1;
      },
      &link);
  if (!link.empty()) {
    fail(path, "/" + link, "expected an object, found a link to somewhere else");
  }
  return file;
}

H5File H5File::create(const std::filesystem::path& path, const std::filesystem::path& shown) {
  silence_hdf5();
  const std::filesystem::path& named = shown.empty() ? path : shown;
  const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (id < 0) throw DataError(fmt::format("{}: cannot be created", named.string()));
  return H5File(named, id, std::numeric_limits<std::uint64_t>::max());
}

H5File::~H5File() {
  if (id_ >= 0) H5Fclose(id_);
}

H5File::H5File(H5File&& other) noexcept
    : path_(std::move(other.path_)),
      id_(std::exchange(other.id_, -1)),
      most_bytes_(other.most_bytes_) {}

void H5File::close() {
  const hid_t id = std::exchange(id_, -1);
  errno = 0;
  const bool flushed = H5Fflush(id, H5F_SCOPE_GLOBAL) >= 0;
  if (H5Fclose(id) < 0 || !flushed) alignlab::fail_to_write(path_);
}

bool H5File::has(const std::string& object) const {
  // H5Lexists wants every ancestor to exist, so ask from the top.
  for (std::size_t end = object.find('/', 1);; end = object.find('/', end + 1)) {
    const std::string prefix = object.substr(0, end);
    if (prefix != "/" && H5Lexists(id_, prefix.c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return true;
  }
}

std::vector<std::string> H5File::children(const std::string& group) const {
  std::vector<std::string> names;
  if (!has(group)) return names;
  const Handle id(H5Gopen2(id_, group.c_str(), H5P_DEFAULT), H5Gclose);
  if (!id.valid()) return names;
  H5Literate(
      id, H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> H5File::arrays() const {
  std::vector<std::string> paths;
  H5Ovisit2(
      id_, H5_INDEX_NAME, H5_ITER_INC,
      [](hid_t, const char* name, const H5O_info_t* info, void* out) -> herr_t {
        if (info->type == H5O_TYPE_DATASET) {
          static_cast<std::vector<std::string>*>(out)->push_back(std::string("/") + name);
        }
        return 0;
      },
      &paths, H5O_INFO_BASIC);
  std::ranges::sort(paths);
  return paths;
}

Shape H5File::shape(const std::string& array) const {
  const Handle id = open_array(id_, path_, array);
  const Shape dims = shape_of(id, path_, array);
  std::uint64_t bytes = width_of(type_of(id, path_, array));
  for (const std::uint64_t extent : dims) bytes *= extent;
  if (bytes > most_bytes_) fail(path_, array, "its header claims more than the file can hold");
  return dims;
}

H5Type H5File::type(const std::string& array) const {
  return type_of(open_array(id_, path_, array), path_, array);
}

std::uint64_t H5File::count(const std::string& array) const {
  std::uint64_t values = 1;
  for (const std::uint64_t extent : shape(array)) values *= extent;
  return values;
}

std::uint64_t H5File::row_width(const std::string& array) const {
  const Shape dims = shape(array);
  std::uint64_t width = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) width *= dims[i];
  return width;
}

void H5File::read_whole(const std::string& array, H5Type type, void* out) const {
  const Handle id = open_array(id_, path_, array);
  check_same_type(type, id, path_, array);
  if (H5Dread(id, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0) {
    fail(path_, array, "cannot be read (truncated, or its checksum does not hold)");
  }
  Hasher hasher;
  hasher.add_bytes({static_cast<const std::byte*>(out), count(array) * width_of(type)});
  if (hasher.digest().hex() != read_text_attribute(id, path_, array, "xxh3")) {
    fail(path_, array, "its content differs from its checksum");
  }
}

void H5File::read_slab(const std::string& array, H5Type type, std::uint64_t first,
                       std::uint64_t rows, void* out) const {
  const Handle id = open_array(id_, path_, array);
  check_same_type(type, id, path_, array);
  const Shape dims = shape_of(id, path_, array);
  if (first > dims[0] || rows > dims[0] - first) {
    fail(path_, array, fmt::format("rows {} to {} asked, {} there", first, first + rows, dims[0]));
  }
  if (rows == 0) return;
  std::vector<hsize_t> start(dims.size(), 0), extent(dims.begin(), dims.end());
  start[0] = first;
  extent[0] = rows;
  const Handle from(H5Dget_space(id), H5Sclose);
  H5Sselect_hyperslab(from, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
  const Handle to(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                  H5Sclose);
  if (H5Dread(id, memory_type(type), to, from, H5P_DEFAULT, out) < 0) {
    fail(path_, array, "cannot be read (truncated, or its checksum does not hold)");
  }
}

void H5File::write_whole(const std::string& array, H5Type type, const Shape& shape,
                         const void* values) {
  const Handle id(create_array(id_, path_, array, type, shape, false), H5Dclose);
  errno = 0;
  if (H5Dwrite(id, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    fail_to_write(path_, array);
  }
  std::uint64_t bytes = width_of(type);
  for (const std::uint64_t extent : shape) bytes *= extent;
  Hasher hasher;
  hasher.add_bytes({static_cast<const std::byte*>(values), bytes});
  if (!write_text_attribute(id, "xxh3", hasher.digest().hex())) {
    fail_to_write(path_, array);
  }
}

void H5File::copy_from(const H5File& source, const std::string& object) {
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links, 1);
  if (H5Ocopy(source.id_, object.c_str(), id_, object.c_str(), H5P_DEFAULT, links) < 0) {
    fail(source.path_, object, fmt::format("cannot be copied to {}", path_.string()));
  }
}

void H5File::copy_attributes_from(const H5File& source, const std::string& object) {
  const Handle from = open_object(source.id_, source.path_, object);
  const Handle to = open_object(id_, path_, object);
  std::vector<std::string> names;
  H5Aiterate2(
      from, H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  for (const std::string& name : names) {
    const Handle attribute(H5Aopen(from, name.c_str(), H5P_DEFAULT), H5Aclose);
    const Handle type(H5Aget_type(attribute), H5Tclose);
    const Handle space(H5Aget_space(attribute), H5Sclose);
    // Strings of variable length are read as pointers, which the copy must not keep.
    std::vector<std::byte> value(H5Aget_storage_size(attribute));
    if (H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0 ||
        H5Aread(attribute, type, value.data()) < 0) {
      fail(source.path_, object, fmt::format("attribute '{}' cannot be copied", name));
    }
    if (H5Aexists(to, name.c_str()) > 0) H5Adelete(to, name.c_str());
    const Handle copy(H5Acreate2(to, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                      H5Aclose);
    if (H5Awrite(copy, type, value.data()) < 0) {
      fail(path_, object, fmt::format("attribute '{}' cannot be written", name));
    }
  }
}

std::string H5File::text_attribute(const std::string& object, const std::string& name) const {
  return read_text_attribute(open_object(id_, path_, object), path_, object, name);
}

std::int64_t H5File::integer_attribute(const std::string& object, const std::string& name) const {
  const Handle id = open_object(id_, path_, object);
  const Handle attribute(H5Aopen(id, name.c_str(), H5P_DEFAULT), H5Aclose);
  const Handle type(attribute.valid() ? H5Aget_type(attribute) : -1, H5Tclose);
  std::int64_t value = 0;
  if (!type.valid() || H5Tget_class(type) != H5T_INTEGER || !holds_one_value(attribute) ||
      H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) {
    fail(path_, object, fmt::format("attribute '{}' is missing or not an integer", name));
  }
  return value;
}

bool H5File::has_attribute(const std::string& object, const std::string& name) const {
  return H5Aexists(open_object(id_, path_, object), name.c_str()) > 0;
}

void H5File::set_attribute(const std::string& object, const std::string& name,
                           std::string_view value) {
  if (!write_text_attribute(open_object(id_, path_, object), name, value)) {
    fail(path_, object, fmt::format("attribute '{}' cannot be written", name));
  }
}

void H5File::set_attribute(const std::string& object, const std::string& name, std::int64_t value) {
  const Handle id = open_object(id_, path_, object);
  if (H5Aexists(id, name.c_str()) > 0) H5Adelete(id, name.c_str());
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(
      H5Acreate2(id, name.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.valid() || H5Awrite(attribute, H5T_NATIVE_INT64, &value) < 0) {
    fail(path_, object, fmt::format("attribute '{}' cannot be written", name));
  }
}

void H5File::mark_as_location(const std::string& array) {
  set_attribute(array, kLocation, std::int64_t{1});
}

Hash128 H5File::content_hash(const std::vector<std::string>& objects) const {
  Hasher hasher;
  for (const std::string& array : arrays()) {
    if (!is_at_or_under(array, objects) || has_attribute(array, kLocation)) continue;
    hasher.add(array);
    hasher.add(name_of(type(array)));
    hasher.add(fmt::format("{}", fmt::join(shape(array), ",")));
    hasher.add(array_hash(array));
  }
  return hasher.digest();
}

void H5File::verify(const std::vector<std::string>& objects) const {
  for (const std::string& array : arrays()) {
    if (!is_at_or_under(array, objects)) continue;
    const H5Type kind = type(array);
    const std::uint64_t rows = shape(array)[0];
    const std::uint64_t row_bytes = std::max<std::uint64_t>(1, row_width(array) * width_of(kind));
    const std::uint64_t step = std::max<std::uint64_t>(1, (1 << 24) / row_bytes);
    std::vector<std::byte> buffer(std::min(step, rows) * row_bytes);
    Hasher hasher;
    for (std::uint64_t first = 0; first < rows; first += step) {
      const std::uint64_t now = std::min(step, rows - first);
      read_slab(array, kind, first, now, buffer.data());
      hasher.add_bytes({buffer.data(), now * row_width(array) * width_of(kind)});
    }
    if (hasher.digest().hex() != array_hash(array)) {
      fail(path_, array, "its content differs from its checksum");
    }
  }
}

}  // namespace alignlab
