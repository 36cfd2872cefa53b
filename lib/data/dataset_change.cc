#include "data/dataset_change.h"

#include <fmt/format.h>

#include "core/error.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

fs::path existing(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw DataError(fmt::format("{}: no such file", path.string()));
  // Behind a link, the copy belongs where the data set is: its paths are relative to that folder.
  return fs::canonical(path);
}

}  // namespace

DatasetChange::DatasetChange(const fs::path& path, Progress& progress)
    : path_(existing(path)), lock_(lock_path(path_), &progress) {
  remove_leftovers(path_);
  source_.emplace(Dataset::open(path_));
}

H5File& DatasetChange::copy(const std::string& left_out) {
  // HDF5 copies what it does not read, and does not survive every damage.
  source_->file().verify();
  target_.emplace(path_);
  copy_.emplace(H5File::create(target_->temporary(), path_));
  for (const std::string& name : source_->file().children("/")) {
    if (name != left_out) copy_->copy_from(source_->file(), "/" + name);
  }
  copy_->copy_attributes_from(source_->file(), "/");
  return *copy_;
}

void DatasetChange::commit() {
  copy_->set_attribute("/", "content_hash", copy_->content_hash().hex());
  copy_->close();
  target_->commit();
}

}  // namespace alignlab
