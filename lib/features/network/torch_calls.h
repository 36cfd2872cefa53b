#pragma once

// What the feature kinds that run networks from TorchScript files share. No torch type is named
// here.

#include <exception>
#include <string>

namespace alignlab::features {

/// The line of torch's many that says what is wrong: where TorchScript's interpreter failed the
/// last one, after the trace, and otherwise the first.
std::string torch_reason(const std::exception& error);

/// One thread in each of torch's operators, as long as it lives.
class OneTorchThread {
 public:
  OneTorchThread();
  ~OneTorchThread();
  OneTorchThread(const OneTorchThread&) = delete;
  OneTorchThread& operator=(const OneTorchThread&) = delete;

 private:
  int before_;
};

}  // namespace alignlab::features
