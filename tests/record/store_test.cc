#include "record/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;

const std::vector<float> kValues{1.5F, -2.25F, 3.0F, 1234.5678F};

void make_values(H5File& file) { file.write<float>("/values", kValues); }

std::vector<float> values_in(const Artifact& artifact) {
  return H5File::open(artifact.path).read<float>("/values");
}

class Warnings : public Silent {
 public:
  void warn(std::string_view message) override { heard.emplace_back(message); }
  std::vector<std::string> heard;
};

/// Every file under a folder, sorted, relative to it.
std::vector<std::string> files_under(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) out.push_back(fs::relative(entry.path(), folder).string());
  }
  std::ranges::sort(out);
  return out;
}

void overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A forked process. The two sides talk one byte at a time.
class Child {
 public:
  template <typename Work>
  explicit Child(const Work& work) {
    int to_parent[2], to_child[2];
    if (::pipe(to_parent) != 0 || ::pipe(to_child) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    in_ = pid_ == 0 ? to_child[0] : to_parent[0];
    out_ = pid_ == 0 ? to_parent[1] : to_child[1];
    ::close(pid_ == 0 ? to_child[1] : to_parent[1]);
    ::close(pid_ == 0 ? to_parent[0] : to_child[0]);
    if (pid_ != 0) return;
    int status = 1;
    try {
      status = work(*this);
    } catch (const std::exception&) {
    }
    ::_exit(status);
  }
  ~Child() {
    if (pid_ > 0) kill_now();
    ::close(in_);
    ::close(out_);
  }
  void say() {
    if (::write(out_, "x", 1) != 1) ::_exit(99);
  }
  /// False when the other side ended without a word.
  bool hear() {
    char byte = 0;
    return ::read(in_, &byte, 1) == 1;
  }
  void kill_now() {
    ::kill(pid_, SIGKILL);
    exit_status();
  }
  int exit_status() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

bool is_there(const ScratchFolder& folder, const std::string& stage, const std::string& key) {
  return std::filesystem::exists(folder / (stage + "/" + key + ".h5"));
}

TEST(Store, MakesAnArtifactOnceAndFindsItTheSecondTime) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Warnings progress;
  int made = 0;
  const auto make = [&](H5File& file) {
    ++made;
    make_values(file);
  };
  const json recipe{{"kind", "test"}, {"size", 4}};
  EXPECT_FALSE(is_there(folder, "stage", Store::key_of(recipe)));
  const Artifact first = store.obtain("stage", recipe, make, progress);
  EXPECT_FALSE(first.cached);
  EXPECT_TRUE(is_there(folder, "stage", first.key));
  const Artifact second = store.obtain("stage", recipe, make, progress);
  EXPECT_TRUE(second.cached);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(second.key, first.key);
  EXPECT_EQ(second.checksum, first.checksum);
  EXPECT_EQ(second.path, first.path);
  EXPECT_EQ(second.stage, "stage");
  EXPECT_EQ(values_in(second), kValues);
  EXPECT_EQ(progress.heard, std::vector<std::string>{});
}

TEST(Store, KeepsOneFileAnArtifactNamedByStageAndKey) {
  const ScratchFolder folder;
  Silent silent;
  const Artifact made = Store(folder.path()).obtain("fit", {{"a", 1}}, make_values, silent);
  EXPECT_EQ(made.path, folder / "fit" / (made.key + ".h5"));
  EXPECT_EQ(files_under(folder.path()), std::vector<std::string>{"fit/" + made.key + ".h5"});
}

TEST(Store, WritesTheRecipeIntoTheArtifact) {
  const ScratchFolder folder;
  Silent silent;
  const json recipe{{"b", {1, 2}}, {"a", "text"}};
  const Artifact made = Store(folder.path()).obtain("fit", recipe, make_values, silent);
  const H5File file = H5File::open(made.path);
  EXPECT_EQ(json::parse(file.text_attribute("/", "recipe")), recipe);
  EXPECT_EQ(file.text_attribute("/", "stage"), "fit");
  EXPECT_EQ(file.text_attribute("/", "checksum"), made.checksum);
}

TEST(Store, ChangesTheKeyWithAnyPartOfTheRecipeAndNotWithTheOrderItWasWrittenIn) {
  const json recipe{{"version", 1}, {"options", {{"epochs", 3}, {"rate", 0.1}}}};
  const std::string key = Store::key_of(recipe);
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(Store::key_of(json::parse(R"({"options":{"rate":0.1,"epochs":3},"version":1})")), key);
  EXPECT_NE(Store::key_of(json::parse(R"({"options":{"rate":0.1,"epochs":4},"version":1})")), key);
  EXPECT_NE(Store::key_of(json::parse(R"({"options":{"rate":0.1,"epochs":3},"version":2})")), key);
  EXPECT_NE(Store::key_of(json::parse(R"({"options":{"rate":0.1},"version":1})")), key);
}

TEST(Store, KeepsArtifactsOfDifferentRecipesOrStagesApart) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Silent silent;
  const auto writing = [](float value) {
    return [value](H5File& file) { file.write<float>("/values", std::vector{value}); };
  };
  const Artifact one = store.obtain("fit", {{"a", 1}}, writing(1), silent);
  const Artifact two = store.obtain("fit", {{"a", 2}}, writing(2), silent);
  const Artifact three = store.obtain("embed", {{"a", 1}}, writing(3), silent);
  EXPECT_FALSE(two.cached);
  EXPECT_FALSE(three.cached);
  EXPECT_EQ(values_in(one), std::vector{1.0F});
  EXPECT_EQ(values_in(two), std::vector{2.0F});
  EXPECT_EQ(values_in(three), std::vector{3.0F});
  EXPECT_NE(one.checksum, two.checksum);
}

