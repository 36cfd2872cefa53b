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
#include <string_view>
#include <vector>

#include "config/options.h"
#include "core/modality.h"
#include "core/progress.h"
#include "core/splits.h"

namespace alignlab {

/// One file or folder to import. `split` is what the user wrote before it ("train=FILE"); formats
/// that cannot have it reject it.
struct ImportSource {
  ImportSource(std::filesystem::path file, std::optional<Split> given = std::nullopt)  // NOLINT
      : path(std::move(file)), split(given) {}

  std::filesystem::path path;
  std::optional<Split> split;
};

/// Whole groups drawn at random, so that what belongs together stays together. What the shares
/// leave is of no split.
struct SplitPlan {
  double train = 0;
  double dev = 0;
  double test = 0;
  std::uint64_t seed = 0;
};

struct ImportRequest {
  std::vector<ImportSource> sources;
  std::filesystem::path out;
  std::optional<std::filesystem::path> images;      // folder
  std::optional<std::filesystem::path> audio;       // folder
  std::optional<std::filesystem::path> judgements;  // TREC qrels: caption id, 0, image id, grade
  bool embed = false;              // store encoded bytes in the data set rather than paths
  bool drop_missing = false;       // leave out items without their file, and what belongs to none
  bool replace = false;            // a data set that features were added to
  std::optional<SplitPlan> split;  // instead of the splits of the sources
  Section options;                 // of the format
};

struct ImportSummary {
  std::size_t images = 0;
  std::size_t audio = 0;
  std::size_t texts = 0;
  std::string content_hash;
};

/// The split that a word names, in whatever case; "val" and "validation" are dev.
std::optional<Split> split_named(std::string_view word);
/// "train=FILE" or "FILE", by split_named(). A file that exists under the whole text is that file.
ImportSource parse_import_source(const std::string& text);
/// "0.8,0.1,0.1": shares of train, dev and test. UsageError unless each is 0 to 1 and they sum to
/// more than 0 and at most 1.
SplitPlan parse_split_plan(const std::string& shares, std::uint64_t seed);

/// Rows name the formats of `alignlab import` and their options.
const std::vector<CatalogRow>& format_catalog();
/// UsageError with a suggestion for an unknown format.
ImportSummary import_dataset(const std::string& format, const ImportRequest& request,
                             Progress& progress);

struct AddFeaturesRequest {
  std::filesystem::path dataset;
  Modality modality;
  std::string name;
  std::filesystem::path matrix;              // whatever matrix_file.h reads
  std::string key = {};                      // of the matrix in a file of several
  std::optional<std::filesystem::path> ids;  // one id a line, one a row; absent: rows are items
};

/// Copies the data set with one more feature matrix and puts the copy in place. Every item of a
/// split needs a row; ids that are in no item are counted in a warning; NaN and infinity are
/// DataErrors that name row and column.
void add_features(const AddFeaturesRequest& request, Progress& progress);

}  // namespace alignlab
