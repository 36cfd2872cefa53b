#include "experiments/bench.h"

#include <fmt/format.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "record/provenance.h"
#include "search/search.h"

namespace alignlab::bench {

std::vector<double> time_runs(int repetitions, const std::function<void()>& work) {
  work();
  std::vector<double> seconds;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return seconds;
}

double median(std::vector<double> samples) {
  std::ranges::sort(samples);
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024.0 / 1e6;
}

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "alignlab-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder to work in");
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Arguments parse(int count, char** values, std::map<std::string, std::int64_t> defaults) {
  Arguments out{std::move(defaults), std::nullopt};
  std::string known = "--summary FILE";
  for (const auto& [key, value] : out.numbers) known += fmt::format(", --{} {}", key, value);
  if (count == 2 && std::string_view(values[1]) == "--help") {
    fmt::print("{}\n", known);
    std::exit(0);
  }
  for (int i = 1; i < count; i += 2) {
    const std::string name = values[i];
    const std::string text = i + 1 < count ? values[i + 1] : "";
    if (name == "--summary" && !text.empty()) {
      out.summary = text;
      continue;
    }
    const auto number =
        name.starts_with("--") ? out.numbers.find(name.substr(2)) : out.numbers.end();
    const char* end = text.data() + text.size();
    if (number == out.numbers.end() || text.empty() ||
        std::from_chars(text.data(), end, number->second).ptr != end || number->second < 1) {
      throw UsageError(fmt::format("expected {}; found '{} {}'", known, name, text));
    }
  }
  return out;
}

std::optional<nlohmann::json> python_peer(const std::string& script, const std::string& module,
                                          const std::map<std::string, std::int64_t>& numbers) {
  const std::string python = "PATH=/usr/bin:$PATH python3 ";
  if (std::system(fmt::format("{}-c 'import {}' 2>/dev/null", python, module).c_str()) != 0) {
    return std::nullopt;
  }
  std::string command = fmt::format("{}'{}/experiments/{}'", python, ALIGNLAB_SOURCE_DIR, script);
  for (const auto& [name, number] : numbers) command += fmt::format(" --{} {}", name, number);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string out;
  std::array<char, 4096> part;
  while (pipe && ::fgets(part.data(), part.size(), pipe.get()) != nullptr) out += part.data();
  const nlohmann::json found = nlohmann::json::parse(out, nullptr, /*allow_exceptions=*/false);
  if (found.is_discarded()) {
    throw Error(ExitCode::kInternal, fmt::format("{} did not end as it should", script));
  }
  return found;
}

void write_summary(const Arguments& arguments, nlohmann::json summary) {
  if (!arguments.summary) return;
  summary["isa"] = selected_isa();
  summary["cpu"] = provenance_of_this_process().cpu;
  summary["commit"] = build_commit();
  write_file_atomically(*arguments.summary, summary.dump(1) + "\n");
}

int run(const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: internal failure: {}\n", error.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}

}  // namespace alignlab::bench
