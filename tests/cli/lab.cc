#include "tests/cli/lab.h"

#include <algorithm>

#include "core/files.h"

namespace alignlab::tests {

namespace fs = std::filesystem;

Words alignlab_command(const Words& arguments) {
  Words command{(fs::path(ALIGNLAB_BINARY_DIR) / "alignlab").string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Outcome alignlab(const fs::path& folder, const Words& arguments) {
  Process process(alignlab_command(arguments), folder, kPatience);
  const Outcome outcome = process.wait();
  EXPECT_FALSE(outcome.timed_out) << outcome.err;
  EXPECT_EQ(outcome.signal, 0) << outcome.err;
  return outcome;
}

std::string output_of(const fs::path& folder, const Words& arguments) {
  const Outcome outcome = alignlab(folder, arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome.out;
}

const fs::path& scenes() {
  static const ScratchFolder folder;
  static const bool made = [] {
    output_of(folder.path(),
              {"generate", "scenes", "--out", "scenes", "--images", "60", "--seed", "7"});
    output_of(folder.path(),
              {"import", "coco", "scenes", "--images", "scenes/images", "--out", "scenes.h5"});
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

::testing::AssertionResult refused(const Outcome& outcome, int code, const Words& parts) {
  const auto failure = [&](const std::string& what) {
    return ::testing::AssertionFailure()
           << what << "\nexit code " << outcome.code << "\nstdout: " << outcome.out
           << "\nstderr: " << outcome.err;
  };
  if (outcome.code != code) return failure("expected exit code " + std::to_string(code));
  if (!outcome.out.empty()) return failure("expected nothing on standard output");
  if (lines_in(outcome.err) != 1 || !outcome.err.ends_with("\n")) return failure("expected a line");
  if (!outcome.err.starts_with("error: ")) return failure("expected 'error: '");
  if (!is_plain(outcome.err)) return failure("expected plain text");
  for (const std::string& part : parts) {
    if (outcome.err.find(part) == std::string::npos) return failure("expected '" + part + "'");
  }
  return ::testing::AssertionSuccess();
}

bool is_plain(const std::string& text) {
  return text.find_first_of("\r\x1b\b") == std::string::npos;
}

Tree tree_of(const fs::path& folder) {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    tree[name] = entry.is_regular_file() ? read_file(entry.path()) : "";
  }
  return tree;
}

std::vector<fs::path> files_ending(const fs::path& folder, const std::string& end) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().string().ends_with(end)) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

Words changes(const Tree& before, const Tree& after) {
  Words out;
  for (const auto& [name, bytes] : after) {
    const auto found = before.find(name);
    if (found == before.end() || found->second != bytes) out.push_back(name);
  }
  return out;
}

std::map<std::string, nlohmann::json> records_of(const fs::path& run) {
  std::map<std::string, nlohmann::json> out;
  if (!fs::exists(run / "trials")) return out;
  for (const fs::path& path : files_ending(run / "trials", ".json")) {
    out[path.stem().string()] = nlohmann::json::parse(read_file(path));
  }
  return out;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace alignlab::tests
