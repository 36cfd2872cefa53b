#pragma once

// What can go wrong, by who can mend it. A message is one line that names the file (or option),
// the place in it, what was expected and what was found. Only main() prints it and exits.

#include <stdexcept>
#include <string>

namespace alignlab {

enum class ExitCode : int {
  kSuccess = 0,
  kInternal = 1,  // a defect of alignlab, or a failed trial
  kUsage = 2,     // command line or config
  kData = 3,      // what a file holds
  kCheck = 4,     // a check or a verification that does not hold
  kInterrupted = 130
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ExitCode::kUsage, message) {}
};

class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& message) : Error(ExitCode::kUsage, message) {}
};

class DataError : public Error {
 public:
  explicit DataError(const std::string& message) : Error(ExitCode::kData, message) {}
};

class CheckError : public Error {
 public:
  explicit CheckError(const std::string& message) : Error(ExitCode::kCheck, message) {}
};

class Interrupted : public Error {
 public:
  Interrupted() : Error(ExitCode::kInterrupted, "interrupted") {}
};

}  // namespace alignlab
