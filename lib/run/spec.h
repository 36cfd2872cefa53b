#pragma once

// A trial, resolved: every option has its value, checked against the catalogs. Printable,
// hashable, and all that a worker needs to run it.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/splits.h"
#include "eval/evaluation.h"
#include "features/feature_kind.h"

namespace alignlab {

struct TrialSpec {
  std::string case_name;
  /// What tells this trial's row from others of its case: axes that vary, but not the seed.
  std::vector<std::pair<std::string, std::string>> axes;
  std::int64_t seed = 0;
  std::filesystem::path dataset;
  /// The two modalities to align, in the order of kModalities.
  Modality first = Modality::kImage;
  Modality second = Modality::kText;
  FeatureSpec first_features;
  FeatureSpec second_features;
  std::string aligner;
  Section aligner_options;
  Section train;
  Section eval;
  /// Of an ensemble: the trials whose scores it adds, and the weight of each. It has no features
  /// and no aligner of its own.
  std::vector<TrialSpec> members;
  std::vector<double> weights;

  bool is_ensemble() const { return !members.empty(); }
  /// The fitted models that it takes: itself, or its members.
  std::vector<const TrialSpec*> models() const;
  /// "CLIP (aligner.temperature=0.03)": the table's row.
  std::string row() const;
  Split split() const;
  bool operator==(const TrialSpec&) const = default;
};

nlohmann::json to_json(const TrialSpec& spec);
TrialSpec spec_from_json(const nlohmann::json& json);

/// Names the trial: the data that it reads (`content`, see content_read()), features, aligner,
/// train, evaluation and seed; not its case or row, not the list of metrics.
std::string trial_id(const TrialSpec& spec, const std::string& content);
/// Of everything that a record depends on but the machine: also metrics, stage versions and the
/// files that options name.
std::string spec_hash(const TrialSpec& spec, const std::string& content);

/// The options of the sections that are not catalogs, for `list` and for resolving.
const Options& train_options();
const Options& eval_options();
/// Those of [eval] that are applied to ranks once these are found: they name no stage before.
inline const std::vector<std::string> kEvaluatedAfterwards{
    "metrics", "ties", "intervals", "interval_level", "resamples", "measures"};
/// Nothing where none are asked for.
std::optional<IntervalRequest> intervals_asked(const Section& eval);

}  // namespace alignlab
