#include "tests/cli/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace alignlab::tests {
namespace {

namespace fs = std::filesystem;

struct Stat {
  char state;
  pid_t parent;
};

std::optional<Stat> stat_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  // The name, in parentheses, may hold anything.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  Stat stat{};
  if (!(rest >> stat.state >> stat.parent)) return std::nullopt;
  return stat;
}

std::string content_of(int descriptor) {
  std::string text(static_cast<std::size_t>(::lseek(descriptor, 0, SEEK_END)), '\0');
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

/// A file in memory rather than a pipe: nothing has to read it while the program runs.
int capture(const char* name) {
  const int descriptor = ::memfd_create(name, MFD_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("no file in memory");
  // The program appends, so that reading here does not move where it writes.
  ::fcntl(descriptor, F_SETFL, O_APPEND);
  return descriptor;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const fs::path& folder,
                 std::chrono::seconds limit)
    : out_(capture("out")),
      err_(capture("err")),
      deadline_(std::chrono::steady_clock::now() + limit) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent || ::chdir(folder.c_str()) != 0) ::_exit(126);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out_, STDOUT_FILENO);
    ::dup2(err_, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
}

Process::~Process() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

bool Process::running() {
  if (status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) {
    status_ = status;
    return false;
  }
  if (std::chrono::steady_clock::now() > deadline_) {
    timed_out_ = true;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    status_ = status;
    return false;
  }
  return true;
}

void Process::send(int signal) const {
  if (!status_) ::kill(pid_, signal);
}

std::string Process::errors() const { return content_of(err_); }

Outcome Process::wait() {
  while (running()) pause();
  Outcome outcome;
  if (WIFEXITED(*status_)) outcome.code = WEXITSTATUS(*status_);
  if (WIFSIGNALED(*status_)) outcome.signal = WTERMSIG(*status_);
  outcome.timed_out = timed_out_;
  outcome.out = content_of(out_);
  outcome.err = content_of(err_);
  return outcome;
}

void Process::pause() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    const auto stat = stat_of(name);
    if (stat && stat->parent == parent && stat->state != 'Z') out.push_back(pid);
  }
  return out;
}

bool is_alive(pid_t pid) {
  const auto stat = stat_of(std::to_string(pid));
  return stat && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace alignlab::tests
