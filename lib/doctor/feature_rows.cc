// Values of stored features that no similarity can use, or that tell items apart no more.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "doctor/examination.h"
#include "doctor/feature_slabs.h"
#include "doctor/fingerprint.h"

namespace alignlab::doctor {
namespace {

constexpr FindingKind kNotFinite{
    "not-finite-rows", Severity::kError,
    "Evaluation refuses NaN and infinity: compute these features again."};
constexpr FindingKind kZero{"zero-rows", Severity::kWarning,
                            "Under cosine they score 0 with everything; is there an item behind "
                            "them?"};
constexpr FindingKind kConstant{"constant-rows", Severity::kWarning,
                                "All columns are equal: under Pearson they score 0 with "
                                "everything."};
constexpr FindingKind kRepeated{
    "repeated-rows", Severity::kNote,
    "Items of different groups have the same features, bit for bit, and cannot be told apart."};
constexpr FindingKind kConstantColumns{
    "constant-columns", Severity::kNote,
    "They are the same in every row and carry nothing; more than a few mean a fault in extraction. "
    "Of sounds, bands above what was recorded are constant: extract with a lower rate=HZ."};

class RowCheck {
 public:
  RowCheck(Examination& examination, Modality modality, std::string name)
      : examination_(examination), modality_(modality), name_(std::move(name)) {}

  void run() {
    const Dataset& dataset = examination_.dataset;
    const std::string array = dataset.feature_array(modality_, name_);
    const Shape shape = dataset.file().shape(array);
    examination_.progress.begin("reading " + name_, shape[0], "rows");
    visit_feature_rows(
        dataset, array, examination_.progress, [](std::uint64_t) { return true; },
        [this](std::uint64_t row, std::span<const float> values) { check(row, values); });
    examination_.progress.end();
    compare();
    if (shape[0] > 1) tell_constant_columns();
  }

 private:
  std::string place(std::uint64_t row) const {
    return fmt::format("{} row {} ({})", name_, row, examination_.id(modality_, row));
  }

  void check(std::uint64_t row, std::span<const float> values) {
    compare_with_first(row, values);
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
      examination_.find(kNotFinite, place(row));
      return;
    }
    if (std::ranges::all_of(values, [](float value) { return value == 0.0F; })) {
      examination_.find(kZero, place(row));
      return;
    }
    if (values.size() > 1 &&
        std::ranges::all_of(values, [&](float value) { return value == values[0]; })) {
      examination_.find(kConstant, place(row));
    }
    const auto bytes = std::as_bytes(values);
    rows_.push_back({hash_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), row});
  }

  void compare_with_first(std::uint64_t row, std::span<const float> values) {
    if (row == 0) {
      first_.assign(values.begin(), values.end());
      varies_.assign(values.size(), 0);
    }
    for (std::size_t j = 0; j < values.size(); ++j) {
      // NaN differs from everything, and is a finding of its own.
      varies_[j] |= static_cast<std::uint8_t>(values[j] != first_[j]);
    }
  }

  void compare() {
    const Items& items = examination_.dataset.items(modality_);
    for (const std::vector<std::size_t>& same : repeated(std::move(rows_))) {
      const auto other = std::ranges::find_if(
          same, [&](std::size_t row) { return items.groups[row] != items.groups[same[0]]; });
      if (other == same.end()) continue;
      examination_.find(kRepeated, fmt::format("{} rows {} and {} ({})", name_, same[0], *other,
                                               examination_.ids(modality_, same[0], *other)));
    }
  }

  void tell_constant_columns() {
    const auto constant = static_cast<std::size_t>(std::ranges::count(varies_, 0));
    if (constant == 0) return;
    examination_.find(kConstantColumns,
                      fmt::format("{}: {} of {}", name_, constant, varies_.size()), constant);
  }

  Examination& examination_;
  Modality modality_;
  std::string name_;
  std::vector<Fingerprint> rows_;
  std::vector<float> first_;
  std::vector<std::uint8_t> varies_;
};

}  // namespace

void examine_feature_rows(Examination& examination) {
  for (const Modality modality : examination.dataset.modalities()) {
    for (const std::string& name : examination.dataset.feature_names(modality)) {
      RowCheck(examination, modality, name).run();
    }
  }
}

}  // namespace alignlab::doctor
