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

void sync_path(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) {
    throw DataError(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  }
  const int failed = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // Some file systems refuse to sync a directory; the rename is still atomic there.
  if (failed != 0 && reason != EINVAL) {
    throw DataError(fmt::format("{}: cannot be synced: {}", path.string(), std::strerror(reason)));
  }
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
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
  sync_path(temporary_, O_RDONLY);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw DataError(
        fmt::format("{}: cannot be put in place: {}", path_.string(), std::strerror(errno)));
  }
  committed_ = true;
  sync_path(folder_of(path_), O_RDONLY | O_DIRECTORY);
}

void remove_leftovers(const fs::path& path) {
  const std::string start = "." + path.filename().string() + ".";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(path), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(start) && name.ends_with(".tmp")) fs::remove(entry.path(), error);
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
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) throw DataError(fmt::format("{}: cannot be written", path.string()));
  }
  file.commit();
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
