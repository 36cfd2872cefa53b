#pragma once

// The data set file (HDF5, readable with h5py; layout in ARCHITECTURE.md):
//
//   /                        format="alignlab-dataset", version, name, source, license,
//   content_hash /items/<modality>/id     strings      (strings are a group of uint8 `data`, int64
//   `offsets`) /items/<modality>/group  int32 [n]    items of equal group are pairs, across
//   modalities /items/<modality>/split  uint8 [n]    0 none, 1 train, 2 dev, 3 test
//   /items/<modality>/label  int32 [n]    optional, -1 unknown; names in /labels (strings)
//   /raw/<modality>          absent where the items have features and no content
//   /raw/text                strings, UTF-8
//   /raw/image, /raw/audio   either encoded bytes (strings, empty: missing), or paths: `path`
//                            (strings, relative to the data set's folder), `size` (int64, -1:
//                            missing), `hash` (strings)
//   /features/<modality>/<name>   float32 [n,d], row i is item i
//   /judgements/{query,candidate} int64, /judgements/grade float32: query and candidate are
//                            row numbers; attributes query_modality, candidate_modality
//
// Reading never writes. A Dataset holds ids, groups, splits and labels in memory, not contents.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hdf5.h"
#include "core/modality.h"
#include "core/raw_items.h"
#include "core/splits.h"
#include "core/string_column.h"

namespace alignlab {

inline constexpr std::string_view kDatasetFormat = "alignlab-dataset";
inline constexpr std::int64_t kDatasetVersion = 1;
/// Attribute of /raw/image and /raw/audio where no folder of their files was given.
inline constexpr const char* kKnownByName = "known_by_name";

struct Items {
  StringColumn ids;
  std::vector<std::int32_t> groups;
  std::vector<Split> splits;
  std::vector<std::int32_t> labels;  // empty: none

  std::size_t size() const { return groups.size(); }
  /// Item numbers of one split, ascending.
  std::vector<std::size_t> of_split(Split split) const;
};

/// Where the contents of a modality are, when they are kept as paths.
struct StoredFiles {
  StringColumn paths;               // relative to the data set's folder
  std::vector<std::int64_t> sizes;  // -1: the file was missing when it was imported
  StringColumn hashes;              // XXH3-128; empty where it was missing
};

/// Graded relevance. Entry i says that item `candidates[i]` has `grades[i]` for item `queries[i]`.
struct Judgements {
  Modality query_modality = Modality::kText;
  Modality candidate_modality = Modality::kImage;
  std::vector<std::int64_t> queries;
  std::vector<std::int64_t> candidates;
  std::vector<float> grades;
};

class Dataset {
 public:
  /// DataError unless the file is a whole alignlab data set of a version this program reads, with
  /// arrays of matching lengths.
  static Dataset open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const std::string& name() const { return name_; }
  const std::string& content_hash() const { return content_hash_; }
  std::vector<Modality> modalities() const;
  bool has(Modality modality) const { return items_.contains(modality); }
  /// DataError naming the file if the modality is not in it.
  const Items& items(Modality modality) const;
  std::vector<std::string> feature_names(Modality modality) const;
  Matrix features(Modality modality, const std::string& name) const;
  /// Where the matrix lies in file(). DataError with a suggestion if there is no such name.
  std::string feature_array(Modality modality, const std::string& name) const;
  const StringColumn& label_names() const { return label_names_; }
  /// Nothing where there are none. DataError where an entry names no item.
  std::optional<Judgements> judgements() const;
  /// Whether the items of a modality have content, beside features.
  bool has_content(Modality modality) const;
  /// Whereto stored paths are relative.
  std::filesystem::path folder() const;
  /// Nothing where the contents are embedded.
  std::optional<StoredFiles> stored_files(Modality modality) const;

  /// The items of one split, in item order. The Dataset must outlive it, and stay where it is. Used
  /// by one thread at a time; cheapest in item order.
  std::unique_ptr<RawItems> raw(Modality modality, Split split) const;
  /// Every item, whatever its split; for inspection.
  std::unique_ptr<RawItems> raw(Modality modality) const;
  std::vector<std::int32_t> groups(Modality modality, Split split) const;

  /// Reads what such a stage reads and compares with its checksums. DataError naming the array.
  void verify_raw(Modality modality) const;
  void verify_feature(Modality modality, const std::string& name) const;
  /// Hash of what a stage reads: items and raw content of a modality, and one stored feature.
  std::string hash_of_raw(Modality modality) const;
  std::string hash_of_feature(Modality modality, const std::string& name) const;
  /// Empty where there are none.
  std::string hash_of_judgements() const;

  const H5File& file() const { return file_; }

 private:
  explicit Dataset(H5File file) : file_(std::move(file)) {}
  void read_header();
  void read_items(Modality modality);
  void check_raw(Modality modality) const;
  void check_features(Modality modality) const;
  void check_judgements() const;
  void check_content_hash() const;

  H5File file_;
  std::string name_;
  std::string content_hash_;
  std::map<Modality, Items> items_;
  StringColumn label_names_;
};

}  // namespace alignlab
