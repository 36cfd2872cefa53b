// Texts that say nothing, or what others say already.

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "core/folding.h"
#include "doctor/examination.h"
#include "doctor/fingerprint.h"

namespace alignlab::doctor {
namespace {

constexpr FindingKind kNearlyEmpty{
    "nearly-empty-texts", Severity::kWarning,
    "A text of at most one character says nothing: its embedding is arbitrary or zero."};
constexpr FindingKind kSamePairInTwoSplits{
    "same-pair-in-two-splits", Severity::kError,
    "The same caption of the same item is trained on and tested: keep it in one split."};
constexpr FindingKind kDuplicates{
    "duplicate-captions", Severity::kWarning,
    "An item has the same caption twice: it counts twice in training and in the metrics."};
constexpr FindingKind kNearDuplicates{
    "near-duplicate-captions", Severity::kNote,
    "An item has captions that differ in case, punctuation and spaces only."};
constexpr FindingKind kSharedInTwoSplits{
    "shared-captions-in-two-splits", Severity::kWarning,
    "Items of two splits have the same caption: what is learned from one is tested on the other."};
constexpr FindingKind kNearInTwoSplits{
    "near-captions-in-two-splits", Severity::kWarning,
    "But for case, punctuation and spaces, items of two splits have the same caption."};
constexpr FindingKind kShared{
    "shared-captions", Severity::kNote,
    "Items share a caption, but only the one it was written for counts as right."};
constexpr FindingKind kNearShared{
    "near-shared-captions", Severity::kNote,
    "But for case, punctuation and spaces, items share a caption; one of them counts as right."};

bool is_nearly_empty(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return true;
  text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  return std::ranges::count_if(text, [](char c) {
           return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // starts a character
         }) <= 1;
}

class TextCheck {
 public:
  explicit TextCheck(Examination& examination)
      : examination_(examination), items_(examination.dataset.items(Modality::kText)) {}

  void run() {
    read();
    for (const std::vector<std::size_t>& same : repeated(exact_)) check_same(same);
    for (const Fingerprint& one : exact_) exact_of_[one.item] = one.hash;
    for (const std::vector<std::size_t>& same : repeated(std::move(folded_))) check_near(same);
  }

 private:
  void read() {
    const auto raw = examination_.dataset.raw(Modality::kText);
    exact_of_.resize(raw->size());
    examination_.progress.begin("reading texts", raw->size(), "items");
    for (std::size_t i = 0; i < raw->size(); ++i) {
      examination_.step(i);
      const std::string text = raw->content(i);
      // Empty ones are a finding of their own, and would all be each other's duplicates.
      if (is_nearly_empty(text)) {
        examination_.find(kNearlyEmpty, examination_.id(Modality::kText, i));
        continue;
      }
      exact_.push_back({hash_of(text), i});
      const std::string words = folded_words(text);
      if (!words.empty()) folded_.push_back({hash_of(words), i});
    }
    examination_.progress.end();
  }

  std::string ids(std::size_t one, std::size_t other) const {
    return examination_.ids(Modality::kText, one, other);
  }
  std::string ids_and_splits(std::size_t one, std::size_t other) const {
    return examination_.ids_and_splits(Modality::kText, one, other);
  }

  void check_same(const std::vector<std::size_t>& same) {
    std::unordered_map<std::int32_t, std::size_t> first_of_group;
    for (const std::size_t item : same) {
      const auto [first, is_new] = first_of_group.try_emplace(items_.groups[item], item);
      if (is_new) continue;
      if (in_two_splits(items_, first->second, item)) {
        examination_.find(kSamePairInTwoSplits, ids_and_splits(first->second, item));
      } else {
        examination_.find(kDuplicates, ids(first->second, item));
      }
    }
    find_shared(same, kShared, kSharedInTwoSplits, [](std::size_t, std::size_t) { return true; });
  }

  /// Of texts that are the same but for their looks, those that look the same are told already.
  void check_near(const std::vector<std::size_t>& near) {
    const auto look_differs = [this](std::size_t one, std::size_t other) {
      return exact_of_[one] != exact_of_[other];
    };
    std::unordered_map<std::int32_t, std::vector<std::size_t>> looks_of_group;
    for (const std::size_t item : near) {
      std::vector<std::size_t>& looks = looks_of_group[items_.groups[item]];
      const bool is_new = std::ranges::all_of(
          looks, [&](std::size_t earlier) { return look_differs(earlier, item); });
      if (!is_new) continue;
      if (!looks.empty()) examination_.find(kNearDuplicates, ids(looks[0], item));
      looks.push_back(item);
    }
    find_shared(near, kNearShared, kNearInTwoSplits, look_differs);
  }

  /// One case for a text that several images have, by its first pair that `counts`: one of two
  /// splits if there is any.
  template <typename Counts>
  void find_shared(const std::vector<std::size_t>& same, const FindingKind& note,
                   const FindingKind& leak, const Counts& counts) {
    std::optional<std::pair<std::size_t, std::size_t>> shared;
    // Against a few of the first only: a caption that thousands share needs no million of pairs.
    constexpr std::size_t kHeldAgainst = 16;
    for (std::size_t i = 0; i < std::min(same.size(), kHeldAgainst); ++i) {
      for (std::size_t j = i + 1; j < same.size(); ++j) {
        if (items_.groups[same[i]] == items_.groups[same[j]] || !counts(same[i], same[j])) continue;
        if (in_two_splits(items_, same[i], same[j])) {
          examination_.find(leak, ids_and_splits(same[i], same[j]));
          return;
        }
        if (!shared) shared = {same[i], same[j]};
      }
    }
    if (shared) examination_.find(note, ids(shared->first, shared->second));
  }

  Examination& examination_;
  const Items& items_;
  std::vector<Fingerprint> exact_;
  std::vector<Fingerprint> folded_;
  std::vector<Hash128> exact_of_;
};

}  // namespace

void examine_texts(Examination& examination) {
  const Dataset& dataset = examination.dataset;
  if (!dataset.has(Modality::kText)) return;
  if (!dataset.has_content(Modality::kText)) {
    find_no_content(examination, Modality::kText);
    return;
  }
  TextCheck(examination).run();
}

}  // namespace alignlab::doctor
