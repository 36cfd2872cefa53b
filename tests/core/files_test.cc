#include "core/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "tests/core/testing.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

void write_plainly(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A forked process that runs `work` and then exits without any clean-up of ours. The two sides
/// talk one byte at a time.
class Child {
 public:
  explicit Child(const std::function<void(Child&)>& work) {
    int to_parent[2], to_child[2];
    if (::pipe(to_parent) != 0 || ::pipe(to_child) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      in_ = to_child[0];
      out_ = to_parent[1];
      ::close(to_child[1]);
      ::close(to_parent[0]);
      work(*this);
      ::_exit(0);
    }
    in_ = to_parent[0];
    out_ = to_child[1];
    ::close(to_parent[1]);
    ::close(to_child[0]);
  }
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
    ::close(in_);
    ::close(out_);
  }
  void say() { ASSERT_EQ(::write(out_, "x", 1), 1); }
  /// False when the other side ended without a word.
  bool hear() {
    char byte = 0;
    return ::read(in_, &byte, 1) == 1;
  }
  void kill_now() {
    ::kill(pid_, SIGKILL);
    wait();
  }
  void wait() {
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

/// Whether some process holds a lock on the file, by the system call itself.
bool is_locked(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT, 0644);
  const bool taken = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0;
  ::close(descriptor);
  return taken;
}

TEST(AtomicFile, LeavesNothingWithoutACommit) {
  const ScratchFolder folder;
  {
    AtomicFile file(folder / "out");
    write_plainly(file.temporary(), "half");
    EXPECT_EQ(names_in(folder.path()).size(), 1U);
  }
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{});
}

TEST(AtomicFile, LeavesTheOldFileWithoutACommit) {
  const ScratchFolder folder;
  write_plainly(folder / "out", "old");
  {
    AtomicFile file(folder / "out");
    write_plainly(file.temporary(), "new");
    EXPECT_EQ(read_file(folder / "out"), "old");
  }
  EXPECT_EQ(read_file(folder / "out"), "old");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"out"});
}

TEST(AtomicFile, ReplacesTheOldFileAtTheCommit) {
  const ScratchFolder folder;
  write_plainly(folder / "out", "old");
  {
    AtomicFile file(folder / "out");
    write_plainly(file.temporary(), "new");
    file.commit();
    EXPECT_EQ(read_file(folder / "out"), "new");
  }
  EXPECT_EQ(read_file(folder / "out"), "new");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"out"});
}

TEST(AtomicFile, WritesBesideItsPathSoThatTheRenameStaysOnOneFileSystem) {
  const ScratchFolder folder;
  AtomicFile file(folder / "out");
  EXPECT_EQ(file.temporary().parent_path(), folder.path());
}

TEST(AtomicFile, MakesTheFoldersOfItsPath) {
  const ScratchFolder folder;
  write_file_atomically(folder.path() / "a" / "b" / "out", "deep");
  EXPECT_EQ(read_file(folder.path() / "a" / "b" / "out"), "deep");
}

TEST(AtomicFile, OfTheSamePathTwiceAtOnceKeepsTheLastCommitWhole) {
  const ScratchFolder folder;
  AtomicFile one(folder / "out"), other(folder / "out");
  EXPECT_NE(one.temporary(), other.temporary());
  write_plainly(one.temporary(), "one");
  write_plainly(other.temporary(), "other");
  other.commit();
  one.commit();
  EXPECT_EQ(read_file(folder / "out"), "one");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"out"});
}

TEST(AtomicFile, ThatCannotBePutInPlaceSaysSoAndLeavesNothing) {
  const ScratchFolder folder;
  fs::create_directories(folder.path() / "out" / "occupied");
  EXPECT_TRUE(
      contains(message_of<DataError>([&] { write_file_atomically(folder / "out", "text"); }),
               (folder / "out").string() + ": cannot be put in place: "));
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"out"});
}

TEST(AtomicFile, FailsBeforeAnyWorkWhereItsFolderCannotBe) {
  const ScratchFolder folder;
  write_plainly(folder / "file", "");
  const fs::path path = folder.path() / "file" / "out";
  EXPECT_TRUE(contains(message_of<DataError>([&] { AtomicFile file(path); }),
                       path.string() + ": cannot be written: "));
}

TEST(AtomicFile, OfAKilledProcessNeverAppearsUnderItsName) {
  const ScratchFolder folder;
  write_plainly(folder / "out", "old");
  Child child([&](Child& self) {
    AtomicFile file(folder / "out");
    write_plainly(file.temporary(), "half");
    self.say();
    self.hear();
  });
  ASSERT_TRUE(child.hear());
  child.kill_now();
  EXPECT_EQ(read_file(folder / "out"), "old");
}

