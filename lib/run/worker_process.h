#pragma once

// A job in a process of its own: `alignlab-worker` reads one JSON job from standard input and
// answers with one JSON event a line on standard output; its standard error goes to a log. The
// child is killed when its parent dies, however that dies.
//
// Events: begin {label,total,unit}, advance {count}, note {text}, end, warn {text}, and last one
// of done {result} or failed {code,error}.

#include <sys/types.h>

#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"

namespace alignlab {

struct JobOutcome {
  int code = 0;       // as ExitCode; 1 when the process ended without an answer
  std::string error;  // one line, when code is not 0
  nlohmann::json result;
};

class WorkerProcess {
 public:
  /// UsageError, before there is a process, for a job with a text that is no UTF-8.
  WorkerProcess(const std::filesystem::path& worker, const nlohmann::json& job, int threads,
                const std::filesystem::path& log);
  /// Kills the process if it is still there.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// To poll for events.
  int descriptor() const { return events_; }
  /// The events that have arrived; does not block. After the last, outcome() has a value.
  std::vector<nlohmann::json> receive();
  const std::optional<JobOutcome>& outcome() const { return outcome_; }
  /// Asks it to stop after saving what it can.
  void interrupt();

 private:
  void conclude();

  pid_t pid_ = -1;
  int events_ = -1;
  std::string partial_;
  std::filesystem::path log_;
  std::optional<JobOutcome> outcome_;
};

/// Runs one job to its end, passing its events to `progress`. Throws Error with the job's code and
/// message if it failed; Interrupted if `progress` was cancelled.
nlohmann::json run_job(const std::filesystem::path& worker, const nlohmann::json& job, int threads,
                       Progress& progress);

/// One line for an exception that is no Error: that memory ran out, in whatever words a library
/// says so, and otherwise that something failed inside.
std::string failure_text(const std::exception& error);

/// Hands an event of progress on to `progress`; true if it was one.
bool forward_event(const nlohmann::json& event, Progress& progress);

}  // namespace alignlab
