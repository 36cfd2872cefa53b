#pragma once

// From a data set to the embeddings of one fitted model, through the store:
//
//   extractor(train) -> features(split) -> model -> embeddings(split)

#include <optional>
#include <string>

#include "data/dataset.h"
#include "run/feature_stages.h"
#include "run/spec.h"
#include "run/stages.h"

namespace alignlab {

class EmbeddingStages {
 public:
  /// `spec` is no ensemble. All references must outlive it.
  EmbeddingStages(const TrialSpec& spec, const Dataset& dataset, Stages& stages);

  /// Fits the model, or finds it, the first time. Arrays /image, /text, ...: row i is item i of the
  /// split. The attribute embed_s holds the seconds it took.
  Artifact embeddings(Split split);
  /// The attribute fit_s holds the seconds it took.
  const Artifact& model();

 private:
  nlohmann::json numerics() const;
  Artifact fit();
  ModalityItems load(const FeatureSide& from, Split split, const Artifact& artifact) const;
  TrainSplit train_split(const Artifact& first, const Artifact& second) const;
  std::unique_ptr<Aligner> aligner() const;

  const TrialSpec& spec_;
  const Dataset& dataset_;
  Stages& stages_;
  std::string device_;
  int threads_;
  FeatureStages features_;
  std::optional<FeatureSide> first_;
  std::optional<FeatureSide> second_;
  std::optional<Artifact> model_;
};

/// The array of a modality in an embeddings artifact.
std::string array_of(Modality modality);

/// A key that misses something its stage reads would show here, before it could mispair rows.
void require_rows(const Artifact& artifact, std::size_t rows, std::size_t items);

}  // namespace alignlab
