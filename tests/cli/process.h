#pragma once

// Programs as a shell would start them: with a working directory, a deadline, and what they print
// kept apart. A program that is still there at its deadline is killed, and says so.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace alignlab::tests {

struct Outcome {
  int code = -1;   // of a program that ended by itself
  int signal = 0;  // that ended it, or 0
  bool timed_out = false;
  std::string out;
  std::string err;
};

class Process {
 public:
  /// `command` is the program's path, then its arguments.
  Process(const std::vector<std::string>& command, const std::filesystem::path& folder,
          std::chrono::seconds limit);
  /// Kills the program if it is still there.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void send(int signal) const;
  /// What it has written to standard error so far.
  std::string errors() const;
  Outcome wait();
  /// Until `condition` holds or the program has ended; true in the first case.
  template <typename Condition>
  bool wait_until(const Condition& condition) {
    while (running()) {
      if (condition()) return true;
      pause();
    }
    return condition();
  }

 private:
  static void pause();

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<int> status_;  // as waitpid gives it
  bool timed_out_ = false;
};

/// Processes whose parent is `parent`.
std::vector<pid_t> children_of(pid_t parent);
/// Whether the process runs; one that has ended and only waits to be asked for its status does not.
bool is_alive(pid_t pid);

}  // namespace alignlab::tests
