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

/// What a path names in the end, whether it is there or not: a file put there by a rename would
/// replace the link.
std::filesystem::path behind_links(std::filesystem::path path);

/// Where writers of `path` lock each other out: a hidden file beside it.
std::filesystem::path lock_path(const std::filesystem::path& path);

/// Removes the temporary files and folders that killed writers of `path` left beside it. The caller
/// holds a lock under which alone `path` is written.
void remove_leftovers(const std::filesystem::path& path);

/// The whole file. DataError that names it if it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);
void write_file_atomically(const std::filesystem::path& path, std::string_view content);
/// DataError "path: cannot be written", with the reason where errno has one.
[[noreturn]] void fail_to_write(const std::filesystem::path& path);

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

/// A folder that is made under a temporary name beside `path` and renamed into place by commit(),
/// where nothing or an empty folder may be. Without a commit nothing is left. What killed writers
/// left is removed; two of one path take turns.
class AtomicFolder {
 public:
  explicit AtomicFolder(const std::filesystem::path& path, const Progress* progress = nullptr);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to write.
  const std::filesystem::path& temporary() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path path_;
  FileLock lock_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

}  // namespace alignlab
