#include "run/worker_process.h"

#include <gtest/gtest.h>

#include <new>

#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;

TEST(FailureText, SaysThatMemoryRanOutInWhateverWordsALibrarySaysSo) {
  EXPECT_EQ(failure_text(std::runtime_error(
                "[enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate "
                "memory: you tried to allocate 68719476736 bytes. Error code 12 (Cannot allocate "
                "memory)\nframe #0: ...")),
            "not enough memory: 68719476736 bytes more were asked for");
  EXPECT_EQ(failure_text(std::runtime_error(
                "[enforce fail at CPUAllocator.cpp:64] . DefaultCPUAllocator: not enough memory: "
                "you tried to allocate 1024 bytes.")),
            "not enough memory: 1024 bytes more were asked for");
  EXPECT_EQ(
      failure_text(std::runtime_error(
          "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 7.93 GiB total capacity)")),
      "not enough memory: 20.00 MiB more were asked for");
  EXPECT_EQ(failure_text(std::bad_alloc()), "not enough memory");
  EXPECT_EQ(failure_text(std::runtime_error("odd")), "internal failure: odd");
}

TEST(WorkerProcess, RefusesAJobWithTextThatIsNoUtf8) {
  const ScratchFolder folder;
  const nlohmann::json job{{"job", "extract"}, {"dataset", "caf\xE9.h5"}};
  EXPECT_EQ(message_of<UsageError>([&] { WorkerProcess("/bin/true", job, 1, folder / "log"); }),
            "dataset: expected UTF-8, found 'caf\\xe9.h5'");
  EXPECT_FALSE(std::filesystem::exists(folder / "log"));
}

}  // namespace
}  // namespace alignlab
