#pragma once

// From one config document to the variants it describes: named cases x grid x zipped axes, with
// overrides of the command line as axes of their own. Knows nothing of what the keys mean.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"

namespace alignlab {

/// One key that a trial is given besides its case: from the grid, a zip, or an override.
struct Assignment {
  std::string key;  // dotted
  Node node;
  bool varies = false;  // the axis has several values, so the value names a row
};

struct Variant {
  std::string case_name;           // empty when the config has no cases
  std::set<std::string> set_keys;  // dotted keys that the case sets
  /// The base with the case's settings, and with every assignment of a `kind`, applied.
  Node tree;
  /// Every assignment, grid before zip before overrides, each in the order of keys; those of a
  /// `kind` are in `tree` already.
  std::vector<Assignment> assignments;
};

/// `document` is the whole config. ConfigError for a malformed [sweep], zipped lists of different
/// lengths, repeated case names, or two axes of one key.
std::vector<Variant> expand(const Node& document, const std::vector<Override>& overrides);

/// Whether the key names a section's variant: "kind", "aligner.kind".
bool is_kind(std::string_view key);

/// Puts `node` at `key`. Where that changes the `kind` of a section, the section's other keys,
/// which were meant for the old kind, go first.
void assign(Node& tree, const std::string& key, const Node& node);

}  // namespace alignlab
