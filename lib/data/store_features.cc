#include "data/store_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/lines.h"
#include "data/dataset.h"
#include "data/dataset_change.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSlabBytes = 1 << 22;

void check_finite(const StringColumn& ids, std::size_t first, std::span<const float> rows,
                  const FeatureMatrix& matrix) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (std::isfinite(rows[i])) continue;
    const std::size_t row = first + i / matrix.width;
    throw DataError(fmt::format(
        "{} features '{}': row {} ('{}'), column {}: expected a finite "
        "value, found {}",
        name_of(matrix.modality), matrix.name, row, excerpt(ids[row]), i % matrix.width, rows[i]));
  }
}

std::string array_of(const FeatureMatrix& matrix) {
  return fmt::format("/features/{}/{}", name_of(matrix.modality), matrix.name);
}

}  // namespace

void check_feature_name(const std::string& name) {
  const bool allowed = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  if (name.empty() || !allowed || name.starts_with('.')) {
    throw UsageError(fmt::format(
        "feature name: expected letters, digits, '_', '-' and '.', found '{}'", excerpt(name)));
  }
}

void append_features(H5File& file, const StringColumn& ids, const FeatureMatrix& matrix,
                     Progress& progress) {
  check_feature_name(matrix.name);
  if (matrix.width == 0) {
    throw DataError(fmt::format("{} features '{}': expected at least one column, found none",
                                name_of(matrix.modality), matrix.name));
  }
  const std::string array = array_of(matrix);
  progress.begin("storing " + matrix.name, ids.size(), "rows");
  H5Appender appender(file, array, H5Type::kFloat32, matrix.width);
  const std::size_t step = std::max<std::size_t>(1, kSlabBytes / (matrix.width * sizeof(float)));
  std::vector<float> slab;
  for (std::size_t first = 0; first < ids.size(); first += step) {
    progress.check();
    const std::size_t count = std::min(step, ids.size() - first);
    slab.resize(count * matrix.width);
    matrix.read_rows(first, slab);
    check_finite(ids, first, slab, matrix);
    appender.append<float>(slab);
    progress.advance(count);
  }
  appender.finish();
  progress.end();
  for (const auto& [name, value] : matrix.attributes) file.set_attribute(array, name, value);
}

void store_features(const fs::path& path, const FeatureMaker& make, Progress& progress) {
  DatasetChange change(path, progress);
  const Dataset& source = change.source();
  const FeatureMatrix matrix = make(source);
  check_feature_name(matrix.name);
  const std::string array = array_of(matrix);
  if (source.file().has(array)) {
    throw DataError(
        fmt::format("{}: {}: already there; choose another name", change.path().string(), array));
  }
  append_features(change.copy(), source.items(matrix.modality).ids, matrix, progress);
  change.commit();
}

}  // namespace alignlab