TEST(AtomicFolder, IsWholeOrNotThereAndClearsWhatTheKilledLeft) {
  const ScratchFolder folder;
  fs::create_directories(folder.path() / ".out.4711.tmp" / "half");
  {
    AtomicFolder made(folder / "out/");
    EXPECT_FALSE(fs::exists(folder / ".out.4711.tmp"));
    write_plainly(made.temporary() / "a", "a");
    EXPECT_FALSE(fs::exists(folder / "out"));
  }
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{});
  {
    AtomicFolder made(folder / "out");
    write_plainly(made.temporary() / "a", "a");
    made.commit();
  }
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"out"});
  EXPECT_EQ(read_file(folder / "out/a"), "a");
  AtomicFolder again(folder / "out");
  EXPECT_TRUE(contains(message_of<DataError>([&] { again.commit(); }), "cannot be put in place: "));
}

TEST(BehindLinks, FollowsThemWhetherTheLastIsThereOrNot) {
  const ScratchFolder folder;
  fs::create_symlink("two", folder / "one");
  fs::create_symlink("sub/three", folder / "two");
  EXPECT_EQ(behind_links(folder / "one"), folder.path() / "sub/three");
  EXPECT_EQ(behind_links(folder / "plain"), folder.path() / "plain");
  fs::create_symlink("circle", folder / "circle");
  EXPECT_EQ(behind_links(folder / "circle"), folder.path() / "circle");
}

TEST(ReadFile, GivesEveryByte) {
  const ScratchFolder folder;
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += static_cast<char>(i % 256);
  write_file_atomically(folder / "bytes", bytes);
  EXPECT_EQ(read_file(folder / "bytes"), bytes);
  write_file_atomically(folder / "bytes", "");
  EXPECT_EQ(read_file(folder / "bytes"), "");
}

TEST(ReadFile, ThatIsMissingIsADataErrorNamingIt) {
  const ScratchFolder folder;
  const fs::path path = folder / "nothing";
  EXPECT_EQ(message_of<DataError>([&] { read_file(path); }), path.string() + ": no such file");
}

TEST(ReadFile, OfAFolderIsADataErrorNamingIt) {
  const ScratchFolder folder;
  EXPECT_EQ(message_of<DataError>([&] { read_file(folder.path()); }),
            folder.path().string() + ": expected a file, found something else");
}

// Neither process is forked while this one holds a lock: the child would share it.
TEST(FileLock, KeepsASecondProcessOutUntilItIsReleased) {
  const ScratchFolder folder;
  const fs::path path = folder / "lock";
  const fs::path witness = folder / "witness";
  Child holder([&](Child& self) {
    FileLock lock(path);
    self.say();
    self.hear();
  });
  ASSERT_TRUE(holder.hear());
  Child second([&](Child& self) {
    self.say();
    FileLock lock(path);
    write_plainly(witness, "in");
    self.say();
  });
  ASSERT_TRUE(second.hear());
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_FALSE(fs::exists(witness));
  holder.say();
  ASSERT_TRUE(second.hear());
  EXPECT_TRUE(fs::exists(witness));
}

TEST(FileLock, OfAKilledProcessIsFree) {
  const ScratchFolder folder;
  const fs::path path = folder / "lock";
  Child holder([&](Child& self) {
    FileLock lock(path);
    self.say();
    self.hear();
  });
  ASSERT_TRUE(holder.hear());
  ASSERT_TRUE(is_locked(path));
  holder.kill_now();
  EXPECT_FALSE(is_locked(path));
  Child next([&](Child& self) {
    FileLock lock(path);
    self.say();
  });
  EXPECT_TRUE(next.hear());
}

TEST(FileLock, MakesItsFolderAndRemovesItsFile) {
  const ScratchFolder folder;
  const fs::path path = folder.path() / "a" / "lock";
  {
    FileLock lock(path);
    EXPECT_TRUE(is_locked(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(FileLock, ThatCannotBeMadeIsADataErrorNamingIt) {
  const ScratchFolder folder;
  write_plainly(folder / "file", "");
  const fs::path path = folder.path() / "file" / "lock";
  EXPECT_TRUE(contains(message_of<DataError>([&] { FileLock lock(path); }),
                       path.parent_path().string() + ": cannot be made: "));
}

TEST(FileLock, NeverLetsTwoInThoughEveryHolderRemovesTheFile) {
  const ScratchFolder folder;
  const fs::path path = folder / "lock";
  std::atomic<int> inside{0};
  std::atomic<int> overlaps{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        FileLock lock(path);
        if (inside.fetch_add(1) != 0) ++overlaps;
        std::this_thread::yield();
        inside.fetch_sub(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(overlaps, 0);
}

}  // namespace
}  // namespace alignlab
