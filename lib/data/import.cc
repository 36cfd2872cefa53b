#include "data/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "core/lines.h"
#include "core/suggest.h"
#include "data/dataset.h"
#include "data/formats/formats.h"
#include "data/matrix_file.h"
#include "data/row_names.h"
#include "data/store_features.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kNoRow = -1;

/// Which row of the matrix each item has. Only items of no split may lack one.
std::vector<std::int64_t> match_rows(const AddFeaturesRequest& request, const Items& items,
                                     const MatrixFile& matrix, Progress& progress) {
  std::vector<std::int64_t> rows(items.size(), kNoRow);
  if (!request.ids) {
    if (matrix.rows() != items.size()) {
      throw DataError(fmt::format("{}: expected {} rows, one an item of modality {}, found {}",
                                  matrix.path().string(), items.size(), name_of(request.modality),
                                  matrix.rows()));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    return rows;
  }
  const auto row_of_id = read_row_names(*request.ids, matrix).row_of;
  std::size_t matched = 0;
  std::size_t lacking = 0;
  std::size_t lacking_in_split = 0;
  std::string first_lacking;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = row_of_id.find(std::string(items.ids[i]));
    if (found != row_of_id.end()) {
      rows[i] = found->second;
      ++matched;
    } else if (items.splits[i] == Split::kNone) {
      ++lacking;
    } else if (lacking_in_split++ == 0) {
      first_lacking = excerpt(items.ids[i]);
    }
  }
  if (lacking_in_split > 0) {
    throw DataError(fmt::format(
        "{}: expected an id for every {} item of a split, found none for '{}' (and {} more)",
        request.ids->string(), name_of(request.modality), first_lacking,
        with_commas(lacking_in_split - 1)));
  }
  const std::string file = request.ids->filename().string();
  if (matched < row_of_id.size()) {
    progress.warn(fmt::format("{}: ids of no item, whose rows are left out: {}", file,
                              with_commas(row_of_id.size() - matched)));
  }
  if (lacking > 0) {
    progress.warn(fmt::format("{}: items of no split without a row, filled with zeros: {}", file,
                              with_commas(lacking)));
  }
  return rows;
}

/// Rows of neighbours in the matrix are read at once.
void gather(MatrixFile& matrix, const std::vector<std::int64_t>& rows, std::size_t first,
            std::span<float> out) {
  const std::size_t width = matrix.cols();
  const std::size_t count = out.size() / width;
  for (std::size_t done = 0; done < count;) {
    const std::int64_t row = rows[first + done];
    std::size_t run = 1;
    if (row != kNoRow) {
      while (done + run < count &&
             rows[first + done + run] == row + static_cast<std::int64_t>(run)) {
        ++run;
      }
      matrix.read_rows(static_cast<std::size_t>(row), out.subspan(done * width, run * width));
    } else {
      std::ranges::fill(out.subspan(done * width, width), 0.0F);
    }
    done += run;
  }
}

/// Captions of a file read twice would count twice.
void check_given_once(const std::string& format, const std::vector<fs::path>& sources) {
  std::set<fs::path> known;
  for (const fs::path& source : sources) {
    std::error_code error;
    const fs::path path = fs::weakly_canonical(source, error);
    if (!error && !known.insert(path).second) {
      throw UsageError(fmt::format("import {}: {} is given twice", format, source.string()));
    }
  }
}

}  // namespace

std::optional<Split> split_named(std::string_view word) {
  const std::string name = lowercase(word);
  if (name == "val" || name == "validation") return Split::kDev;
  return split_from(name);
}

ImportSource parse_import_source(const std::string& text) {
  const std::size_t equals = text.find('=');
  std::error_code error;
  if (equals == std::string::npos || fs::exists(text, error)) return {text};
  const std::string name = text.substr(0, equals);
  const auto split = split_named(name);
  if (!split) {
    const std::vector<std::string> known{"train", "dev", "val", "test", "none"};
    throw UsageError(fmt::format("import: '{}': expected FILE or SPLIT=FILE; no split '{}'{}", text,
                                 name, suggestion(name, known)));
  }
  return {text.substr(equals + 1), split};
}

SplitPlan parse_split_plan(const std::string& shares, std::uint64_t seed) {
  const auto fail = [&]() {
    throw UsageError(fmt::format(
        "--split: expected shares of train, dev and test such as 0.8,0.1,0.1, found '{}'", shares));
  };
  std::array<double, 3> values{};
  const char* at = shares.data();
  const char* end = at + shares.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && (at == end || *at++ != ',')) fail();
    const auto [next, error] = std::from_chars(at, end, values[i]);
    if (error != std::errc() || !(values[i] >= 0.0 && values[i] <= 1.0)) fail();
    at = next;
  }
  // A sum such as 0.7 + 0.2 + 0.1 may exceed 1 in its last bit.
  const double sum = values[0] + values[1] + values[2];
  if (at != end || sum > 1.0 + 1e-9 || sum == 0.0) fail();
  return {values[0], values[1], values[2], seed};
}

const std::vector<CatalogRow>& format_catalog() {
  static const std::vector<CatalogRow> rows = [] {
    std::vector<CatalogRow> all;
    for (const Format& format : formats()) {
      all.push_back({format.name, format.summary, format.options});
    }
    return all;
  }();
  return rows;
}

ImportSummary import_dataset(const std::string& format, const ImportRequest& request,
                             Progress& progress) {
  std::vector<std::string> known;
  for (const Format& candidate : formats()) {
    known.push_back(candidate.name);
    if (candidate.name != format) continue;
    if (request.sources.empty())
      throw UsageError(fmt::format("import {}: no source given", format));
    std::vector<fs::path> inputs;
    for (const ImportSource& source : request.sources) inputs.push_back(source.path);
    check_output(request.out, inputs);
    if (!candidate.takes_a_file_again) check_given_once(format, inputs);
    try {
      return candidate.import(request, progress);
    } catch (const fs::filesystem_error& error) {
      throw DataError(fmt::format("{}: {}", error.path1().string(), error.code().message()));
    }
  }
  throw UsageError(fmt::format("import: unknown format '{}'{}", format, suggestion(format, known)));
}

void add_features(const AddFeaturesRequest& request, Progress& progress) {
  const auto matrix = open_matrix(request.matrix, request.key);
  std::vector<std::int64_t> rows;
  const auto make = [&](const Dataset& dataset) {
    rows = match_rows(request, dataset.items(request.modality), *matrix, progress);
    FeatureMatrix features;
    features.modality = request.modality;
    features.name = request.name;
    features.width = matrix->cols();
    features.attributes = {{"producer", "add-features"},
                           {"source", request.matrix.filename().string()}};
    if (!request.key.empty()) features.attributes.emplace("key", request.key);
    if (request.ids) features.attributes.emplace("ids", request.ids->filename().string());
    features.read_rows = [&](std::size_t first, std::span<float> out) {
      gather(*matrix, rows, first, out);
    };
    return features;
  };
  store_features(request.dataset, make, progress);
}

}  // namespace alignlab
