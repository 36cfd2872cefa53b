#include <ATen/Parallel.h>

#include <string_view>

#include "features/network/torch_calls.h"

namespace alignlab::features {

std::string torch_reason(const std::exception& error) {
  std::string_view text(error.what());
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const bool traced = text.find("Traceback of TorchScript") != std::string_view::npos;
  return std::string(traced ? text.substr(text.rfind('\n') + 1) : text.substr(0, text.find('\n')));
}

OneTorchThread::OneTorchThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }

OneTorchThread::~OneTorchThread() { at::set_num_threads(before_); }

}  // namespace alignlab::features
