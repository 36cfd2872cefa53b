#include "record/store.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "alignlab-artifact";

/// The checksum of the artifact at `path`, if it is there and whole.
std::optional<std::string> checksum_if_whole(const fs::path& path, const std::string& key,
                                             Progress& progress) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    const H5File file = H5File::open(path);
    std::string checksum = file.text_attribute("/", "checksum");
    if (file.text_attribute("/", "format") == kFormat && file.text_attribute("/", "key") == key &&
        checksum == file.content_hash().hex()) {
      file.verify();
      return checksum;
    }
    progress.warn(fmt::format("{}: its checksum does not hold; making it again", path.string()));
  } catch (const DataError& damage) {
    progress.warn(fmt::format("{}; making it again", damage.what()));
  }
  return std::nullopt;
}

}  // namespace

std::string Store::key_of(const nlohmann::json& recipe) { return hash_of(recipe.dump()).hex(); }

fs::path Store::path_of(const std::string& stage, const std::string& key) const {
  return root_ / stage / (key + ".h5");
}

void Store::remove(const std::string& stage, const nlohmann::json& recipe) const {
  std::error_code ignored;
  fs::remove(path_of(stage, key_of(recipe)), ignored);
}

Artifact Store::obtain(const std::string& stage, const nlohmann::json& recipe,
                       const std::function<void(H5File&)>& make, Progress& progress) const {
  Artifact out{stage, key_of(recipe), "", true, {}};
  out.path = path_of(stage, out.key);
  const FileLock lock(root_ / "locks" / fmt::format("{}-{}.lock", stage, out.key), &progress);
  if (const auto checksum = checksum_if_whole(out.path, out.key, progress)) {
    out.checksum = *checksum;
    return out;
  }
  out.cached = false;
  remove_leftovers(out.path);
  AtomicFile whole(out.path);
  {
    H5File file = H5File::create(whole.temporary());
    file.set_attribute("/", "format", kFormat);
    file.set_attribute("/", "stage", stage);
    file.set_attribute("/", "key", out.key);
    file.set_attribute("/", "recipe", recipe.dump());
    make(file);
    out.checksum = file.content_hash().hex();
    file.set_attribute("/", "checksum", out.checksum);
    file.close();
  }
  whole.commit();
  return out;
}

}  // namespace alignlab
