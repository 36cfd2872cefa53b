#pragma once

// The words for single things: noun phrases, places and circumstances, with their synonyms.

#include <string>
#include <string_view>

#include "core/rng.h"
#include "data/scenes/meaning.h"

namespace alignlab::scenes {

/// "a big striped red star", "two hoops in the middle". `another` makes it "another ...".
std::string noun_phrase(const Mention& mention, bool another, Rng& rng);
/// "three shapes".
std::string counted_shapes(int count, Rng& rng);
/// "on the grass", "at sea".
std::string_view setting_phrase(Background background, Rng& rng);
/// What things do there: "floats"; without the s for several.
std::string setting_verb(Background background, bool several, Rng& rng);
/// Stands between two noun phrases: "to the left of".
std::string_view relation_phrase(Relation relation, Rng& rng);
/// Refers to a thing just named: "to its left".
std::string_view pronoun_phrase(Relation relation);
/// "dark", "bright"; precondition: not normal.
std::string_view light_adjective(Light light, Rng& rng);
std::string_view grain_adjective(Rng& rng);
std::string_view picture_noun(Rng& rng);

}  // namespace alignlab::scenes