TEST(Store, GivesEqualContentEqualChecksumsWhateverTheRecipe) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Silent silent;
  const Artifact one = store.obtain("fit", {{"a", 1}}, make_values, silent);
  const Artifact two = store.obtain("fit", {{"a", 2}}, make_values, silent);
  EXPECT_NE(one.key, two.key);
  EXPECT_EQ(one.checksum, two.checksum);
}

TEST(Store, MakesAnArtifactAgainWithAWarningWhenAByteOfItsDataFlipped) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Warnings progress;
  const Artifact whole = store.obtain("fit", {{"a", 1}}, make_values, progress);
  std::string bytes = read_file(whole.path);
  const std::string data(reinterpret_cast<const char*>(kValues.data()), 16);
  const std::size_t at = bytes.find(data);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 5] = static_cast<char>(bytes[at + 5] ^ 1);
  overwrite(whole.path, bytes);

  const Artifact again = store.obtain("fit", {{"a", 1}}, make_values, progress);
  EXPECT_FALSE(again.cached);
  EXPECT_EQ(again.checksum, whole.checksum);
  EXPECT_EQ(values_in(again), kValues);
  ASSERT_EQ(progress.heard.size(), 1U);
  EXPECT_TRUE(contains(progress.heard[0], whole.path.string() + ": "));
  EXPECT_TRUE(contains(progress.heard[0], "; making it again"));
  EXPECT_TRUE(store.obtain("fit", {{"a", 1}}, make_values, progress).cached);
}

TEST(Store, GivesTheRightContentWhicheverByteFlipped) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Silent silent;
  const Artifact whole = store.obtain("fit", {{"a", 1}}, make_values, silent);
  const std::string bytes = read_file(whole.path);
  int made_again = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 150) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    overwrite(whole.path, damaged);
    const Artifact found = store.obtain("fit", {{"a", 1}}, make_values, silent);
    made_again += !found.cached;
    ASSERT_EQ(found.checksum, whole.checksum) << "byte " << at;
    ASSERT_EQ(values_in(found), kValues) << "byte " << at;
  }
  EXPECT_GT(made_again, 10);
}

TEST(Store, MakesATruncatedOrEmptyArtifactAgainWithAWarning) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Warnings progress;
  const Artifact whole = store.obtain("fit", {{"a", 1}}, make_values, progress);
  const std::string bytes = read_file(whole.path);
  for (const std::size_t left :
       {bytes.size() - 1, bytes.size() / 2, std::size_t{9}, std::size_t{0}}) {
    overwrite(whole.path, bytes.substr(0, left));
    progress.heard.clear();
    const Artifact again = store.obtain("fit", {{"a", 1}}, make_values, progress);
    EXPECT_FALSE(again.cached) << left << " bytes left";
    EXPECT_EQ(values_in(again), kValues);
    ASSERT_EQ(progress.heard.size(), 1U) << left << " bytes left";
    EXPECT_TRUE(contains(progress.heard[0], whole.path.string()));
    EXPECT_TRUE(contains(progress.heard[0], "; making it again"));
  }
}

TEST(Store, DoesNotTakeAnotherArtifactThatLiesUnderTheName) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Warnings progress;
  const auto make_other = [](H5File& file) { file.write<float>("/values", std::vector{9.0F}); };
  const Artifact other = store.obtain("fit", {{"a", 2}}, make_other, progress);
  const Artifact whole = store.obtain("fit", {{"a", 1}}, make_values, progress);
  fs::copy_file(other.path, whole.path, fs::copy_options::overwrite_existing);
  const Artifact again = store.obtain("fit", {{"a", 1}}, make_values, progress);
  EXPECT_FALSE(again.cached);
  EXPECT_EQ(values_in(again), kValues);
  EXPECT_EQ(progress.heard,
            std::vector<std::string>{whole.path.string() +
                                     ": its checksum does not hold; making it again"});
}

