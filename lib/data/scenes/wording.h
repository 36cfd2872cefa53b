#pragma once

// The grammar: one of many English sentences that say what a meaning says, no more and no less.

#include <string>

#include "core/rng.h"
#include "data/scenes/meaning.h"

namespace alignlab::scenes {

/// Precondition: at least one mention, none of more than four objects, each with a shape or a
/// colour; a relation only between two single objects.
std::string word(const Meaning& meaning, Rng& rng);

}  // namespace alignlab::scenes
