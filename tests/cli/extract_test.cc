// Extraction that is killed, that runs on other threads, and whose data set changes meanwhile.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

#include "core/files.h"
#include "tests/cli/lab.h"

namespace alignlab::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kImages = 1100;  // three parts, of 512 images but for the last

/// The images of the scenes, many times over, as a data set.
class Extraction : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::vector<fs::path> images = files_ending(scenes() / "scenes/images", ".png");
    fs::create_directory(folder_ / "many");
    for (std::size_t i = 0; i < kImages; ++i) {
      fs::copy_file(images[i % images.size()],
                    folder_ / ("many/" + std::to_string(1000 + i) + ".png"));
    }
    output_of(folder_.path(),
              {"import", "folder", "many", "--split", "0.8,0.1,0.1", "--out", "killed.h5"});
    fs::copy_file(folder_ / "killed.h5", folder_ / "whole.h5");
  }

  static Words command(const std::string& file, const std::string& threads) {
    return {"extract",          file,      "size=320",      "--modality", "image", "--kind",
            "colour-histogram", "--store", file + ".store", "-j",         threads};
  }
  std::unique_ptr<Process> start(const std::string& threads) const {
    return std::make_unique<Process>(alignlab_command(command("killed.h5", threads)),
                                     folder_.path(), kPatience);
  }
  std::vector<fs::path> parts() const {
    const fs::path stage = folder_ / "killed.h5.store/features-part";
    return fs::exists(stage) ? files_ending(stage, ".h5") : std::vector<fs::path>{};
  }

  const ScratchFolder folder_;
};

TEST_F(Extraction, GoesOnWhereItWasKilledAndGivesTheSameBits) {
  const std::string before = read_file(folder_ / "killed.h5");
  std::map<fs::path, fs::file_time_type> kept;
  for (const std::size_t done : {1U, 2U}) {
    const auto killed = start("2");
    ASSERT_TRUE(killed->wait_until([&] { return parts().size() >= done; }));
    const std::vector<pid_t> workers = children_of(killed->pid());
    killed->send(SIGKILL);
    ASSERT_EQ(killed->wait().signal, SIGKILL);
    for (int i = 0; i < 2000 && std::ranges::any_of(workers, is_alive); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(read_file(folder_ / "killed.h5"), before);
    for (const auto& [part, written] : kept) {
      EXPECT_EQ(fs::last_write_time(part), written) << "made again: " << part;
    }
    for (const fs::path& part : parts()) kept[part] = fs::last_write_time(part);
  }
  output_of(folder_.path(), command("killed.h5", "1"));
  output_of(folder_.path(), command("whole.h5", "2"));
  EXPECT_EQ(read_file(folder_ / "killed.h5"), read_file(folder_ / "whole.h5"));
  EXPECT_EQ(parts(), std::vector<fs::path>{});
}

TEST_F(Extraction, IsRefusedWhereTheDataSetIsAnotherByItsEnd) {
  const auto running = start("1");
  ASSERT_TRUE(running->wait_until([&] { return !parts().empty(); }));
  fs::copy_file(scenes() / "scenes.h5", folder_ / "other.h5");
  fs::rename(folder_ / "other.h5", folder_ / "killed.h5");
  const Outcome outcome = running->wait();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_TRUE(outcome.err.ends_with(
      "error: killed.h5: has changed since its features were made; extract again\n"))
      << outcome.err;
  EXPECT_EQ(read_file(folder_ / "killed.h5"), read_file(scenes() / "scenes.h5"));
}

class ExtractText : public ::testing::Test {
 protected:
  ExtractText() { fs::copy_file(scenes() / "scenes.h5", folder_ / "d.h5"); }
  Outcome extract(const std::string& kind, const Words& options) const {
    Words words{"extract", "d.h5", "--modality", "text", "--kind", kind, "--store", "store"};
    words.insert(words.end(), options.begin(), options.end());
    return alignlab(folder_.path(), words);
  }
  const ScratchFolder folder_;
};

TEST_F(ExtractText, IsCalledByItsKindsWhereNoNameIsGiven) {
  const Outcome outcome = extract("lsa+skip-gram", {"width=4", "epochs=1", "-j", "1024"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "d.h5: text feature 'lsa-skip-gram' added: 300 rows of 8, "));
  // No more threads than texts.
  EXPECT_TRUE(outcome.out.ends_with(" items/s on 300 threads\n")) << outcome.out;
  EXPECT_TRUE(contains(extract("lsa+skip-gram", {"width=4", "epochs=1", "--name", "again"}).out,
                       "300 rows of 8, from the store"));
}

TEST_F(ExtractText, NamesTheDataSetThatAKindCannotLearnFrom) {
  EXPECT_TRUE(refused(extract("lsa", {"min_count=100000"}), 3,
                      {"error: d.h5: no word occurs in at least 100000 of the "}));
}

}  // namespace
}  // namespace alignlab::tests
