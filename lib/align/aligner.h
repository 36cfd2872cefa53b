#pragma once

// What an alignment method is: fit() learns from the training split (choosing on dev) and leaves an
// Encoder, which maps features of either modality to one space where matching items are similar.
// An unfitted encoder does not exist.
//
// No torch here. The catalog is what configs are checked against; the makers live in a library
// that only the worker links. Both read aligners.def.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/features.h"
#include "core/hdf5.h"
#include "core/modality.h"
#include "core/progress.h"
#include "core/splits.h"

namespace alignlab {

class Encoder {
 public:
  virtual ~Encoder() = default;
  /// One row an item, all of one width, finite. DataError if the features are not as wide as those
  /// it was fitted on.
  virtual Matrix embed(Modality modality, const Features& features) const = 0;
  virtual void save(H5File& file, const std::string& group) const = 0;
};

class Aligner {
 public:
  virtual ~Aligner() = default;
  /// Same splits, same seed, same device and threads: the same bits. An empty dev split means that
  /// there is nothing to choose on: training runs its full course. Throws Interrupted when
  /// `progress` is cancelled.
  virtual std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit& dev,
                                       std::uint64_t seed, Progress& progress) const = 0;
  virtual std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const = 0;
};

struct AlignerRow {
  std::string name;
  std::string summary;
  Options options;
  bool learns = true;              // false: a floor, a ceiling or a pass-through, not a method
  bool draws = true;               // false: the seed makes no difference
  std::vector<FeatureForm> forms;  // that it takes, on either side
};

const std::vector<AlignerRow>& aligner_catalog();

/// ConfigError for options that are each in range and cannot be together, or not with features of
/// these forms. `place` is where the aligner is named.
void check_aligner(const std::string& name, const Section& options,
                   const std::array<FeatureForm, 2>& forms, const Place& place);

/// Where, with how many threads and in what numbers to train.
struct TrainOptions {
  std::string device = "auto";  // "auto", "cpu", "cuda"
  int threads = 1;
  bool bf16 = false;  // products of layers in bfloat16, while networks are trained; else float32
};

/// Defined in the library of makers. `name` is in the catalog, `options` are resolved.
std::unique_ptr<Aligner> make_aligner(const std::string& name, const Section& options,
                                      const TrainOptions& train);
/// "cpu" or "cuda": what `asked` comes to here. ConfigError if it asks for CUDA and there is none.
/// Sets torch to one thread; fitting sets what it needs.
std::string training_device(const std::string& asked);
/// Name and version of what the aligners compute with.
std::map<std::string, std::string> aligner_libraries();

}  // namespace alignlab
