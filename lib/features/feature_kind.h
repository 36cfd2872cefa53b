#pragma once

// From raw items to what aligners take. A feature kind is fitted on the training items alone; the
// extractor it leaves turns any items into features, row by row, and can be saved. An extractor
// cannot exist unfitted.
//
// The catalog (no OpenCV, no torch) is what configs are checked against; the makers, which do the
// work, live in another library that only the worker links. Both read features.def.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/features.h"
#include "core/hdf5.h"
#include "core/modality.h"
#include "core/progress.h"
#include "core/raw_items.h"

namespace alignlab {

class Extractor {
 public:
  virtual ~Extractor() = default;
  /// One row an item. The bits do not depend on `threads`.
  virtual Features extract(const RawItems& items, int threads, Progress& progress) const = 0;
  /// Writes what fitting learned, under `group`.
  virtual void save(H5File& file, const std::string& group) const = 0;
};

class FeatureKind {
 public:
  virtual ~FeatureKind() = default;
  /// Whether what fit() leaves depends on the training items: then there must be some.
  virtual bool learns() const { return true; }
  virtual std::unique_ptr<Extractor> fit(const RawItems& train, int threads,
                                         Progress& progress) const = 0;
  virtual std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const = 0;
};

struct FeatureRow {
  std::string name;
  std::string summary;
  Options options;
  std::vector<Modality> modalities;
  FeatureForm form = FeatureForm::kDense;
};

const std::vector<FeatureRow>& feature_catalog();

/// A kind as configs write it: one name, or several joined by '+', whose dense rows stand side by
/// side. Options are the union; an option that several parts have is shared.
struct FeatureSpec {
  std::string kind;
  Section options;
  bool operator==(const FeatureSpec&) const = default;
};

/// "a", "b" of "a+b".
std::vector<std::string> parts_of_kind(const std::string& kind);

/// The catalog rows of "a+b", in order. ConfigError for an unknown kind, a kind that does not fit
/// the modality, a sparse kind in a combination, or kinds in one that mean different things by an
/// option of the same name.
std::vector<const FeatureRow*> feature_rows(const std::string& kind, Modality modality,
                                            const Place& place);
/// All options of "a+b", each once, with the choices that all have; every kind has `scale`, applied
/// to the joined rows.
Options feature_options(const std::vector<const FeatureRow*>& rows);

/// ConfigError for options that are right each by itself, but not together.
void check_features(const FeatureSpec& spec, const Place& place);

/// The content hash of each file that an option names, by option; empty for a file that cannot be
/// read, which whoever reads it will say.
std::map<std::string, std::string> files_of(const FeatureSpec& spec);

/// Whether one of its parts reads a stored feature.
bool reads_stored_feature(const FeatureSpec& spec);

/// Defined in the library of makers.
std::unique_ptr<FeatureKind> make_feature_kind(const FeatureSpec& spec);
/// Name and version of what the feature kinds compute with.
std::map<std::string, std::string> feature_libraries();

}  // namespace alignlab
