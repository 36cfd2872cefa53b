// What a data set is written over, and what is not.

#include "data/dataset_writer.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "data/dataset.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::names_in;
using tests::ScratchFolder;
using tests::write_text;

class Output : public ::testing::Test {
 protected:
  /// One text, perhaps with a feature of some producer.
  void write(const fs::path& out, const std::string& producer = "", bool replace = false) {
    DatasetWriter writer(out, {"d", "", ""}, {.replace = replace});
    writer.add_text({"a", 0, Split::kTrain}, "A dog.");
    if (!producer.empty()) {
      writer.write_features({Modality::kText,
                             "net",
                             1,
                             {{"producer", producer}},
                             [](std::size_t, std::span<float> rows) { rows[0] = 1.0F; }},
                            silent_);
    }
    writer.commit();
  }
  std::string refusal(const fs::path& out) {
    return message_of<DataError>([&] { write(out); });
  }

  const ScratchFolder folder_;
  const fs::path out_ = folder_ / "d.h5";
  Silent silent_;
};

TEST_F(Output, ReplacesNothingButADataSet) {
  for (const std::string text : {"A dog.\n", "", "\x89HDF\r\n\x1a\n cut"}) {
    write_text(out_, text);
    EXPECT_EQ(refusal(out_),
              out_.string() + ": is there already and is no data set; choose another output");
    EXPECT_EQ(read_file(out_), text);
  }
  fs::remove(out_);
  {
    H5File other = H5File::create(out_);
    other.set_attribute("/", "format", "another's");
  }
  EXPECT_TRUE(contains(refusal(out_), "is no data set"));
  fs::remove(out_);
  ASSERT_EQ(::mkfifo(out_.c_str(), 0600), 0);
  EXPECT_TRUE(contains(refusal(out_), "is no data set"));
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"d.h5"});
}

TEST_F(Output, IsNoFolder) {
  fs::create_directory(out_);
  EXPECT_EQ(refusal(out_), out_.string() + ": expected the name of a file, found that of a folder");
  EXPECT_TRUE(contains(refusal(folder_ / "new/"), "found that of a folder"));
  EXPECT_EQ(names_in(out_), std::vector<std::string>{});
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"d.h5"});
}

TEST_F(Output, ReplacesADataSetUnlessFeaturesWereAddedToIt) {
  write(out_);
  write(out_, "import");
  write(out_, "extract");  // over features that the import can make again
  EXPECT_EQ(refusal(out_), out_.string() +
                               ": is there already, and text feature 'net' (extract) would be "
                               "lost; choose another output, or say --replace");
  EXPECT_EQ(Dataset::open(out_).feature_names(Modality::kText), std::vector<std::string>{"net"});
  write(out_, "add-features", true);
  EXPECT_TRUE(contains(refusal(out_), "'net' (add-features)"));
  write(out_, "", true);
  EXPECT_TRUE(Dataset::open(out_).feature_names(Modality::kText).empty());
}

TEST_F(Output, BehindALinkIsWhatTheLinkNames) {
  fs::create_directory(folder_ / "real");
  write(folder_ / "real/d.h5");
  fs::create_symlink("real/d.h5", out_);
  write(out_, "import");
  EXPECT_TRUE(fs::is_symlink(out_));
  EXPECT_FALSE(Dataset::open(folder_ / "real/d.h5").feature_names(Modality::kText).empty());
  // What a link names need not be there yet.
  fs::create_symlink("real/new.h5", folder_ / "new.h5");
  write(folder_ / "new.h5");
  EXPECT_TRUE(fs::is_symlink(folder_ / "new.h5"));
  EXPECT_EQ(names_in(folder_ / "real"), (std::vector<std::string>{"d.h5", "new.h5"}));
}

TEST_F(Output, RemovesWhatKilledImportsLeft) {
  write_text(folder_ / ".d.h5.4711-0.tmp", "half");
  write_text(folder_ / ".e.h5.4711-0.tmp", "another's");
  write(out_);
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{".e.h5.4711-0.tmp", "d.h5"}));
}

TEST_F(Output, ThatTheDiskDoesNotTakeIsNamedWithTheReason) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1 << 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of<DataError>([&] {
    DatasetWriter writer(out_, {"d", "", ""}, WriterOptions{});
    writer.add_text({"a", 0, Split::kTrain}, std::string(8 << 20, 'x'));
    writer.commit();
  });
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(message.starts_with(out_.string() + ": ")) << message;
  EXPECT_TRUE(message.ends_with(": File too large")) << message;
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{});
}

}  // namespace
}  // namespace alignlab
