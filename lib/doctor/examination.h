#pragma once

// What the checks of the doctor share: the data set, and where findings go. A check is a function
// that reads the data set and adds to the inspection; none depends on what another has found but
// where its arguments say so.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/progress.h"
#include "data/dataset.h"
#include "doctor/doctor.h"

namespace alignlab::doctor {

struct FindingKind {
  std::string_view code;  // "{}" stands for a modality
  Severity severity = Severity::kNote;
  std::string_view hint;
};

class Examination {
 public:
  Examination(const Dataset& data, Progress& listener) : dataset(data), progress(listener) {}

  /// Counts cases of a finding, of which one example is told; the first few examples are kept.
  void find(const FindingKind& kind, std::string example, std::size_t cases = 1) {
    add(std::string(kind.code), kind, cases, std::move(example));
  }
  /// For a finding whose code names the modality.
  void find_in(Modality modality, const FindingKind& kind, std::string example,
               std::size_t cases = 1);
  /// To be called before each item: counts it, and listens whether to stop now and then.
  void step(std::size_t item);

  /// The id in quotes, fit for a line of text.
  std::string id(Modality modality, std::size_t item) const;
  /// "'a.jpg' (train)".
  std::string id_and_split(Modality modality, std::size_t item) const;
  /// "'a' and 'b'".
  std::string ids(Modality modality, std::size_t one, std::size_t other) const;
  std::string ids_and_splits(Modality modality, std::size_t one, std::size_t other) const;

  const Dataset& dataset;
  Progress& progress;
  Inspection inspection;

 private:
  void add(std::string code, const FindingKind& kind, std::size_t cases, std::string example);
};

std::string in_quotes(std::string_view text);
/// Items of no split leak nothing.
bool in_two_splits(const Items& items, std::size_t one, std::size_t other);

/// Which items have content: a flag an item for modalities that have any.
using Presence = std::map<Modality, std::vector<bool>>;

/// One finding for a modality of which no item has content.
void find_no_content(Examination& examination, Modality modality);

/// Counts of items, groups and features; ids, splits and labels.
void examine_items(Examination& examination);
/// Images and sounds: missing, changed, unreadable, and the same ones.
Presence examine_contents(Examination& examination, const Decoder& decoder);
/// Texts: empty, the same, nearly the same.
void examine_texts(Examination& examination);
/// What belongs together: partners, captions of each, leaks between splits.
void examine_groups(Examination& examination, const Presence& presence);
/// Values of stored features.
void examine_feature_rows(Examination& examination);
/// The order of stored features.
void examine_pairing(Examination& examination);

}  // namespace alignlab::doctor
