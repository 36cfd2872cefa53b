#pragma once

// One more feature matrix for a data set. The data set is copied with it, and the copy put in
// place; until then, and after a failure, the data set is as it was. Two that store at the same
// time do so one after the other.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "core/hdf5.h"
#include "core/modality.h"
#include "core/progress.h"
#include "core/string_column.h"

namespace alignlab {

class Dataset;

struct FeatureMatrix {
  Modality modality = Modality::kImage;
  std::string name;
  std::size_t width = 0;
  /// Who made it, from what: kept as attributes of the array.
  std::map<std::string, std::string> attributes;
  /// Writes the rows of the items from `first` on into `out`, which holds whole rows.
  std::function<void(std::size_t first, std::span<float> out)> read_rows;
};

/// UsageError for a name that is not letters, digits, '.', '_' and '-'.
void check_feature_name(const std::string& name);

/// Writes /features/<modality>/<name> with its attributes, a row for each of `ids`. Errors as of
/// store_features().
void append_features(H5File& file, const StringColumn& ids, const FeatureMatrix& matrix,
                     Progress& progress);

/// Makes the matrix of a data set that is locked: until it is stored the items stay as they are.
using FeatureMaker = std::function<FeatureMatrix(const Dataset& dataset)>;

/// UsageError for a name that is none; DataError when there is one of that name already, where a
/// value is NaN or infinite (names row and id), or where the data set is damaged.
void store_features(const std::filesystem::path& dataset, const FeatureMaker& make,
                    Progress& progress);

}  // namespace alignlab
