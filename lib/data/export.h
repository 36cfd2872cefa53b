#pragma once

// The way out: a data set in the layouts that other programs read. One file a format in exports/,
// one row a format in the catalog. A format writes one file, or a folder of several, whole or not
// at all; nothing that is there is overwritten.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/matrix.h"
#include "core/progress.h"
#include "core/string_column.h"
#include "data/dataset.h"

namespace alignlab {

/// Rows name the formats of `alignlab export DATASET` and their options.
const std::vector<CatalogRow>& export_catalog();

/// `format` is in the catalog and `options` are resolved. DataError where the data set lacks what
/// the format needs, or where `out` is there already. Returns the files written.
std::vector<std::filesystem::path> export_dataset(const std::string& format, const Dataset& dataset,
                                                  const std::filesystem::path& out,
                                                  const Section& options, Progress& progress);

/// A .npy matrix and beside it `<stem>.ids.txt`, one id a row. Returns both. DataError where one of
/// them is there already.
std::vector<std::filesystem::path> write_rows_and_ids(const std::filesystem::path& npy,
                                                      MatrixView rows,
                                                      const std::vector<std::string>& ids);
/// DataError if an id holds what separates the fields of a line; `hint` says what to do.
void require_plain_ids(const std::vector<std::string>& ids, const std::string& file,
                       std::string_view hint = "");
/// DataError unless nothing is at `out` yet.
void require_new(const std::filesystem::path& out);

}  // namespace alignlab
