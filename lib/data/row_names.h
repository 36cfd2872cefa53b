#pragma once

// What the rows of a matrix are called: a file with one name a line.

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "core/string_column.h"
#include "data/matrix_file.h"

namespace alignlab {

struct RowNames {
  StringColumn names;
  std::unordered_map<std::string, std::int64_t> row_of;
};

/// DataError for a name that comes twice, and where there is not one for each row.
RowNames read_row_names(const std::filesystem::path& path, const MatrixFile& matrix);

}  // namespace alignlab
