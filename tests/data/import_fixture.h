#pragma once

// What the tests of one importer each share: an import into a folder that shows what it left.

#include "data/dataset.h"
#include "tests/data/fixtures.h"

namespace alignlab::tests {

inline std::vector<std::string> all(const StringColumn& column) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < column.size(); ++i) out.emplace_back(column[i]);
  return out;
}

class ImportTest : public ::testing::Test {
 protected:
  explicit ImportTest(std::string format) : format_(std::move(format)) {
    std::filesystem::create_directory(out_.parent_path());
    request_.out = out_;
    request_.options = import_options(format_);
  }

  ImportSummary import() { return import_dataset(format_, request_, listener_); }
  Dataset imported() {
    import();
    Dataset dataset = Dataset::open(out_);
    dataset.file().verify();
    return dataset;
  }

  /// The message of a refusal that must leave nothing behind.
  template <typename Expected, typename Work>
  std::string refusal_by(const Work& work) {
    const std::string message = message_of<Expected>(work);
    EXPECT_EQ(names_in(out_.parent_path()), std::vector<std::string>{});
    return message;
  }
  template <typename Expected = DataError>
  std::string refusal() {
    return refusal_by<Expected>([&] { import(); });
  }
  std::string interruption() {
    Listener cancelled(true);
    return refusal_by<Interrupted>([&] { import_dataset(format_, request_, cancelled); });
  }

  /// How many of the damaged copies of `bytes` in `path` were refused. They must leave nothing.
  int refused_imports(const std::string& bytes, const std::filesystem::path& path, int copies) {
    const std::filesystem::path folder = out_.parent_path();
    return refused_copies(bytes, path, copies, [&] {
      std::filesystem::remove_all(folder);
      std::filesystem::create_directory(folder);
      try {
        imported();
      } catch (...) {
        EXPECT_EQ(names_in(folder), std::vector<std::string>{});
        throw;
      }
    });
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  ScratchFolder folder_;
  std::string format_;
  std::filesystem::path out_ = folder_ / "out/small.h5";
  ImportRequest request_;
  Listener listener_;
};

}  // namespace alignlab::tests
