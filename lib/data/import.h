#pragma once

// Importers: from files as people have them to a data set. One file a format in formats/, one row
// a format in the catalog. An import reads its sources as streams, in memory bounded by ids and
// texts (never by contents), and either writes the whole data set or nothing.
//
// Malformed lines, duplicate ids and wrong shapes are DataErrors "file:line: ...". Captions without
// an image file, missing files and items of no split are warnings (`inspect` lists them).

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/modality.h"
#include "core/progress.h"

namespace alignlab {

struct ImportRequest {
  std::vector<std::filesystem::path> sources;
  std::filesystem::path out;
  std::optional<std::filesystem::path> images;      // folder
  std::optional<std::filesystem::path> audio;       // folder
  std::optional<std::filesystem::path> judgements;  // TREC qrels: caption id, 0, image id, grade
  bool embed = false;  // store encoded bytes in the data set rather than paths
};

struct ImportSummary {
  std::size_t images = 0;
  std::size_t audio = 0;
  std::size_t texts = 0;
  std::string content_hash;
};

/// Rows name the formats of `alignlab import`.
const std::vector<CatalogRow>& format_catalog();
/// UsageError with a suggestion for an unknown format.
ImportSummary import_dataset(const std::string& format, const ImportRequest& request,
                             Progress& progress);

struct AddFeaturesRequest {
  std::filesystem::path dataset;
  Modality modality;
  std::string name;
  std::filesystem::path matrix;              // .npy, float32 or float64, two dimensions
  std::optional<std::filesystem::path> ids;  // one id a line, one a row; absent: rows are items
};

/// Copies the data set with one more feature matrix and puts the copy in place. Every item of a
/// split needs a row; ids that are in no item are counted in a warning; NaN and infinity are
/// DataErrors that name row and id.
void add_features(const AddFeaturesRequest& request, Progress& progress);

}  // namespace alignlab
