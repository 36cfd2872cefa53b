#include "experiments/console.h"

#include <fmt/color.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace alignlab::cli {
namespace {

// Seconds: what was over sooner leaves no line behind.
constexpr double kWorthALine = 1.0;

volatile sig_atomic_t interrupt_seen = 0;

void on_interrupt(int number) {
  if (interrupt_seen != 0) {
    ::signal(number, SIG_DFL);
    ::raise(number);
  }
  interrupt_seen = 1;
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// Unlike fmt::print this never throws: a lost or full standard error must not end a sweep.
void emit(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void say(std::string_view word, fmt::color colour, std::string_view message) {
  if (stderr_is_terminal()) {
    clear_line();
    emit(fmt::format("{} {}\n", fmt::styled(word, fmt::emphasis::bold | fmt::fg(colour)), message));
  } else {
    emit(fmt::format("{} {}\n", word, message));
  }
}

}  // namespace

void print_line(const std::string& text) { emit(text + "\n"); }

bool stderr_is_terminal() {
  static const bool kTerminal = ::isatty(STDERR_FILENO) != 0;
  return kTerminal;
}

void print_error(std::string_view message) { say("error:", fmt::color::red, message); }
void print_notice(std::string_view message) { say("note:", fmt::color::yellow, message); }

void draw_line(std::string_view text) {
  emit(fmt::format("\r\x1b[K{}", text.substr(0, terminal_width() - 1)));
  std::fflush(stderr);
}

void clear_line() { emit("\r\x1b[K"); }

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (seconds < 10.0) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGHUP, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a write past a limit fails with a reason instead
}

bool interrupted() { return interrupt_seen != 0; }

std::filesystem::path worker_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "alignlab-worker";
}

void ConsoleProgress::begin(std::string_view label, std::uint64_t total, std::string_view unit) {
  label_ = label;
  unit_ = unit;
  note_.clear();
  total_ = total;
  done_ = 0;
  start_ = drawn_ = std::chrono::steady_clock::now();
}

void ConsoleProgress::advance(std::uint64_t count) {
  done_ += count;
  draw(false);
}

void ConsoleProgress::note(std::string_view text) {
  note_ = text;
  draw(false);
}

void ConsoleProgress::end() {
  if (stderr_is_terminal()) clear_line();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (seconds < kWorthALine) return;
  emit(fmt::format("{}: {} {} in {} ({:.0f}/s)\n", label_, done_, unit_, duration_text(seconds),
                   static_cast<double>(done_) / std::max(seconds, 1e-9)));
}

void ConsoleProgress::warn(std::string_view message) { print_notice(message); }

void ConsoleProgress::draw(bool whole) {
  const auto now = std::chrono::steady_clock::now();
  const bool soon = now - drawn_ < std::chrono::milliseconds(100);
  if (!stderr_is_terminal() || (soon && !whole)) return;
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done_) / std::max(seconds, 1e-9);
  std::string line = fmt::format("{} ", label_);
  if (total_ > 0) {
    constexpr std::uint64_t kWidth = 24;
    const std::uint64_t filled = std::min(kWidth, kWidth * done_ / total_);
    line += fmt::format("[{}{}] {}/{} {}, {:.0f}/s, {} left", std::string(filled, '='),
                        std::string(kWidth - filled, ' '), done_, total_, unit_, rate,
                        duration_text(static_cast<double>(total_ - std::min(done_, total_)) /
                                      std::max(rate, 1e-9)));
  } else {
    line += fmt::format("{} {}, {:.0f}/s", done_, unit_, rate);
  }
  if (!note_.empty()) line += "  " + note_;
  draw_line(line);
}

}  // namespace alignlab::cli
