#pragma once

// The table of import formats. A format is one file here, its function below, and its row in
// formats.cc.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset_writer.h"
#include "data/import.h"

namespace alignlab {

struct Format {
  std::string name;
  std::string summary;
  Options options;
  ImportSummary (*import)(const ImportRequest& request, Progress& progress);
  /// A source holds several matrices, so it may be given for each of them.
  bool takes_a_file_again = false;
};

const std::vector<Format>& formats();

ImportSummary import_ann(const ImportRequest& request, Progress& progress);
ImportSummary import_coco(const ImportRequest& request, Progress& progress);
ImportSummary import_csv(const ImportRequest& request, Progress& progress);
ImportSummary import_flickr8k(const ImportRequest& request, Progress& progress);
ImportSummary import_flickr30k(const ImportRequest& request, Progress& progress);
ImportSummary import_folder(const ImportRequest& request, Progress& progress);
ImportSummary import_karpathy(const ImportRequest& request, Progress& progress);
ImportSummary import_tsv(const ImportRequest& request, Progress& progress);
ImportSummary import_embeddings(const ImportRequest& request, Progress& progress);
ImportSummary import_precomp(const ImportRequest& request, Progress& progress);
ImportSummary import_wikipedia(const ImportRequest& request, Progress& progress);

/// What csv and tsv can be told; they differ in the default of the delimiter.
Options table_options(const std::string& delimiter);

/// How the writer of a request's data set is to keep contents and draw splits.
WriterOptions writer_options(const ImportRequest& request);
/// The paths of the sources. UsageError if one was given a split, which the format finds itself.
std::vector<std::filesystem::path> plain_sources(const std::string& format,
                                                 const ImportRequest& request);
/// The split that the name of a file speaks of, such as "captions_val2014.json", if it does.
std::optional<Split> split_in_name(std::string_view file_name);
/// ASCII letters made small; everything else as it is.
std::string lowercase(std::string_view text);

/// What an import meets more than once and warns of once.
class Tally {
 public:
  void add(std::string_view name) {
    if (count_++ == 0) first_ = name;
  }
  std::size_t count() const { return count_; }
  const std::string& first() const { return first_; }
  /// "12 (the first: a.jpg)".
  std::string text() const;
  /// "label: 12 (the first: a.jpg)", where there is one.
  void warn(Progress& progress, std::string_view label) const;

 private:
  std::size_t count_ = 0;
  std::string first_;
};

/// The files of one modality that are not where they should be.
class MissingFiles {
 public:
  void add(std::string_view name, bool found) {
    ++all_;
    if (!found) missing_.add(name);
  }
  /// "images not in FOLDER: 2 of 9 (the first: a.jpg)", or that there is no folder.
  void warn(Progress& progress, Modality modality,
            const std::optional<std::filesystem::path>& folder,
            const std::string& prefix = "") const;

 private:
  std::size_t all_ = 0;
  Tally missing_;
};

/// Says how far into a file an import is, and hears that it should stop.
class ReadingProgress {
 public:
  ReadingProgress(Progress& progress, const std::filesystem::path& file, std::uint64_t size);
  /// Counts an entry. True where it is time for at().
  bool due() { return ++entries_ % kEntriesAStep == 0; }
  void at(std::uint64_t position);
  void finish();

 private:
  static constexpr std::uint64_t kEntriesAStep = 1024;

  Progress& progress_;
  std::uint64_t size_;
  std::uint64_t entries_ = 0;
  std::uint64_t reported_ = 0;
};

/// Commits and counts; notes what was dropped, and splits that are drawn over given ones.
ImportSummary finish(DatasetWriter& writer, Progress& progress);
/// UsageError for options of `import` that the format has no use for, or that lack another.
struct Takes {
  bool images = false;
  bool audio = false;
  bool judgements = false;
  bool finds_files = false;  // without being told a folder
};
void check_takes(const std::string& format, const ImportRequest& request, const Takes& takes);

/// For formats that find their inputs in a folder. DataError if `out` is one of them.
void check_output(const std::filesystem::path& out, std::span<const std::filesystem::path> inputs);
/// The folder that an option names. DataError if it is none.
void check_folder(const std::filesystem::path& folder, std::string_view option);
/// The names of some files, without their folders: what a data set says about its source.
std::string file_names(std::span<const std::filesystem::path> files);

}  // namespace alignlab
