#include "core/hdf5_handles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "core/error.h"

namespace alignlab::hdf5 {

void silence_hdf5() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Files close themselves; after a full disk the library's own closing at exit would crash.
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  });
}

hid_t memory_type(H5Type type) {
  switch (type) {
    case H5Type::kFloat32:
      return H5T_NATIVE_FLOAT;
    case H5Type::kFloat64:
      return H5T_NATIVE_DOUBLE;
    case H5Type::kInt32:
      return H5T_NATIVE_INT32;
    case H5Type::kInt64:
      return H5T_NATIVE_INT64;
    case H5Type::kUint8:
      return H5T_NATIVE_UINT8;
  }
  return -1;
}

hid_t file_type(H5Type type) {
  switch (type) {
    case H5Type::kFloat32:
      return H5T_IEEE_F32LE;
    case H5Type::kFloat64:
      return H5T_IEEE_F64LE;
    case H5Type::kInt32:
      return H5T_STD_I32LE;
    case H5Type::kInt64:
      return H5T_STD_I64LE;
    case H5Type::kUint8:
      return H5T_STD_U8LE;
  }
  return -1;
}

std::size_t width_of(H5Type type) {
  switch (type) {
    case H5Type::kFloat32:
    case H5Type::kInt32:
      return 4;
    case H5Type::kFloat64:
    case H5Type::kInt64:
      return 8;
    case H5Type::kUint8:
      return 1;
  }
  return 0;
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view object,
                       std::string_view what) {
  throw DataError(fmt::format("{}: {}: {}", path.string(), object, what));
}

[[noreturn]] void fail_to_write(const std::filesystem::path& path, std::string_view object) {
  const int reason = errno;
  fail(path, object,
       reason == 0 ? std::string("cannot be written")
                   : fmt::format("cannot be written: {}", std::strerror(reason)));
}

hid_t create_array(hid_t file, const std::filesystem::path& path, const std::string& array,
                   H5Type type, const Shape& shape, bool extendible) {
  std::vector<hsize_t> dims(shape.begin(), shape.end());
  std::vector<hsize_t> most(dims);
  if (extendible) most[0] = H5S_UNLIMITED;
  const Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), most.data()),
                     H5Sclose);
  std::vector<hsize_t> chunk(dims);
  std::uint64_t row_bytes = width_of(type);
  for (std::size_t i = 1; i < dims.size(); ++i) {
    chunk[i] = std::max<hsize_t>(1, dims[i]);
    row_bytes *= chunk[i];
  }
  chunk[0] = std::max<hsize_t>(1, kChunkBytes / std::max<std::uint64_t>(1, row_bytes));
  if (!extendible) chunk[0] = std::clamp<hsize_t>(chunk[0], 1, std::max<hsize_t>(1, dims[0]));
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_fletcher32(creation);
  H5Pset_obj_track_times(creation, false);
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t id =
      H5Dcreate2(file, array.c_str(), file_type(type), space, links, creation, H5P_DEFAULT);
  if (id < 0) fail(path, array, "cannot be created");
  return id;
}

bool write_text_attribute(hid_t object, const std::string& name, std::string_view value) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, std::max<std::size_t>(1, value.size()));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  if (H5Aexists(object, name.c_str()) > 0) H5Adelete(object, name.c_str());
  const Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
  const std::string padded = value.empty() ? std::string(1, '\0') : std::string(value);
  return attribute.valid() && H5Awrite(attribute, type, padded.data()) >= 0;
}

}  // namespace alignlab::hdf5
