#pragma once

// Runs the trials of an experiment that have no record yet, so many at a time, each in a worker
// process. Killed at any moment it loses at most the trials in flight; started again it runs what
// is missing.

#include <filesystem>
#include <string>
#include <vector>

#include "record/manifest.h"
#include "record/trial_record.h"
#include "run/experiment.h"

namespace alignlab {

struct SweepRequest {
  std::filesystem::path out;
  std::filesystem::path store;
  std::filesystem::path worker;  // the program
  int jobs = 1;
  bool fail_fast = false;
};

/// One trial of the plan, as it stands.
struct TrialState {
  TrialSpec spec;
  std::string id;
  std::string content;  // that it reads of the data set; part of what the id stands for
  bool done = false;    // a whole record of exactly this spec is there
};

struct SweepPlan {
  Experiment experiment;
  std::vector<TrialState> trials;  // each id once
  Manifest manifest;
  std::size_t others = 0;  // finished trials of the folder that are none of these
};

/// Opens the data sets (their content names the trials) and looks which records are there. Also
/// checks what only the data can tell: that the evaluated split and stored features exist, and
/// that the split is what the protocol is defined on.
SweepPlan plan_sweep(Experiment experiment, const std::filesystem::path& out);

/// Hears of a sweep; called on the thread that runs it.
class SweepObserver {
 public:
  virtual ~SweepObserver() = default;
  virtual void started(const TrialState& trial) = 0;
  virtual void progressed(const TrialState& trial, const nlohmann::json& event) = 0;
  virtual void finished(const TrialState& trial, const TrialRecord& record) = 0;
  virtual void tick() = 0;
  virtual bool cancelled() const = 0;
};

struct SweepSummary {
  std::size_t ran = 0;
  std::size_t failed = 0;
  std::size_t found = 0;  // had their record already
};

/// Throws Interrupted once the trials in flight have been stopped.
SweepSummary run_sweep(const SweepPlan& plan, const SweepRequest& request, SweepObserver& observer);

}  // namespace alignlab
