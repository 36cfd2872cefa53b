#pragma once

// What one trial was, did and found: <out>/trials/<id>.json. Written whole, read by tables,
// comparisons and reports. Numbers are unrounded.

#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "record/provenance.h"
#include "record/store.h"

namespace alignlab {

inline constexpr int kRecordSchema = 3;

/// direction or "both" -> metric -> value; an undefined metric is absent.
using Metrics = std::map<std::string, std::map<std::string, double>>;

struct TrialRecord {
  std::string id;
  std::string case_name;
  std::int64_t seed = 0;
  std::string status;  // "ok" or "failed"
  std::string error;   // one line, when failed
  nlohmann::json spec;
  std::string spec_hash;
  nlohmann::json dataset;  // name, file, content_hash, and of that content_read: what it is from
  std::vector<Artifact> stages;
  Provenance provenance;
  Metrics metrics;
  /// As the metrics: the two ends of each confidence interval that was asked for.
  std::map<std::string, std::map<std::string, std::array<double, 2>>> intervals;
  std::map<std::string, std::map<std::string, double>> measures;  // beside retrieval, by measure
  std::map<std::string, double> tie_rate;                         // by direction, in percent
  std::map<std::string, std::map<std::string, double>> counts;  // by direction: queries, judged ...
  std::map<std::string, std::vector<double>> timing;            // "<what>_s" -> every sample
  std::map<std::string, std::map<std::string, double>> search;  // by direction: costs, if measured
  std::int64_t peak_memory_bytes = 0;

  bool ok() const { return status == "ok"; }
};

nlohmann::json to_json(const TrialRecord& record);
void write_record(const std::filesystem::path& path, const TrialRecord& record);
/// DataError naming file and key for anything that is not a record of this schema.
TrialRecord read_record(const std::filesystem::path& path);
/// Nothing if there is no whole record at `path`.
std::optional<TrialRecord> find_record(const std::filesystem::path& path);

/// "image_to_text.R@1", "both.rsum" or "rsum", "timing.fit_s" (mean of samples),
/// "search.image_to_text.queries_per_s", "geometry.linear_CKA": one number of a record, if it has
/// it.
std::optional<double> value_of(const TrialRecord& record, const std::string& column);

}  // namespace alignlab
