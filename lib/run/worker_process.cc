#include "run/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <regex>

#include "core/lines.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;
constexpr int kPollMilliseconds = 100;

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(ExitCode::kInternal, fmt::format("no pipe for a worker: {}", std::strerror(errno)));
  }
  return {ends[0], ends[1]};
}

std::string last_line_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the worker is gone; its outcome says why
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string text_of(const Json& job) {
  for (const auto& [name, value] : job.items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text != nullptr && utf8_prefix(*text) < text->size()) {
      throw UsageError(fmt::format("{}: expected UTF-8, found '{}'", name, excerpt(*text)));
    }
  }
  return job.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

WorkerProcess::WorkerProcess(const std::filesystem::path& worker, const Json& job, int threads,
                             const std::filesystem::path& log)
    : log_(log) {
  const std::string input_text = text_of(job);
  ::signal(SIGPIPE, SIG_IGN);
  const Pipe input = make_pipe();
  const Pipe output = make_pipe();
  const int errors = ::open(log.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  if (errors < 0) {
    throw Error(ExitCode::kInternal,
                fmt::format("{}: cannot be written: {}", log.string(), std::strerror(errno)));
  }
  // Everything the child needs is prepared here: between fork and exec only system calls are safe.
  const std::string program = worker.string();
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!text.starts_with("OMP_NUM_THREADS=") && !text.starts_with("OPENBLAS_NUM_THREADS=")) {
      environment.emplace_back(text);
    }
  }
  // OpenMP and OpenBLAS read these when they are loaded, before main() could set anything.
  environment.push_back(fmt::format("OMP_NUM_THREADS={}", threads));
  environment.push_back(fmt::format("OPENBLAS_NUM_THREADS={}", threads));
  std::vector<char*> variables;
  for (std::string& entry : environment) variables.push_back(entry.data());
  variables.push_back(nullptr);
  std::array<char*, 2> arguments{const_cast<char*>(program.c_str()), nullptr};
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::setpgid(0, 0);  // an interrupt from the terminal is the front's to pass on
    ::dup2(input.read, STDIN_FILENO);
    ::dup2(output.write, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::execve(program.c_str(), arguments.data(), variables.data());
    const char message[] = "the worker program cannot be started\n";
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, message, sizeof message - 1);
    ::_exit(127);
  }
  ::close(input.read);
  ::close(output.write);
  ::close(errors);
  if (pid_ < 0) {
    ::close(input.write);
    ::close(output.read);
    throw Error(ExitCode::kInternal, fmt::format("no worker process: {}", std::strerror(errno)));
  }
  events_ = output.read;
  ::fcntl(events_, F_SETFL, O_NONBLOCK);
  write_all(input.write, input_text);
  ::close(input.write);
}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (events_ >= 0) ::close(events_);
}

std::vector<Json> WorkerProcess::receive() {
  std::vector<Json> events;
  std::array<char, 1 << 14> buffer;
  while (true) {
    const ssize_t got = ::read(events_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    if (got == 0) {
      conclude();
      break;
    }
    partial_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  for (std::size_t end; (end = partial_.find('\n')) != std::string::npos;) {
    Json event = Json::parse(partial_.substr(0, end), nullptr, false);
    partial_.erase(0, end + 1);
    if (!event.is_object()) continue;
    if (event.value("event", "") == "done") {
      outcome_ = JobOutcome{0, "", event.value("result", Json())};
    } else if (event.value("event", "") == "failed") {
      outcome_ = JobOutcome{event.value("code", 1), event.value("error", ""), {}};
    } else {
      events.push_back(std::move(event));
    }
  }
  // An end without an answer: what the process said last, or how it was ended, is all there is.
  if (pid_ < 0 && !outcome_) {
    outcome_ = JobOutcome{1, fmt::format("the worker ended without an answer ({})", partial_), {}};
  }
  return events;
}

void WorkerProcess::conclude() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  partial_ += '\n';
  const std::string said = last_line_of(log_);
  if (WIFSIGNALED(status)) {
    partial_ +=
        fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  } else {
    partial_ += fmt::format("exit status {}", WEXITSTATUS(status));
  }
  if (!said.empty()) partial_ += "; its last words: " + said;
}

void WorkerProcess::interrupt() {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
}

std::string failure_text(const std::exception& error) {
  const std::string said = error.what();
  // Torch's allocators, of the CPU and of CUDA.
  static const std::regex kTorchAllocation(
      "(can't allocate memory|not enough memory|out of memory)[^\\n]*ried to allocate "
      "([0-9.]+ ([KMGT]iB|bytes))");
  std::smatch found;
  if (std::regex_search(said, found, kTorchAllocation)) {
    return fmt::format("not enough memory: {} more were asked for", found[2].str());
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return "not enough memory";
  return fmt::format("internal failure: {}", said);
}

bool forward_event(const Json& event, Progress& progress) {
  const std::string kind = event.value("event", "");
  if (kind == "begin") {
    progress.begin(event.value("label", ""), event.value("total", std::uint64_t{0}),
                   event.value("unit", ""));
  } else if (kind == "advance") {
    progress.advance(event.value("count", std::uint64_t{0}));
  } else if (kind == "note") {
    progress.note(event.value("text", ""));
  } else if (kind == "end") {
    progress.end();
  } else if (kind == "warn") {
    progress.warn(event.value("text", ""));
  } else {
    return false;
  }
  return true;
}

Json run_job(const std::filesystem::path& worker, const Json& job, int threads,
             Progress& progress) {
  const std::filesystem::path log =
      std::filesystem::temp_directory_path() /
      fmt::format("alignlab-{}-{}.log", ::getpid(), job.value("job", ""));
  WorkerProcess process(worker, job, threads, log);
  bool asked_to_stop = false;
  while (!process.outcome()) {
    pollfd ready{process.descriptor(), POLLIN, 0};
    ::poll(&ready, 1, kPollMilliseconds);
    if (progress.cancelled() && !asked_to_stop) {
      process.interrupt();
      asked_to_stop = true;
    }
    for (const Json& event : process.receive()) forward_event(event, progress);
  }
  std::error_code error;
  std::filesystem::remove(log, error);
  const JobOutcome& outcome = *process.outcome();
  // Before the worker listens for it, the signal simply ends it.
  if (asked_to_stop && outcome.code != 0) throw Interrupted();
  if (outcome.code == static_cast<int>(ExitCode::kInterrupted)) throw Interrupted();
  if (outcome.code != 0) throw Error(static_cast<ExitCode>(outcome.code), outcome.error);
  return outcome.result;
}

}  // namespace alignlab
