// Python pickles: told by their content, never read. A pickle is a program that reading runs.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/matrices/container.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

// torch.save() before PyTorch 1.6: a pickle of this number comes first.
constexpr std::string_view kTorchMagic("\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19", 12);

bool is_binary_pickle(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 1 && bytes[1] <= 5;
}

/// Protocol 0, which Python 2 wrote by default, is text: a list, a dictionary, an array.
bool is_text_pickle(std::string_view bytes) {
  constexpr std::array<std::string_view, 4> kStarts{"(lp", "(dp", "cnumpy.", "cnumpy\n"};
  return std::ranges::any_of(kStarts,
                             [&](std::string_view start) { return bytes.starts_with(start); });
}

/// joblib.dump(compress=True) is a bare zlib stream.
bool is_zlib(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x78' &&
         (bytes[1] == '\x01' || bytes[1] == '\x5e' || bytes[1] == '\x9c' || bytes[1] == '\xda');
}

Pickler pickler_of(std::string_view bytes) {
  if (bytes.find(kTorchMagic) != std::string_view::npos) return Pickler::kTorch;
  if (is_zlib(bytes) || bytes.find("joblib") != std::string_view::npos) return Pickler::kJoblib;
  return Pickler::kPickle;
}

/// A name that neither the shell nor Python would take for something else.
bool is_plain(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == '+' || c == ',' || c == ' ';
  });
}

}  // namespace

std::string conversion(Pickler pickler, const fs::path& path, const std::string& array) {
  const std::string in = is_plain(path.string()) ? path.string() : "FILE";
  const std::string from = is_plain(array) ? fmt::format("['{}']", array) : "";
  fs::path target = in;
  // A pickle may be called .npy as well, and must not be written over.
  const bool is_npy = pickler == Pickler::kNumpy || target.extension() == ".npy";
  target.replace_extension(is_npy ? ".floats.npy" : ".npy");
  const auto line = [&](std::string_view modules, const std::string& value) {
    return fmt::format("python3 -c \"import {}; numpy.save('{}', {})\"", modules, target.string(),
                       value);
  };
  switch (pickler) {
    case Pickler::kPickle:
      return line("pickle,numpy", fmt::format("numpy.asarray(pickle.load(open('{}','rb')))", in));
    case Pickler::kJoblib:
      return line("joblib,numpy", fmt::format("numpy.asarray(joblib.load('{}'))", in));
    case Pickler::kTorch:
      return line("torch,numpy",
                  fmt::format("torch.load('{}', map_location='cpu').float().numpy()", in));
    case Pickler::kNumpy:
      return line("numpy", fmt::format("numpy.asarray(numpy.load('{}', allow_pickle=True){}"
                                       ".tolist(), 'f4')",
                                       in, from));
  }
  return "";
}

bool is_pickle(const FileStart& start) {
  return is_binary_pickle(start.bytes) || is_text_pickle(start.bytes) || is_zlib(start.bytes);
}

std::unique_ptr<MatrixContainer> refuse_pickle(const FileStart& start) {
  throw DataError(
      fmt::format("{}: is a Python pickle, which runs code when it is read: convert it with {}",
                  start.path.string(), conversion(pickler_of(start.bytes), start.path)));
}

}  // namespace alignlab
