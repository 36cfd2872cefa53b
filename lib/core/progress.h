#pragma once

// How long work says how far it is, and hears that it should stop. Implementations print, or send
// to another process; the work itself never prints.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace alignlab {

class Progress {
 public:
  virtual ~Progress() = default;
  /// `total` counts `unit`, a plural such as "images"; 0 when unknown.
  virtual void begin(std::string_view label, std::uint64_t total, std::string_view unit) = 0;
  virtual void advance(std::uint64_t count) = 0;
  /// A short state beside the bar, such as the loss.
  virtual void note(std::string_view text) = 0;
  virtual void end() = 0;
  /// One line for the user that is not an error.
  virtual void warn(std::string_view message) = 0;
  virtual bool cancelled() const = 0;

  /// To be called between units of work.
  void check() const {
    if (cancelled()) throw Interrupted();
  }
};

/// Says nothing and is never cancelled.
class Silent : public Progress {
 public:
  void begin(std::string_view, std::uint64_t, std::string_view) override {}
  void advance(std::uint64_t) override {}
  void note(std::string_view) override {}
  void end() override {}
  void warn(std::string_view) override {}
  bool cancelled() const override { return false; }
};

}  // namespace alignlab