TEST(Store, IsLeftWithNothingByAMakerThatThrows) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Silent silent;
  const auto fail = [](H5File& file) {
    make_values(file);
    throw DataError("no more");
  };
  EXPECT_EQ(message_of<DataError>([&] {
              store.obtain("fit", {{"a", 1}}, fail, silent);
            }),
            "no more");
  EXPECT_EQ(files_under(folder.path()), std::vector<std::string>{});
  EXPECT_FALSE(is_there(folder, "fit", Store::key_of({{"a", 1}})));
  const Artifact made = store.obtain("fit", {{"a", 1}}, make_values, silent);
  EXPECT_FALSE(made.cached);
  EXPECT_EQ(values_in(made), kValues);
}

TEST(Store, KeepsTheDamagedArtifactWhenItsNewMakerThrows) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Silent silent;
  const Artifact whole = store.obtain("fit", {{"a", 1}}, make_values, silent);
  overwrite(whole.path, "damaged");
  const auto interrupted = [](H5File&) { throw Interrupted(); };
  EXPECT_THROW(store.obtain("fit", {{"a", 1}}, interrupted, silent), Interrupted);
  EXPECT_EQ(files_under(folder.path()), std::vector<std::string>{"fit/" + whole.key + ".h5"});
  EXPECT_FALSE(store.obtain("fit", {{"a", 1}}, make_values, silent).cached);
}

TEST(Store, LetsOneOfTwoProcessesMakeWhatBothWant) {
  const ScratchFolder folder;
  const ScratchFolder notes;
  const auto obtain = [&](Child& self, bool announce) {
    Silent silent;
    const auto make = [&](H5File& file) {
      std::ofstream(notes / "made", std::ios::app) << "x";
      if (announce) {
        self.say();
        self.hear();
      }
      make_values(file);
    };
    const Artifact found = Store(folder.path()).obtain("fit", {{"a", 1}}, make, silent);
    if (values_in(found) != kValues) return 9;
    return found.cached ? 1 : 0;
  };
  Child first([&](Child& self) { return obtain(self, true); });
  ASSERT_TRUE(first.hear());  // the first is in the middle of making it
  Child second([&](Child& self) {
    self.say();
    return obtain(self, false);
  });
  ASSERT_TRUE(second.hear());
  // Time for the second to come to the lock; it would find the artifact made if it came later.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  first.say();
  EXPECT_EQ(first.exit_status(), 0);
  EXPECT_EQ(second.exit_status(), 1);
  EXPECT_EQ(read_file(notes / "made"), "x");
  EXPECT_EQ(files_under(folder.path()).size(), 1U);
}

TEST(Store, IsWholeAgainAfterAMakerWasKilledInTheMiddle) {
  const ScratchFolder folder;
  const Store store(folder.path());
  const json recipe{{"a", 1}};
  const std::string key = Store::key_of(recipe);
  Child maker([&](Child& self) {
    Silent silent;
    store.obtain(
        "fit", recipe,
        [&](H5File& file) {
          make_values(file);
          self.say();
          self.hear();
        },
        silent);
    return 0;
  });
  ASSERT_TRUE(maker.hear());
  maker.kill_now();
  EXPECT_FALSE(is_there(folder, "fit", key));
  EXPECT_GT(files_under(folder / "fit").size(), 0U);  // what the killed maker had begun

  Warnings progress;
  const Artifact made = store.obtain("fit", recipe, make_values, progress);
  EXPECT_FALSE(made.cached);
  EXPECT_EQ(values_in(made), kValues);
  EXPECT_EQ(progress.heard, std::vector<std::string>{});
  EXPECT_EQ(files_under(folder.path()), std::vector<std::string>{"fit/" + key + ".h5"});
}

TEST(Store, LeavesAloneWhatOthersAreMakingInTheSameStage) {
  const ScratchFolder folder;
  const Store store(folder.path());
  Silent silent;
  Child maker([&](Child& self) {
    Silent quiet;
    const Artifact made = store.obtain(
        "fit", {{"a", 1}},
        [&](H5File& file) {
          self.say();
          self.hear();
          make_values(file);
        },
        quiet);
    return values_in(made) == kValues ? 0 : 1;
  });
  ASSERT_TRUE(maker.hear());
  store.obtain("fit", {{"a", 2}}, make_values, silent);
  maker.say();
  EXPECT_EQ(maker.exit_status(), 0);
  EXPECT_TRUE(store.obtain("fit", {{"a", 1}}, make_values, silent).cached);
}

TEST(Store, SaysWhereItCannotWrite) {
  const ScratchFolder folder;
  overwrite(folder / "file", "in the way");
  Silent silent;
  EXPECT_TRUE(contains(message_of<DataError>([&] {
                         Store(folder / "file").obtain("fit", {{"a", 1}}, make_values, silent);
                       }),
                       (folder / "file").string()));
}

}  // namespace
}  // namespace alignlab
