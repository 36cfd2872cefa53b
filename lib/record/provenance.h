#pragma once

// With what a trial was computed: enough to say why two runs differ.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace alignlab {

struct Provenance {
  std::string commit;  // of alignlab; "-dirty" behind it when the tree had changes
  std::string compiler;
  std::map<std::string, std::string> libraries;  // name -> version
  std::string blas;                              // the library file that is loaded
  std::string cpu;
  std::string isa;     // what the search kernels use
  std::string device;  // what training used
  int threads = 1;
};

/// All but libraries, isa, device and threads, which the caller knows.
Provenance provenance_of_this_process();

nlohmann::json to_json(const Provenance& provenance);
Provenance provenance_from_json(const nlohmann::json& json);

/// The commit this program was built from.
std::string build_commit();

}  // namespace alignlab
