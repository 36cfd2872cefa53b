// Counts of items, groups and features, and what each item says of itself: id, split, label.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>

#include "core/lines.h"
#include "doctor/examination.h"

namespace alignlab::doctor {
namespace {

constexpr FindingKind kDuplicateIds{
    "duplicate-ids", Severity::kError,
    "Items are looked up by id: give each of a modality its own and import again."};
constexpr FindingKind kItemsOfNoSplit{
    "items-of-no-split", Severity::kWarning,
    "They take no part in training or evaluation; list them in a split to use them."};
constexpr FindingKind kNoTrainSplit{"no-train-split", Severity::kNote,
                                    "Nothing can be fitted on it."};
constexpr FindingKind kNoDevSplit{"no-dev-split", Severity::kNote,
                                  "Epochs and thresholds have nothing to be chosen on."};
constexpr FindingKind kOneModality{
    "one-modality", Severity::kNote,
    "Nothing can be aligned: import what belongs to these items along with them."};
constexpr FindingKind kLabelsWithoutTrainItems{
    "labels-without-train-items", Severity::kWarning,
    "Nothing of these classes is trained on: what is tested is transfer to unseen classes."};
constexpr FindingKind kItemsWithoutLabel{
    "items-without-label", Severity::kNote,
    "Others of their modality have one; by class labels nothing is relevant to these."};

std::map<std::string, std::size_t> zero_a_split() {
  std::map<std::string, std::size_t> counts;
  for (const Split split : kSplits) counts[std::string(name_of(split))] = 0;
  return counts;
}

GroupCounts count_groups(const Items& items) {
  GroupCounts counts{0, zero_a_split()};
  counts.total = std::set<std::int32_t>(items.groups.begin(), items.groups.end()).size();
  for (const Split split : kSplits) {
    std::unordered_set<std::int32_t> seen;
    for (const std::size_t item : items.of_split(split)) seen.insert(items.groups[item]);
    counts.splits[std::string(name_of(split))] = seen.size();
  }
  return counts;
}

void count_items(Examination& examination, Modality modality) {
  const Dataset& dataset = examination.dataset;
  const Items& items = dataset.items(modality);
  ModalityReport& report = examination.inspection.modalities[std::string(name_of(modality))];
  report.items = items.size();
  report.splits = zero_a_split();
  for (const Split split : items.splits) ++report.splits[std::string(name_of(split))];
  for (const std::string& name : dataset.feature_names(modality)) {
    const Shape shape = dataset.file().shape(dataset.feature_array(modality, name));
    report.features[name] = static_cast<std::size_t>(shape[1]);
  }
  report.groups = count_groups(items);
}

void check_ids(Examination& examination, Modality modality) {
  const Items& items = examination.dataset.items(modality);
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!seen.insert(items.ids[i]).second) {
      examination.find(kDuplicateIds, examination.id(modality, i));
    }
    if (items.splits[i] == Split::kNone) {
      examination.find(kItemsOfNoSplit, examination.id(modality, i));
    }
  }
}

/// Counts items by label; sets `trained` for the labels that an item of train has.
void count_labels(Examination& examination, Modality modality, std::vector<bool>& trained) {
  const Items& items = examination.dataset.items(modality);
  const StringColumn& names = examination.dataset.label_names();
  auto& counts = examination.inspection.modalities[std::string(name_of(modality))].labels;
  for (std::size_t i = 0; i < items.labels.size(); ++i) {
    if (items.labels[i] < 0) {
      examination.find(kItemsWithoutLabel, examination.id(modality, i));
      continue;
    }
    const auto label = static_cast<std::size_t>(items.labels[i]);
    ++counts[excerpt(names[label])];
    if (items.splits[i] == Split::kTrain) trained[label] = true;
  }
}

void check_labels(Examination& examination) {
  const StringColumn& names = examination.dataset.label_names();
  std::vector<bool> trained(names.size());
  for (const Modality modality : examination.dataset.modalities()) {
    count_labels(examination, modality, trained);
  }
  for (std::size_t label = 0; label < names.size(); ++label) {
    if (!trained[label]) examination.find(kLabelsWithoutTrainItems, in_quotes(names[label]));
  }
}

void check_splits(Examination& examination) {
  const auto has_items_in = [&](Split split) {
    return std::ranges::any_of(examination.dataset.modalities(), [&](Modality modality) {
      return std::ranges::count(examination.dataset.items(modality).splits, split) > 0;
    });
  };
  const std::string name = in_quotes(examination.dataset.name());
  if (!has_items_in(Split::kTrain)) examination.find(kNoTrainSplit, name);
  if (!has_items_in(Split::kDev)) examination.find(kNoDevSplit, name);
}

void check_modalities(Examination& examination) {
  const std::vector<Modality> modalities = examination.dataset.modalities();
  if (modalities.size() != 1) return;
  examination.find(kOneModality, fmt::format("only {} items", name_of(modalities[0])));
}

void count_judgements(Examination& examination) {
  const auto judgements = examination.dataset.judgements();
  if (!judgements) return;
  const std::set<std::int64_t> queries(judgements->queries.begin(), judgements->queries.end());
  examination.inspection.judgements = JudgementCounts{
      judgements->queries.size(), queries.size(), std::string(name_of(judgements->query_modality)),
      std::string(name_of(judgements->candidate_modality))};
}

}  // namespace

void examine_items(Examination& examination) {
  for (const Modality modality : examination.dataset.modalities()) {
    count_items(examination, modality);
    check_ids(examination, modality);
  }
  check_labels(examination);
  check_splits(examination);
  check_modalities(examination);
  count_judgements(examination);
}

}  // namespace alignlab::doctor
