#pragma once

// What the feature kinds that run networks from TorchScript files share. No torch header is
// included here.

#include <exception>
#include <string>
#include <vector>

namespace torch::jit {
struct Method;
}

namespace alignlab::features {

/// The line of torch's many that says what is wrong: where TorchScript's interpreter failed the
/// last one, after the trace, and otherwise the first.
std::string torch_reason(const std::exception& error);

/// DataError unless the file is one that torch.jit.save can have written, as far as its beginning
/// tells: it is a zip archive.
void check_network_file(const std::string& file);

/// What is wrong with such a file that torch does not load, in words.
std::string loading_fault(const std::string& file, const std::exception& error);

/// DataError unless the method can be called with as many arguments as `given` names.
void check_arguments(const std::string& file, const torch::jit::Method& method,
                     const std::vector<std::string>& given);

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
