#include "data/row_names.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/lines.h"

namespace alignlab {

RowNames read_row_names(const std::filesystem::path& path, const MatrixFile& matrix) {
  RowNames rows;
  LineReader lines(path);
  while (lines.next()) {
    const auto row = static_cast<std::int64_t>(rows.names.size());
    const auto [known, is_new] = rows.row_of.try_emplace(std::string(lines.text()), row);
    if (!is_new) {
      lines.fail(
          fmt::format("'{}' is already on line {}", excerpt(lines.text()), known->second + 1));
    }
    rows.names.push_back(lines.text());
  }
  if (rows.names.size() != matrix.rows()) {
    throw DataError(fmt::format("{}: expected {} ids, one a row of {}, found {}", path.string(),
                                matrix.rows(), matrix.path().string(), rows.names.size()));
  }
  return rows;
}

}  // namespace alignlab
