#pragma once

// From one tree of a config, with its case and axes applied, to a trial.

#include <string>
#include <vector>

#include "config/document.h"
#include "run/spec.h"

namespace alignlab {

/// ConfigError, with its place, for whatever no trial can be made of: unknown keys, missing ones,
/// values out of range, features that the aligner does not take.
TrialSpec resolve_trial(const Node& tree);

/// Whether a trial of this tree has the option `key` at all.
bool has_option(const Node& tree, const std::string& key);

/// Every option that some trial of these trees has, for suggestions.
std::vector<std::string> known_keys(const std::vector<Node>& trees);

/// Of [eval], of a tree that need be nothing else; ConfigError as resolve_trial().
Section resolve_eval(const Node& tree);

// Options of the sections that are no catalog and no part of a trial's spec.
const Options& experiment_options();
const Options& dataset_options();
const Options& seed_options();

}  // namespace alignlab
