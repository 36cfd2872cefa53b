#pragma once

// What is wrong, or looks wrong, with a data set: findings with a severity, examples and a hint.

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
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
};

struct ModalityReport {
  std::size_t items = 0;
  std::map<std::string, std::size_t> splits;
  std::map<std::string, std::size_t> features;  // name -> width
};

struct Inspection {
  std::string name;
  std::string content_hash;
  std::map<std::string, ModalityReport> modalities;
  /// How many image groups have n captions.
  std::map<std::size_t, std::size_t> captions_per_image;
  std::vector<Finding> findings;
};

Inspection inspect(const Dataset& dataset, Progress& progress);
nlohmann::json to_json(const Inspection& inspection);
std::string to_text(const Inspection& inspection);

}  // namespace alignlab
