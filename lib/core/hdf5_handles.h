#pragma once

// What the files of the HDF5 wrapper share: handles that close themselves, types, and the making of
// arrays and attributes. Nothing but lib/core/hdf5*.cc and lib/data/matrices includes this.

#include <hdf5.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "core/hdf5.h"

namespace alignlab::hdf5 {

/// What a chunk of an array is to take, and with it what an appender holds back.
inline constexpr std::uint64_t kChunkBytes = 1 << 18;

using Closer = herr_t (*)(hid_t);

class Handle {
 public:
  Handle(hid_t id, Closer close) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: it stands for the id it owns
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  Closer close_;
};

/// Keeps HDF5 from printing its own errors; ours say more.
void silence_hdf5();

hid_t memory_type(H5Type type);
hid_t file_type(H5Type type);
std::size_t width_of(H5Type type);

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view object,
                       std::string_view what);
/// After a call that writes has failed, before which errno was set to 0: the system's reason.
[[noreturn]] void fail_to_write(const std::filesystem::path& path, std::string_view object);

hid_t create_array(hid_t file, const std::filesystem::path& path, const std::string& array,
                   H5Type type, const Shape& shape, bool extendible);
bool write_text_attribute(hid_t object, const std::string& name, std::string_view value);

}  // namespace alignlab::hdf5
