#pragma once

// Runs written by hand: a manifest and the records of its trials.

#include <filesystem>
#include <string>
#include <vector>

#include "record/manifest.h"
#include "record/trial_record.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

inline void write_ok(const std::filesystem::path& run, const std::string& id, Metrics metrics) {
  TrialRecord record;
  record.id = id;
  record.status = "ok";
  record.metrics = std::move(metrics);
  write_record(record_path(run, id), record);
}

inline void write_failed(const std::filesystem::path& run, const std::string& id,
                         const std::string& error) {
  TrialRecord record;
  record.id = id;
  record.status = "failed";
  record.error = error;
  write_record(record_path(run, id), record);
}

/// A trial of `row` with this id, evaluated by the one protocol most tests use.
inline PlannedTrial planned(const std::string& id, const std::string& row, std::int64_t seed) {
  return {id, row, seed, "all-pairs", "test"};
}

/// The same, evaluated on these modalities of a data set.
inline PlannedTrial planned_on(const std::string& id, const std::vector<std::string>& modalities,
                               const std::string& dataset, const std::string& data) {
  return {id, "A", 0, "all-pairs", "test", modalities, dataset, data};
}

}  // namespace alignlab::tests
