#include "doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/lines.h"
#include "doctor/examination.h"

namespace alignlab {
namespace doctor {
namespace {

constexpr std::size_t kMostExamples = 5;
constexpr std::size_t kItemsAStep = 256;
constexpr std::size_t kLongestName = 200;

constexpr FindingKind kFeaturesOnly{
    "{}-features-only", Severity::kNote,
    "No content is stored: only their stored features can be used, nothing can be extracted."};
constexpr FindingKind kNothingStored{
    "nothing-of-{}-items", Severity::kWarning,
    "They have neither content nor features: add features, or no experiment can use them."};

}  // namespace

void Examination::find_in(Modality modality, const FindingKind& kind, std::string example,
                          std::size_t cases) {
  std::string code(kind.code);
  code.replace(code.find("{}"), 2, name_of(modality));
  add(std::move(code), kind, cases, std::move(example));
}

void Examination::add(std::string code, const FindingKind& kind, std::size_t cases,
                      std::string example) {
  auto found = std::ranges::find(inspection.findings, code, &Finding::code);
  if (found == inspection.findings.end()) {
    inspection.findings.push_back({std::move(code), kind.severity, 0, {}, std::string(kind.hint)});
    found = std::prev(inspection.findings.end());
  }
  found->count += cases;
  if (found->examples.size() < kMostExamples) found->examples.push_back(std::move(example));
}

void Examination::step(std::size_t item) {
  if (item % kItemsAStep == 0) progress.check();
  progress.advance(1);
}

std::string Examination::id(Modality modality, std::size_t item) const {
  return in_quotes(dataset.items(modality).ids[item]);
}

std::string Examination::id_and_split(Modality modality, std::size_t item) const {
  const Split split = dataset.items(modality).splits[item];
  return fmt::format("{} ({})", id(modality, item), name_of(split));
}

std::string Examination::ids(Modality modality, std::size_t one, std::size_t other) const {
  return fmt::format("{} and {}", id(modality, one), id(modality, other));
}

std::string Examination::ids_and_splits(Modality modality, std::size_t one,
                                        std::size_t other) const {
  return fmt::format("{} and {}", id_and_split(modality, one), id_and_split(modality, other));
}

std::string in_quotes(std::string_view text) { return "'" + excerpt(text) + "'"; }

void find_no_content(Examination& examination, Modality modality) {
  const std::size_t count = examination.dataset.items(modality).size();
  if (count == 0) return;
  const bool has_features = !examination.dataset.feature_names(modality).empty();
  examination.find_in(modality, has_features ? kFeaturesOnly : kNothingStored,
                      examination.id(modality, 0), count);
}

bool in_two_splits(const Items& items, std::size_t one, std::size_t other) {
  return items.splits[one] != items.splits[other] && items.splits[one] != Split::kNone &&
         items.splits[other] != Split::kNone;
}

}  // namespace doctor

Inspection inspect(const Dataset& dataset, Progress& progress, const Decoder& decoder) {
  doctor::Examination examination(dataset, progress);
  examination.inspection.name = excerpt(dataset.name(), doctor::kLongestName);
  examination.inspection.content_hash = dataset.content_hash();
  doctor::examine_items(examination);
  const doctor::Presence presence = doctor::examine_contents(examination, decoder);
  doctor::examine_texts(examination);
  doctor::examine_groups(examination, presence);
  doctor::examine_feature_rows(examination);
  doctor::examine_pairing(examination);
  std::ranges::stable_sort(examination.inspection.findings, std::greater<>(), &Finding::severity);
  return std::move(examination.inspection);
}

bool has_errors(const Inspection& inspection) {
  return std::ranges::any_of(inspection.findings, [](const Finding& finding) {
    return finding.severity == Severity::kError;
  });
}

}  // namespace alignlab
