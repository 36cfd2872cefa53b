#pragma once

// What is wrong, or looks wrong, with a data set: counts, and findings with a severity, examples
// and a hint. Reads every text and feature row once or twice in slabs, and of images and sounds no
// more than tells whether the file is whole; memory is what the items' ids take, and some 100 MB.

#include <cstddef>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "data/dataset.h"

namespace alignlab {

enum class Severity { kNote, kWarning, kError };

struct Finding {
  std::string code;  // "leak-between-splits"
  Severity severity = Severity::kNote;
  std::size_t count = 0;
  std::vector<std::string> examples;  // at most five
  std::string hint;

  bool operator==(const Finding& other) const = default;
};

struct GroupCounts {
  std::size_t total = 0;
  std::map<std::string, std::size_t> splits;  // with an item in that split

  bool operator==(const GroupCounts& other) const = default;
};

struct ModalityReport {
  std::size_t items = 0;
  std::map<std::string, std::size_t> splits;
  std::map<std::string, std::size_t> features;  // name -> width
  GroupCounts groups;
  std::map<std::string, std::size_t> labels;  // name -> items; empty: the items have none

  bool operator==(const ModalityReport& other) const = default;
};

/// Whether stored features lie in the order of the items: how far, on groups that a quick fit did
/// not see, what is predicted from the features is more alike what belongs to them than to others.
struct PairingReport {
  std::string features;  // "image/net"
  std::string against;   // "captions", or other features
  std::size_t held_out = 0;
  double z = 0;  // deviations from a random pairing

  bool operator==(const PairingReport& other) const = default;
};

/// Features whose order was not checked, for want of groups of train that have both.
struct UncheckedPairing {
  std::string features;  // "image"
  std::string against;   // "captions", or another modality
  std::size_t groups = 0;
  std::size_t needed = 0;

  bool operator==(const UncheckedPairing& other) const = default;
};

struct JudgementCounts {
  std::size_t count = 0;
  std::size_t queries = 0;  // that are judged
  std::string query_modality;
  std::string candidate_modality;

  bool operator==(const JudgementCounts& other) const = default;
};

struct Inspection {
  std::string name;
  std::string content_hash;
  std::map<std::string, ModalityReport> modalities;
  /// How many groups with images (sounds) have n captions; empty without images (sounds) or texts.
  std::map<std::size_t, std::size_t> captions_per_image;
  std::map<std::size_t, std::size_t> captions_per_sound;
  std::optional<JudgementCounts> judgements;
  std::vector<PairingReport> pairing;
  std::vector<UncheckedPairing> unchecked;
  std::vector<Finding> findings;  // errors first

  bool operator==(const Inspection& other) const = default;
};

/// Takes the bytes of an image or a sound, and says what is wrong with them; nothing where they can
/// be decoded.
using Decoder = std::function<std::optional<std::string>(
    Modality modality, const std::string& bytes, const std::string& id)>;

/// Without a decoder, images and sounds are judged by their containers alone.
Inspection inspect(const Dataset& dataset, Progress& progress, const Decoder& decoder = nullptr);
bool has_errors(const Inspection& inspection);

nlohmann::json to_json(const Inspection& inspection);
/// Of what to_json() gave.
Inspection inspection_from(const nlohmann::json& json);
std::string to_text(const Inspection& inspection);

}  // namespace alignlab
