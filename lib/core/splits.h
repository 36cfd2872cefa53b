#pragma once

// The parts of a data set, as distinct types: a function that fits takes a TrainSplit and makes
// its choices on a DevSplit, so that fitting on test does not compile.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/features.h"
#include "core/modality.h"

namespace alignlab {

enum class Split : std::uint8_t { kNone = 0, kTrain = 1, kDev = 2, kTest = 3 };

inline constexpr std::array kSplits{Split::kNone, Split::kTrain, Split::kDev, Split::kTest};

constexpr std::string_view name_of(Split split) {
  switch (split) {
    case Split::kNone:
      return "none";
    case Split::kTrain:
      return "train";
    case Split::kDev:
      return "dev";
    case Split::kTest:
      return "test";
  }
  return "";
}

constexpr std::optional<Split> split_from(std::string_view name) {
  for (Split split : kSplits) {
    if (name_of(split) == name) return split;
  }
  return std::nullopt;
}

/// The items of one modality: row i of `features` belongs to group `groups[i]`. Items of two
/// modalities are a pair when their groups are equal; nothing else says what belongs together.
struct ModalityItems {
  Modality modality = Modality::kImage;
  Features features;
  std::vector<std::int32_t> groups;
};

/// Both sides of one split. `first` is the modality that comes first in kModalities.
struct SplitItems {
  ModalityItems first;
  ModalityItems second;
};

template <Split kSplit>
class ItemsOf {
 public:
  explicit ItemsOf(SplitItems items) : items_(std::move(items)) {}
  const ModalityItems& first() const { return items_.first; }
  const ModalityItems& second() const { return items_.second; }

 private:
  SplitItems items_;
};

using TrainSplit = ItemsOf<Split::kTrain>;
using DevSplit = ItemsOf<Split::kDev>;
using TestSplit = ItemsOf<Split::kTest>;

}  // namespace alignlab
