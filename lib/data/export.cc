#include "data/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/files.h"
#include "core/lines.h"
#include "data/exports/exports.h"
#include "data/npy.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

struct Export {
  CatalogRow row;
  exports::Paths (*write)(const exports::Job& job);
};

Option split_option(const char* fallback) {
  return {.name = "split",
          .summary = "whose items",
          .fallback = std::string(fallback),
          .choices = {"all", "train", "dev", "test", "none"}};
}

Option feature_option() {
  return {.name = "feature",
          .summary = "the stored feature to write",
          .fallback = std::string(),
          .required = true};
}

const std::vector<Export>& all_exports() {
  static const std::vector<Export> kAll{
      {{"coco", "a folder with annotations/captions_<split>.json", {}}, exports::write_coco},
      {{"npy",
        "a stored feature as X.npy, with X.ids.txt beside it",
        {{.name = "modality",
          .summary = "of the feature",
          .fallback = std::string("image"),
          .choices = {"image", "audio", "text"}},
         feature_option(),
         split_option("all")}},
       exports::write_npy},
      {{"precomp",
        "a folder with <split>_ims.npy, <split>_caps.txt and <split>_ids.txt",
        {feature_option()}},
       exports::write_precomp},
      {{"qrels",
        "TREC qrels: judgements where there are any, else the pairs",
        {{.name = "queries",
          .summary = "their modality; auto: that of the judgements, else text",
          .fallback = std::string("auto"),
          .choices = {"auto", "image", "audio", "text"}},
         {.name = "candidates",
          .summary = "their modality; auto: that of the judgements, else image",
          .fallback = std::string("auto"),
          .choices = {"auto", "image", "audio", "text"}},
         {.name = "ids",
          .summary = "what stands for an item: its id, or its row in an npy of the same split",
          .fallback = std::string("names"),
          .choices = {"names", "rows"}},
         split_option("test")}},
       exports::write_qrels},
  };
  return kAll;
}

}  // namespace

const std::vector<CatalogRow>& export_catalog() {
  static const std::vector<CatalogRow> kRows = [] {
    std::vector<CatalogRow> rows;
    for (const Export& each : all_exports()) rows.push_back(each.row);
    return rows;
  }();
  return kRows;
}

std::vector<fs::path> export_dataset(const std::string& format, const Dataset& dataset,
                                     const fs::path& out, const Section& options,
                                     Progress& progress) {
  require_new(out);
  const auto found = std::ranges::find_if(
      all_exports(), [&](const Export& each) { return each.row.name == format; });
  assert(found != all_exports().end());
  return found->write({dataset, out, options, progress});
}

void require_new(const fs::path& out) {
  std::error_code error;
  // A link counts even if what it names is gone: it would be replaced.
  if (fs::exists(fs::symlink_status(out, error))) {
    throw DataError(fmt::format("{}: is already there; choose another output", out.string()));
  }
}

void require_plain_ids(const std::vector<std::string>& ids, const std::string& file,
                       std::string_view hint) {
  for (const std::string& id : ids) {
    if (!id.empty() && id.find_first_of(" \t\r\n") == std::string::npos) continue;
    throw DataError(fmt::format(
        "{}: expected ids without spaces or line ends, which separate its fields; found '{}'{}",
        file, excerpt(id), hint));
  }
}

std::vector<fs::path> write_rows_and_ids(const fs::path& npy, MatrixView rows,
                                         const std::vector<std::string>& ids) {
  std::string lines;
  for (const std::string& id : ids) {
    if (id.find_first_of("\r\n") != std::string::npos) {
      throw DataError(
          fmt::format("{}: expected ids of one line, found '{}'", npy.string(), excerpt(id)));
    }
    lines += id + "\n";
  }
  fs::path names = npy;
  names.replace_extension(".ids.txt");
  require_new(npy);
  require_new(names);
  write_npy(npy, rows);
  write_file_atomically(names, lines);
  return {npy, names};
}

namespace exports {

std::vector<std::size_t> items_of(const Items& items, const std::string& split) {
  if (const auto one = split_from(split)) return items.of_split(*one);
  std::vector<std::size_t> all(items.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::vector<std::string> ids_of(const Items& items, const std::vector<std::size_t>& chosen) {
  std::vector<std::string> ids;
  for (const std::size_t item : chosen) ids.emplace_back(items.ids[item]);
  return ids;
}

Matrix rows_of(const Matrix& all, const std::vector<std::size_t>& chosen) {
  Matrix out(chosen.size(), all.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    std::ranges::copy(all.row(chosen[i]), out.row(i).begin());
  }
  return out;
}

}  // namespace exports
}  // namespace alignlab
