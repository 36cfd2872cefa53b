#pragma once

// A data set being changed: a copy beside it takes its place whole, or not at all.

#include <filesystem>
#include <optional>
#include <string>

#include "core/files.h"
#include "core/hdf5.h"
#include "core/progress.h"
#include "data/dataset.h"

namespace alignlab {

class DatasetChange {
 public:
  /// Waits for whoever else is changing it. DataError where there is no such file.
  DatasetChange(const std::filesystem::path& path, Progress& progress);

  /// Of the data set itself where `path` was a link.
  const std::filesystem::path& path() const { return path_; }
  const Dataset& source() const { return *source_; }

  /// Everything in the data set but the group `left_out` of its root, to add to.
  H5File& copy(const std::string& left_out = "");
  /// What `copy` gave becomes the data set.
  void commit();

 private:
  std::filesystem::path path_;
  FileLock lock_;
  std::optional<Dataset> source_;
  std::optional<AtomicFile> target_;
  std::optional<H5File> copy_;
};

}  // namespace alignlab
