#include "record/provenance.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "alignlab_commit.h"

namespace alignlab {
namespace {

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    return colon == std::string::npos ? line : line.substr(colon + 2);
  }
  return "unknown";
}

/// The BLAS that the dynamic linker really took, which the package manager's alternatives decide.
std::string loaded_blas() {
  std::ifstream in("/proc/self/maps");
  for (std::string line; std::getline(in, line);) {
    const std::size_t path = line.find('/');
    if (path == std::string::npos) continue;
    const std::string file = std::filesystem::path(line.substr(path)).filename().string();
    if (file.starts_with("libblas") || file.starts_with("libopenblas") ||
        file.starts_with("libmkl")) {
      return line.substr(path);
    }
  }
  return "none";
}

}  // namespace

std::string build_commit() { return ALIGNLAB_COMMIT; }

Provenance provenance_of_this_process() {
  Provenance out;
  out.commit = build_commit();
  out.compiler = std::string("g++ ") + __VERSION__;
  out.blas = loaded_blas();
  out.cpu = cpu_model();
  return out;
}

nlohmann::json to_json(const Provenance& provenance) {
  return {{"commit", provenance.commit},
          {"compiler", provenance.compiler},
          {"libraries", provenance.libraries},
          {"blas", provenance.blas},
          {"cpu", provenance.cpu},
          {"isa", provenance.isa},
          {"device", provenance.device},
          {"threads", provenance.threads}};
}

Provenance provenance_from_json(const nlohmann::json& json) {
  Provenance out;
  json.at("commit").get_to(out.commit);
  json.at("compiler").get_to(out.compiler);
  json.at("libraries").get_to(out.libraries);
  json.at("blas").get_to(out.blas);
  json.at("cpu").get_to(out.cpu);
  json.at("isa").get_to(out.isa);
  json.at("device").get_to(out.device);
  json.at("threads").get_to(out.threads);
  return out;
}

}  // namespace alignlab
