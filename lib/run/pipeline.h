#pragma once

// One trial, from data set to record:
//
//   extractor(train) -> features(split) -> model -> embeddings(split) -> ranks -> metrics -> record
//
// Every stage but the last is an artifact in the store, keyed by its recipe: the stage's version,
// its part of the spec and its parents' keys. So a kernel sweep shares one model, a change of
// metrics retrains nothing, and a trial that was killed goes on where it stood.

#include <string>

#include "core/progress.h"
#include "record/store.h"
#include "record/trial_record.h"
#include "run/makers.h"
#include "run/spec.h"

namespace alignlab {

/// Runs what the store does not hold yet. DataError if what the trial reads of the data set is not
/// the `content` that it was planned on. Throws what the stages throw; a record comes back only
/// from a trial that succeeded.
TrialRecord execute_trial(const TrialSpec& spec, const std::string& content, const Store& store,
                          const Makers& makers, Progress& progress);

/// The record of a trial that failed with `error`.
TrialRecord failed_record(const TrialSpec& spec, const std::string& content,
                          const std::string& error);

}  // namespace alignlab
