#pragma once

// Matrices written as NumPy keeps them: .npy of version 1.0, '<f4', C order. matrix_file.h reads
// them.

#include <filesystem>

#include "core/matrix.h"

namespace alignlab {

/// Whole or not there.
void write_npy(const std::filesystem::path& path, MatrixView matrix);

}  // namespace alignlab
