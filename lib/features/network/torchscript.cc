#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/api/method.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/error.h"
#include "features/network/torch_calls.h"

namespace alignlab::features {

std::string torch_reason(const std::exception& error) {
  std::string_view text(error.what());
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const bool traced = text.find("Traceback of TorchScript") != std::string_view::npos;
  return std::string(traced ? text.substr(text.rfind('\n') + 1) : text.substr(0, text.find('\n')));
}

void check_network_file(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw DataError(fmt::format("{}: expected a TorchScript file, found a folder", file));
  }
  if (!std::filesystem::is_regular_file(file, error)) {
    throw DataError(fmt::format("{}: no such file", file));
  }
  std::array<char, 4> begin{};
  std::ifstream in(file, std::ios::binary);
  in.read(begin.data(), begin.size());
  if (!in.is_open()) throw DataError(fmt::format("{}: cannot be read", file));
  if (std::string_view(begin.data(), begin.size()) != std::string_view("PK\3\4", 4)) {
    throw DataError(fmt::format(
        "{}: expected a TorchScript file (a zip archive that torch.jit.save wrote), found {}", file,
        in.gcount() == 0 ? "an empty one" : "no zip archive"));
  }
}

std::string loading_fault(const std::string& file, const std::exception& error) {
  const std::string reason = torch_reason(error);
  const auto says = [&](const char* words) { return reason.find(words) != std::string::npos; };
  const std::string expected =
      fmt::format("{}: expected a TorchScript file (torch.jit.save), found ", file);
  if (says("constants.pkl") || says("failed locating file")) {
    return expected + "a zip archive without a network (torch.save writes weights alone)";
  }
  if (says("PytorchStreamReader")) return expected + "a zip archive that is cut short or damaged";
  return fmt::format("{}: not a TorchScript file: {}", file, reason);
}

void check_arguments(const std::string& file, const torch::jit::Method& method,
                     const std::vector<std::string>& given) {
  const std::vector<c10::Argument>& all = method.function().getSchema().arguments();
  std::vector<std::string> names;
  std::size_t required = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {  // the first is the module
    names.push_back(all[i].name());
    if (!all[i].default_value()) ++required;
  }
  if (required <= given.size() && given.size() <= names.size()) return;
  throw DataError(fmt::format("{}: expected a method {}({}), found {}({})", file, method.name(),
                              fmt::join(given, ", "), method.name(), fmt::join(names, ", ")));
}

OneTorchThread::OneTorchThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }

OneTorchThread::~OneTorchThread() { at::set_num_threads(before_); }

}  // namespace alignlab::features
