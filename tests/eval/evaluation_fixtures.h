#pragma once

// What tests of whole evaluations share.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "eval/evaluation.h"

namespace alignlab::tests {

inline constexpr const char* kForth = "image_to_text";
inline constexpr const char* kBack = "text_to_image";

inline EvaluationRequest asking_for(const std::vector<std::string>& names) {
  EvaluationRequest out;
  for (const std::string& name : names) out.metrics.push_back(parse_metric(name, {"test", 0, 0}));
  return out;
}

/// Every row of the catalog; rows of the first k for some k.
inline std::vector<std::string> all_names() {
  std::vector<std::string> out;
  for (const MetricRow& row : metric_catalog()) {
    if (!row.name.ends_with("@k")) {
      out.push_back(row.name);
      continue;
    }
    for (const char* k : {"1", "3", "5", "10"}) {
      out.push_back(row.name.substr(0, row.name.size() - 1) + k);
    }
  }
  return out;
}

/// Queries without ties and each its own group: the 0-based ranks of their relevant candidates.
inline Retrieval untied(const std::vector<std::vector<std::int64_t>>& queries,
                        std::int64_t candidates = 1000) {
  Retrieval out;
  for (const auto& query : queries) {
    for (const std::int64_t rank : query) out.ranks.above.push_back(rank);
    out.ranks.offsets.push_back(std::ssize(out.ranks.above));
    out.groups.push_back(static_cast<std::int32_t>(out.groups.size()));
  }
  out.ranks.ties.resize(out.ranks.above.size());
  out.ranks.ties_before.resize(out.ranks.above.size());
  out.ranks.candidates = candidates;
  return out;
}

template <typename T>
std::set<std::string> names_in(const ByMetric<T>& values) {
  std::set<std::string> out;
  for (const auto& [direction, own] : values) {
    for (const auto& [name, value] : own) out.insert(direction + "." + name);
  }
  out.erase(std::string(kForth) + ".threshold");
  out.erase(std::string(kBack) + ".threshold");
  return out;
}

}  // namespace alignlab::tests
