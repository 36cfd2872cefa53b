#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/error.h"
#include "core/hdf5_handles.h"

namespace alignlab {

using namespace hdf5;

struct H5Appender::State {
  H5File& file;
  std::string array;
  H5Type type;
  std::uint64_t width;
  hid_t id;
  std::uint64_t rows = 0;
  std::vector<std::byte> pending;
  Hasher hasher;
};

H5Appender::H5Appender(H5File& file, std::string array, H5Type type, std::uint64_t width) {
  const Shape shape = width == 0 ? Shape{0} : Shape{0, width};
  const hid_t id = create_array(file.id_, file.path_, array, type, shape, true);
  state_.reset(new State{file, std::move(array), type, width, id, 0, {}, {}});
}

H5Appender::~H5Appender() {
  if (state_->id >= 0) H5Dclose(state_->id);
}

void H5Appender::append_bytes(H5Type type, std::span<const std::byte> bytes) {
  if (type != state_->type) {
    fail(state_->file.path_, state_->array,
         fmt::format("expected {}, found {}", name_of(state_->type), name_of(type)));
  }
  state_->hasher.add_bytes(bytes);
  state_->pending.insert(state_->pending.end(), bytes.begin(), bytes.end());
  if (state_->pending.size() >= 4 * kChunkBytes) flush();
}

void H5Appender::flush() {
  State& s = *state_;
  const std::uint64_t row_bytes = std::max<std::uint64_t>(1, s.width) * width_of(s.type);
  const std::uint64_t rows = s.pending.size() / row_bytes;
  if (rows == 0) return;
  std::vector<hsize_t> start{s.rows}, extent{rows}, total{s.rows + rows};
  if (s.width > 0) {
    start.push_back(0);
    extent.push_back(s.width);
    total.push_back(s.width);
  }
  const int rank = static_cast<int>(start.size());
  errno = 0;
  herr_t failed = H5Dset_extent(s.id, total.data());
  const Handle to(H5Dget_space(s.id), H5Sclose);
  H5Sselect_hyperslab(to, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
  const Handle from(H5Screate_simple(rank, extent.data(), nullptr), H5Sclose);
  if (failed >= 0) {
    failed = H5Dwrite(s.id, memory_type(s.type), from, to, H5P_DEFAULT, s.pending.data());
  }
  if (failed < 0) fail_to_write(s.file.path_, s.array);
  s.rows += rows;
  s.pending.erase(s.pending.begin(),
                  s.pending.begin() + static_cast<std::ptrdiff_t>(rows * row_bytes));
}

void H5Appender::finish() {
  flush();
  if (!state_->pending.empty()) fail(state_->file.path_, state_->array, "ends inside a row");
  errno = 0;
  if (!write_text_attribute(state_->id, "xxh3", state_->hasher.digest().hex())) {
    fail_to_write(state_->file.path_, state_->array);
  }
}

H5StringAppender::H5StringAppender(H5File& file, const std::string& group)
    : data_(file, group + "/data", H5Type::kUint8),
      offsets_(file, group + "/offsets", H5Type::kInt64) {
  offsets_.append<std::int64_t>(std::span(&end_, 1));
}

void H5StringAppender::push_back(std::string_view text) {
  data_.append<std::uint8_t>({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  end_ += static_cast<std::int64_t>(text.size());
  offsets_.append<std::int64_t>(std::span(&end_, 1));
}

void H5StringAppender::finish() {
  data_.finish();
  offsets_.finish();
}

}  // namespace alignlab
