#include "run/curve_files.h"

#include <fmt/format.h>

#include "core/files.h"
#include "eval/curves.h"

namespace alignlab {

std::vector<std::filesystem::path> write_curves(const Retrievals& retrievals,
                                                const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> written;
  for (const auto& [direction, folds] : retrievals) {
    for (std::size_t fold = 0; fold < folds.size(); ++fold) {
      if (!folds[fold].curve) continue;
      const std::string part = folds.size() == 1 ? "" : fmt::format(".fold_{}", fold);
      std::filesystem::create_directories(folder);
      written.push_back(folder / (direction + part + ".csv"));
      write_file_atomically(written.back(), csv_of(*folds[fold].curve));
    }
  }
  return written;
}

}  // namespace alignlab
