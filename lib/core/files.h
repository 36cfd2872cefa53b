#pragma once

// Files that are whole or not there.

#include <filesystem>
#include <string>
#include <string_view>

#include "core/progress.h"

namespace alignlab {

/// Writes to a temporary name beside `path`; commit() syncs it and renames it into place. Without
/// a commit the destructor removes the temporary file and `path` stays as it was.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Where to write; nothing must keep it open when commit() is called.
  const std::filesystem::path& temporary() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

/// Removes the temporary files that killed writers of `path` left beside it. The caller holds a
/// lock under which alone `path` is written.
void remove_leftovers(const std::filesystem::path& path);

/// The whole file. DataError that names it if it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Held by one process at a time, released when the process ends however it ends. Waits for its
/// turn; throws Interrupted if `progress` is cancelled meanwhile.
class FileLock {
 public:
  explicit FileLock(std::filesystem::path path, const Progress* progress = nullptr);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  void wait(const Progress* progress);

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace alignlab
