#pragma once

// What the front program says beside its results: all of it on standard error. On a terminal a
// progress bar with rate and time left; elsewhere plain lines.

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/progress.h"

namespace alignlab::cli {

void print_error(std::string_view message);
void print_notice(std::string_view message);
void print_line(const std::string& text);
bool stderr_is_terminal();
/// Replaces the line at the cursor; only for terminals.
void draw_line(std::string_view text);
void clear_line();

std::string duration_text(double seconds);

/// After the first call, an interrupt or termination signal sets a flag instead of ending the
/// process; a second one ends it.
void catch_interrupts();
bool interrupted();

/// The worker program, which stands beside this one.
std::filesystem::path worker_program();

/// One activity at a time, as a bar.
class ConsoleProgress : public Progress {
 public:
  void begin(std::string_view label, std::uint64_t total, std::string_view unit) override;
  void advance(std::uint64_t count) override;
  void note(std::string_view text) override;
  void end() override;
  void warn(std::string_view message) override;
  bool cancelled() const override { return interrupted(); }

 private:
  void draw(bool whole);

  std::string label_;
  std::string unit_;
  std::string note_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace alignlab::cli
