#pragma once

// Real data for tests: where it is, and what a test says that cannot do without it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace alignlab::tests {

/// Its folder, whether it is there or not.
inline std::filesystem::path real_data() {
  const char* given = std::getenv("ALIGNLAB_DATA");
  return given != nullptr ? std::filesystem::path(given)
                          : std::filesystem::path(ALIGNLAB_SOURCE_DIR) / "../shared/data";
}

}  // namespace alignlab::tests

/// Skips the test where real_data() has no such file or folder. It returns from the function it
/// stands in, so it stands in the body of a test or in SetUp().
#define ALIGNLAB_NEEDS_REAL_DATA(path)                             \
  if (const auto needed = ::alignlab::tests::real_data() / (path); \
      std::filesystem::exists(needed)) {                           \
  } else                                                           \
    GTEST_SKIP() << "no real data in " << needed.string() << "; set ALIGNLAB_DATA to its folder"
