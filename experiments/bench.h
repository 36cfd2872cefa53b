#pragma once

// What benches share. A bench checks its answer before it times anything, repeats, and reports
// medians: as a table on standard output, and with --summary FILE as JSON.

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace alignlab::bench {

/// Seconds of each run of `work`, after one that is not counted.
std::vector<double> time_runs(int repetitions, const std::function<void()>& work);
double median(std::vector<double> samples);
/// Of this process so far.
double peak_megabytes();

/// A folder that goes away with its content.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Arguments {
  std::map<std::string, std::int64_t> numbers;  // by name, each with its default
  std::optional<std::filesystem::path> summary;
};

/// `--name N` for each of `defaults`, and `--summary FILE`. UsageError for anything else; `--help`
/// prints them and ends the program.
Arguments parse(int count, char** values, std::map<std::string, std::int64_t> defaults);

/// What `script`, a file beside the benches that is given `--name N` for each number, prints as
/// JSON on standard output: the peer of a bench, run by Debian's Python. Nothing where that has no
/// `module`.
std::optional<nlohmann::json> python_peer(const std::string& script, const std::string& module,
                                          const std::map<std::string, std::int64_t>& numbers);

/// Adds machine, instruction set and commit, and writes it where it was asked for.
void write_summary(const Arguments& arguments, nlohmann::json summary);

/// Runs a bench's main: errors are one line, exit codes as those of the programs.
int run(const std::function<void()>& body);

}  // namespace alignlab::bench
