#include "run/trial_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "align/aligner.h"
#include "core/error.h"
#include "core/hash.h"
#include "data/protocol.h"
#include "run/judged_pairs.h"
#include "run/label_budget.h"

namespace alignlab {
namespace {

bool has_items(const Dataset& dataset, const TrialSpec& spec, Split split) {
  return !dataset.groups(spec.first, split).empty() && !dataset.groups(spec.second, split).empty();
}

/// "train 800, dev 100": the splits that a modality has items in.
std::string splits_of(const Dataset& dataset, Modality modality) {
  std::vector<std::string> known;
  for (const Split split : {Split::kTrain, Split::kDev, Split::kTest, Split::kNone}) {
    const std::size_t count = dataset.groups(modality, split).size();
    if (count > 0) known.push_back(fmt::format("{} {}", name_of(split), count));
  }
  return fmt::format("{}", fmt::join(known, ", "));
}

void require_split(const Dataset& dataset, const TrialSpec& spec, Split split,
                   const std::string& hint) {
  for (const Modality modality : {spec.first, spec.second}) {
    dataset.items(modality);
    if (!dataset.groups(modality, split).empty()) continue;
    throw DataError(fmt::format("{}: split {} has no {} items ({}){}", spec.dataset.string(),
                                name_of(split), name_of(modality), splits_of(dataset, modality),
                                hint));
  }
}

/// What fitting and embedding take.
void require_model_data(const Dataset& dataset, const TrialSpec& spec) {
  if (find_row(aligner_catalog(), spec.aligner, "aligner", {}).learns) {
    require_split(dataset, spec, Split::kTrain,
                  fmt::format("; '{}' learns from train", spec.aligner));
  }
  for (const auto& [modality, features] :
       {std::pair(spec.first, spec.first_features), std::pair(spec.second, spec.second_features)}) {
    if (reads_stored_feature(features)) {
      dataset.feature_array(modality, features.options.text("name"));
    }
  }
  const std::size_t groups = paired_groups(dataset.groups(spec.first, Split::kTrain),
                                           dataset.groups(spec.second, Split::kTrain));
  const auto budget = static_cast<std::size_t>(spec.train.integer("label_budget"));
  if (budget <= groups) return;
  throw DataError(fmt::format(
      "{}: train.label_budget: expected at most {}, the groups of train "
      "that have {} and {} items, found {}",
      spec.dataset.string(), groups, name_of(spec.first), name_of(spec.second), budget));
}

bool reads_judgements(const TrialSpec& spec) {
  const std::vector<std::string> measures = spec.eval.texts("measures");
  return spec.eval.text("positives") != "pairs" ||
         std::ranges::find(measures, "judgements") != measures.end();
}

}  // namespace

std::string where_looked(const std::filesystem::path& path) {
  if (path.is_absolute()) return "";
  return fmt::format(" (looked for in {})", std::filesystem::current_path().string());
}

Dataset open_dataset(const TrialSpec& spec) {
  std::error_code error;
  if (!std::filesystem::exists(spec.dataset, error)) {
    throw DataError(
        fmt::format("{}: no such file{}", spec.dataset.string(), where_looked(spec.dataset)));
  }
  return Dataset::open(spec.dataset);
}

std::string content_read(const Dataset& dataset, Modality modality, const FeatureSpec& features) {
  std::string hash = dataset.hash_of_raw(modality);
  if (reads_stored_feature(features)) {
    hash += dataset.hash_of_feature(modality, features.options.text("name"));
  }
  return hash;
}

std::string content_read(const Dataset& dataset, const TrialSpec& spec) {
  std::string all;
  for (const TrialSpec* model : spec.models()) {
    all += content_read(dataset, model->first, model->first_features) +
           content_read(dataset, model->second, model->second_features);
  }
  if (reads_judgements(spec)) all += dataset.hash_of_judgements();
  return hash_of(all).hex();
}

std::string content_evaluated(const Dataset& dataset, const TrialSpec& spec) {
  std::string all = dataset.hash_of_raw(spec.first) + dataset.hash_of_raw(spec.second);
  if (spec.eval.text("positives") != "pairs") all += dataset.hash_of_judgements();
  return hash_of(all).hex();
}

void require_data(const Dataset& dataset, const TrialSpec& spec) {
  for (const TrialSpec* model : spec.models()) require_model_data(dataset, *model);
  const Split other = spec.split() == Split::kTest ? Split::kDev : Split::kTest;
  require_split(
      dataset, spec, spec.split(),
      has_items(dataset, spec, other)
          ? fmt::format("; [eval] split = \"{}\" evaluates on {}", name_of(other), name_of(other))
          : "");
  if (spec.is_ensemble()) {
    require_split(dataset, spec, Split::kDev, "; an ensemble takes the scales of scores from dev");
  }
  if (spec.eval.text("correction") != "none" && spec.eval.text("correction_bank") == "train") {
    require_split(dataset, spec, Split::kTrain,
                  "; eval.correction takes its bank from there unless eval.correction_bank says "
                  "otherwise");
  }
  if (spec.eval.text("positives") != "pairs" &&
      judged_pairs(dataset, spec.first, spec.second, spec.split()).empty()) {
    throw DataError(fmt::format(
        "{}: split {} has no judgements of {} and {} items; eval.positives = \"{}\" reads them "
        "('alignlab add-judgements' stores them)",
        spec.dataset.string(), name_of(spec.split()), name_of(spec.first), name_of(spec.second),
        spec.eval.text("positives")));
  }
  protocol_folds(spec.eval.text("protocol"), dataset, spec.first, spec.second, spec.split());
}

}  // namespace alignlab
