#pragma once

// The artifact store: immutable files named by the hash of the recipe that made them. An artifact
// is whole or not there; one that no longer matches its checksum is made again; of several
// processes that want the same one, one makes it and the others wait for it.

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/hdf5.h"
#include "core/progress.h"

namespace alignlab {

struct Artifact {
  std::string stage;
  std::string key;       // of the recipe
  std::string checksum;  // of the content
  bool cached = false;   // it was there
  std::filesystem::path path;
};

class Store {
 public:
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}

  static std::string key_of(const nlohmann::json& recipe);
  /// The artifact of `recipe`; `make` fills the file when it has to be made.
  Artifact obtain(const std::string& stage, const nlohmann::json& recipe,
                  const std::function<void(H5File&)>& make, Progress& progress) const;

  /// For what is only needed until something else is there.
  void remove(const std::string& stage, const nlohmann::json& recipe) const;

 private:
  std::filesystem::path path_of(const std::string& stage, const std::string& key) const;

  std::filesystem::path root_;
};

}  // namespace alignlab
