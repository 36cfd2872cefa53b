// What belongs together: that every item has a partner, and that no pair lies across splits.

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "doctor/examination.h"

namespace alignlab::doctor {
namespace {

constexpr FindingKind kImagesWithoutCaptions{"images-without-captions", Severity::kWarning,
                                             "They are only distractors in retrieval."};
constexpr FindingKind kSoundsWithoutCaptions{"sounds-without-captions", Severity::kWarning,
                                             "They are only distractors in retrieval."};
constexpr FindingKind kCaptionsWithoutItem{
    "captions-without-item", Severity::kWarning,
    "No image and no sound is of their group, so they belong to nothing: were their items left "
    "out?"};
constexpr FindingKind kCaptionsWithoutImageFile{
    "captions-without-image-file", Severity::kWarning,
    "Their image is not there; stored image features can still be used."};
constexpr FindingKind kLeak{
    "leak-between-splits", Severity::kError,
    "A pair lies across two splits, so what is tested was seen in training: put all items of a "
    "group in one split."};

struct ItemOf {
  Modality modality;
  std::size_t item;
};

/// What belongs to one group number, over all modalities.
struct Group {
  std::array<std::size_t, kModalities.size()> items{};
  bool has_image_file = false;
  std::optional<ItemOf> first_in_split;
  bool leaks = false;

  std::size_t count(Modality modality) const { return items[static_cast<std::size_t>(modality)]; }
};

class GroupCheck {
 public:
  GroupCheck(Examination& examination, const Presence& presence)
      : examination_(examination), dataset_(examination.dataset) {
    for (const Modality modality : dataset_.modalities()) {
      const Items& items = dataset_.items(modality);
      for (std::size_t i = 0; i < items.size(); ++i) {
        ++groups_[items.groups[i]].items[static_cast<std::size_t>(modality)];
      }
    }
    is_judged_ = dataset_.file().has("/judgements");
    const auto images = presence.find(Modality::kImage);
    if (images == presence.end()) return;
    for (std::size_t i = 0; i < images->second.size(); ++i) {
      if (!images->second[i]) continue;
      has_image_files_ = true;
      groups_[dataset_.items(Modality::kImage).groups[i]].has_image_file = true;
    }
  }

  void run() {
    count_captions(Modality::kImage, examination_.inspection.captions_per_image);
    count_captions(Modality::kAudio, examination_.inspection.captions_per_sound);
    for (const Modality modality : dataset_.modalities()) {
      const Items& items = dataset_.items(modality);
      for (std::size_t i = 0; i < items.size(); ++i) {
        Group& group = groups_.at(items.groups[i]);
        if (items.splits[i] != Split::kNone) check_leak(group, {modality, i});
        if (modality == Modality::kText) {
          check_caption(group, i);
        } else {
          check_captioned(group, {modality, i});
        }
      }
    }
  }

 private:
  void count_captions(Modality of, std::map<std::size_t, std::size_t>& counts) const {
    if (!dataset_.has(of) || !dataset_.has(Modality::kText)) return;
    for (const auto& [number, group] : groups_) {
      if (group.count(of) > 0) ++counts[group.count(Modality::kText)];
    }
  }

  void check_captioned(const Group& group, const ItemOf& one) {
    if (!dataset_.has(Modality::kText) || group.count(Modality::kText) > 0) return;
    // Vectors that judgements say the relevance of are not captions that each must have.
    if (is_judged_ && !dataset_.has_content(Modality::kText)) return;
    examination_.find(
        one.modality == Modality::kImage ? kImagesWithoutCaptions : kSoundsWithoutCaptions,
        examination_.id(one.modality, one.item));
  }

  void check_caption(const Group& group, std::size_t text) {
    const bool has_partners = dataset_.has(Modality::kImage) || dataset_.has(Modality::kAudio);
    const std::size_t images = group.count(Modality::kImage);
    if (has_partners && images + group.count(Modality::kAudio) == 0) {
      examination_.find(kCaptionsWithoutItem, examination_.id(Modality::kText, text));
    } else if (images > 0 && has_image_files_ && !group.has_image_file) {
      examination_.find(kCaptionsWithoutImageFile, examination_.id(Modality::kText, text));
    }
  }

  void check_leak(Group& group, const ItemOf& one) {
    if (!group.first_in_split) group.first_in_split = one;
    const ItemOf& first = *group.first_in_split;
    if (group.leaks || dataset_.items(first.modality).splits[first.item] ==
                           dataset_.items(one.modality).splits[one.item]) {
      return;
    }
    group.leaks = true;
    examination_.find(kLeak, examination_.id_and_split(first.modality, first.item) + " and " +
                                 examination_.id_and_split(one.modality, one.item));
  }

  Examination& examination_;
  const Dataset& dataset_;
  std::unordered_map<std::int32_t, Group> groups_;
  bool has_image_files_ = false;
  bool is_judged_ = false;
};

}  // namespace

void examine_groups(Examination& examination, const Presence& presence) {
  GroupCheck(examination, presence).run();
}

}  // namespace alignlab::doctor
