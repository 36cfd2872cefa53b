#pragma once

// A scene as a picture. Drawn at four times the size and averaged down, so that edges are smooth
// though every coordinate is an integer.

#include <cstdint>
#include <vector>

#include "data/scenes/scene.h"

namespace alignlab::scenes {

/// A PNG file of size x size pixels, 8-bit RGB.
std::vector<std::uint8_t> render_png(const Scene& scene, const SceneKey& key, int size);

}  // namespace alignlab::scenes
