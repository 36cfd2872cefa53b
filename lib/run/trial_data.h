#pragma once

// What a trial takes from its data set.

#include <filesystem>
#include <string>

#include "data/dataset.h"
#include "run/spec.h"

namespace alignlab {

/// " (looked for in FOLDER)" for a relative path: what it is relative to; empty for another.
std::string where_looked(const std::filesystem::path& path);

/// Opens the data set of a trial. DataError as of Dataset::open(), which says where it looked.
Dataset open_dataset(const TrialSpec& spec);

/// Hash of what features of one modality are made from: items and raw content, and the stored
/// feature that is named. DataError if there is no such feature.
std::string content_read(const Dataset& dataset, Modality modality, const FeatureSpec& features);
/// Of both modalities of a trial. Other modalities and features may come and go.
std::string content_read(const Dataset& dataset, const TrialSpec& spec);
/// Hash of what a trial is evaluated on, whatever features it reads: equal for all trials that may
/// stand in one table.
std::string content_evaluated(const Dataset& dataset, const TrialSpec& spec);

/// DataError where the data set has not what the trial needs: items of both modalities in the
/// evaluated split, and in train if its aligner learns; the stored features that it names; a split
/// that its protocol is defined on.
void require_data(const Dataset& dataset, const TrialSpec& spec);

}  // namespace alignlab
