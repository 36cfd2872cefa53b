#pragma once

// Five captions of a scene, as five people might type them: each says some of what is there, in
// its own words, now and then with a slip.

#include <string>
#include <vector>

#include "data/scenes/meaning.h"

namespace alignlab::scenes {

inline constexpr int kCaptionsPerScene = 5;

struct Caption {
  std::string text;  // UTF-8, one line
  Meaning meaning;   // what was meant: true of the scene, whatever slipped into the text
};

std::vector<Caption> write_captions(const Scene& scene, const SceneKey& key);

}  // namespace alignlab::scenes
