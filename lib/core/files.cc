#include "core/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/error.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr useconds_t kLockPollMicroseconds = 20000;

/// `shown` is what the user knows it by.
void sync_path(const fs::path& path, int flags, const fs::path& shown) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) {
    throw DataError(fmt::format("{}: cannot be opened: {}", shown.string(), std::strerror(errno)));
  }
  const int failed = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // Some file systems refuse to sync a directory; the rename is still atomic there.
  if (failed != 0 && reason != EINVAL) {
    throw DataError(fmt::format("{}: cannot be synced: {}", shown.string(), std::strerror(reason)));
  }
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// "a/b/" is "a/b", so that its name is the last part.
fs::path without_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  static std::atomic<unsigned> count{0};
  const fs::path folder = folder_of(path_);
  std::error_code error;
  fs::create_directories(folder, error);
  temporary_ =
      folder / fmt::format(".{}.{}-{}.tmp", path_.filename().string(), ::getpid(), count++);
  // Fails here, before any work is done, where the folder cannot be written.
  const int descriptor = ::open(temporary_.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    throw DataError(fmt::format("{}: cannot be written: {}", path_.string(), std::strerror(errno)));
  }
  ::close(descriptor);
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  sync_path(temporary_, O_RDONLY, path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw DataError(
        fmt::format("{}: cannot be put in place: {}", path_.string(), std::strerror(errno)));
  }
  committed_ = true;
  sync_path(folder_of(path_), O_RDONLY | O_DIRECTORY, folder_of(path_));
}

AtomicFolder::AtomicFolder(const fs::path& path, const Progress* progress)
    : path_(without_slash(path)), lock_(lock_path(path_), progress) {
  remove_leftovers(path_);
  temporary_ = folder_of(path_) / fmt::format(".{}.{}.tmp", path_.filename().string(), ::getpid());
  std::error_code error;
  fs::create_directory(temporary_, error);
  if (error) {
    throw DataError(fmt::format("{}: cannot be made: {}", path_.string(), error.message()));
  }
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw DataError(
        fmt::format("{}: cannot be put in place: {}", path_.string(), std::strerror(errno)));
  }
  committed_ = true;
  sync_path(folder_of(path_), O_RDONLY | O_DIRECTORY, folder_of(path_));
}

fs::path behind_links(fs::path path) {
  // As many as the system follows.
  constexpr int kMostLinks = 40;
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error); ++i) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;
  }
  return path;
}

fs::path lock_path(const fs::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".lock");
}

void remove_leftovers(const fs::path& path) {
  const std::string start = "." + path.filename().string() + ".";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(path), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(start) && name.ends_with(".tmp")) fs::remove_all(entry.path(), error);
  }
}

std::string read_file(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw DataError(fmt::format("{}: no such file", path.string()));
  if (!fs::is_regular_file(path, error)) {
    throw DataError(fmt::format("{}: expected a file, found something else", path.string()));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) throw DataError(fmt::format("{}: cannot be read", path.string()));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  {
    std::ofstream out(file.temporary(), std::ios::binary);
    errno = 0;
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) fail_to_write(path);
  }
  file.commit();
}

void fail_to_write(const fs::path& path) {
  const int reason = errno;
  throw DataError(fmt::format("{}: cannot be written{}{}", path.string(), reason == 0 ? "" : ": ",
                              reason == 0 ? "" : std::strerror(reason)));
}

FileLock::FileLock(fs::path path, const Progress* progress) : path_(std::move(path)) {
  std::error_code error;
  fs::create_directories(folder_of(path_), error);
  if (error) {
    throw DataError(
        fmt::format("{}: cannot be made: {}", folder_of(path_).string(), error.message()));
  }
  while (true) {
    descriptor_ = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      throw DataError(
          fmt::format("{}: cannot be locked: {}", path_.string(), std::strerror(errno)));
    }
    wait(progress);
    // The holder before us may have removed the file while we waited: then this lock guards
    // nothing, and we take the one that is there now.
    struct stat held {
    }, named{};
    if (::fstat(descriptor_, &held) == 0 && ::stat(path_.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino) {
      return;
    }
    ::close(descriptor_);
  }
}

void FileLock::wait(const Progress* progress) {
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const bool cancelled = progress != nullptr && progress->cancelled();
    if ((reason == EWOULDBLOCK || reason == EINTR) && !cancelled) {
      ::usleep(kLockPollMicroseconds);
      continue;
    }
    ::close(descriptor_);
    if (cancelled) throw Interrupted();
    throw DataError(fmt::format("{}: cannot be locked: {}", path_.string(), std::strerror(reason)));
  }
}

FileLock::~FileLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace alignlab
