#pragma once

// What the tests of importers share: small sources, what an import warned of, what it left behind,
// and damaged copies of files.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/progress.h"
#include "data/import.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// Keeps warnings; is cancelled from the start where it is told so.
class Listener : public Silent {
 public:
  explicit Listener(bool cancelled = false) : cancelled_(cancelled) {}
  void warn(std::string_view message) override { warnings.emplace_back(message); }
  bool cancelled() const override { return cancelled_; }

  std::vector<std::string> warnings;

 private:
  bool cancelled_;
};

/// Names in a folder, sorted, hidden ones too.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

/// The options of a format: what is given, as words of a command line, and the defaults.
inline Section import_options(const std::string& format,
                              const std::vector<std::pair<std::string, std::string>>& given = {}) {
  return resolve_arguments(given, find_row(format_catalog(), format, "format", {}).options, "test");
}

/// A copy with a few bytes changed, taken out, doubled or swapped for others of the file, or cut.
inline std::string damaged(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) {
    return static_cast<std::size_t>(random() % std::max<std::size_t>(1, limit));
  };
  for (std::size_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = below(bytes.size());
    const std::size_t length = std::min(1 + below(8), bytes.size() - at);
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 4:
        bytes.replace(at, length, bytes.substr(below(bytes.size()), length));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

/// Runs `read` on damaged copies of `bytes`, one after the other in `path`. Only an Error may come
/// out. Returns how many were refused.
template <typename Read>
int refused_copies(const std::string& bytes, const std::filesystem::path& path, int copies,
                   const Read& read) {
  std::mt19937_64 random(20240501);
  int refused = 0;
  for (int i = 0; i < copies; ++i) {
    const std::string copy = damaged(bytes, random);
    write_text(path, copy);
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos) << error.what();
      ++refused;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "copy " << i << ": not an Error: " << error.what();
    }
  }
  return refused;
}

}  // namespace alignlab::tests
