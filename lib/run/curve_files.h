#pragma once

#include <filesystem>
#include <vector>

#include "core/ranks.h"

namespace alignlab {

/// <direction>.csv, or one for each fold, of what has a curve (eval/curves.h), into a folder that
/// is made; nothing is written where nothing has one. Returns the files.
std::vector<std::filesystem::path> write_curves(const Retrievals& retrievals,
                                                const std::filesystem::path& folder);

}  // namespace alignlab
