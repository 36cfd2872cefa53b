#pragma once

// What tests of the programs share: a working folder, the built-in scenes as a data set (made once
// a test program), and how a program must refuse.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/process.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

using Words = std::vector<std::string>;

inline constexpr std::chrono::seconds kPatience{120};

/// The front program with its arguments.
Words alignlab_command(const Words& arguments);
/// Runs it to its end. A failed expectation if it does not end, or ends by a signal.
Outcome alignlab(const std::filesystem::path& folder, const Words& arguments);
/// Runs it, which must succeed; its standard output.
std::string output_of(const std::filesystem::path& folder, const Words& arguments);

/// A folder with scenes/ (60 images of seed 7, their sounds and captions) and scenes.h5.
const std::filesystem::path& scenes();

/// Exit code, nothing on standard output, and on standard error one line, which begins with
/// "error: " and holds every part.
::testing::AssertionResult refused(const Outcome& outcome, int code, const Words& parts);
/// Neither escape codes nor carriage returns, which are for terminals.
bool is_plain(const std::string& text);

/// Every file under a folder with its bytes; folders with an empty text.
using Tree = std::map<std::string, std::string>;
Tree tree_of(const std::filesystem::path& folder);
/// Files under a folder whose name ends so.
std::vector<std::filesystem::path> files_ending(const std::filesystem::path& folder,
                                                const std::string& end);
/// Names of the entries that `after` has, and `before` has not or has otherwise.
Words changes(const Tree& before, const Tree& after);

/// Each record of a run folder by the trial's id.
std::map<std::string, nlohmann::json> records_of(const std::filesystem::path& run);
std::size_t lines_in(const std::string& text);

}  // namespace alignlab::tests
