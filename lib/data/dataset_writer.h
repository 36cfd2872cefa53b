#pragma once

// Writes a data set item by item: what every importer ends in. Contents go to the file as they
// come; ids, groups and splits stay in memory until commit(). Written under a temporary name: the
// data set is there after commit(), whole, and without a commit nothing is left.
//
// An id that comes twice is the importer's to find, since only it knows the line. One thread.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/files.h"
#include "core/hdf5.h"
#include "core/modality.h"
#include "core/splits.h"
#include "core/string_column.h"
#include "data/import.h"
#include "data/store_features.h"

namespace alignlab {

struct DatasetInfo {
  std::string name;
  std::string source;
  std::string license;
};

/// How the contents of images and sounds are kept.
enum class ContentKind { kPaths, kBytes };

struct WriterOptions {
  ContentKind contents = ContentKind::kPaths;
  /// Draws the splits of whole groups at commit(), whatever splits the items came with.
  std::optional<SplitPlan> split = std::nullopt;
  /// Whether a data set may be replaced that has features which no import made.
  bool replace = false;
  /// Leaves out, at commit(), items whose file is missing, and texts of groups whose files are all
  /// missing. Texts stay in memory until then.
  bool drop_missing = false;
};

struct ItemKey {
  std::string_view id;
  std::int32_t group = 0;  // items of equal group are pairs; one number an image, from 0
  Split split = Split::kNone;
};

struct Judgement {
  std::int32_t query = 0;  // row numbers
  std::int32_t candidate = 0;
  float grade = 0;
};

/// Whether `name` can be a file of a folder or of its subfolders: relative, and without "..".
bool lies_inside(std::string_view name);

class DatasetWriter {
 public:
  /// Behind a link, `out` is what the link names. DataError where something other than a data set
  /// is there, or a data set with features that were added to it (unless WriterOptions::replace).
  DatasetWriter(const std::filesystem::path& out, const DatasetInfo& info,
                const WriterOptions& options);
  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  /// `text` is UTF-8.
  void add_text(const ItemKey& key, std::string_view text);
  /// An image or a sound: the file `name` of `folder`; no folder: known by its name alone. Returns
  /// whether the file is there; if not, the item is stored as missing.
  bool add_file(Modality modality, const ItemKey& key,
                const std::optional<std::filesystem::path>& folder, std::string_view name);
  /// An item that has features and no content. All items of a modality are of this kind, or none.
  void add_bare(Modality modality, const ItemKey& key);
  /// A row for each item added so far, in their order. DataError where a value is not finite.
  void write_features(const FeatureMatrix& matrix, Progress& progress);
  /// Every item of the group, of whatever modality, gets this class label.
  void set_label(std::int32_t group, std::string_view label);
  void write_judgements(Modality queries, Modality candidates, std::vector<Judgement> judgements);

  /// Items added; after commit(), items kept.
  std::size_t count(Modality modality) const;
  /// Whether splits will be drawn for items that came with one.
  bool draws_over_splits() const;
  /// Puts the data set in place and returns its content hash. Nothing may be added afterwards.
  std::string commit();
  /// After commit(): items left out, where there are any.
  const std::map<Modality, std::size_t>& dropped() const { return dropped_; }

 private:
  struct Column;

  Column& column(Modality modality, bool bare);
  void add_item(Column& to, const ItemKey& key);
  std::filesystem::path stored_path(const std::optional<std::filesystem::path>& folder,
                                    std::string_view name);
  void write_items(Modality modality, const Column& from);
  void write_judgements();
  void draw_splits();
  void drop_missing();
  void drop_labels();

  WriterOptions options_;
  std::filesystem::path path_;
  std::filesystem::path folder_;  // of the data set, without symbolic links
  std::optional<FileLock> lock_;  // until commit, against others who write the same data set
  AtomicFile target_;
  std::optional<H5File> file_;
  std::map<Modality, std::unique_ptr<Column>> columns_;
  std::map<Modality, std::size_t> dropped_;
  Modality queries_ = Modality::kText;
  Modality candidates_ = Modality::kImage;
  std::vector<Judgement> judgements_;
  StringColumn label_names_;
  std::unordered_map<std::string, std::int32_t> label_numbers_;
  std::vector<std::int32_t> group_labels_;
  std::optional<std::filesystem::path> last_folder_;
  std::filesystem::path last_folder_stored_;
};

}  // namespace alignlab
